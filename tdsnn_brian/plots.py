"""Plots: matplotlib axes in, axes out; without some, those that pyplot has at hand.

Colours are those of Okabe and Ito, which all readers can tell apart (without yellow, too light for
lines), and line styles differ too.
"""

from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np

from .analysis.timeline import releases
from .arguments import check_index, check_kind
from .firing_times import SILENT
from .network import SpikingNetwork, check_network
from .results import Result
from .traces import Trace

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .tuned import Tuned

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
STYLES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)), (0, (1, 1)))


def _axes(ax: "Axes | None") -> "Axes":
    from matplotlib import pyplot
    from matplotlib.axes import Axes

    if ax is not None:
        check_kind("ax", ax, Axes, "pass for example matplotlib.pyplot.gca(), or leave it out")
        return ax

    return pyplot.gca()


def _lines() -> Any:
    return cycle([{"color": c, "linestyle": s} for c, s in zip(COLOURS, STYLES, strict=True)])


def plot_raster(
    network: SpikingNetwork, result: Result, image: int = 0, *, ax: "Axes | None" = None
) -> "Axes":
    """Every spike of one image: a band for each layer, its inhibitory period shaded.

    Parameters
    ----------
    network : SpikingNetwork
    result : Result
        Of `tdsnn_brian.analyse`, `simulate` or another way to run `network`.
    image : int, optional
        Which one of the result.
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
        Over ticks after the image's onset; hops between layers take no tick here.

    Raises
    ------
    InvalidInputError
        If there is no such image.

    Examples
    --------
    >>> import numpy as np, tdsnn_brian as td
    >>> layers = [td.layers.Dense(name=name, input_shape=(2,), weights=np.eye(2)) for name in "ab"]
    >>> network = td.SpikingNetwork(layers=layers, leak=5)
    >>> ax = plot_raster(network, td.analyse(network, np.array([[0.2, 0.9]])))
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['input', 'a', 'b']
    """
    check_network(network)
    _check_result("result", result)
    check_index("image", image, result.n_images)
    ax = _axes(ax)
    windows = {name: float(values[image]) for name, values in result.windows.items()}
    zeros = releases(network, windows)
    names = []
    for place, (population, zero) in enumerate(zeros.items()):
        names.append(population.name)
        if population.name in windows and population.sources:
            start = zero - windows[population.name]
            ax.broken_barh([(start, windows[population.name])], (place - 0.45, 0.9), color="0.9")
        found = result.firing_times(population)
        if found is None:
            continue
        times = found[image].ravel()
        fires = times != SILENT
        height = place - 0.4 + 0.8 * np.arange(times.size) / max(times.size - 1, 1)
        ax.plot(
            zero + times[fires],
            height[fires],
            linestyle="",
            marker="|" if times.size < 100 else ",",
            color=COLOURS[place % len(COLOURS)],
        )
    ax.set_yticks(range(len(names)), names)
    ax.invert_yaxis()
    ax.set_xlabel("ticks after the image's onset")
    return ax


def plot_latencies(
    result: Result, expected: Result | None = None, *, ax: "Axes | None" = None
) -> "Axes":
    """How the firing times of each layer are distributed.

    Parameters
    ----------
    result : Result
    expected : Result, optional
        Drawn as dots on the same lines, for example an analysis beside a simulation.
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
        Share of a layer's neurons over ticks after its release; silent ones are none of them.

    Examples
    --------
    >>> import numpy as np, tdsnn_brian as td
    >>> layers = [td.layers.Dense(name=name, input_shape=(2,), weights=np.eye(2)) for name in "ab"]
    >>> network = td.SpikingNetwork(layers=layers, leak=5)
    >>> ax = plot_latencies(td.analyse(network, np.array([[0.2, 0.9]])))
    >>> ax.get_xlabel()
    'ticks after release'
    """
    _check_result("result", result)
    if expected is not None:
        _check_result("expected", expected)
    ax = _axes(ax)
    for (name, times), line in zip(result.latencies.items(), _lines(), strict=False):
        ticks, share = _distribution(times)
        ax.plot(ticks, share, label=name, drawstyle="steps-mid", **line)
        if expected is not None and name in expected.latencies:
            ticks, share = _distribution(expected.latencies[name])
            ax.plot(ticks, share, linestyle="", marker=".", color=line["color"])
    ax.set_xlabel("ticks after release")
    ax.set_ylabel("share of the layer's neurons")
    ax.legend(title=None if expected is None else "lines; dots: expected")
    return ax


def _distribution(times: Any) -> tuple[Any, Any]:
    fired = np.rint(times[times != SILENT]).astype(int)
    counts = np.bincount(np.maximum(fired, 0), minlength=1)
    return np.arange(len(counts)), counts / max(times.size, 1)


def plot_potentials(trace: Trace, image: int = 0, *, ax: "Axes | None" = None) -> "Axes":
    """Potentials, or another variable, of some neurons while one image is shown.

    Parameters
    ----------
    trace : Trace
        From ``simulate(..., monitors={"conv1": "v"}).traces["conv1"]``, or from
        `tdsnn_brian.trace` and a StateMonitor of your own.
    image : int, optional
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
        Over ticks after the image's onset; a line where the layer is released.

    Examples
    --------
    >>> import numpy as np, tdsnn_brian as td
    >>> from brian2 import prefs
    >>> prefs.codegen.target = "numpy"
    >>> layers = [td.layers.Dense(name=name, input_shape=(2,), weights=np.eye(2)) for name in "ab"]
    >>> network = td.SpikingNetwork(layers=layers, leak=5)
    >>> result = td.simulate(network, np.array([[0.2, 0.9]]), monitors={"a": "v"})
    >>> ax = plot_potentials(result.traces["a"])
    >>> ax.get_xlabel()
    'ticks after the onset of image 0'
    """
    check_kind("trace", trace, Trace, "pass one of simulate(..., monitors=...).traces")
    ax = _axes(ax)
    ticks, values = trace.image(image)
    for neuron, course, line in zip(trace.neurons, values, _lines(), strict=False):
        ax.plot(ticks, course, label=str(neuron), **line)
    if trace.release is not None:
        ax.axvline(trace.release, color="0.5", linewidth=1)
    ax.set_xlabel(f"ticks after the onset of image {image}")
    ax.set_ylabel(f"{trace.variable} of {trace.layer}")
    ax.legend(title="neuron")
    return ax


def plot_frontier(tuned: "Tuned", *, ax: "Axes | None" = None) -> "Axes":
    """Loss of the settings that `tdsnn_brian.tune` tried against their ticks; see `Tuned.plot`."""
    from .tuned import Tuned

    check_kind("tuned", tuned, Tuned, "pass what tdsnn_brian.tune gave")
    ax = _axes(ax)
    ax.plot(
        [one.ticks for one in tuned.candidates],
        [100 * one.loss.value for one in tuned.candidates],
        linestyle="",
        marker=".",
        color="0.7",
        label="tried",
    )
    best: list[Any] = []
    for one in tuned.frontier:  # by ticks; what saves operations alone lies behind the line
        if not best or one.loss.value < best[-1].loss.value:
            best.append(one)
    ax.errorbar(
        [one.ticks for one in best],
        [100 * one.loss.value for one in best],
        yerr=[100 * one.loss.error for one in best],
        color=COLOURS[0],
        marker="o",
        capsize=3,
        label="frontier",
    )
    shown = tuned.validated
    ax.errorbar(
        [shown.ticks],
        [100 * shown.loss.value],
        yerr=[100 * shown.loss.error],
        color=COLOURS[1],
        marker="s",
        capsize=3,
        linestyle="",
        label=f"chosen, other images: {tuned.setting}",
    )
    if tuned.limits.max_loss is not None:
        ax.axhline(100 * tuned.limits.max_loss, color="0.4", linestyle=":", label="max_loss")
    ax.set_xlabel("ticks until the answer")
    ax.set_ylabel("loss in percentage points")
    ax.legend()
    return ax


def _check_result(name: str, value: object) -> None:
    check_kind(name, value, Result, "pass what analyse, simulate or another way to run it gave")
