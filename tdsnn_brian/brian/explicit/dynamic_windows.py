"""Windows that end with the last presynaptic spike: who counts, and who measures them.

With fixed windows all of this is known beforehand.
"""

from typing import TYPE_CHECKING, Any

from brian2 import NeuronGroup

from ...population import Population
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

    def bias(self, population: Population, name: str, at: int) -> Any:
        """The bias neuron of a layer, which counts the ticks of its driver.

        Of the first layer, which no ticking neuron drives, it fires `at` so many steps.
        """
        builder = self._builder
        driver = builder.tickings.get(population.driver)
        if driver is None:
            return builder.spike_at(name, self._first_spike + at)
        bias = builder.neurons(
            name, models.BIAS_DYNAMIC, 1, {"bias_latency": population.bias_latency}
        )
        builder.add(
            groups.signals(
                driver, bias, models.COUNT_TICK, self._names.of(population, "bias_ticks")
            ),
            groups.signals(bias, driver, models.FIRED, self._names.of(population, "bias_done")),
        )
        return bias

    def count_arrivals(self, population: Population, ticking: NeuronGroup, bias: Any) -> None:
        """Let the ticking neuron know when all presynaptic neurons have fired or stay silent."""
        builder = self._builder

        def count(source: Any, part: str, **options: Any) -> None:
            builder.add(
                groups.signals(
                    source,
                    ticking,
                    models.ARRIVED,
                    self._names.of(population, f"ticking_{part}"),
                    **options,
                )
            )

        count(builder.groups[population.source], "arrivals")
        if population.source in builder.silences:
            silence, event = builder.silences[population.source]
            count(silence, "silent_inputs", event=event)
        if bias is not None:
            count(bias, "bias_arrival", delay=population.hops * self._dt)

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
                delay=population.hops * self._dt,
            ),
            groups.signals(
                ticking, released, models.COUNT_TICK, self._names.of(population, "released_ticks")
            ),
            groups.signals(
                released, neurons, models.STOP_PULSE, self._names.of(population, "pulse_stop")
            ),
        )
