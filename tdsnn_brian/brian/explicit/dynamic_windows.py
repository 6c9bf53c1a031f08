"""Windows that end with the last presynaptic spike: who counts, and who measures them.

With fixed windows all of this is known beforehand.
"""

from typing import TYPE_CHECKING, Any

from brian2 import NeuronGroup

from ...population import Population
from ..levels import Levels
from ..naming import brian_name
from . import groups, models

if TYPE_CHECKING:
    from .build import ExplicitBuilder


class DynamicWindows:
    """Adds to a network what dynamic windows need.

    Parameters
    ----------
    builder : ExplicitBuilder
        Of that network.
    """

    def __init__(self, builder: "ExplicitBuilder"):
        self._builder = builder
        self._names, self._dt, self._first_spike = (
            builder.names,
            builder.dt,
            (builder.timing.first_spike),
        )
        self._starts: dict[Population, object] = {}  # who starts the pulses, by driver
        self._biases: dict[Population, Any] = {}
        self.levels = Levels(builder.net.spiking_network)

    def bias(self, population: Population, name: str, at: int) -> Any:
        """The bias neuron of a layer, which counts the ticks of its driver.

        Of the first layer, which no ticking neuron drives, it fires `at` so many steps.
        """
        builder = self._builder
        driver = builder.tickings.get(population.driver)
        if driver is None:
            self._biases[population] = builder.spike_at(name, self._first_spike + at)
            return self._biases[population]
        bias = builder.neurons(
            name, models.BIAS_DYNAMIC, 1, {"bias_latency": population.bias_latency}
        )
        builder.add(
            groups.signals(
                driver, bias, models.COUNT_TICK, self._names.of(population, "bias_ticks")
            ),
            groups.signals(bias, driver, models.FIRED, self._names.of(population, "bias_done")),
        )
        self._biases[population] = bias
        return bias

    def n_awaited(self, population: Population) -> int:
        """Spikes that release a population: of all that feed its level, and of bias neurons."""
        neurons = sum(source.n_neurons for source in self.levels.feeding(population))
        return neurons + sum(x.bias is not None for x in self._released_with(population))

    def count_arrivals(self) -> None:
        """Let ticking neurons know when all that they wait for have fired or stay silent.

        Those of one level wait for the same spikes, and so release their layers together.
        """
        builder = self._builder
        for population in builder.tickings:
            sources = self.levels.feeding(population)
            for source in sources:
                several = f"_{brian_name(source.name)}" if len(sources) > 1 else ""
                waits = self.levels.waits(source, population)
                self._count(population, builder.groups[source], f"arrivals{several}", waits)
                if source in builder.silences:
                    silence, event = builder.silences[source]
                    self._count(population, silence, f"silent_inputs{several}", waits, event=event)
            for other in self._released_with(population):
                if other.bias is not None:
                    part = "bias_arrival"
                    if other is not population:
                        part += f"_{brian_name(other.name)}"
                    self._count(population, self._biases[other], part, self.levels.hops(population))

    def _released_with(self, population: Population) -> list[Population]:
        return [x for x in self.levels.released(population.level) if x.fires]

    def _count(
        self, population: Population, source: Any, part: str, steps: int, event: str = "spike"
    ) -> None:
        self._builder.add(
            groups.signals(
                source,
                self._builder.tickings[population],
                models.ARRIVED,
                self._names.of(population, f"ticking_{part}"),
                delay=steps * self._dt if steps else None,
                event=event,
            )
        )

    def measure_window(
        self, population: Population, neurons: NeuronGroup, ticking: NeuronGroup
    ) -> None:
        """Let a pulse tell the time from the layer's origin to one step after its release.

        A neuron that fires then, as a bias neuron of latency 0 would, stops it and starts that of
        the layer after.
        """
        builder, driver = self._builder, population.driver
        if driver not in self._starts:
            self._starts[driver] = builder.spike_at(
                self._names.of(population, "onset"), self._first_spike
            )
        name = self._names.of(population, "released")
        self._starts[population] = released = builder.neurons(
            name, models.BIAS_DYNAMIC, 1, {"bias_latency": 0}
        )
        builder.add(
            groups.signals(
                self._starts[driver],
                neurons,
                models.START_PULSE,
                self._names.of(population, "pulse"),
                delay=self.levels.hops(population) * self._dt,
            ),
            groups.signals(
                ticking, released, models.COUNT_TICK, self._names.of(population, "released_ticks")
            ),
            groups.signals(
                released, neurons, models.STOP_PULSE, self._names.of(population, "pulse_stop")
            ),
        )
