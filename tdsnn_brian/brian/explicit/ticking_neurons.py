"""Ticking neurons: each releases a layer and drives it by ticks until all its neurons are done."""

from collections.abc import Mapping
from math import ceil
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from brian2 import NeuronGroup, TimedArray

from ...population import Population
from ...ticking import leak_factor, tick_weight
from ..cuda.signals import Tally
from . import groups, models
from .cells import Circuit, Signal

if TYPE_CHECKING:
    from .build import ExplicitBuilder


class _Pathway(NamedTuple):
    """What a ticking neuron's spikes do to its layer, when they arrive, and with what constants."""

    on_pre: str | Mapping[str, str]
    delay: int
    constants: Mapping[str, object]


class TickingNeurons:
    """Adds ticking neurons to a network.

    Parameters
    ----------
    builder : ExplicitBuilder
        Of that network.
    """

    def __init__(self, builder: "ExplicitBuilder"):
        self._builder = builder

    def add(self, population: Population, neurons: NeuronGroup) -> NeuronGroup:
        """The ticking neuron of a layer, and all signals between the two."""
        builder, names = self._builder, self._builder.names
        dynamic = builder.net.dynamic
        constants = {
            "steps_per_tick": builder.timing.steps_per_tick,
            "n_driven": population.n_neurons + (population.driven_biases if dynamic else 0),
            "release_step": builder.timing.releases[population.name],
            "tick": builder.tick,
        }
        if dynamic:
            constants["n_presynaptic"] = builder.dynamic.n_awaited(population)
        cells = models.TICKING_DYNAMIC if dynamic else builder.model.ticking
        if not population.schedule.is_plain:
            cells = cells + models.TICKS_COUNTED
        method = None if builder.model.circuit is None else "exact"
        ticking = builder.neurons(
            names.of(population, "ticking"), cells, 1, constants, method=method
        )
        builder.tickings[population] = ticking
        if dynamic:
            builder.dynamic.measure_window(population, neurons, ticking)
        for part, (on_pre, delay, weights) in self._pathways(population).items():
            name = names.of(population, f"ticking_{part}")
            builder.signals(ticking, neurons, on_pre, name, delay=delay, namespace=weights)
        counter = ticking
        if builder.model.circuit is not None:
            counter = self._circuit(builder.model.circuit, population, ticking, constants)
        self._count(neurons, "spike", counter, names.of(population, "ticking_done"))
        if population.silent_zeros:
            self._judge(population, neurons, ticking)
            # at the end of an image, before it is set back
            builder.record(ticking, "n_fired", names.of(population, "settled"))
        return ticking

    def _circuit(
        self,
        circuit: Circuit,
        population: Population,
        ticking: NeuronGroup,
        constants: Mapping[str, object],
    ) -> NeuronGroup:
        """The neurons that set a ticking neuron off and stop it; gives the one that counts."""
        builder, names = self._builder, self._builder.names
        timer, counter = (
            builder.neurons(
                names.of(population, f"ticking_{part}"), cells, 1, constants, method=method
            )
            for part, cells, method in (
                ("timer", circuit.timer, "euler"),  # exact for a constant current
                ("counter", circuit.counter, None),
            )
        )
        builder.add(
            groups.signals(timer, ticking, circuit.starts, names.of(population, "ticking_start")),
            groups.signals(counter, ticking, circuit.stops, names.of(population, "ticking_stop")),
        )
        return counter

    def _judge(self, population: Population, neurons: NeuronGroup, ticking: NeuronGroup) -> None:
        """One step after the release, neurons that have not fired are silent."""
        names = self._builder.names
        judge, silent = (
            names.of(population, "ticking_judge"),
            names.of(population, "ticking_silent"),
        )
        self._builder.signals(ticking, neurons, models.JUDGE, judge, delay=1)
        self._count(neurons, models.SILENT, ticking, silent)

    def _count(self, neurons: NeuronGroup, event: str, ticking: NeuronGroup, name: str) -> None:
        """Tell the ticking neuron of each neuron that is done."""
        builder = self._builder
        if builder.net.shares_weights:
            builder.add(Tally(neurons, event, ticking, "n_fired", name))
        else:
            builder.add(groups.signals(neurons, ticking, models.FIRED, name, event=event))

    def _pathways(self, population: Population) -> dict[str, _Pathway]:
        builder, leak = self._builder, population.leak
        constants: dict[str, object] = {}
        signals: Mapping[str, Signal] = builder.model.ticks
        if builder.net.dynamic:
            one_step = np.exp(float(builder.dt / (leak * builder.tick)))
            constants["leak_factor"] = leak_factor(leak)
            constants["pulse_weight"] = leak_factor(leak) * one_step
            signals = models.TICKS_DYNAMIC
        else:
            timing = builder.timing
            inhibited = timing.releases[population.name] - timing.origins[population.name]
            weight = tick_weight(leak, inhibited / timing.steps_per_tick)
            constants = {
                **builder.model.constants(leak),
                "w_tick": weight * builder.model.weight_unit,
            }
        if not population.schedule.is_plain:
            signals = models.SHARES_DYNAMIC if builder.net.dynamic else models.SHARES
            constants |= {"tick": builder.tick, "share": self._shares(population)}
        steps = builder.timing.steps_per_tick
        return {
            part: _Pathway(signal.on_pre, steps if signal.delayed else 0, constants)
            for part, signal in signals.items()
        }

    def _shares(self, population: Population) -> TimedArray:
        """Weight of each tick, of the release first, over that of Eq. (9)."""
        last = ceil(self._builder.timing.slot / self._builder.timing.steps_per_tick)
        name = self._builder.names.of(population, "tick_shares")
        return groups.tick_shares(population, last, self._builder.tick, name)
