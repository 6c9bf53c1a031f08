"""What continuous time would answer: latencies `L ln(phi(A) + 1)` that nothing rounds."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ..coding import continuous_latency
from ..engines import require
from ..firing_times import silence_zeros
from ..layers import Kind
from ..network import SpikingNetwork, check_images
from ..population import Population
from ..results import Result
from .closed_form import DiscreteAnalysis

Windows = Mapping[str, float] | None


def closed_loop(network: SpikingNetwork, images: NDArray, windows: Windows = None) -> Result:
    r"""Continuous times all the way: the network with the activation ``phi(x) + 1``.

    Parameters
    ----------
    network : SpikingNetwork
    images : array_like
        (n_images, \*input shape)
    windows : mapping of str to float, optional
        Fixed inhibitory periods in ticks, which matter for a threshold other than 0 only; if not
        given, until the last spike of each image.

    Returns
    -------
    Result
    """
    images = check_images(network, images)
    require("closed form", network)
    source = network.input
    first = continuous_latency(network.input_values(images), source.leak)
    times = {source: silence_zeros(first) if source.silent_zeros else first}
    inhibited, potentials = {}, {}
    for population in network.populations:
        presynaptic = [times[source] for source in population.sources]
        if population.kind is not Kind.MAX_POOL:
            inhibited[population.name] = population.last_presynaptic(presynaptic)
        if population.fires:
            times[population] = _times(population, presynaptic, windows)
        else:
            potentials[population.name] = population.activation(presynaptic)
    return Result(
        latencies={x.name: times[x] for x in network.populations if x.fires},
        windows=inhibited,
        potentials=potentials,
    )


def open_loop(
    network: SpikingNetwork, analysis: DiscreteAnalysis, windows: Windows = None
) -> dict[str, NDArray]:
    """Continuous latencies of each layer where the layers before it fire at discrete times.

    Parameters
    ----------
    network : SpikingNetwork
    analysis : DiscreteAnalysis
    windows : mapping of str to float, optional
        See `closed_loop`.

    Returns
    -------
    dict of str to ndarray
        (n_images, *layer shape) in ticks, `SILENT` where silent.
    """
    discrete = {network.input: analysis.input_latencies} | {
        x: analysis.latencies[x.name] for x in network.populations if x.fires
    }
    return {
        x.name: _times(x, [discrete[source] for source in x.sources], windows)
        for x in network.populations
        if x.fires
    }


def _times(population: Population, presynaptic: list[NDArray], windows: Windows) -> NDArray:
    if population.kind is not Kind.TICKED:
        return population.latest(*presynaptic)
    total = population.activation(presynaptic)
    ticks = population.last_presynaptic(presynaptic)
    if windows is not None:
        ticks = np.full(len(total), windows[population.name])
    real = population.continuous(total, ticks)
    return silence_zeros(real) if population.silent_zeros else real
