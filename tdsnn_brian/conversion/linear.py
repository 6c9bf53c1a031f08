"""What may happen to weighted sums before they meet a ReLU, without a graph being changed."""

from dataclasses import replace

from ..layers import Shape
from .affine import Affine
from .carried import Carried
from .graph import (
    Arrangement,
    Coding,
    Concatenation,
    Graph,
    Neurons,
    Node,
    Passive,
    Rectifier,
    Reshaping,
)
from .pairs import as_convolution
from .weights import is_max_pool, merged, take_outputs, turn_pool

_MANY = 3
"""Counts for a reader that no linear layer joins."""


def uses_of(graph: Graph) -> dict[str, int]:
    """How often each node's values would be computed anew if layers joined what reads them."""
    uses: dict[str, int] = {}
    for node in reversed(graph.nodes):
        readers = graph.readers[node.name]
        uses[node.name] = sum(_as_read_by(x, graph, uses) for x in readers) if readers else 1
    return uses


def _as_read_by(reader: Node, graph: Graph, uses: dict[str, int]) -> int:
    if isinstance(reader, Rectifier):
        return 1
    if isinstance(reader, Neurons | Concatenation | Coding):
        return _MANY
    has_neurons = len(graph.readers[reader.name]) > 1 and uses[reader.name] >= _MANY
    return 1 if has_neurons else uses[reader.name]


def merged_cheaply(source: Carried, node: Neurons) -> Neurons | None:
    """One layer for the linear one of `source` and `node`; None if there is none, or it is dear.

    Kept apart, with an ON and an OFF neuron between, both would have twice their synapses.
    """
    both = _merged(source, node)
    return both if both is not None and _n_synapses(both) <= _apart(source, node) else None


def _merged(source: Carried, node: Neurons) -> Neurons | None:
    if len(source.terms) > 1 or not stays(source) or source.padded:
        return None
    return merged(source.terms[0], node)


def _n_synapses(*nodes: Neurons) -> int:
    return sum(x.layer.projection.n_synapses for x in nodes)


def _apart(source: Carried, node: Neurons) -> int:
    return 2 * _n_synapses(*source.terms, node)


def merged_into_one(source: Carried, node: Neurons, both: Neurons) -> str:
    """A note on `merged_cheaply`."""
    return (
        f"{source.name!r} has no ReLU and is merged into {node.name!r}: one layer has "
        f"{_n_synapses(both):,} synapses, with ON and OFF neurons between them the two would have "
        f"{_apart(source, node):,}"
    )


def carried_as_pairs(source: Carried, node: Node) -> str:
    """A note on values of either sign that get an ON and an OFF neuron each."""
    note = f"values of {source.name!r}, which may be negative, have ON and OFF neurons"
    if isinstance(node, Rectifier):
        return f"{note}, as the activation {node.label!r} asks"
    if node.name == source.name:
        return f"{note}, since too many layers read it"
    both = _merged(source, node) if isinstance(node, Neurons) else None
    if both is None or not isinstance(node, Neurons):
        return f"{note}: no one layer stands for it and {node.label!r}"
    return (
        f"{note}: merged with {node.name!r} it would have {_n_synapses(both):,} synapses, so the "
        f"two have {_apart(source, node):,}"
    )


def at_sum(source: Carried, affine: Affine) -> Affine | None:
    """An affine map behind the path of `source`, as one of its sum; None if there is none.

    Max-pools let pass what is the same at all positions, zeros what leaves them zeros.
    """
    at_pools = _at_pools(source, affine)
    if at_pools is None:
        return None
    affine, shape = at_pools
    summed = source.terms[0].shape if source.total is None else source.total.shape
    if not source.padded:
        return affine.reshaped(shape, summed)
    turned = (affine.factor < 0).any()
    fits = affine.is_channelwise and shape[-1] == summed[-1] and not affine.shift.any()
    return affine if fits and not (source.pools and turned) else None


def _at_pools(source: Carried, affine: Affine) -> tuple[Affine, Shape] | None:
    """The map before the first max-pool of the path, and the shape of the values there."""
    shape = source.shape
    if any(isinstance(node, Arrangement) for node in source.path):
        return None
    for pool in reversed(source.pools):
        affine, shape = affine.reshaped(shape, pool.shape), pool.input_shape
        if not affine.is_channelwise:
            return None
    return affine, shape


def taken_back(source: Carried, affine: Affine) -> Carried | None:
    """The sum of `source` with an affine map in its weights; None if they cannot take it up."""
    if source.paired or not all(map(is_max_pool, source.pools)):
        return None
    summed, at_pools = at_sum(source, affine), _at_pools(source, affine)
    if summed is None or at_pools is None:
        return None
    shape = source.terms[0].shape if source.total is None else source.total.shape
    terms = []
    for number, term in enumerate(source.terms):
        own = summed if number == 0 else Affine(factor=summed.factor)
        if number and own.is_identity:
            terms.append(term)
            continue
        changed = _with_affine(term, own.reshaped(shape, term.shape), in_sum=not source.rectified)
        if changed is None:
            return None
        terms.append(changed)
    turned = at_pools[0].factor < 0
    path = tuple(
        turn_pool(node, turned) if isinstance(node, Neurons) else node for node in source.path
    )
    return replace(source, terms=tuple(terms), path=path, left=None)


def _with_affine(term: Neurons, affine: Affine, *, in_sum: bool) -> Neurons | None:
    changed = take_outputs(term, affine)
    if changed is None and in_sum and (convolution := as_convolution(term)) is not None:
        return take_outputs(convolution, affine)
    return changed


def commutes(source: Carried, activation: Rectifier) -> bool:
    """Whether an activation may as well stand before the path of `source`."""
    if not source.padded:
        return True
    return activation.keeps_zero and (len(activation.parts) == 1 or not source.pools)


def stays(source: Carried) -> bool:
    """Whether nothing but dropout and other shapes stand behind the sum."""
    return all(isinstance(node, Passive | Reshaping) for node in source.path)
