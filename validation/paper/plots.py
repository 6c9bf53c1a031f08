"""Plots of the paper's page."""

from ..page.plots import COLORS, Plot, new_figure, plain_logarithmic, plot


def accuracy_over_leak(summary: dict) -> Plot:
    """One line a network and kind of conversion, the DNN's accuracy dotted."""
    names = list(summary["figure4"])
    figure, axes = new_figure(7.5, 2.8, 1, max(len(names), 1))
    for axis, name in zip(axes[0], names, strict=False):
        rows = summary["figure4"][name]
        for kind, color in (("untrained", COLORS[0]), ("retrained", COLORS[1])):
            points = [(float(leak), 100 * row[kind]) for leak, row in rows.items() if kind in row]
            axis.plot(*zip(*points, strict=True), "o-", color=color, label=kind, markersize=4)
        axis.axhline(100 - summary["table1"][name]["dnn_error"], ls=":", color="#444", label="DNN")
        axis.set(title=name, xlabel="L in ticks", ylabel="accuracy in %", xscale="log")
        axis.set_xticks([1, 2, 5, 10, 20], ["1", "2", "5", "10", "20"])
        axis.minorticks_off()
        axis.legend()
    return plot(
        figure,
        name="figure4",
        alt="Accuracy over L for each network, untrained and retrained.",
        caption="Accuracy over L, converted with and without retraining.",
    )


def input_steps(summary: dict) -> Plot:
    """Points lost over the steps a tick on which inputs fire, a line a conversion."""
    lines: dict[str, list[tuple]] = {}
    for row in summary["input_steps"]:
        label = (
            f"{row['network']}, L = {row['L']:g}, scale {row['scale']:g}"
            + (", silent zeros" if row["silent_zeros"] else "")
            + ("" if row["calibrated"] else ", plain")
        )
        lines.setdefault(label, []).append((row["input_steps"], 100 * row["loss"]))
    figure, axes = new_figure(7.5, 3.2, 1, 1)
    axis = axes[0, 0]
    for k, (label, points) in enumerate(lines.items()):
        style = ("-", "--", ":")[k // len(COLORS) % 3]
        axis.plot(
            *zip(*points, strict=True),
            f"o{style}",
            color=COLORS[k % len(COLORS)],
            label=label,
            markersize=4,
        )
    axis.set(xlabel="steps a tick at which inputs may fire", ylabel="points lost")
    axis.set_xticks(sorted({row["input_steps"] for row in summary["input_steps"]}))
    _points_lost(axis, linear_to=1)
    if lines:
        axis.legend(fontsize=7, loc="center left", bbox_to_anchor=(1, 0.5))
    return plot(
        figure,
        name="input-steps",
        alt="Points of accuracy lost over the number of steps a tick at which inputs may fire.",
        caption="Points of accuracy lost over how finely the input is coded.",
    )


def _points_lost(axis, *, linear_to: float) -> None:
    axis.set_yscale("symlog", linthresh=linear_to)
    plain_logarithmic(axis.yaxis)
    axis.axhline(0, color="#aaa", lw=0.8)


def frontier(summary: dict) -> Plot:
    """Points lost over ticks, and over the ratio of operations."""
    figure, axes = new_figure(7.5, 3.2, 1, 2)
    for axis, (key, label) in zip(
        axes[0],
        (("ticks", "ticks over all windows"), ("total_ratio", "operations DNN / SNN")),
        strict=True,
    ):
        for color, name in zip(COLORS, summary["figure4"], strict=False):
            for silent, marker in ((False, "o"), (True, "^")):
                rows = [
                    row
                    for row in summary["frontier"]
                    if row["network"] == name and row["silent_zeros"] == silent
                ]
                if rows:
                    axis.plot(
                        [row[key] for row in rows],
                        [100 * row["loss"] for row in rows],
                        marker,
                        color=color,
                        markersize=4,
                        label=f"{name}, silent zeros" if silent else name,
                    )
        axis.set(xlabel=label, ylabel="points lost")
        _points_lost(axis, linear_to=0.1)
    axes[0, 0].set_xscale("log")
    plain_logarithmic(axes[0, 0].xaxis)
    axes[0, 1].legend(fontsize=7, loc="center left", bbox_to_anchor=(1, 0.5))
    return plot(
        figure,
        name="frontier",
        alt="Points of accuracy lost against ticks, and against the ratio of operations.",
        caption="Points of accuracy lost against ticks and operations; every conversion a point.",
    )
