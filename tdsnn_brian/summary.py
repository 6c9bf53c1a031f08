"""What a network consists of, as a table."""

from typing import TYPE_CHECKING

from .arguments import shown
from .layers import Kind
from .tables import Table, times

if TYPE_CHECKING:
    from .network import SpikingNetwork
    from .population import Population

HEAD = ("layer", "kind", "shape", "neurons", "synapses", "window", "transfer")


def summarise(network: "SpikingNetwork") -> Table:
    """A row for each population; synapses without those of bias neurons."""
    kinds = {layer.name: type(layer).__name__ for layer in network.layers}
    populations = (network.input, *network.populations)
    rows = [
        (
            x.name,
            kinds[x.name] if x.sources else "input",
            times(x.shape),
            f"{x.n_neurons:,}",
            f"{x.n_synapses:,}" if x.sources else "",
            ", ".join(times(p.window.size) for p in x.projections if x.shape[:-1]),
            _transfer(x),
        )
        for x in populations
    ]
    total = (
        *("total", "", "", f"{sum(x.n_neurons for x in populations):,}"),
        *(f"{sum(x.n_synapses for x in populations):,}", "", ""),
    )
    return Table(HEAD, [*rows, total], _note(network))


def _transfer(population: "Population") -> str:
    """Firing times, of a value x, in ticks after release."""
    if population.kind is Kind.MAX_POOL:
        return "first or last input" if population.minimum else "last input"
    if population.kind is Kind.OUTPUT:
        return "logits"
    if population.kind is Kind.CONSTRAINED_POOL:
        return "largest input"
    steps, value = population.steps, population.transfer.formula
    early = f" - {population.schedule.early:g}" if population.schedule.early else ""
    value = f"({value})" if " if " in value else value
    time = f"ceil({population.leak * steps:g} ln({value} + 1){early})"
    return time if steps == 1 else f"{time} / {steps}"


def _note(network: "SpikingNetwork") -> str:
    parts = [f"leak {network.leak:g} ticks"]
    if network.input_offset:
        parts.append(f"images plus {network.input_offset:g}")
    if network.input_scale != 1:
        parts.append(f"images times {network.input_scale:g}")
    if network.input_pairs:
        parts.append("an ON and an OFF neuron for each of their values")
    if network.silent_zeros:
        parts.append("zeros stay silent")
    if network.v_threshold:
        parts.append(f"threshold {network.v_threshold:g}")
    first = f"{network.name}: {', '.join(parts)}; synapses of bias neurons are not counted"
    notes = network.metadata.get("notes", [])
    lines = notes if isinstance(notes, list | tuple) else [notes]
    return "\n".join([first, *(shown(str(line)) for line in lines)])
