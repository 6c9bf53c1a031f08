"""Algorithm 1 of the paper tick by tick: potentials that leak, spikes, the ticking neuron."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ..engines import require
from ..errors import InvalidInputError
from ..firing_times import SILENT, tie_tolerance
from ..layers import Kind
from ..network import SpikingNetwork, check_images
from ..population import Population
from ..ticking import leak_factor, require_reachable, tick_weight
from .closed_form import DiscreteAnalysis, input_latencies
from .pool_constraints import check_feasible


def run_algorithm_1(network: SpikingNetwork, images: NDArray) -> DiscreteAnalysis:
    """Firing times and logits by Algorithm 1.

    Every image has its own windows, as long as its last presynaptic spike (the dynamic choice).
    Slow and close to the text; the reference that `analyse` is tested against.

    Parameters, result and errors are those of `analyse`.

    Examples
    --------
    >>> import numpy as np, tdsnn_brian as td
    >>> weights = np.array([[1.0, -1.0], [0.5, 1.0]])
    >>> hidden = td.layers.Dense(name="hidden", input_shape=(2,), weights=weights)
    >>> output = td.layers.Dense(name="output", input_shape=(2,), weights=weights)
    >>> network = td.SpikingNetwork(layers=(hidden, output), leak=5)
    >>> images = np.array([[0.2, 0.9]])
    >>> td.run_algorithm_1(network, images).latencies["hidden"].tolist()
    [[7, 4]]
    """
    images = check_images(network, images)
    require("Algorithm 1", network)
    first = input_latencies(network, images)
    times: dict[Population, NDArray] = {network.input: first}
    latencies: dict[str, NDArray] = {}
    windows: dict[str, NDArray] = {}
    potentials: dict[str, NDArray] = {}
    for population in network.populations:
        presynaptic = [times[source] for source in population.sources]
        if population.kind is not Kind.MAX_POOL:
            windows[population.name] = window = population.last_presynaptic(presynaptic)
        match population.kind:
            case Kind.MAX_POOL:
                spikes = population.latest(*presynaptic)
            case Kind.CONSTRAINED_POOL:
                spikes = population.latest(*presynaptic)
                check_feasible(population, spikes)
            case Kind.TICKED:
                potential = _inhibitory_period(population, presynaptic, window, sign=-1)
                for ticks in np.unique(window):
                    w_tick = tick_weight(population.leak, ticks) * population.schedule.tick_share
                    require_reachable(
                        population.v_threshold, population.leak, w_tick, population.name
                    )
                spikes = _active_period(population, potential, window)
            case Kind.OUTPUT:
                potential = _inhibitory_period(population, presynaptic, window, sign=1)
                scale = np.exp(window / population.leak)
                potentials[population.name] = potential * _over_neurons(scale, potential)
                continue
            case _:
                raise NotImplementedError(f"layer {population.name!r}: {population.kind}")
        latencies[population.name] = times[population] = spikes
    return DiscreteAnalysis(
        latencies=latencies, windows=windows, potentials=potentials, input_latencies=first
    )


def _over_neurons(values: NDArray, potential: NDArray) -> NDArray:
    return values.reshape(-1, *[1] * (potential.ndim - 1))


def _inhibitory_period(
    population: Population, presynaptic: Sequence[NDArray], windows: NDArray, *, sign: int
) -> NDArray:
    """Potential of each neuron when its image's window ends, (n_images, *shape)."""
    steps = max(source.steps for source in population.sources)
    decay = np.exp(-1 / (population.leak * steps))
    has_bias = population.bias is not None
    potential = np.zeros((len(windows), *population.shape))
    at_end = potential.copy()
    # ticks, or between them where the inputs fire
    for time in np.arange(round(windows.max() * steps) + 1) / steps:
        potential *= decay
        potential += sign * population.weighted_sum(
            [(spikes == time).astype(np.float64) for spikes in presynaptic]
        )
        if has_bias and time == population.bias_latency:
            potential += sign * population.bias_weights.reshape(population.shape)
        at_end[windows == time] = potential[windows == time]
    return at_end


def _active_period(
    population: Population, potential: NDArray, windows: NDArray
) -> NDArray[np.int32]:
    """Ticks until every neuron has fired once."""
    if not np.isfinite(potential).all():
        raise InvalidInputError(
            f"layer {population.name!r}: its potentials are beyond float64, so that no tick would "
            "make its neurons fire; look for weights that are too large"
        )
    w_tick = np.array([tick_weight(population.leak, window) for window in windows])
    w_tick = _over_neurons(w_tick, potential)
    decay = np.exp(-1 / population.leak)
    weights = _tick_shares(population)
    threshold = population.v_threshold - tie_tolerance(potential.dtype) * w_tick
    potential = potential + next(weights) * w_tick
    inhibited = potential >= threshold
    latencies = np.where(inhibited, SILENT if population.silent_zeros else 0, 0)
    tick = 0
    while not inhibited.all():
        tick += 1
        potential = potential * decay + next(weights) * w_tick
        fires = ~inhibited & (potential >= threshold)
        latencies[fires] = tick
        inhibited |= fires
    return latencies.astype(np.int32)


def _tick_shares(population: Population) -> Iterator[float]:
    """Weights of the release and of all ticks behind it, over that of Eq. (9)."""
    given, unit = 0, leak_factor(population.leak)
    while True:
        weights = population.schedule.tick_weights(2 * given + 64) / unit
        yield from weights[given:]
        given = len(weights)
