"""Fold all that is linear into the layers with neurons: normalisation, rescaling, linear layers.

A weighted sum that has not met its ReLU takes up an affine map behind it, and sums of such sums
become one population. Anything else carries the map on to the next layer, which takes it up: coded
values must not be negative, so nothing can be done to them in between but a positive factor at the
input. A padded position carries no offset, so that neurons near the border get a bias of their own.

Where a linear layer leads to one that cannot take it up, values get ON and OFF neurons (`pairs`).
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..errors import UnsupportedLayerError
from ..layers import AveragePool2D
from .affine import Affine, compact
from .carried import Carried, Left
from .entering import Entering
from .graph import (
    Arrangement,
    Coding,
    Concatenation,
    Ending,
    Graph,
    Input,
    Neurons,
    Node,
    Passive,
    Rectifier,
    Reshaping,
    Role,
    Scaling,
    Sum,
    ZeroPadding,
    free_name,
)
from .linear import commutes, merged_cheaply, merged_into_one, stays, taken_back, uses_of
from .pairs import Pairing, with_pairs_through
from .refused import no_relu, not_comparable, not_taken_up
from .weights import constant_means, is_max_pool, take_inputs, turn_pool

_MOST_COPIES = 2
"""A linear layer that more neurons than that would compute anew gets neurons of its own."""


def fold(graph: Graph, *, input_pairs: bool = False) -> Graph:
    """The graph without affine maps, but for one positive factor at the input.

    Parameters
    ----------
    graph : Graph
        That `rules.check_graph` has passed.
    input_pairs : bool, optional
        Whether images may have values of either sign, and get an ON and an OFF neuron for each.

    Raises `UnsupportedLayerError` if nothing can take up what a layer does.
    """
    folding = _Folding(graph, input_pairs)
    carried: dict[str, Carried] = {}
    ends = {end.node: end for end in graph.ends}
    for node in graph:
        value = folding.take(node, *(carried[name] for name in node.inputs))
        if node.name in ends:  # before its other readers, so that it keeps its name
            ends[node.name] = replace(ends[node.name], node=folding.finish(value).node)
        carried[node.name] = folding.shared(node, value)
    nodes, notes = tuple(folding.nodes.values()), tuple(folding.notes)
    return replace(graph, nodes=nodes, ends=tuple(ends.values()), notes=notes)


class _Folding(Entering):
    """The folded graph as it grows."""

    def __init__(self, graph: Graph, input_pairs: bool) -> None:
        super().__init__(graph, input_pairs)
        self._uses = uses_of(graph)

    def take(self, node: Node, *sources: Carried) -> Carried:
        match node:
            case Input():
                return self.put(node, Carried(shape=node.shape, at_input=True))
            case Sum():
                return self._sum(node, sources)
            case Concatenation():
                return self._concatenation(node, sources)
        (source,) = sources
        source = source.reshaped(node.input_shape)
        match node:
            case Scaling():
                return self._scaling(node, source)
            case Pairing():
                return self.own_pairs(node, source)
            case Rectifier():
                return self._rectifier(node, source)
            case Neurons(role=Role.POOLING):
                return self._pool(node, source)
            case Neurons(role=Role.MEAN) if source.rectified:
                return self._mean(node, source)
            case Neurons():
                return self._weighted(node, source)
            case ZeroPadding():
                return self.through(node, source.with_zeros(node.padding, node.shape))
            case Coding():
                return self._coding(node, source)
            case Passive():
                if node.augments and (source.left or not source.at_input):
                    return source  # made for images whose values nothing has changed
                return self.through(node, source)
            case Reshaping():
                return self.through(node, source.reshaped(node.shape))
            case Arrangement():
                return self.through(node, source.arranged(node))
            case Ending():
                return self.put(node, self.finish(source))
        raise TypeError(f"{node.origin} cannot be folded")

    def shared(self, node: Node, value: Carried) -> Carried:
        """The value, with neurons of its own if too many layers would compute it anew."""
        is_linear = bool(value.terms) and not value.rectified
        several = len(self._readers[node.name]) > 1 and self._uses[node.name] > _MOST_COPIES
        return self.pair(value, node) if is_linear and several and not self.adapted else value

    def finish(self, source: Carried) -> Carried:
        """Take up what is left at an end of the network, and put all of it."""
        source = self.entered(source)
        if source.left is not None and source.terms:
            source = taken_back(source, source.left.affine) or self.own_layer(source)
        elif source.left is not None or source.paired or source.mixed:
            source = self.own_layer(source)
        return self.settled(source, alone=True)

    # --- what joins values

    def _sum(self, node: Sum, sources: Sequence[Carried]) -> Carried:
        terms: list[Neurons] = []
        rectified = True
        for sign, source in zip(node.signs, sources, strict=True):
            source = self.entered(source)
            left = Affine() if source.left is None else source.left.affine
            signed = Affine(factor=sign * left.factor, offset=sign * left.shift)
            rectified &= source.rectified and not source.paired and signed.is_positive
            terms += self._terms(node, source, signed)
        total = replace(node, signs=(1.0,) * len(terms)) if len(terms) > 1 else None
        return Carried(shape=node.shape, terms=tuple(terms), total=total, rectified=rectified)

    def _terms(self, node: Sum, source: Carried, affine: Affine) -> tuple[Neurons, ...]:
        """Layers whose sum is `affine` of `source`."""
        if source.terms and not source.paired and stays(source):
            if affine.is_identity:
                return source.terms
            changed = taken_back(replace(source, path=(), rectified=False), affine)
            if changed is not None:
                return changed.terms
        if self.adapted:
            raise UnsupportedLayerError(
                f"{node.origin} adds up values of {self.origin(source)} that no layer with "
                "synapses weighs; leave sums to tdsnn_brian.adapt: give it the model as it is "
                "without ReverseCoding"
            )
        if source.terms and not source.rectified:
            source = self.pair(source, node)
        source = self.settled(source)
        name = free_name(f"{node.name}_{source.node}", {*self.taken, *self.nodes})
        self.taken.add(name)
        return self.one_to_one(node, name, source, affine).terms

    def _concatenation(self, node: Concatenation, sources: Sequence[Carried]) -> Carried:
        parts = []
        for source in sources:
            source = self.entered(source)
            if not source.rectified:
                source = self.pair(source, node)
            parts.append(self.settled(source))
        paired = any(part.paired for part in parts)
        if paired:
            node_put: Node = with_pairs_through(node)
            parts = [part if part.paired else self.with_silent_off(part) for part in parts]
        else:
            node_put = node
        lefts = [part.left for part in parts if part.left is not None]
        left = None
        if lefts:
            affines = [Affine() if part.left is None else part.left.affine for part in parts]
            shapes = [part.shape for part in parts]
            left = Left(Affine.concatenated(affines, shapes, node.axis), lefts[0].scaling)
        self.nodes[node.name] = replace(node_put, inputs=tuple(part.node for part in parts))
        return Carried(
            shape=node.shape,
            node=node.name,
            left=left,
            paired=paired,
            overlapping=any(part.overlapping for part in parts),
            padded=any(part.padded for part in parts),
            mixed=True,
            crossed=node.axis != len(node.shape) - 1 or any(part.crossed for part in parts),
        )

    # --- what changes values

    def _scaling(self, node: Scaling, source: Carried) -> Carried:
        if source.terms and (self.adapted or not source.rectified):
            changed = taken_back(source, node.affine)
            if changed is not None:
                return changed
            if self.adapted:
                raise not_taken_up(node, source.terms[0])
            source = self.pair(source, node)
        if self.is_alone_at_input(source):
            if self.adapted and node.affine.shift.any() and node.affine.is_one_positive:
                return self.put(node, source)  # for images with negative values
            source = self.scaled(node, source)
        affine = source.left.affine.then(node.affine) if source.left else node.affine
        return replace(source, left=Left(affine, node))

    def _rectifier(self, node: Rectifier, source: Carried) -> Carried:
        if not node.is_relu:
            return self._with_transfer(node, source)
        if source.left and source.left.affine.is_positive and not self.is_signed(source):
            return source
        source = self.entered(source)
        if source.left is not None or source.paired:
            source = self.own_layer(source)
        if node.slope.any():
            return source if source.rectified else self.pair(source, node, node.slope)
        return replace(self.put(node, self.settled(source)), rectified=True)

    def _with_transfer(self, node: Rectifier, source: Carried) -> Carried:
        source = self.entered(source)
        is_sum = bool(source.terms) and source.left is None and not source.paired
        if not (is_sum and commutes(source, node)):
            source = self.own_layer(source, node)
        on, off = node.parts[0], node.parts[-1]
        if on is off or (on.transfer == off.transfer and source.rectified):  # OFF would not fire
            return self.put_with_transfer(source, node, on.transfer)
        if on.transfer == off.transfer:
            return self.pair(source, node, transfer=on.transfer)
        opposite = off.takes != on.takes
        other = source
        if opposite:
            source, other = self.with_opposite(source, node)
        return self.joined_pair(
            self.put_with_transfer(source, node, on.transfer),
            self.put_with_transfer(other, node, off.transfer),
            node,
            overlapping=not opposite,
        )

    def _coding(self, node: Coding, source: Carried) -> Carried:
        source = self.entered(source)
        if not source.rectified:
            raise no_relu(source.terms[0], node)
        if source.left is not None:
            raise UnsupportedLayerError(
                f"{source.left.scaling.origin} stands before {node.origin}, and no firing time "
                "stands for what it makes of its values; leave the folding to tdsnn_brian.adapt: "
                "give it the model as it is without ReverseCoding"
            )
        return self.put(node, self.settled(source))

    # --- layers with neurons

    def _weighted(self, node: Neurons, source: Carried) -> Carried:
        if not source.rectified:
            both = merged_cheaply(source, node)
            if both is not None:
                self.notes[merged_into_one(source, node, both)] = None
                return Carried(shape=both.shape, terms=(both,), rectified=False)
            source = self.pair(source, node)
            if node.role is Role.MEAN:
                return self._mean(node, source)
        shape = node.shape
        source = self.settled(self.entered(source))
        if source.left is not None:
            source, left = self._channelwise(source, source.left, node)
            changed = take_inputs(node, left.affine) if node.is_weighted else None
            if changed is None:
                raise not_taken_up(left.scaling, node)
            node = changed
        return self.sum_of(self.taking(node, source), source, shape)

    def _pool(self, node: Neurons, source: Carried) -> Carried:
        source = self.entered(source)
        if source.rectified and not self.adapted:
            source = self.settled(source)
        no_order = source.paired and (source.padded or source.overlapping)
        if (source.crossed or no_order) and not self.adapted:
            source = self.own_values(source, node)
        if source.left is not None:
            source, left = self._channelwise(source, source.left, node)
            turned = left.affine.factor < 0
            if not is_max_pool(node):
                raise not_taken_up(left.scaling, node)
            if not left.affine.is_channelwise or (source.padded and turned.any()):
                raise not_comparable(left.scaling, node, source.padded)
            node = turn_pool(node, turned)
        if source.paired and not is_max_pool(node):
            raise no_relu(self.nodes[source.node], node)
        passed = self.through(node, replace(source, shape=node.shape))
        return passed if source.terms else replace(passed, padded=False)

    def _mean(self, node: Neurons, source: Carried) -> Carried:
        source = self.settled(self.entered(source))
        shape, left = node.shape, None
        if source.left is not None:
            if not isinstance(node.layer, AveragePool2D) or node.rebuild is not None:
                raise not_taken_up(source.left.scaling, node)
            source, before = self._channelwise(source, source.left, node)
            shift = before.affine.shift
            if shift.ndim > 1:
                shift = constant_means(node.layer, shift)
            left = Left(Affine(factor=before.affine.factor, offset=shift), before.scaling)
        return replace(self.sum_of(self.taking(node, source), source, shape), left=left)

    def _channelwise(self, source: Carried, left: Left, node: Neurons) -> tuple[Carried, Left]:
        """`source` with one factor a channel: what differs between positions gets neurons."""
        factor, scaling = left.affine.factor, left.scaling
        if factor.ndim < 2:
            return source, left
        signs = compact(np.where(factor < 0, -1.0, 1.0))
        if signs.ndim > 1 or source.padded:
            raise not_taken_up(scaling, node)
        sizes = Left(Affine(factor=np.abs(factor)), scaling)
        own = self.own_values(replace(source, left=sizes), node)
        return own, Left(Affine(factor=signs, offset=left.affine.shift), scaling)
