"""Plots of one simulation."""

import numpy as np
from matplotlib.ticker import MaxNLocator

from ..judge.comparison import LayerComparison
from .plots import BLUE, ORANGE, SKY, SOFT, VERMILION, Plot, new_figure, plain_logarithmic, plot


def latency_histograms(comparisons: list[LayerComparison]) -> Plot:
    """How often each latency occurs, simulated and discrete."""
    layers = [layer for layer in comparisons if layer.fires]
    columns = 2
    rows = -(-len(layers) // columns)
    figure, grid = new_figure(7.2, 1.9 * rows + 0.3, rows, columns)
    for axes in grid.flat[len(layers) :]:
        axes.set_axis_off()
    for axes, layer in zip(grid.flat, layers, strict=False):
        simulated = layer.times.simulated.values.ravel()
        discrete = layer.times.discrete.values.ravel()
        last = int(max(np.nanmax(simulated, initial=0), np.nanmax(discrete, initial=0)))
        bins = np.arange(last + 2) - 0.5
        axes.hist(
            simulated[np.isfinite(simulated)], bins, color=SKY, rwidth=0.85, label="simulated"
        )
        counts, _ = np.histogram(discrete[np.isfinite(discrete)], bins)
        axes.plot(
            np.arange(last + 1),
            np.where(counts, counts, np.nan),
            "_",
            color=VERMILION,
            ms=max(3.0, min(14.0, 150 / (last + 1))),
            mew=2,
            label="discrete",
        )
        axes.set_yscale("log")
        axes.set_ylim(bottom=0.7)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        plain_logarithmic(axes.yaxis)
        axes.set_title(layer.name, loc="left", fontweight="bold")
    figure.supxlabel("latency (ticks)", fontsize=9)
    figure.supylabel("neurons, all images", fontsize=9)
    grid.flat[0].legend(fontsize=7, frameon=False)
    return plot(
        figure,
        name="latency-histograms",
        alt="Histograms of the firing times in ticks after release, simulated and discrete, for "
        f"the layers {', '.join(layer.name for layer in layers)}.",
        caption="Firing times after each layer's release: simulated (bars) and discrete (dashes on "
        "top). A bar without its dash at the top, or a dash without its bar, is a difference.",
    )


def scatter(answers: dict) -> Plot:
    """Simulated against continuous latencies, open and closed loop."""
    layers = list(answers)
    columns = 2
    rows = -(-len(layers) // columns)
    figure, grid = new_figure(7.2, 2.9 * rows + 0.3, rows, columns)
    for axes in grid.flat[len(layers) :]:
        axes.set_axis_off()
    for axes, name in zip(grid.flat, layers, strict=False):
        times = answers[name]
        simulated = times.simulated.values.ravel()
        chosen = _sample(len(simulated), 4000)
        for kind, color, label in (
            ("closed_loop", ORANGE, "closed loop"),
            ("open_loop", BLUE, "open loop"),
        ):
            axes.plot(
                times[kind].values.ravel()[chosen],
                simulated[chosen],
                ".",
                ms=2,
                alpha=0.35,
                color=color,
                label=label,
                rasterized=True,
            )
        last = np.nanmax(simulated, initial=1)
        axes.plot([0, last], [0, last], color=SOFT, lw=0.8)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_title(name, loc="left", fontweight="bold")
    grid.flat[0].legend(fontsize=7, frameon=False, markerscale=4)
    figure.supxlabel("continuous latency L ln(A + 1) (ticks)", fontsize=9)
    figure.supylabel("simulated latency (ticks)", fontsize=9)
    return plot(
        figure,
        name="scatter",
        kind="png",
        alt="Scatter of simulated latencies over continuous ones for the layers "
        f"{', '.join(layers)}: open-loop points lie between the diagonal and one tick above it, "
        "closed-loop points spread around it.",
        caption="Simulated over continuous latencies, up to 4,000 neurons a layer. Open loop: the "
        "layer before fires at discrete times. Closed loop: continuous times all the way.",
    )


def _sample(n: int, most: int) -> np.ndarray:
    return np.arange(n) if n <= most else np.random.default_rng(0).choice(n, most, replace=False)
