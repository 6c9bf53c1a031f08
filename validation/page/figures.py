"""Plots of one simulation."""

import matplotlib.patches
import numpy as np

from tdsnn_brian import SpikingNetwork
from tdsnn_brian.firing_times import with_nan

from ..judge.comparison import LayerComparison
from ..parts.trace import Trace
from .plots import COLORS, Plot, new_figure, plain_logarithmic, plot

INHIBITORY, ACTIVE, INK, LINE = "#d9d5e8", "#fbe3b8", "#1b2a49", "#b3471b"


def raster(network: SpikingNetwork, trace: Trace) -> Plot:
    """Spikes of one image, with each layer's inhibitory and active period."""
    timing, per_tick = trace.timing, trace.timing.steps_per_tick
    rows = [("input", with_nan(trace.input_latencies), 0.0, None)]
    for population in network.populations:
        if population.fires:
            begin = timing.origins.get(population.name)
            times = with_nan(trace.simulation.latencies[population.name][0].ravel())
            begin = None if begin is None else begin / per_tick
            rows.append((population.name, times, timing.zeros[population.name] / per_tick, begin))
    figure, ((axes,),) = new_figure(7.2, 0.9 + 0.62 * len(rows))
    for place, (_name, latencies, zero, begin) in enumerate(rows):
        bottom = len(rows) - 1 - place
        last = np.nanmax(latencies, initial=0)
        if begin is not None:
            axes.axvspan(begin, zero, *_band(bottom, len(rows)), color=INHIBITORY, lw=0)
            axes.axvspan(zero, zero + last, *_band(bottom, len(rows)), color=ACTIVE, lw=0)
        heights = bottom + 0.1 + 0.8 * np.arange(len(latencies)) / max(len(latencies), 1)
        axes.plot(
            zero + latencies, heights, "|", color=INK, ms=2.5, mew=0.5, alpha=0.6, rasterized=True
        )
    axes.set_ylim(0, len(rows))
    axes.set_yticks(np.arange(len(rows)) + 0.5, [row[0] for row in reversed(rows)])
    axes.tick_params(left=False)
    axes.set_xlim(left=-0.5)
    axes.set_xlabel("time after the image's onset (ticks)")
    handles = [
        matplotlib.patches.Patch(color=INHIBITORY, label="inhibitory period"),
        matplotlib.patches.Patch(color=ACTIVE, label="active period"),
    ]
    figure.legend(handles=handles, loc="outside upper right", ncols=2, frameon=False)
    described = "; ".join(
        f"{name}: {np.isfinite(latencies).sum()} spikes from {zero:.1f} to "
        f"{zero + np.nanmax(latencies, initial=0):.1f} ticks"
        for name, latencies, zero, _ in rows
    )
    return plot(
        figure,
        name="raster",
        kind="png",
        alt=f"Raster of the spikes of one image, layer by layer. {described}.",
        caption="Every spike of one image. A layer integrates in its inhibitory period, while the "
        "layer before it fires; its ticking neuron then releases it, and it fires.",
    )


def _band(bottom: int, rows: int) -> tuple[float, float]:
    return (bottom + 0.05) / rows, (bottom + 0.95) / rows


def potentials(network: SpikingNetwork, trace: Trace) -> Plot:
    """Potentials of chosen neurons, relative to the tick weight, with the ticks marked."""
    layers = list(trace.potentials)
    figure, grid = new_figure(7.6, 2.1 * len(layers), len(layers), 2)
    for (whole, active), name in zip(grid, layers, strict=True):
        for axes in (whole, active):
            last, lowest = _draw_potentials(axes, network, trace, name)
        active.set(xlim=(-0.5, last + 0.5), ylim=(1.15 * lowest, -0.4 * lowest))
        whole.set_title(name, loc="left", fontweight="bold")
        whole.set_ylabel("v · exp(T/L)")
        active.legend(fontsize=7, loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    grid[0, 1].set_title("its active period", loc="left", fontsize=8)
    for axes in grid[-1]:
        axes.set_xlabel("time after the layer's release (ticks)")
    return plot(
        figure,
        name="potentials",
        alt="Membrane potentials of up to three neurons in each of the layers "
        f"{', '.join(layers)}: they fall while the layer before fires, and rise tick by tick "
        "to the threshold 0 after release; dashed, the same neurons driven by a constant current.",
        caption="Potentials of some neurons, scaled by exp(T/L) so that layers compare; on the "
        "right the active period closer. Vertical "
        "lines: ticks. Dots: where the neuron fired. Dashed: the same neuron in continuous time, "
        "driven by a current, from the same potential; its ring stands at L ln(A + 1).",
    )


def _draw_potentials(axes, network: SpikingNetwork, trace: Trace, name: str):
    """One layer's potentials; its last latency and its lowest potential when it is active."""
    recorded, per_tick = trace.potentials[name], trace.timing.steps_per_tick
    release = trace.timing.releases[name]
    leak = network.population(name).leak
    latencies = with_nan(trace.simulation.latencies[name][0].ravel()[recorded.neurons])
    last = trace.simulation.latencies[name].max()
    scale = np.exp(trace.timing.windows[name] / leak)
    shown = recorded.steps <= release + 1 + int((last + 1) * per_tick)
    time = (recorded.steps[shown] - release - 1) / per_tick
    axes.axvspan(time[0], 0, color=INHIBITORY, alpha=0.6, lw=0)
    axes.axvspan(0, last, color=ACTIVE, alpha=0.6, lw=0)
    for tick in range(1, int(last) + 1):
        axes.axvline(tick, color="#c9a25a", lw=0.5)
    axes.axhline(0, color="#667", lw=0.8)
    for neuron, v, latency in zip(recorded.neurons, recorded.v, latencies, strict=True):
        (line,) = axes.plot(time, v[shown] * scale, lw=1.2, label=f"neuron {neuron}")
        if np.isfinite(latency):
            axes.plot([latency], [0], "o", ms=5, color=line.get_color())
            _continuous(axes, leak, v[release + 1] * scale, latency, line.get_color())
    return last, min(recorded.v[:, release + 1].min() * scale, -0.5)


def _continuous(axes, leak: float, released: float, until: float, color: str) -> None:
    """From a scaled potential at release: 1 - (1 - v) exp(-t/L), and where it crosses 0."""
    if released >= 0:
        return
    time = np.linspace(0, until, 100)
    axes.plot(time, 1 - (1 - released) * np.exp(-time / leak), "--", lw=0.9, color=color)
    axes.plot([leak * np.log1p(-released)], [0], "o", ms=6, mfc="none", color=color)


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
        axes.hist(simulated[np.isfinite(simulated)], bins, color="#9bb8d3", label="simulated")
        axes.hist(
            discrete[np.isfinite(discrete)], bins, histtype="step", color=LINE, label="discrete"
        )
        axes.set_yscale("log")
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
        caption="Firing times after each layer's release: simulated (bars) and discrete (outline).",
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
            ("closed_loop", COLORS[1], "closed loop"),
            ("open_loop", COLORS[0], "open loop"),
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
        axes.plot([0, last], [0, last], color="#667", lw=0.8)
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
