"""Reading a network of explicit synapses that has run: firing times, potentials, ticks."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import ceil
from typing import Any

import numpy as np
from brian2 import StateMonitor, get_device
from numpy.typing import NDArray

from ...errors import RunError, WindowTooShortError
from ...firing_times import SILENT, in_ticks
from ...layers import Kind
from ...network import SpikingNetwork
from ...population import Population
from ..cuda.recording import Readings, SpikeRecorder
from ..devices import counts_spikes
from ..levels import Levels
from ..naming import Names
from ..result import Simulation
from ..timing import Timing

Spikes = tuple[NDArray, NDArray]
"""Times in integration steps, and neurons."""


@dataclass(frozen=True, kw_only=True)
class Recordings:
    """What monitors kept of a run, in memory or in files.

    Attributes
    ----------
    network : SpikingNetwork
    timing : Timing
    names : Names
    n_images : int
    spikes : callable
        Gives the `Spikes` of the monitor of a name.
    readouts : mapping
        Of each output, (n_images + 1, n_neurons): potentials at each image's onset, before they
        are set back.
    measured : bool
        Whether layers are released when their ticking neurons fire, or as planned.
    """

    network: SpikingNetwork
    timing: Timing
    names: Names
    n_images: int
    spikes: Callable[[str], Spikes]
    readouts: Mapping[Population, NDArray]
    measured: bool = False

    def by_image(self, monitor: str) -> tuple[NDArray, NDArray, NDArray]:
        """Of all spikes of shown images: image, steps after its onset, neuron."""
        steps, neuron = self.spikes(monitor)
        image, after_onset = np.divmod(steps, self.timing.slot)
        shown = image < self.n_images
        return image[shown], after_onset[shown], neuron[shown]

    def first(self, monitor: str, n: int) -> NDArray:
        """(n_images, n) step of each neuron's first spike after each image's onset; `nan`: none."""
        image, after_onset, neuron = self.by_image(monitor)
        first = np.full((self.n_images, n), np.nan)
        np.fmin.at(first, (image, neuron), after_onset)
        return first

    def result(self) -> Simulation:
        """The results, as they were."""
        timing, everywhere = self.timing, np.ones(self.n_images)
        latencies, windows, ticks, spikes, potentials = {}, {}, {}, {}, {}
        # step at which a spike of latency 0 is made, by population, in each image
        zero: dict[Population, NDArray] = {self.network.input: timing.first_spike * everywhere}
        for population in self.network.populations:
            name = population.name
            reached = np.max(
                [zero[x] + self._waits(x, population) for x in population.sources], axis=0
            )
            if population.kind.is_ticked:
                ticking = self.names.of(population, "ticking_spikes")
                release = self.first(ticking, 1)[:, 0]
                windows[name] = (release - reached - 1) / timing.steps_per_tick
                counted = np.bincount(self.by_image(ticking)[0], minlength=self.n_images)
                ticks[name] = np.maximum(counted - 1, 0)
                planned = timing.zeros[name] - timing.releases[name]
                zero[population] = (
                    release + planned if self.measured else timing.zeros[name] * everywhere
                )
            else:
                zero[population] = reached + (population.kind is Kind.MAX_POOL)
            if population in self.readouts:
                potentials[name] = self._potentials(population, reached)
            else:
                first = self.first(self.names.of(population, "spikes"), population.n_neurons)
                spikes[name] = int(np.isfinite(first).sum())
                latencies[name] = in_ticks(
                    first - zero[population][:, None], timing.steps_per_tick
                ).reshape(self.n_images, *population.shape)
        return Simulation(
            latencies=latencies,
            windows=windows,
            ticks=ticks,
            spikes=spikes,
            potentials=potentials,
        )

    def _waits(self, source: Population, population: Population) -> int:
        """Steps that a source's spikes wait for those that reach a population last."""
        return 0 if population.kind is Kind.MAX_POOL else self._waiting.waits(source, population)

    @cached_property
    def _waiting(self) -> Levels | Timing:
        return Levels(self.network) if self.measured else self.timing

    def _potentials(self, output: Population, origin: NDArray) -> NDArray:
        timing, readout = self.timing, self.readouts[output]
        elapsed = (timing.read - origin) / timing.steps_per_tick
        with np.errstate(invalid="ignore", over="ignore"):
            potentials = readout[1 : self.n_images + 1] * np.exp(elapsed / output.leak)[:, None]
        return potentials.reshape(self.n_images, *output.shape)


def at_onsets(kept: StateMonitor | Readings, variable: str) -> NDArray:
    """(n_neurons, n_onsets) of a variable at each image's onset, without units."""
    if isinstance(kept, Readings):
        return kept.values
    return np.asarray(getattr(kept, f"{variable}_")[:])


def recordings_of(net: Any) -> Recordings:
    """Those of an `ExplicitNetwork` that has run."""

    def spikes(name: str) -> Spikes:
        monitor = net[name]
        if isinstance(monitor, SpikeRecorder):
            return monitor.spikes
        times, neurons = np.asarray(monitor.t_[:]), np.asarray(monitor.i[:])
        counted = len(times)
        if counts_spikes(get_device()):
            counted = int(monitor.variables["N"].get_value()[0])
        if not len(times) == len(neurons) == counted:
            raise RunError(
                f"of the {counted} spikes that {name!r} recorded, {len(times)} times and "
                f"{len(neurons)} neurons are there, as on a disk that was full; free some, and run "
                "it again"
            )
        return np.rint(times / float(net.dt)).astype(np.int64), neurons

    def readout(output: Population) -> NDArray:
        values = at_onsets(net[net.names.of(output, "readout")], net.read_variable).T
        return (values - float(net.model.zero)) / float(net.model.unit)

    return Recordings(
        network=net.spiking_network,
        timing=net.timing,
        names=net.names,
        n_images=net.n_images,
        spikes=spikes,
        readouts={output: readout(output) for output in net.spiking_network.outputs},
        measured=net.dynamic,
    )


def check_spikes(
    network: SpikingNetwork,
    result: Simulation,
    longest_window: float,
    unsettled: Mapping[str, int],
) -> None:
    """Raise `WindowTooShortError` for spikes that came too late for those who read them.

    Parameters
    ----------
    network : SpikingNetwork
    result : Simulation
    longest_window : float
        In ticks, of all layers; for the remedy.
    unsettled : mapping of str to int
        How many neurons of a layer with silent zeros the next image cut off, which their firing
        times do not tell.
    """
    remedy = (
        f"build the network with longer windows (window={2 * ceil(longest_window)} or more), or "
        "read_results(net, strict=False) to see the times"
    )
    for population in network.populations:
        if population.fires:
            times = result.latencies[population.name]
            if missing := _cut_off(population, result, unsettled):
                raise WindowTooShortError(
                    f"layer {population.name!r}: {missing} of {times.size} neurons had not fired "
                    f"when the next image came; {remedy}"
                )
        window = result.windows.get(population.name)
        for source, late in late_spikes(network, population, result, window):
            if late:
                raise WindowTooShortError(
                    f"layer {source.name!r}: {late} of its spikes came after layer "
                    f"{population.name!r} had been released; {remedy}"
                )


def _cut_off(population: Population, result: Simulation, unsettled: Mapping[str, int]) -> int:
    """How many neurons of all images had not fired, nor would stay silent, at an image's end."""
    silent = result.latencies[population.name] == SILENT
    if not population.silent_zeros:
        return int(silent.sum())
    if population.kind is Kind.MAX_POOL and population.source.sources:
        # they fire a step after their inputs
        inputs = result.latencies[population.source.name]
        return int((silent & (population.latest(inputs) != SILENT)).sum())
    return unsettled.get(population.name, 0)


def late_spikes(
    network: SpikingNetwork,
    population: Population,
    result: Simulation,
    window: NDArray | float | None,
) -> Iterator[tuple[Population, int]]:
    """Sources of a population, and how many of their spikes came after its release.

    `window` is its inhibitory period in ticks, (n_images,) or the same for all; None: it has none.
    """
    if window is None:
        return
    window = np.broadcast_to(window, result.n_images)
    for source, projection in zip(population.sources, population.projections, strict=True):
        if source is not network.input:
            times = result.latencies[source.name].reshape(result.n_images, -1)
            read = projection.fan_out.ravel() > 0
            yield source, int((times[:, read] > window[:, None] + 1e-6).sum())
