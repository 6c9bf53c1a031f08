"""Plots of a validation, each with the words that stand for it where it cannot be seen."""

import base64
import io
from dataclasses import dataclass

import matplotlib
import matplotlib.patches
import matplotlib.ticker
import numpy as np
from matplotlib.figure import Figure

from tdsnn_brian import SpikingNetwork

from .comparison import LayerComparison
from .trace import Trace

INHIBITORY, ACTIVE, INK, LINE = "#d9d5e8", "#fbe3b8", "#1b2a49", "#b3471b"
COLORS = ("#1b6ca8", "#b3471b", "#3a7d44", "#7b4b94", "#8a6d00", "#444444", "#c2185b", "#00838f")

matplotlib.rcParams.update({
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#667",
    "axes.prop_cycle": matplotlib.cycler(color=COLORS),
    "svg.fonttype": "path",
    "svg.hashsalt": "tdsnn-brian",
    # a layer's name is text, never mathematics
    "text.parse_math": False,
})


@dataclass(frozen=True, kw_only=True)
class Plot:
    """A picture as a data address, and what it shows in words."""

    name: str
    source: str
    alt: str
    caption: str


def plot(figure: Figure, *, name: str, alt: str, caption: str, kind: str = "svg") -> Plot:
    """Turn a matplotlib figure into a `Plot`; `kind` is ``"svg"`` or ``"png"``."""
    buffer = io.BytesIO()
    metadata = {"Date": None} if kind == "svg" else {"Software": None}
    figure.savefig(buffer, format=kind, dpi=160, metadata=metadata)
    mime = {"svg": "image/svg+xml", "png": "image/png"}[kind]
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    return Plot(name=name, source=f"data:{mime};base64,{data}", alt=alt, caption=caption)


def new_figure(width: float, height: float, rows: int = 1, columns: int = 1, **options):
    """A figure without pyplot's global state, and its axes as a (rows, columns) array."""
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False, **options)


def plain_logarithmic(axis) -> None:
    """Label decades by plain numbers: names must stay text, so there is no mathematical text."""
    axis.set_major_formatter(matplotlib.ticker.FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(matplotlib.ticker.NullFormatter())


def raster(network: SpikingNetwork, trace: Trace) -> Plot:
    """Spikes of one image, with each layer's inhibitory and active period."""
    timing = trace.timing
    rows = [("input", trace.input_latencies.astype(float), 0.0, None)]
    per_tick, fires_first = timing.steps_per_tick, 0
    for layer in network.firing_layers:
        hops = timing.hops[layer.name]
        window = trace.simulation.windows.get(layer.name)
        begin = None
        if window is not None:
            begin = fires_first + hops
            fires_first = begin + window[0] * per_tick + 2
            hops = 0
        latencies = trace.simulation.latencies[layer.name][0].ravel()
        zero = (fires_first + hops) / per_tick
        rows.append((layer.name, latencies, zero, None if begin is None else begin / per_tick))
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
        figure, name="raster", kind="png",
        alt=f"Raster of the spikes of one image, layer by layer. {described}.",
        caption="Every spike of one image. A layer integrates in its inhibitory period, while the "
        "layer before it fires; its ticking neuron then releases it, and it fires.",
    )


def _band(bottom: int, rows: int) -> tuple[float, float]:
    return (bottom + 0.05) / rows, (bottom + 0.95) / rows


def potentials(network: SpikingNetwork, trace: Trace) -> Plot:
    """Potentials of chosen neurons, relative to the tick weight, with the ticks marked."""
    layers = list(trace.potentials)
    figure, grid = new_figure(7.2, 2.1 * len(layers), len(layers))
    per_tick = trace.timing.steps_per_tick
    for axes, name in zip(grid[:, 0], layers, strict=True):
        recorded = trace.potentials[name]
        release = trace.timing.releases[name]
        latencies = trace.simulation.latencies[name][0].ravel()[recorded.neurons]
        last = np.nanmax(trace.simulation.latencies[name])
        until = release + 1 + int((last + 1) * per_tick)
        scale = np.exp(trace.timing.windows[name] / network.leak)
        shown = recorded.steps <= until
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
        axes.set_title(name, loc="left", fontweight="bold")
        axes.set_ylabel("v · exp(T/L)")
        axes.legend(fontsize=7, loc="lower right", frameon=False)
    grid[-1, 0].set_xlabel("time after the layer's release (ticks)")
    return plot(
        figure, name="potentials",
        alt="Membrane potentials of up to three neurons in each of the layers "
        f"{', '.join(layers)}: they fall while the layer before fires, and rise tick by tick "
        "to the threshold 0 after release.",
        caption="Potentials of some neurons, scaled by exp(T/L) so that layers compare. Vertical "
        "lines: ticks. Dots: where the neuron fired.",
    )


def latency_histograms(comparisons: list[LayerComparison]) -> Plot:
    """How often each latency occurs, simulated and discrete."""
    layers = [layer for layer in comparisons if layer.fires]
    columns = 2
    rows = -(-len(layers) // columns)
    figure, grid = new_figure(7.2, 1.9 * rows + 0.3, rows, columns)
    for axes in grid.flat[len(layers):]:
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
        figure, name="latency-histograms",
        alt="Histograms of the firing times in ticks after release, simulated and discrete, for "
        f"the layers {', '.join(layer.name for layer in layers)}.",
        caption="Firing times after each layer's release: simulated (bars) and discrete (outline).",
    )
