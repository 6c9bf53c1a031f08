"""A folded graph as it grows: putting nodes, and neurons that the model has not."""

from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ..errors import UnsupportedLayerError
from ..image_pairs import doubled
from ..layers import Shape
from ..transfer import RELU, Part, Transfer
from .affine import Affine
from .carried import Carried
from .graph import (
    Arrangement,
    Concatenation,
    Graph,
    Neurons,
    Node,
    Rectifier,
    Reshaping,
    Role,
    ZeroPadding,
    free_name,
)
from .linear import at_sum, carried_as_pairs, taken_back
from .pairs import with_pairs_before, with_pairs_behind, with_pairs_through
from .refused import no_relu
from .weights import one_to_one

_ONE = np.ones(())
N = TypeVar("N", bound=Node)


class Growing:
    """The nodes so far, in their order.

    Parameters
    ----------
    graph : Graph
        What is folded; no other node takes a name of it.
    """

    def __init__(self, graph: Graph) -> None:
        self.nodes: dict[str, Node] = {}
        self.notes: dict[str, None] = {}  # as a set that keeps its order
        self.taken = {node.name for node in graph}
        self.adapted = bool(graph.codings)
        self._rectified_sums: dict[int, tuple[str, tuple[Neurons, ...]]] = {}
        self._sums_with_transfer: dict[int, tuple[str, tuple[Neurons, ...]]] = {}

    def _free(self, wanted: str) -> str:
        """A name that no node has or will have."""
        return free_name(wanted, {*self.taken, *self.nodes})

    # --- putting nodes

    def put(self, node: Node, source: Carried) -> Carried:
        """Append a node behind `source`, which has no terms."""
        name = self.put_copy(node, *((source.node,) if source.node else ()))
        return replace(source, node=name, shape=node.shape)

    def put_copy(self, node: Node, *sources: str) -> str:
        """Append a node, under another name if its own is taken by a copy; returns the name."""
        if node.name in self.nodes:
            node = _renamed(node, self._free(node.name))
        self.nodes[node.name] = replace(node, inputs=sources)
        return node.name

    def through(self, node: Node, source: Carried) -> Carried:
        """`source`, which has the shape that `node` gives already, behind a node that moves it."""
        shape = source.shape
        if source.paired:
            node = with_pairs_through(node)
        if source.terms:
            return replace(source, path=(*source.path, node))
        return replace(self.put(node, source), shape=shape)

    def settled(self, source: Carried, *, alone: bool = False) -> Carried:
        """`source` with its layers put, so that it has no terms; `alone` is for no other reader."""
        if not source.terms:
            return source
        name = self.put_sum(replace(source, rectified=False) if alone else source, alone=alone)
        for node in source.path:
            name = self.put_copy(node, name)
        return replace(source, node=name, terms=(), total=None, path=())

    def put_sum(self, source: Carried, *, alone: bool = False) -> str:
        """Values that cannot be negative are put once; a linear layer once for each reader."""
        key = id(source.terms)
        if key in self._rectified_sums and not alone:
            return self._rectified_sums[key][0]
        names = [self.put_copy(term, *term.inputs) for term in source.terms]
        name = names[0]
        if source.total is not None:
            name = self.put_copy(source.total, *names)
            if source.rectified:
                name = self.put_rectifier(source.total, name)
        if source.rectified:
            self._rectified_sums[key] = name, source.terms
        return name

    def put_with_transfer(self, source: Carried, node: Rectifier, transfer: Transfer) -> Carried:
        """Neurons that make `transfer` of the sum that `source` is; `node` asks for them.

        What stands between the sum and `node` commutes with it. Several transfers may share a sum.
        """
        key = id(source.terms)
        if key not in self._sums_with_transfer:
            name = self.put_sum(replace(source, rectified=False))
            self._sums_with_transfer[key] = name, source.terms
        name = self._sums_with_transfer[key][0]
        fired = replace(node, parts=(Part(transfer=transfer),), input_shape=self.nodes[name].shape)
        name = self.put_copy(fired, name)
        for step in source.path:
            name = self.put_copy(step, name)
        return replace(source, node=name, terms=(), total=None, path=(), rectified=True)

    def put_rectifier(self, layer: Node, source: str, transfer: Transfer = RELU) -> str:
        """What neurons make of the sum `source`, in the name of a layer."""
        rectifier = Rectifier(
            name=self._free(f"{source}_activation"),
            label=layer.label,
            kind=layer.kind,
            inputs=(source,),
            input_shape=self.nodes[source].shape,
            inside=True,
            parts=(Part(transfer=transfer),),
        )
        self.nodes[rectifier.name] = rectifier
        return rectifier.name

    def sum_of(self, node: Neurons, source: Carried, shape: Shape) -> Carried:
        """What a layer gives: a sum that is not put yet."""
        is_mean = node.role is not Role.SYNAPTIC
        return Carried(
            shape=shape,
            terms=(replace(node, inputs=(source.node,)),),
            rectified=is_mean,
            paired=is_mean and source.paired,
            overlapping=is_mean and source.paired,
        )

    def origin(self, source: Carried) -> str:
        return (source.terms[0] if source.terms else self.nodes[source.node]).origin

    def taking(self, node: Neurons, source: Carried) -> Neurons:
        """The layer as it takes `source`, which may be held as pairs."""
        if not source.paired:
            return node
        taking = with_pairs_before(node)
        if taking is None:
            raise no_relu(self.nodes[source.node], node)
        return taking

    def with_silent_off(self, source: Carried) -> Carried:
        """Pairs whose OFF neurons are not there."""
        on = np.arange(np.prod(source.shape)).reshape(source.shape)
        places = np.stack([on, np.full_like(on, -1)], axis=-1).reshape(doubled(source.shape))
        node = Arrangement(
            name=self._free(f"{source.node}_pairs"),
            label=self.nodes[source.node].label,
            kind=self.nodes[source.node].kind,
            inputs=(),
            input_shape=source.shape,
            places=places,
        )
        return replace(self.put(node, source), shape=source.shape, paired=True)

    # --- neurons that the model has not

    def with_opposite(self, source: Carried, node: Node) -> tuple[Carried, Carried]:
        """A sum, and the same with the other sign."""
        opposite = taken_back(source, Affine(factor=np.asarray(-1.0)))
        if opposite is None:
            return self.with_opposite(self.own_layer(source, node), node)
        terms = tuple(_renamed(x, self._free(f"{x.name}_off")) for x in opposite.terms)
        total = source.total
        if total is not None:
            total = _renamed(total, self._free(f"{total.name}_off"))
        return source, replace(opposite, terms=terms, total=total)

    def joined_pair(self, on: Carried, off: Carried, node: Node, *, overlapping: bool) -> Carried:
        """Two populations as the ON and the OFF neurons of pairs."""
        stacked = (*on.shape, 2)
        names = [self._free(f"{node.name}_{what}") for what in ("pairs", "neighbours")]
        self.nodes[names[0]] = Concatenation(
            name=names[0],
            label=node.label,
            kind=node.kind,
            inputs=(on.node, off.node),
            input_shape=stacked,
            axis=len(on.shape),
        )
        self.nodes[names[1]] = Reshaping(
            name=names[1],
            label=node.label,
            kind=node.kind,
            inputs=(names[0],),
            input_shape=stacked,
            target=doubled(on.shape),
        )
        return replace(on, node=names[1], paired=True, overlapping=overlapping)

    def pair(
        self,
        source: Carried,
        node: Node,
        slope: NDArray = _ONE,
        transfer: Transfer = RELU,
    ) -> Carried:
        """The values of a sum as ON and OFF neurons, OFF by `slope`; `node` asks for them."""
        if self.adapted:
            raise no_relu(source.terms[0], node)
        self.notes[carried_as_pairs(source, node)] = None
        if source.padded and source.pools:
            source = self._pairs_one_by_one(source, node)
            return source if (slope == 1).all() else self._with_slope(source, node, slope)
        slopes: Affine | None = Affine(factor=slope)
        if slope.ndim:
            slopes = at_sum(source, Affine(factor=slope))
        if slopes is None or slopes.factor.ndim > 1:  # then each value gets a layer's channel
            return self._with_slope(self.pair(source, node), node, slope)
        shape = source.terms[0].shape if source.total is None else source.total.shape
        terms = []
        for term in source.terms:
            both = with_pairs_behind(term, slopes.reshaped(shape, term.shape).factor)
            if both is None:
                raise no_relu(term, node)
            terms.append(self.put_copy(both, *both.inputs))
        name = terms[0]
        if source.total is not None:
            name = self.put_copy(with_pairs_through(source.total), *terms)
        name = self.put_rectifier(node if source.total is None else source.total, name, transfer)
        for step in source.path:
            name = self.put_copy(with_pairs_through(step), name)
        return replace(
            source, node=name, terms=(), total=None, path=(), rectified=True, paired=True
        )

    def _with_slope(self, source: Carried, node: Node, slope: NDArray) -> Carried:
        """Pairs of which OFF is multiplied by `slope`, one number a value."""
        own = self.own_layer(source, node, each=True)
        each = Affine(factor=slope).reshaped(own.shape, own.terms[0].shape)
        whole = np.broadcast_to(each.factor, own.terms[0].shape[-1:])
        flat = replace(own, shape=own.terms[0].shape)
        return self.pair(flat, node, whole).reshaped(own.shape)

    def _pairs_one_by_one(self, source: Carried, node: Node) -> Carried:
        """Pairs behind max-pools over zeros, which need neurons: the least of OFF may be a zero."""
        shape = source.terms[0].shape if source.total is None else source.total.shape
        made = self.pair(replace(source, path=(), padded=False, shape=shape), node)
        for step in source.path:
            if isinstance(step, ZeroPadding):
                made = replace(made, padded=True)
            elif isinstance(step, Neurons) and made.padded:
                made = self.own_values(made.reshaped(step.input_shape), node)
            made = self.through(step, replace(made, shape=step.shape))
        return made

    def own_values(self, source: Carried, node: Node) -> Carried:
        """One neuron a value, or a pair if it may be negative, of what `source` stands for."""
        if not source.rectified:
            source = self.pair(source, node)
        own = self.own_layer(source, node)
        if source.paired:
            return self.pair(own, node)
        settled = self.settled(own)
        name = self.put_rectifier(self.nodes[settled.node], settled.node)
        return replace(settled, node=name, rectified=True)

    def own_layer(
        self, source: Carried, node: Node | None = None, *, each: bool = False
    ) -> Carried:
        """A sum of one neuron a value, of what is left of it, under the name of the scaling."""
        if not source.rectified:
            source = self.pair(source, node or source.terms[0])
        source = self.settled(source)
        asks: Node = source.left.scaling if source.left else node or self.nodes[source.node]
        if self.adapted:
            raise UnsupportedLayerError(
                f"{asks.origin} is not folded into a layer; leave that to tdsnn_brian.adapt: "
                "give it the model as it is without ReverseCoding"
            )
        name = asks.name if source.left else f"{asks.name}_values"
        if name in self.nodes or not source.left:
            name = self._free(name)
        affine = source.left.affine if source.left else Affine()
        return self.one_to_one(asks, name, source, affine, each=each)

    def one_to_one(
        self, asks: Node, name: str, source: Carried, affine: Affine, *, each: bool = False
    ) -> Carried:
        """`affine` of each value, as a sum."""
        layer = one_to_one(name, source.shape, affine, each=each)
        if source.left is None and not affine.shift.any():
            layer = replace(layer, bias=None)
        node = Neurons(name=name, label=asks.label, kind=asks.kind, inputs=(), layer=layer)
        return self.sum_of(self.taking(node, source), source, source.shape)


def _renamed(node: N, name: str) -> N:
    if isinstance(node, Neurons):
        return replace(node, name=name, layer=replace(node.layer, name=name))
    return replace(node, name=name)
