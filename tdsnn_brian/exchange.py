"""Spikes in the formats of others: Neo, for Elephant and its kin, and NIRData.

Times are in seconds after each image's onset; hops between layers take none.
"""

from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .analysis.timeline import releases
from .arguments import check_kind, is_number
from .errors import InvalidInputError
from .extras import missing_extra
from .firing_times import with_nan
from .network import SpikingNetwork, check_network
from .results import Result


class _Layer(NamedTuple):
    name: str
    times: NDArray
    """(n_images, n_neurons) in seconds, `nan` for none."""


def to_neo(
    network: SpikingNetwork, result: Result, tick: Any = None, layers: Iterable[str] | None = None
) -> Any:
    """A Neo block with a segment for each image and a spike train for each neuron.

    Parameters
    ----------
    network : SpikingNetwork
    result : Result
        Of `network`, from whichever way to run it.
    tick : Quantity or float, optional
        A time, or a number of seconds; known where the result is that of `simulate`.
    layers : iterable of str, optional
        Those to export; default: all that fire, and the input where its times are known.

    Returns
    -------
    neo.Block
        Spike trains are annotated with their ``layer`` and ``neuron``, an index in C order.

    Raises
    ------
    InvalidInputError
        If `tick` is missing or not that of the result, or there is no such layer.
    MissingExtraError
        If Neo is not installed.

    Examples
    --------
    >>> block = to_neo(network, result, layers=["conv1"])  # doctest: +SKIP
    >>> block.segments[0].spiketrains[0].annotations  # doctest: +SKIP
    {'layer': 'conv1', 'neuron': 0}
    """
    neo = imported("neo")
    found, end = _spikes(network, result, tick, layers)
    block = neo.Block(name=network.name)
    for image in range(result.n_images):
        segment = neo.Segment(name=f"image {image}", index=image)
        segment.spiketrains = [
            neo.SpikeTrain(
                times[np.isfinite(times)], units="s", t_stop=end, layer=layer.name, neuron=neuron
            )
            for layer in found
            for neuron, times in enumerate(layer.times[image][:, None])
        ]
        block.segments.append(segment)
    return block


def to_nir(
    network: SpikingNetwork, result: Result, tick: Any = None, layers: Iterable[str] | None = None
) -> Any:
    """NIRData: the events of each layer as the observable ``spikes``.

    Parameters and errors are those of `to_neo`.

    Returns
    -------
    nir.data_ir.NIRGraphData
        Nodes carry the names of the layers; a sample is an image.

    Examples
    --------
    >>> data = to_nir(network, result)  # doctest: +SKIP
    >>> data.nodes["conv1"].observables["spikes"].time.shape  # doctest: +SKIP
    (3, 11520)
    """
    nir = imported("nir.data_ir")
    found, end = _spikes(network, result, tick, layers)
    nodes = {}
    for name, times in found:
        fires = np.isfinite(times)
        events = nir.EventData(
            idx=np.where(fires, np.arange(times.shape[1]), -1),
            time=np.where(fires, times, np.inf),
            n_neurons=times.shape[1],
            t_max=end,
        )
        nodes[name] = nir.NIRNodeData({"spikes": events})
    return nir.NIRGraphData(nodes)


def imported(name: str) -> Any:
    """A module of another project; names the extra that brings it where it is missing."""
    try:
        return import_module(name)
    except ImportError as error:
        raise missing_extra(error) or error from None


def _spikes(
    network: SpikingNetwork, result: Result, tick: Any, layers: Iterable[str] | None
) -> tuple[list[_Layer], float]:
    """Layers with their spikes, and when the last image ends, in seconds."""
    check_network(network)
    check_kind("result", result, Result, "pass what analyse, simulate or another way gave")
    seconds = _seconds(result, tick)
    found = list(_all(network, result, seconds))
    last = max(float(np.nanmax(layer.times, initial=0.0)) for layer in found)
    if layers is not None:
        by_name = {layer.name: layer for layer in found}
        if unknown := [name for name in layers if name not in by_name]:
            raise InvalidInputError(
                f"layers names {unknown}, of which the result has no firing times; it has those "
                f"of {list(by_name)}"
            )
        found = [by_name[name] for name in by_name if name in set(layers)]
    return found, last + seconds


def _all(network: SpikingNetwork, result: Result, seconds: float) -> Iterator[_Layer]:
    for population, zero in releases(network, result.windows).items():
        times = result.firing_times(population)
        if times is not None:
            zeros = np.broadcast_to(zero, len(times))[:, None]
            ticks = zeros + with_nan(times.reshape(len(times), -1))
            yield _Layer(population.name, ticks * seconds)


def _seconds(result: Result, tick: Any) -> float:
    known = getattr(result, "tick", None)
    if tick is None:
        if known is None:
            raise InvalidInputError(
                "tick must be given: the result does not know it; pass tick=1*ms"
            )
        return float(known)
    seconds = _as_seconds(tick)
    if known is not None and not np.isclose(seconds, float(known), atol=0):
        raise InvalidInputError(f"tick={tick!s} is not that of the simulation, {known!s}")
    return seconds


def _as_seconds(tick: Any) -> float:
    """A time of Brian2, or a number of seconds."""
    dimensions = getattr(tick, "dim", None)
    is_time = dimensions is not None and str(dimensions) == "s" and tick.ndim == 0
    if (is_time or is_number(tick)) and 0 < float(tick) < float("inf"):
        return float(tick)
    raise InvalidInputError(
        f"tick must be a time greater than 0, or a number of seconds, got {tick!r:.80}; pass for "
        "example tick=1*ms"
    )
