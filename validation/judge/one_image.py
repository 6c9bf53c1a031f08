"""Whether one image's simulated firing times follow from the spikes that reached each layer.

For networks of millions of neurons in float32, where one tick's difference in an early layer is
input to all that follow: each layer is computed anew, in float64, from the simulated firing
times of the layer before. A neuron that differs is explained if the ceiling's jump is no
farther away than float32 can err in summing up what that neuron received.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tdsnn_brian import Simulation, SpikingNetwork
from tdsnn_brian.coding import SILENT, continuous_latency, gain, round_up, tie_tolerance
from tdsnn_brian.discrete import input_latencies
from tdsnn_brian.propagation import activation, latest, weighted_sum
from tdsnn_brian.spec import Dense, Layer, MaxPool2D

_ROUNDINGS = 4.0
"""Standard deviations, or so, of a sum's random rounding error that count as explanation."""


@dataclass(frozen=True)
class ImageVerdict:
    """Neurons of one image, disagreements, and those among them without explanation."""

    neurons: int
    disagreements: int
    unexplained: int

    @property
    def identical(self) -> bool:
        return self.disagreements == 0


def judge_image(
    network: SpikingNetwork, image: NDArray, simulation: Simulation, dtype: str
) -> ImageVerdict:
    """Judge a simulation of one image; `simulation` holds all firing layers.

    Parameters
    ----------
    network : SpikingNetwork
    image : ndarray
        (1, *input shape)
    simulation : Simulation
    dtype : str
        What was simulated in.
    """
    spikes = input_latencies(network, image)
    neurons = disagreements = unexplained = 0
    for layer in network.firing_layers:
        simulated = _whole(simulation.latencies[layer.name])
        if isinstance(layer, MaxPool2D):
            wrong = simulated != latest(layer, spikes)
            unexplained += int(wrong.sum())
        else:
            wrong, far = _judge(network, layer, spikes, simulated, dtype)
            unexplained += far
        neurons += wrong.size
        disagreements += int(wrong.sum())
        spikes = simulated
    return ImageVerdict(neurons, disagreements, unexplained)


def _whole(times: NDArray) -> NDArray[np.int32]:
    return np.where(np.isnan(times), SILENT, times).astype(np.int32)


def _judge(network, layer: Layer, spikes, simulated, dtype) -> tuple[NDArray, int]:
    gains = gain(spikes, network.leak)
    total = activation(layer, gains)
    exact = continuous_latency(total, network.leak)
    expected = round_up(exact)
    if network.silent_zeros:
        expected[expected == 0] = SILENT
    wrong = simulated != expected
    if not wrong.any():
        return wrong, 0
    fan_in = layer.n_inputs if isinstance(layer, Dense) else np.prod(layer.window_shape) * (
        layer.input_shape[2]
    )
    rounding = _ROUNDINGS * np.sqrt(fan_in) * np.finfo(dtype).eps
    error = rounding * weighted_sum(_absolute(layer), np.abs(gains))
    tolerance = (
        network.leak * error / (np.maximum(total, 0) + 1)
        + tie_tolerance(np.dtype(dtype)) + exact * np.finfo(dtype).eps
    )
    # only the jump between the two firing times counts
    nearest = simulated, expected
    if network.silent_zeros:  # silent stands where latency 0 would
        nearest = tuple(np.maximum(times, 0) for times in nearest)
    jump = np.minimum(*nearest)
    explained = (np.abs(exact - jump) <= tolerance) & (np.abs(nearest[0] - nearest[1]) == 1)
    explained &= jump >= 0
    return wrong, int((wrong & ~explained).sum())


def _absolute(layer: Layer) -> Layer:
    field = next((name for name in ("kernel", "weights") if hasattr(layer, name)), None)
    return layer if field is None else replace(layer, **{field: np.abs(getattr(layer, field))})
