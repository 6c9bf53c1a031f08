"""Ticking neurons: each releases a layer and drives it by ticks until all its neurons are done."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from brian2 import NeuronGroup, Quantity

from ...population import Population
from ...ticking import leak_factor, tick_weight
from . import groups, models

if TYPE_CHECKING:
    from .build import ExplicitBuilder


class _Pathway(NamedTuple):
    """What a ticking neuron's spikes do to its layer, when they arrive, and with what constants."""

    on_pre: str | Mapping[str, str]
    delay: Quantity | None
    constants: dict[str, float]


class TickingNeurons:
    """Adds ticking neurons to a network.

    Parameters
    ----------
    builder : ExplicitBuilder
        Of that network.
    """

    def __init__(self, builder: "ExplicitBuilder"):
        self._builder = builder

    def add(self, population: Population, neurons: NeuronGroup, bias: Any) -> NeuronGroup:
        """The ticking neuron of a layer, and all signals between the two."""
        builder, names = self._builder, self._builder.names
        dynamic = builder.net.dynamic
        constants = {
            "steps_per_tick": builder.timing.steps_per_tick,
            "n_driven": population.n_neurons + (population.driven_biases if dynamic else 0),
            "release_step": builder.timing.releases[population.name],
            "n_presynaptic": population.n_presynaptic,
        }
        cells = models.TICKING_DYNAMIC if dynamic else builder.model.ticking
        ticking = builder.neurons(names.of(population, "ticking"), cells, 1, constants)
        builder.tickings[population] = ticking
        if dynamic:
            builder.dynamic.count_arrivals(population, ticking, bias)
            builder.dynamic.measure_window(population, neurons, ticking)
        for part, (on_pre, delay, weights) in self._pathways(population).items():
            name = names.of(population, f"ticking_{part}")
            builder.add(
                groups.signals(ticking, neurons, on_pre, name, delay=delay, namespace=weights)
            )
        builder.add(
            groups.signals(neurons, ticking, models.FIRED, names.of(population, "ticking_done"))
        )
        if population.silent_zeros:
            self._judge(population, neurons, ticking)
            # at the end of an image, before it is set back
            builder.add(
                groups.at_onsets(
                    ticking, "n_fired", builder.clocks, names.of(population, "settled")
                )
            )
        return ticking

    def _judge(self, population: Population, neurons: NeuronGroup, ticking: NeuronGroup) -> None:
        """One step after the release, neurons that have not fired are silent."""
        names, dt = self._builder.names, self._builder.dt
        judge, silent = (
            names.of(population, "ticking_judge"),
            names.of(population, "ticking_silent"),
        )
        self._builder.add(
            groups.signals(ticking, neurons, models.JUDGE, judge, delay=dt),
            groups.signals(neurons, ticking, models.FIRED, silent, event=models.SILENT),
        )

    def _pathways(self, population: Population) -> dict[str, _Pathway]:
        builder, leak = self._builder, population.leak
        tick, timing = builder.tick, builder.timing
        if builder.net.dynamic:
            one_step = np.exp(float(builder.dt / (leak * tick)))
            weights = {"pulse_weight": leak_factor(leak) * one_step}
            return {
                "release": _Pathway(models.RELEASE_DYNAMIC, None, weights),
                "ticks": _Pathway(models.TICK_DYNAMIC, tick, weights),
            }
        inhibited = timing.releases[population.name] - timing.origins[population.name]
        weights = {"w_tick": tick_weight(leak, inhibited / timing.steps_per_tick)}
        return {
            part: _Pathway(signal.on_pre, tick if signal.delayed else None, weights)
            for part, signal in builder.model.ticks.items()
        }
