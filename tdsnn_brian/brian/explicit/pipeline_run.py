"""What a stream of images gave, read from Brian2's monitors."""

from dataclasses import dataclass

import numpy as np
from brian2 import Quantity, SpikeMonitor, StateMonitor
from numpy.typing import NDArray

from ...firing_times import in_ticks
from ...network import SpikingNetwork
from ...population import Population
from ...results import Result
from .pipeline_schedule import Schedule


@dataclass(frozen=True, kw_only=True, eq=False)
class PipelineRun(Result):
    """What a stream of images gave; see `Result`. `schedule` says when layers worked on them.

    Examples
    --------
    >>> import numpy as np, tdsnn_brian as td
    >>> weights = np.array([[1.0, -1.0], [0.5, 1.0]])
    >>> hidden = td.layers.Dense(name="hidden", input_shape=(2,), weights=weights)
    >>> output = td.layers.Dense(name="output", input_shape=(2,), weights=weights)
    >>> network = td.SpikingNetwork(layers=(hidden, output), leak=5)
    >>> from brian2 import prefs
    >>> prefs.codegen.target = "numpy"  # nothing to compile
    >>> run = td.run_pipeline(network, np.array([[0.2, 0.9], [0.5, 0.1]]))
    >>> run.schedule.releases.shape  # of two images, in two layers, in steps
    (2, 2)
    """

    schedule: Schedule


class Reader:
    """Reads firing times, windows and potentials of a stream that worked by a schedule."""

    def __init__(self, network: SpikingNetwork, schedule: Schedule, dt: Quantity):
        self.network, self.schedule, self.dt = network, schedule, dt
        self.place = {population: population.level - 1 for population in network.integrating}

    def read(
        self, monitors: dict[Population, SpikeMonitor], readouts: dict[Population, StateMonitor]
    ) -> PipelineRun:
        return PipelineRun(
            latencies=self._latencies(monitors),
            windows=self._windows(),
            potentials={x.name: self._potentials(x, readouts[x]) for x in readouts},
            schedule=self.schedule,
        )

    def _zeros(self, population: Population) -> NDArray:
        """Step at which a neuron of latency 0 fires, (n_images,)."""
        if population.kind.is_ticked:
            return self.schedule.releases[:, self.place[population]] + 1
        driver = population.driver
        start = self._zeros(driver) if driver in self.place else self.schedule.onsets
        return start + population.hops

    def _latencies(self, monitors: dict[Population, SpikeMonitor]) -> dict[str, NDArray]:
        latencies = {}
        for population, monitor in monitors.items():
            zero = self._zeros(population)
            step = np.rint(np.asarray(monitor.t_[:]) / float(self.dt)).astype(int)
            image = np.searchsorted(zero, step, side="right") - 1
            times = np.full((len(zero), population.n_neurons), np.nan)
            times[image, np.asarray(monitor.i[:])] = step - zero[image]
            latencies[population.name] = in_ticks(times, self.schedule.steps_per_tick).reshape(
                len(zero), *population.shape
            )
        return latencies

    def _windows(self) -> dict[str, NDArray]:
        steps = self.schedule.releases - self.schedule.origins - 1
        return {
            population.name: steps[:, place] / self.schedule.steps_per_tick
            for population, place in self.place.items()
        }

    def _potentials(self, output: Population, readout: StateMonitor) -> NDArray:
        place = self.place[output]
        at, origins = self.schedule.releases[:, place], self.schedule.origins[:, place]
        elapsed = (at - origins) / self.schedule.steps_per_tick / output.leak
        potentials = np.asarray(readout.v_[:])[:, at].T * np.exp(elapsed)[:, None]
        return potentials.reshape(len(at), *output.shape)
