"""Plots of one image: the image itself, its spikes, potentials, and how the answer comes about."""

import matplotlib.patches
import numpy as np

from tdsnn_brian import SpikingNetwork
from tdsnn_brian.firing_times import with_nan

from ..parts.answers import place_of
from ..parts.trace import Trace
from .plots import ACTIVE, INHIBITORY, INK, SOFT, Plot, new_figure, plot, styles


def picture(trace: Trace, described: str, name: str) -> Plot | None:
    """The image, where it has rows and columns."""
    values = trace.image
    if values.ndim == 3 and values.shape[-1] == 1:
        values = values[..., 0]
    is_colour = values.ndim == 3 and values.shape[-1] == 3
    if not (values.ndim == 2 or is_colour) or min(values.shape[:2]) < 2:
        return None
    figure, ((axes,),) = new_figure(2.2, 2.2)
    axes.imshow(values / max(float(values.max()), 1e-12), cmap="gray", interpolation="nearest")
    axes.set_axis_off()
    return plot(
        figure,
        name=f"image-{name}",
        kind="png",
        alt=f"The image that the network was shown: {described}.",
        caption=described,
        photo=True,
    )


def raster(network: SpikingNetwork, trace: Trace, name: str) -> Plot:
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
        name=f"raster-{name}",
        kind="png",
        alt=f"Raster of the spikes of one image, layer by layer. {described}.",
        caption="Every spike of one image. A layer integrates in its inhibitory period, while the "
        "layer before it fires; its ticking neuron then releases it, and it fires.",
    )


def _band(bottom: int, rows: int) -> tuple[float, float]:
    return (bottom + 0.05) / rows, (bottom + 0.95) / rows


def output_potentials(network: SpikingNetwork, trace: Trace, name: str) -> Plot:
    """Output potentials as logits, as the last spikes come in."""
    recorded, per_tick = trace.output, trace.timing.steps_per_tick
    origin = trace.timing.origins[network.output.name]
    time = (recorded.steps - 1 - origin) / per_tick
    shown = time >= -1
    with np.errstate(over="ignore", invalid="ignore"):
        so_far = recorded.v[:, shown] * np.exp(time[shown] / network.output.leak)
    figure, ((axes,),) = new_figure(7.2, 3.0)
    order = np.argsort(-so_far[:, -1])
    for line, style in zip(order, styles(), strict=False):
        axes.plot(time[shown], so_far[line], label=_place(network.output, line), **style)
    axes.set_xlabel("time after the last hidden layer's release (ticks)")
    axes.set_ylabel("logit so far")
    figure.legend(
        loc="outside right center", frameon=False, fontsize=7, title="output", title_fontsize=7
    )
    return plot(
        figure,
        name=f"outputs-{name}",
        alt="Potentials of the output neurons over time, scaled to logits: each spike of the last "
        f"hidden layer moves them; at the end output {_place(network.output, order[0])} leads.",
        caption="How the answer comes about: output potentials, scaled to logits, while the last "
        "hidden layer fires. The legend is in the order of the end; the first is the answer.",
    )


def potentials(network: SpikingNetwork, trace: Trace, name: str) -> Plot | None:
    """Potentials of chosen neurons, relative to the tick weight, with the ticks marked."""
    layers = list(trace.potentials)
    if not layers:
        return None
    figure, grid = new_figure(7.6, 2.1 * len(layers), len(layers), 2)
    for (whole, active), layer in zip(grid, layers, strict=True):
        for axes in (whole, active):
            last, lowest = _draw_potentials(axes, network, trace, layer)
        active.set(xlim=(-0.5, last + 0.5), ylim=(1.15 * lowest, -0.4 * lowest))
        whole.set_title(layer, loc="left", fontweight="bold")
        whole.set_ylabel("v · exp(T/L)")
        active.legend(fontsize=7, loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    grid[0, 1].set_title("its active period", loc="left", fontsize=8)
    for axes in grid[-1]:
        axes.set_xlabel("time after the layer's release (ticks)")
    return plot(
        figure,
        name=f"potentials-{name}",
        alt="Membrane potentials of up to three neurons in each of the layers "
        f"{', '.join(layers)}: they fall while the layer before fires, and rise tick by tick "
        "to the threshold 0 after release; thin, the same neurons driven by a constant current.",
        caption="Potentials of some neurons, named by (row, column, channel) and scaled by "
        "exp(T/L) so that layers compare; on the right the active period closer. Vertical lines: "
        "ticks. Dots: where the neuron fired. Thin: the same neuron in continuous time, driven by "
        "a current, from the same potential; its ring stands at L ln(A + 1).",
    )


def _place(population, neuron: int) -> str:
    return place_of(int(neuron), population.shape) if len(population.shape) > 1 else str(neuron)


def _draw_potentials(axes, network: SpikingNetwork, trace: Trace, name: str):
    """One layer's potentials; its last latency and its lowest potential when it is active."""
    recorded, per_tick = trace.potentials[name], trace.timing.steps_per_tick
    release, population = trace.timing.releases[name], network.population(name)
    leak = population.leak
    latencies = with_nan(trace.simulation.latencies[name][0].ravel()[recorded.neurons])
    last = max(trace.simulation.latencies[name].max(), 1)
    scale = np.exp(trace.timing.windows[name] / leak)
    shown = recorded.steps <= release + 1 + int((last + 1) * per_tick)
    time = (recorded.steps[shown] - release - 1) / per_tick
    axes.axvspan(time[0], 0, color=INHIBITORY, alpha=0.6, lw=0)
    axes.axvspan(0, last, color=ACTIVE, alpha=0.6, lw=0)
    for tick in range(1, int(last) + 1):
        axes.axvline(tick, color="#c9a25a", lw=0.5)
    axes.axhline(0, color=SOFT, lw=0.8)
    for neuron, v, latency, style in zip(
        recorded.neurons, recorded.v, latencies, styles(), strict=False
    ):
        (line,) = axes.plot(time, v[shown] * scale, label=_place(population, neuron), **style)
        if np.isfinite(latency):
            axes.plot([latency], [0], "o", ms=5, color=line.get_color())
            _continuous(axes, leak, v[release + 1] * scale, latency, line.get_color())
    return last, min(recorded.v[:, release + 1].min() * scale, -0.5)


def _continuous(axes, leak: float, released: float, until: float, color: str) -> None:
    """From a scaled potential at release: 1 - (1 - v) exp(-t/L), and where it crosses 0."""
    if released >= 0:
        return
    time = np.linspace(0, until, 100)
    axes.plot(time, 1 - (1 - released) * np.exp(-time / leak), "-", lw=0.6, color=color)
    axes.plot([leak * np.log1p(-released)], [0], "o", ms=6, mfc="none", color=color)
