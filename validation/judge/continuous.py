"""What continuous time would answer: latencies `L ln(A + 1)` that nothing rounds up."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tdsnn_brian import DiscreteAnalysis, SpikingNetwork
from tdsnn_brian.coding import SILENT, continuous_latency
from tdsnn_brian.discrete import without_threshold
from tdsnn_brian.propagation import activation, latest
from tdsnn_brian.spec import MaxPool2D

from .comparison import last_spikes


@dataclass(frozen=True, kw_only=True, eq=False)
class ContinuousAnalysis:
    """Latencies in ticks, `nan` where silent, and logits.

    `latencies` maps each firing layer to (n_images, *layer shape).
    """

    latencies: dict[str, NDArray]
    logits: NDArray

    @property
    def predictions(self) -> NDArray:
        return self.logits.reshape(len(self.logits), -1).argmax(axis=1)


Windows = Mapping[str, int] | None


def closed_loop(
    network: SpikingNetwork, images: NDArray, windows: Windows = None
) -> ContinuousAnalysis:
    """Continuous times all the way: the network with the activation ``max(x, 0) + 1``.

    Parameters
    ----------
    network : SpikingNetwork
    images : ndarray
        (n_images, *input shape)
    windows : mapping of str to int, optional
        Fixed inhibitory periods in ticks, which matter for a threshold other than 0 only; if not
        given, until the last spike of each image.
    """
    values = np.asarray(images, dtype=np.float64) * network.input_scale
    times = _silenced(network, continuous_latency(values, network.leak))
    latencies = {}
    for layer in network.firing_layers:
        times = _pooled(layer, times) if isinstance(layer, MaxPool2D) else _real(
            network, layer, times, windows
        )
        latencies[layer.name] = times
    return ContinuousAnalysis(
        latencies=latencies, logits=activation(network.output_layer, _gain(network, times))
    )


def open_loop(
    network: SpikingNetwork, analysis: DiscreteAnalysis, windows: Windows = None
) -> dict[str, NDArray]:
    """Continuous latencies of each layer where the layer before it fires at discrete times."""
    times, result = _times(analysis.input_latencies), {}
    for layer in network.firing_layers:
        pool = isinstance(layer, MaxPool2D)
        result[layer.name] = (
            _pooled(layer, times) if pool else _real(network, layer, times, windows)
        )
        times = _times(analysis.latencies[layer.name])
    return result


def _times(latencies: NDArray) -> NDArray:
    return np.where(latencies == SILENT, np.nan, latencies)


def _gain(network: SpikingNetwork, times: NDArray) -> NDArray:
    return np.where(np.isnan(times), 0, np.exp(np.nan_to_num(times) / network.leak))


def _real(network, layer, times, windows: Windows) -> NDArray:
    total = activation(layer, _gain(network, times))
    if windows is None:
        ticks = last_spikes(network, layer, times)
    else:
        ticks = np.full(len(times), windows[layer.name])
    total = without_threshold(network, layer, total, ticks)
    return _silenced(network, continuous_latency(total, network.leak))


def _pooled(layer, times) -> NDArray:
    last = latest(layer, np.where(np.isnan(times), np.inf, times))
    return np.where(np.isinf(last), np.nan, last)


def _silenced(network, times) -> NDArray:
    return np.where(times > 0, times, np.nan) if network.silent_zeros else times
