r"""Additions, multiplications and comparisons of a network, per layer and image.

Conventions, those of the paper where it has one:

* A neuron with `M` inputs takes `M` multiplications and `M - 1` additions in a DNN, and `M - 1`
  additions in the spiking network, fewer where inputs are silent. Biases are counted on neither
  side.
* A position of zero padding is an input of value zero on both sides, as in the counts that are
  usual for convolutions: a DNN multiplies by it, and it counts as a spike unless zeros are silent.
* A comparison in a pooling layer is one addition. A max-pool neuron has to learn of every one of
  its inputs, silent ones too, so it takes as many in the spiking network as in the DNN.
* The leak of a neuron in one tick is one multiplication, a tick that reaches it one addition.
  Where inputs fire between ticks (`input_steps`), the first layer leaks once in each such step.
* Listed but not in the totals: `comparisons`, that is ReLUs in the DNN, threshold tests at release
  and in each tick, and in the deployment without ticking neurons the search for the firing time.
* Encoding the input, and the ticking and bias neurons (one each a layer), are left out.

A layer with several sources sums up the spikes of all of them; a skip is a synapse from one neuron
to one, in the DNN an addition alone. Relays, which some engines need, are left out.

`count_snn` takes fixed windows and lets every neuron leak and be driven until they end, as the
paper does. `measure_snn` takes the firing times of a run: windows end with the last presynaptic
spike, and a neuron that has fired neither leaks nor is driven any more.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import ceil, gcd, log2, prod

import numpy as np
from numpy.typing import NDArray

from ..errors import InvalidInputError
from ..firing_times import SILENT
from ..layers import Layer, Projection
from ..network import SpikingNetwork
from ..population import Population
from .counted import Counted, Operations, total


def _summed(projection: Projection) -> int:
    """Inputs of all neurons together; zero padding counts where it is multiplied by weights."""
    if projection.kernel is None:
        return projection.n_synapses
    return projection.n_outputs * prod(projection.kernel.shape[:3])


def _all_summed(population: Population) -> int:
    return sum(map(_summed, population.projections))


def _multiplied(projection: Projection) -> int:
    """Multiplications of the DNN: none of a skip, one a neuron of a mean."""
    if projection.kernel is None:
        return projection.n_outputs
    window = projection.window
    is_skip = window.group_inputs == window.group_outputs == prod(window.size) == 1
    return 0 if is_skip and not np.ptp(projection.kernel) else _summed(projection)


def _is_mean(population: Population) -> bool:
    """Whether all its weights are shares, so that no ReLU is behind it."""
    return all(projection.kernel is None for projection in population.projections)


def _pool_comparisons(population: Population) -> int:
    return population.n_synapses - population.n_neurons


def count_dnn(network: SpikingNetwork) -> Counted:
    """Operations of the DNN that has the network's layers.

    Where conversion has changed them (values of either sign have a pair of neurons, linear layers
    are merged) this is not the DNN that was converted: `tdsnn_brian.keras.operations` counts that.

    Parameters
    ----------
    network : SpikingNetwork
        Its weights do not matter, but that a skip has the same one everywhere.

    Returns
    -------
    dict of str to Operations
        One entry a layer.
    """
    counted = {}
    for population in network.populations:
        neurons = population.n_neurons
        if not population.kind.integrates:
            counted[population.name] = Operations(additions=_pool_comparisons(population))
            continue
        summed, mean = _all_summed(population), _is_mean(population)
        counted[population.name] = Operations(
            additions=summed - neurons,
            multiplications=sum(map(_multiplied, population.projections)),
            comparisons=neurons if population.fires and not mean else 0,
        )
    return counted


def _active_periods(network: SpikingNetwork, windows: Mapping[str, float]) -> dict[str, float]:
    """A layer's active period is the longest inhibitory period of those that read it."""
    summing = [x for x in network.populations if x.kind.integrates]
    names = [x.name for x in summing]
    missing = [name for name in names if name not in windows]
    if missing:
        raise InvalidInputError(
            f"windows lacks {missing}; give the inhibitory period of every synapse-based layer, "
            f"which are {names}"
        )
    return {
        x.name: max((windows[reader.name] for reader in _readers(x)), default=0) for x in summing
    }


def _readers(population: Population) -> Iterator[Population]:
    """Synapse-based layers that its spikes reach, at once or through max-pools."""
    for follower in population.followers:
        if follower.kind.integrates:
            yield follower
        else:
            yield from _readers(follower)


def count_snn(network: SpikingNetwork, windows: Mapping[str, float]) -> Counted:
    """Operations with fixed windows: every neuron leaks and is driven to their very end.

    Parameters
    ----------
    network : SpikingNetwork
    windows : mapping of str to float
        Inhibitory period of each synapse-based layer, in ticks.

    Raises
    ------
    InvalidInputError
        If a layer's window is missing.
    """
    active = _active_periods(network, windows)
    counted = {}
    for population in network.populations:
        name, neurons = population.name, population.n_neurons
        if not population.kind.integrates:
            counted[name] = Operations(additions=_pool_comparisons(population))
            continue
        ticks, leaks = active[name], windows[name] * _leaks_a_tick(population)
        counted[name] = Operations(
            additions=_all_summed(population) - neurons + neurons * ticks,
            multiplications=neurons * (leaks + ticks),
            comparisons=neurons * (ticks + 1) if population.fires else 0,
        )
    return counted


def count_deployed(network: SpikingNetwork, windows: Mapping[str, float]) -> Counted:
    """Operations without ticking neurons (Fig. 6): neurons integrate, an encoder sets the times.

    The encoder compares a potential with the `window + 1` ones at which its latency changes, by
    bisection.

    Parameters and errors are those of `count_snn`.
    """
    active = _active_periods(network, windows)
    counted = {}
    for population in network.populations:
        name, neurons = population.name, population.n_neurons
        if not population.kind.integrates:
            counted[name] = Operations(additions=_pool_comparisons(population))
            continue
        counted[name] = Operations(
            additions=_all_summed(population) - neurons,
            multiplications=neurons * windows[name] * _leaks_a_tick(population),
            comparisons=neurons * ceil(log2(active[name] + 1)) if population.fires else 0,
        )
    return counted


def measure_snn(
    network: SpikingNetwork, input_latencies: NDArray, latencies: Mapping[str, NDArray]
) -> Counted:
    """Operations of a run, mean over its images.

    Parameters
    ----------
    network : SpikingNetwork
    input_latencies : ndarray
        Of the input neurons, in ticks; see `tdsnn_brian.analysis.input_latencies`.
    latencies : mapping of str to ndarray
        (n_images, *layer shape) of any `tdsnn_brian.Result`.
    """
    times = _times_of(network, input_latencies, latencies)
    counted = {}
    for population in network.populations:
        neurons = population.n_neurons
        if not population.kind.integrates:
            counted[population.name] = Operations(additions=_pool_comparisons(population))
            continue
        before = [times[source] for source in population.sources]
        leaks = float(population.last_presynaptic(before).mean()) * _leaks_a_tick(population)
        ticks = 0.0
        if population.fires:
            active = np.maximum(times[population], 0).reshape(len(before[0]), -1)
            ticks = float(active.sum(axis=1).mean())
        counted[population.name] = Operations(
            additions=ticks
            + synaptic_additions(
                population,
                [spikes != SILENT for spikes in before],
                padding_fires=not network.silent_zeros,
            ),
            multiplications=neurons * leaks + ticks,
            comparisons=neurons + ticks if population.fires else 0,
        )
    return counted


def _times_of(
    network: SpikingNetwork, input_latencies: NDArray, latencies: Mapping[str, NDArray]
) -> dict[Population, NDArray]:
    return {network.input: input_latencies} | {
        population: latencies[population.name]
        for population in network.populations
        if population.fires
    }


def _leaks_a_tick(population: Population) -> int:
    """How often a neuron leaks in a tick of its inhibitory period."""
    return max(source.steps for source in population.sources)


def synaptic_additions(
    layer: Layer | Population, active: Sequence[NDArray[np.bool_]], *, padding_fires: bool = True
) -> float:
    """Mean number of additions that sum up the spikes of `active` inputs in every neuron.

    Parameters
    ----------
    layer : Layer or Population
        Synapse-based.
    active : sequence of ndarray of bool
        For each source (n_images, ...), all its neurons.
    padding_fires : bool, optional
        Whether the positions of a convolution's zero padding count as spikes.
    """
    projections = layer.projections
    if padding_fires and all(map(np.all, active)):
        return float(sum(map(_summed, projections)) - layer.n_neurons)
    alike = gcd(*(projection.window.group_outputs for projection in projections))
    arrived = sum(
        np.repeat(
            _arrived(projection, fires, padding_fires),
            projection.window.group_outputs // alike,
            axis=1,
        )
        for projection, fires in zip(projections, active, strict=True)
    )
    return float(np.maximum(arrived - 1, 0).sum(dtype=np.float64) * alike / len(active[0]))


def _arrived(projection: Projection, fires: NDArray[np.bool_], padding_fires: bool) -> NDArray:
    """Spikes that reach each group of each output position, (n, neurons over group outputs).

    The neurons of a group, which follow each other, are reached by the same ones.
    """
    window = projection.window
    all_fire = padding_fires and projection.kernel is not None
    placed = projection.placed(fires, all_fire)
    by_group = placed.reshape(len(fires), *window.input_shape[:2], window.groups, -1)
    counts = by_group.sum(axis=4, dtype=np.float32)
    padded = window.group_inputs if all_fire else 0
    alone = replace(
        window, input_shape=counts.shape[1:], n_channels=window.groups, groups=window.groups
    )
    return alone.view(counts, padded).sum(axis=(4, 5)).reshape(len(fires), -1)


Active = Mapping[str, Sequence[NDArray[np.bool_]]]
"""By synapse-based layer, for each of its sources (n_images, ...): which neurons are at work."""


def synaptic_operations(
    network: SpikingNetwork, active: Active, *, spiking: bool
) -> dict[str, float]:
    """NeuroBench's synaptic operations, mean over the images.

    Each synapse of an input that is not zero (DNN) or fires (spiking network) is one operation:
    an effective MAC with the DNN's real values, an effective AC with spikes. ``Dense`` counts all
    synapses; zero padding has none. Biases and maxima do not count, and no weight is taken to be
    zero.

    Parameters
    ----------
    network : SpikingNetwork
    active : mapping of str to sequence of ndarray of bool
        For each synapse-based layer, of each of its sources (n_images, ...): which are not zero,
        or fire.
    spiking : bool

    Returns
    -------
    dict
        ``Effective_MACs``, ``Effective_ACs``, ``Dense``.
    """
    effective = dense = 0.0
    for population in network.populations:
        if not population.kind.integrates:
            continue
        for projection, inputs in zip(population.projections, active[population.name], strict=True):
            fans = projection.fan_out.ravel().astype(np.float64)
            effective += float((inputs.reshape(len(inputs), -1) @ fans).mean())
        dense += population.n_synapses
    kind = "Effective_ACs" if spiking else "Effective_MACs"
    return {"Effective_MACs": 0.0, "Effective_ACs": 0.0, "Dense": dense, kind: effective}


def inputs_that_fire(
    network: SpikingNetwork, input_latencies: NDArray, latencies: Mapping[str, NDArray]
) -> dict[str, tuple[NDArray[np.bool_], ...]]:
    """Which inputs of each synapse-based layer fire, an array for each of its sources.

    Parameters are those of `measure_snn`.
    """
    times = _times_of(network, input_latencies, latencies)
    return {
        population.name: tuple(times[source] != SILENT for source in population.sources)
        for population in network.populations
        if population.kind.integrates
    }


def measure_spikes(
    network: SpikingNetwork, input_latencies: NDArray, latencies: Mapping[str, NDArray]
) -> Operations:
    """Operations of a run by NeuroBench's conventions, mean over its images.

    Additions are effective ACs and the ticks that reach a neuron, multiplications leaks; maxima do
    not count. The counterpart of `tdsnn_brian.keras.operations.measure_model`; parameters are those
    of `measure_snn`.
    """
    leaks = total(measure_snn(network, input_latencies, latencies)).multiplications
    ticks = sum(
        float(np.maximum(latencies[x.name], 0).sum()) / len(input_latencies)
        for x in network.populations
        if x.fires and x.kind.integrates
    )
    active = inputs_that_fire(network, input_latencies, latencies)
    synaptic = synaptic_operations(network, active, spiking=True)["Effective_ACs"]
    return Operations(additions=synaptic + ticks, multiplications=leaks)
