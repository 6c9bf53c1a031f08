"""Whether one image's simulated firing times follow from the spikes that reached each layer.

For networks of millions of neurons in float32, where one tick's difference in an early layer is
input to all that follow: each layer is computed anew, in float64, from the simulated firing
times of the layers before. A neuron that differs is explained if the ceiling's jump is no
farther away than float32 can err in summing up what that neuron received.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tdsnn_brian import Simulation, SpikingNetwork
from tdsnn_brian.analysis import input_latencies
from tdsnn_brian.firing_times import SILENT

from .expected import expected_times, rounding


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
    network: SpikingNetwork,
    image: NDArray,
    simulation: Simulation,
    dtype: str,
    windows: Mapping[str, float] | None = None,
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
    windows : mapping of str to float, optional
        Fixed inhibitory periods in ticks; if not given, until the last spike.
    """
    times = {network.input: input_latencies(network, image)}
    neurons = disagreements = unexplained = 0
    for population in network.populations:
        if not population.fires:
            break
        presynaptic = [times[source] for source in population.sources]
        simulated = simulation.latencies[population.name]
        window = None if windows is None else windows.get(population.name)
        expected = expected_times(population, presynaptic, window)
        wrong = simulated != expected.times
        neurons += wrong.size
        disagreements += int(wrong.sum())
        if wrong.any():
            far = wrong
            if expected.real is not None:
                tolerance = rounding(population, presynaptic, dtype)
                far = wrong & ~_explained(
                    simulated, expected.times, expected.real, tolerance, population.silent_zeros
                )
            unexplained += int(far.sum())
        times[population] = simulated
    return ImageVerdict(neurons, disagreements, unexplained)


def _explained(simulated, expected, real, tolerance, silent_zeros) -> NDArray[np.bool_]:
    """Where the jump between the two firing times, and no other, is near enough."""
    if silent_zeros:  # silent stands where latency 0 would
        simulated, expected = (np.where(x == SILENT, 0, x) for x in (simulated, expected))
    jump = np.minimum(simulated, expected)
    near = np.abs(np.maximum(real, 0) - jump) <= tolerance
    return near & (np.abs(simulated - expected) == 1) & (jump >= 0)
