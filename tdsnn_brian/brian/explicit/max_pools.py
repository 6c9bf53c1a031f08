"""Max-pools: each neuron counts the spikes in its window and fires with the last, or the first."""

from typing import TYPE_CHECKING

from brian2 import NeuronGroup

from ...population import Population
from . import groups, models
from .cells import Cells
from .groups import Events

if TYPE_CHECKING:
    from .build import ExplicitBuilder


def add_max_pool(builder: "ExplicitBuilder", population: Population) -> None:
    """Add the neurons of a max-pool, and the synapses by which they count their inputs."""
    names, source = builder.names, population.source
    silence = builder.silences.get(source)
    cells, events = builder.model.max_pool, {}
    if silence is not None:
        events = {models.SILENT: (cells.fires + models.NONE_FIRED, cells.after_spike)}
        cells = cells + models.COUNTING + Cells(equations="", fires=cells.fires + models.SOME_FIRED)
    name = names.of(population)
    neurons = builder.neurons(name, cells, population.n_neurons, events=events)
    neurons.n_awaited = population.n_awaited
    neurons.n_inputs = population.projection.fan_in.ravel()
    builder.groups[population] = neurons
    spikes = builder.events_of(source)
    _count(builder, population, spikes, neurons, "n_arrived", "synapses")
    builder.record_spikes(neurons, names.of(population, "spikes"), most=len(neurons))
    if silence is not None:
        _count(builder, population, spikes, neurons, "n_fired", "fired")
        _count(builder, population, silence, neurons, "n_arrived", "silent_inputs")
        builder.silences[population] = (neurons, models.SILENT)


def _count(
    builder: "ExplicitBuilder",
    population: Population,
    events: Events,
    neurons: NeuronGroup,
    variable: str,
    part: str,
) -> None:
    """Let each neuron count the events in its window."""
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
