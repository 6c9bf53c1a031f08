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

from ..judge.comparison import LayerComparison
from ..parts.trace import Trace

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
        figure, name="potentials",
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
    latencies = trace.simulation.latencies[name][0].ravel()[recorded.neurons]
    last = np.nanmax(trace.simulation.latencies[name])
    scale = np.exp(trace.timing.windows[name] / network.leak)
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
            _continuous(axes, network.leak, v[release + 1] * scale, latency, line.get_color())
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


def scatter(answers: dict) -> Plot:
    """Simulated against continuous latencies, open and closed loop."""
    layers = list(answers)
    columns = 2
    rows = -(-len(layers) // columns)
    figure, grid = new_figure(7.2, 2.9 * rows + 0.3, rows, columns)
    for axes in grid.flat[len(layers):]:
        axes.set_axis_off()
    for axes, name in zip(grid.flat, layers, strict=False):
        times = answers[name]
        simulated = times.simulated.values.ravel()
        chosen = _sample(len(simulated), 4000)
        for kind, color, label in (
            ("closed_loop", COLORS[1], "closed loop"), ("open_loop", COLORS[0], "open loop")
        ):
            axes.plot(
                times[kind].values.ravel()[chosen], simulated[chosen], ".", ms=2, alpha=0.35,
                color=color, label=label, rasterized=True,
            )
        last = np.nanmax(simulated, initial=1)
        axes.plot([0, last], [0, last], color="#667", lw=0.8)
        axes.set_title(name, loc="left", fontweight="bold")
    grid.flat[0].legend(fontsize=7, frameon=False, markerscale=4)
    figure.supxlabel("continuous latency L ln(A + 1) (ticks)", fontsize=9)
    figure.supylabel("simulated latency (ticks)", fontsize=9)
    return plot(
        figure, name="scatter", kind="png",
        alt="Scatter of simulated latencies over continuous ones for the layers "
        f"{', '.join(layers)}: open-loop points lie between the diagonal and one tick above it, "
        "closed-loop points spread around it.",
        caption="Simulated over continuous latencies, up to 4,000 neurons a layer. Open loop: the "
        "layer before fires at discrete times. Closed loop: continuous times all the way.",
    )


def _sample(n: int, most: int) -> np.ndarray:
    return np.arange(n) if n <= most else np.random.default_rng(0).choice(n, most, replace=False)


def integration(rows: list[dict]) -> Plot:
    """Errors of potentials and shares of moved latencies over the integration step."""
    figure, grid = new_figure(7.2, 5.4, 2, 2, sharex=True, sharey="row")
    for column, dtype in enumerate(("float64", "float32")):
        for method in dict.fromkeys(row["method"] for row in rows):
            own = [r for r in rows if (r["method"], r["dtype"]) == (method, dtype)]
            steps = [1 / r["dt_per_tick"] for r in own]
            for line, key in enumerate(("potential_error", "moved")):
                values = [r[key] or np.nan for r in own]  # no error has no logarithm
                grid[line, column].plot(steps, values, "o-", ms=3, lw=1.2, label=method)
        grid[0, column].set_title(dtype, loc="left", fontweight="bold")
        grid[1, column].set_xlabel("integration step (ticks)")
    for axes in grid.flat:
        axes.set_xscale("log")
        axes.set_yscale("log")
        plain_logarithmic(axes.xaxis)
        plain_logarithmic(axes.yaxis)
    grid[0, 0].set_ylabel("error of potentials, relative")
    grid[1, 0].set_ylabel("moved latencies, share")
    grid[0, 0].legend(fontsize=7, frameon=False)
    return plot(
        figure, name="integration",
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
    axes.set_yscale("log")
    plain_logarithmic(axes.xaxis)
    plain_logarithmic(axes.yaxis)
    axes.set_xlabel("spikes of the ticking neuron a tick, m")
    axes.set_ylabel("difference (ticks)")
    axes.legend(fontsize=7, frameon=False)
    return plot(
        figure, name="finer-ticks",
        alt="Mean and largest difference between simulated latencies and L ln(A + 1) over the "
        "number of spikes of the ticking neuron a tick, both axes logarithmic.",
        caption="Finer ticks: distance of simulated latencies from the continuous ones.",
    )


def perturbations(rows: list[dict], limits: list[dict]) -> Plot:
    """Accuracy (else agreement) and moved latencies over the strength of each flaw."""
    columns = 3
    lines = -(-len(limits) // columns)
    figure, grid = new_figure(7.8, 2.1 * lines + 0.3, lines, columns, sharey=True)
    for axes in grid.flat[len(limits):]:
        axes.set_axis_off()
    for axes, limit in zip(grid.flat, limits, strict=False):
        own = [row for row in rows if row["kind"] == limit["kind"]]
        strengths = [row["strength"] for row in own]
        known = own[0]["accuracy"] is not None
        right = [100 * row["accuracy" if known else "agreement"] for row in own]
        axes.plot(strengths, right, "o-", ms=3, label="accuracy" if known else "agreement")
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
        figure, name="perturbations",
        alt="Accuracy and share of moved latencies over the strength of each perturbation: "
        f"{', '.join(limit['title'] for limit in limits)}.",
        caption="Dotted: the strength at which accuracy has fallen by one point, where it does.",
    )
