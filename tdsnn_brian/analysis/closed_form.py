"""The discrete analysis in closed form: firing times of every neuron.

It is what simulations are compared with; `tdsnn_brian.analysis.algorithm_1` computes the same tick
by tick.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import ceil

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ..arguments import MOST, is_count
from ..engines import require
from ..errors import InvalidInputError, WindowTooShortError
from ..firing_times import last_spike
from ..layers import Kind
from ..network import SpikingNetwork, check_images
from ..population import Population
from ..results import Result, joined
from .pool_constraints import check_feasible

WindowChoice = int | str | Mapping[str, int]

_VALUES = 2**21
"""Of one layer in a batch: an allocator gives larger arrays back each time, and gets new pages."""


@dataclass(frozen=True, kw_only=True, eq=False)
class DiscreteAnalysis(Result):
    """Firing times in ticks after the release of each neuron's layer; see `Result`.

    Attributes
    ----------
    latencies : dict of str to ndarray of int32
    windows : dict of str to ndarray of int32
        (n_images,) for every layer with an inhibitory period, those read out included: the last
        presynaptic spike, its bias neuron's included, in ticks after the layer's time origin; of
        float64 where inputs fire between ticks.
    input_latencies : ndarray of int32
        (n_images, *input shape); of float64 where inputs fire between ticks (`input_steps`).
    continuous : dict of str to ndarray
        `L ln(phi(A) + 1)` before it is rounded, where `phi` is the layer's transfer (ReLU, unless
        it has another one), for the synapse-based layers; empty unless asked for.

    Examples
    --------
    >>> import numpy as np, tdsnn_brian as td
    >>> weights = np.array([[1.0, -1.0], [0.5, 1.0]])
    >>> hidden = td.layers.Dense(name="hidden", input_shape=(2,), weights=weights)
    >>> output = td.layers.Dense(name="output", input_shape=(2,), weights=weights)
    >>> network = td.SpikingNetwork(layers=(hidden, output), leak=5)
    >>> images = np.array([[0.2, 0.9]])
    >>> analysis = td.analyse(network, images, continuous=True)
    >>> analysis.input_latencies.tolist(), analysis.windows["hidden"].tolist()
    ([[1, 4]], [4])
    >>> analysis.continuous["hidden"].round(2).tolist()
    [[6.02, 3.48]]
    """

    input_latencies: NDArray
    continuous: dict[str, NDArray] = field(default_factory=dict)


def input_latencies(network: SpikingNetwork, images: NDArray) -> NDArray:
    """Firing times of the input neurons, (n_images, *their shape), in ticks."""
    return network.input.code(network.input_values(check_images(network, images)))


def analyse(
    network: SpikingNetwork,
    images: NDArray,
    *,
    continuous: bool = False,
    dtype: DTypeLike = np.float64,
    batch_size: int | None = None,
    window: WindowChoice = "dynamic",
) -> DiscreteAnalysis:
    r"""Firing times and logits by the closed form `T(A) = ceil(L ln(A + 1))` (Eq. 10).

    Networks with other transfers than ReLU, or latencies rounded to the nearest tick, have the
    closed form of `tdsnn_brian.schedule`. With a threshold other than 0 it is that of Eq. (6),
    which depends on the window.

    Parameters
    ----------
    network : SpikingNetwork
    images : array_like
        (n_images, \*input shape), channels last, finite, and not below ``-input_offset``
        unless the network has `input_pairs`.
    continuous : bool, optional
        Keep `L ln(phi(A) + 1)` too, to tell how far a latency is from a jump.
    dtype : optional
        Floating type of the weighted sums.
    batch_size : int, optional
        Images worked on at once; chosen from the network's size if not given.
    window : {"dynamic", "fixed"}, int or mapping, optional
        Inhibitory period, which matters for a threshold other than 0 only: until each image's
        last presynaptic spike, until the last one of all images, or as given in ticks.

    Returns
    -------
    DiscreteAnalysis

    Raises
    ------
    InvalidInputError
        If the images do not fit the network, or its threshold is out of reach.
    InfeasiblePoolError
        If a constrained max-pool has no weights for a latency that occurs.

    Examples
    --------
    >>> from tdsnn_brian.layers import Dense
    >>> hidden = Dense(name="hidden", input_shape=(2,), weights=np.array([[1.0, -1], [0.5, 1]]))
    >>> output = Dense(name="output", input_shape=(2,), weights=np.array([[1.0], [-1]]))
    >>> network = SpikingNetwork(layers=(hidden, output), leak=5)
    >>> analyse(network, np.array([[0.2, 0.9]])).latencies["hidden"].tolist()
    [[7, 4]]
    """
    images = check_images(network, images)
    require("closed form", network)
    check_window(network, window)
    if any(population.v_threshold for population in network.populations) and window != "dynamic":
        batch_size = len(images)  # windows are those of all images
    return joined(
        [
            _analyse_batch(network, images[batch], continuous, dtype, window)
            for batch in _batches(network, len(images), batch_size)
        ]
    )


def _batches(network: SpikingNetwork, n_images: int, batch_size: int | None) -> Iterator[slice]:
    if batch_size is None:
        widest = max(population.n_neurons for population in (network.input, *network.populations))
        batch_size = max(1, _VALUES // widest)
    for start in range(0, n_images, batch_size):
        yield slice(start, start + batch_size)


def _analyse_batch(
    network: SpikingNetwork,
    images: NDArray,
    keep_continuous: bool,
    dtype: DTypeLike,
    window: WindowChoice,
) -> DiscreteAnalysis:
    first = input_latencies(network, images)
    windows, continuous = {}, {}
    times: dict[Population, NDArray] = {network.input: first}
    latencies, potentials = {}, {}
    for population in network.populations:
        presynaptic = [times[source] for source in population.sources]
        if population.kind is not Kind.MAX_POOL:
            windows[population.name] = population.last_presynaptic(presynaptic)
        match population.kind:
            case Kind.MAX_POOL:
                spikes = population.latest(*presynaptic)
            case Kind.CONSTRAINED_POOL:
                spikes = population.latest(*presynaptic)
                check_feasible(population, spikes)
            case Kind.TICKED:
                total = population.activation(presynaptic, dtype)
                inhibited = inhibitory_period(population, windows[population.name], window)
                spikes = population.latencies(total, inhibited)
                if keep_continuous:
                    continuous[population.name] = population.continuous(total, inhibited)
            case Kind.OUTPUT:
                potentials[population.name] = population.activation(presynaptic, dtype)
                continue
            case _:
                raise NotImplementedError(f"layer {population.name!r}: {population.kind}")
        latencies[population.name] = times[population] = spikes
    return DiscreteAnalysis(
        latencies=latencies,
        windows=windows,
        potentials=potentials,
        input_latencies=first,
        continuous=continuous,
    )


def check_window(network: SpikingNetwork, window: WindowChoice) -> WindowChoice:
    """Return `window`; raise `InvalidInputError` unless it is one that the network can have."""
    if isinstance(window, str) and window in ("fixed", "dynamic"):
        return window
    if isinstance(window, Mapping):
        names = [population.name for population in network.integrating]
        if unknown := set(window) - set(names):
            raise InvalidInputError(
                f"window names {sorted(unknown)}, which are no synapse-based layers of "
                f"{network.name!r}; its layers are {names}"
            )
        for name, ticks in window.items():
            _check_ticks(ticks, f"window of layer {name!r}")
        return window
    _check_ticks(window, "window")
    return window


def _check_ticks(ticks: object, what: str) -> None:
    if not is_count(ticks, 0):
        raise InvalidInputError(
            f"{what} must be 'fixed', 'dynamic', a number of ticks (at most {MOST}) or a mapping "
            f"from layer names to ticks, got {ticks!r:.80}"
        )


def inhibitory_period(population: Population, last: NDArray, window: WindowChoice) -> NDArray:
    """Ticks that a population is inhibited for in each image, (n_images,).

    Parameters
    ----------
    population : Population
    last : ndarray
        (n_images,) its last presynaptic spike in each image, in ticks.
    window : {"dynamic", "fixed"}, int or mapping
        See `analyse`.
    """
    if isinstance(window, Mapping):
        window = window.get(population.name, "fixed")
    if isinstance(window, str):
        return last if window == "dynamic" else np.full_like(last, np.ceil(last.max()))
    return np.full_like(last, window)


def unread_ticks(network: SpikingNetwork, analysis: DiscreteAnalysis) -> int:
    """Ticks by which a layer still fires when the windows that its spikes reach have ended.

    Its last neurons may be ones that nobody waits for: at borders that the windows of a max-pool
    do not fit, late inputs of a minimum, or all of them where no layer follows.
    """
    ticks = 0
    for population in (network.input, *(x for x in network.populations if x.fires)):
        last = last_spike(
            analysis.input_latencies
            if population is network.input
            else analysis.latencies[population.name]
        )
        heard = [analysis.windows[listener.name] for listener in _listeners(population)]
        ticks = max(ticks, ceil((last - np.max([*heard, 0 * last], axis=0)).max()))
    return ticks


def _listeners(population: Population) -> Iterator[Population]:
    """Populations with a window that its spikes reach, at once or through max-pools."""
    for follower in population.followers:
        if follower.kind is Kind.MAX_POOL:
            yield from _listeners(follower)
        else:
            yield follower


def discrete_latencies(network: SpikingNetwork, images: NDArray) -> dict[str, NDArray]:
    """Firing times of all neurons, {layer name: (n_images, *layer shape)}; see `analyse`.

    Examples
    --------
    >>> import numpy as np, tdsnn_brian as td
    >>> weights = np.array([[1.0, -1.0], [0.5, 1.0]])
    >>> hidden = td.layers.Dense(name="hidden", input_shape=(2,), weights=weights)
    >>> output = td.layers.Dense(name="output", input_shape=(2,), weights=weights)
    >>> network = td.SpikingNetwork(layers=(hidden, output), leak=5)
    >>> images = np.array([[0.2, 0.9]])
    >>> td.discrete_latencies(network, images)["hidden"].tolist()
    [[7, 4]]
    """
    return analyse(network, images).latencies


def choose_windows(
    network: SpikingNetwork, analysis: Result, window: WindowChoice
) -> dict[str, int]:
    """Inhibitory period of each synapse-based layer in ticks.

    Parameters
    ----------
    network : SpikingNetwork
    analysis : Result
        Of the images to be simulated.
    window : {"fixed", "dynamic"}, int or mapping
        ``"fixed"`` takes the last presynaptic spike that occurs in the data (``"dynamic"`` too,
        as an upper bound); an int holds for all layers, a mapping names them.

    Raises
    ------
    WindowTooShortError
        If a given window ends before the last presynaptic spike.
    InvalidInputError
        If `window` is something else.
    """
    check_window(network, window)
    needed = {name: ceil(np.max(values)) for name, values in analysis.windows.items()}
    if isinstance(window, str):
        return needed
    given = {**needed, **window} if isinstance(window, Mapping) else dict.fromkeys(needed, window)
    for name, ticks in given.items():
        if ticks < needed[name]:
            raise WindowTooShortError(
                f"layer {name!r}: a window of {ticks} ticks ends before the last presynaptic "
                f"spike, which arrives after {needed[name]} ticks; give window={needed[name]} or "
                "more, or window='dynamic'"
            )
    return {name: int(ticks) for name, ticks in given.items()}
