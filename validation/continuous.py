"""What continuous time would answer: latencies `L ln(A + 1)` that nothing rounds up."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tdsnn_brian import DiscreteAnalysis, SpikingNetwork
from tdsnn_brian.coding import SILENT, continuous_latency
from tdsnn_brian.propagation import activation, latest
from tdsnn_brian.spec import MaxPool2D


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


def closed_loop(network: SpikingNetwork, images: NDArray) -> ContinuousAnalysis:
    """Continuous times all the way: the network with the activation ``max(x, 0) + 1``.

    Parameters
    ----------
    network : SpikingNetwork
    images : ndarray
        (n_images, *input shape)
    """
    values = np.asarray(images, dtype=np.float64) * network.input_scale
    times = _silenced(network, continuous_latency(values, network.leak))
    latencies = {}
    for layer in network.firing_layers:
        times = _pooled(layer, times) if isinstance(layer, MaxPool2D) else _real(
            network, layer, times
        )
        latencies[layer.name] = times
    return ContinuousAnalysis(
        latencies=latencies, logits=activation(network.output_layer, _gain(network, times))
    )


def open_loop(network: SpikingNetwork, analysis: DiscreteAnalysis) -> dict[str, NDArray]:
    """Continuous latencies of each layer where the layer before it fires at discrete times."""
    times, result = _times(analysis.input_latencies), {}
    for layer in network.firing_layers:
        pool = isinstance(layer, MaxPool2D)
        result[layer.name] = _pooled(layer, times) if pool else _real(network, layer, times)
        times = _times(analysis.latencies[layer.name])
    return result


def _times(latencies: NDArray) -> NDArray:
    return np.where(latencies == SILENT, np.nan, latencies)


def _gain(network: SpikingNetwork, times: NDArray) -> NDArray:
    return np.where(np.isnan(times), 0, np.exp(np.nan_to_num(times) / network.leak))


def _real(network, layer, times) -> NDArray:
    total = activation(layer, _gain(network, times))
    return _silenced(network, continuous_latency(total, network.leak))


def _pooled(layer, times) -> NDArray:
    last = latest(layer, np.where(np.isnan(times), np.inf, times))
    return np.where(np.isinf(last), np.nan, last)


def _silenced(network, times) -> NDArray:
    return np.where(times > 0, times, np.nan) if network.silent_zeros else times
