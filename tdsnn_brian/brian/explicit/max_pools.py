"""Max-pools: each neuron counts the spikes in its window and fires with the last, or the first."""

from typing import TYPE_CHECKING

from brian2 import NeuronGroup

from ...population import Population
from . import groups, models
from .cells import Cells
from .groups import Events

if TYPE_CHECKING:
    from .build import ExplicitBuilder


class MaxPools:
    """Adds max-pools to a network.

    Parameters
    ----------
    builder : ExplicitBuilder
        Of that network.
    """

    def __init__(self, builder: "ExplicitBuilder"):
        self._builder = builder

    def add(self, population: Population) -> None:
        """The neurons of a max-pool, and the synapses by which they count their inputs."""
        builder, names = self._builder, self._builder.names
        source = population.source
        silence = builder.silences.get(source)
        cells, events = builder.model.max_pool, {}
        if silence is not None:
            events = {models.SILENT: (cells.fires + models.NONE_FIRED, cells.after_spike)}
            cells = (
                cells + models.COUNTING + Cells(equations="", fires=cells.fires + models.SOME_FIRED)
            )
        name = names.of(population)
        neurons = builder.neurons(name, cells, population.n_neurons, events=events)
        neurons.n_awaited = population.n_awaited
        neurons.n_inputs = population.projection.fan_in.ravel()
        builder.groups[population] = neurons
        spikes = builder.events_of(source)
        self._count(population, spikes, neurons, "n_arrived", "synapses")
        builder.record_spikes(neurons, names.of(population, "spikes"), most=len(neurons))
        if silence is not None:
            self._count(population, spikes, neurons, "n_fired", "fired")
            self._count(population, silence, neurons, "n_arrived", "silent_inputs")
            builder.silences[population] = (neurons, models.SILENT)

    def _count(
        self,
        population: Population,
        events: Events,
        neurons: NeuronGroup,
        variable: str,
        part: str,
    ) -> None:
        """Let each neuron count the events in its window."""
        builder = self._builder
        (source, event), name = events, builder.names.of(population, part)
        if builder.net.shares_weights:
            builder.add(groups.shared(population.projection, events, neurons, variable, name))
            return
        builder.add(
            groups.counting_synapses(
                population.projection,
                source,
                neurons,
                f"{variable}_post += 1",
                name,
                event=event,
                namespace={"tick": builder.tick, **builder.model.parameters},
            )
        )
