"""Plots of the sweeps."""

import numpy as np

from .plots import Plot, logarithmic_if_positive, new_figure, plain_logarithmic, plot


def integration(rows: list[dict]) -> Plot:
    """Errors of potentials and shares of moved latencies over the integration step."""
    figure, grid = new_figure(7.2, 5.4, 2, 2, sharex=True, sharey="row")
    for column, dtype in enumerate(("float64", "float32")):
        for method in dict.fromkeys(row["method"] for row in rows):
            own = [r for r in rows if (r["method"], r["dtype"]) == (method, dtype)]
            steps = [1 / r["dt_per_tick"] for r in own]
            for line, key in enumerate(("potential_error", "moved")):
                values = [r[key] or np.nan for r in own]  # no error has no logarithm
                grid[line, column].plot(steps, values, marker="o", ms=3, lw=1.2, label=method)
        grid[0, column].set_title(dtype, loc="left", fontweight="bold")
        grid[1, column].set_xlabel("integration step (ticks)")
    for axes in grid.flat:
        axes.set_xscale("log")
        plain_logarithmic(axes.xaxis)
        logarithmic_if_positive(axes)
    grid[0, 0].set_ylabel("error of potentials, relative")
    grid[1, 0].set_ylabel("moved latencies, share")
    grid[0, 0].legend(fontsize=7, frameon=False)
    return plot(
        figure,
        name="integration",
        alt="Error of the first layer's potentials at release, and share of moved latencies, over "
        "the integration step, for each method, in float64 and float32, both logarithmic.",
        caption="Methods and steps. Points that are exactly 0 have no place on a logarithmic axis.",
    )


def finer_ticks(rows: list[dict]) -> Plot:
    """How far latencies are from continuous ones, over the number of ticks a tick."""
    figure, ((axes,),) = new_figure(6.2, 3.2)
    fine = [row for row in rows if row["m"]]
    axes.plot([r["m"] for r in fine], [r["mean_difference"] for r in fine], "o-", label="mean")
    axes.plot([r["m"] for r in fine], [r["max_difference"] for r in fine], "s--", label="largest")
    for row in rows:
        if not row["m"]:
            axes.axhline(
                row["mean_difference"], color="#667", lw=1, ls=":", label="constant current, mean"
            )
    axes.set_xscale("log", base=2)
    plain_logarithmic(axes.xaxis)
    logarithmic_if_positive(axes)
    axes.set_xlabel("spikes of the ticking neuron a tick, m")
    axes.set_ylabel("difference (ticks)")
    axes.legend(fontsize=7, frameon=False)
    return plot(
        figure,
        name="finer-ticks",
        alt="Mean and largest difference between simulated latencies and L ln(A + 1) over the "
        "number of spikes of the ticking neuron a tick, both axes logarithmic.",
        caption="Finer ticks: distance of simulated latencies from the continuous ones.",
    )


def flaws(rows: list[dict], limits: list[dict]) -> Plot:
    """Accuracy (else agreement) and moved latencies over the strength of each flaw."""
    columns = 3
    lines = -(-len(limits) // columns)
    figure, grid = new_figure(7.8, 2.1 * lines + 0.3, lines, columns, sharey=True)
    for axes in grid.flat[len(limits) :]:
        axes.set_axis_off()
    for axes, limit in zip(grid.flat, limits, strict=False):
        own = [row for row in rows if row["kind"] == limit["kind"]]
        strengths = [row["strength"] for row in own]
        known = own[0]["accuracy"] is not None
        right = [100 * row["accuracy" if known else "agreement"] for row in own]
        axes.plot(strengths, right, "o-", ms=3, label="accuracy" if known else "agreement")
        spread = [100 * (row["interval"] or 0) for row in own]
        if any(spread):
            axes.errorbar(strengths, right, yerr=spread, fmt="none", ecolor="#667", lw=1)
        moved = [100 * row["moved"] for row in own]
        axes.plot(strengths, moved, "s--", ms=3, label="moved latencies")
        if limit["one_point_strength"] is not None:
            axes.axvline(limit["one_point_strength"], color="#667", lw=1, ls=":")
        axes.set_title(limit["title"], loc="left", fontsize=8, fontweight="bold")
        axes.set_xlabel(limit["unit"], fontsize=7)
        axes.set_ylim(-3, 103)
    grid.flat[0].legend(fontsize=7, frameon=False)
    figure.supylabel("%", fontsize=9)
    return plot(
        figure,
        name="flaws",
        alt="Accuracy and share of moved latencies over the strength of each flaw: "
        f"{', '.join(limit['title'] for limit in limits)}.",
        caption="Dotted: the strength at which accuracy has fallen by one point, where it does. "
        "Bars: 95 % intervals over seeds.",
    )
