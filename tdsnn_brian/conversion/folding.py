"""Fold all that is linear into the layers with neurons: normalisation, rescaling, linear layers.

A weighted sum that has not met its ReLU takes up an affine map behind it. Anything else carries it
on to the next layer, which takes it up: coded values must not be negative, so nothing can be done
to them in between but a positive factor at the input. A padded position carries no offset, so
that neurons near the border get a bias of their own.
"""

from dataclasses import dataclass, replace

import numpy as np

from ..errors import UnsupportedLayerError
from ..layers import Shape
from .affine import Affine, compact
from .graph import (
    Coding,
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
    ZeroPadding,
    free_name,
)
from .weights import (
    constant_means,
    is_max_pool,
    merged,
    one_to_one,
    take_inputs,
    take_outputs,
    turn_pool,
)


def fold(graph: Graph) -> Graph:
    """The graph without affine maps, but for one positive factor at the input.

    Parameters
    ----------
    graph : Graph
        That `rules.check_graph` has passed; it stays as it is.

    Raises
    ------
    UnsupportedLayerError
        If nothing can take up what a layer does.
    """
    folding = _Folding(graph)
    carried: dict[str, _Carried] = {}
    for node in graph:
        carried[node.name] = folding.take(node, *(carried[name] for name in node.inputs))
    folding.finish(carried[graph.nodes[-1].name])
    return replace(graph, nodes=tuple(folding.nodes.values()))


@dataclass(frozen=True, kw_only=True)
class _Carried:
    """What is known of the values between two nodes: they are `affine` of what `node` gives.

    `sum` names the neurons whose outputs these still are, passed on by `pools` and `padded` by
    zeros, and `rectified` says whether they cannot be negative.
    """

    node: str
    shape: Shape
    affine: Affine | None = None
    scaling: Scaling | None = None
    sum: str | None = None
    rectified: bool = True
    pools: tuple[str, ...] = ()
    padded: bool = False
    at_input: bool = False

    def reshaped(self, shape: Shape) -> "_Carried":
        affine = None if self.affine is None else self.affine.reshaped(self.shape, shape)
        return replace(self, shape=shape, affine=affine)


class _Folding:
    """The folded graph as it grows."""

    def __init__(self, graph: Graph):
        self.nodes: dict[str, Node] = {}
        self._taken = {node.name for node in graph}
        self._adapted = bool(graph.codings)
        self._scale: str | None = None

    def take(self, node: Node, *sources: _Carried) -> _Carried:
        if isinstance(node, Input):
            return self._put(node, _Carried(node="", shape=node.shape, at_input=True))
        (source,) = sources
        source = source.reshaped(node.input_shape)
        match node:
            case Scaling():
                return self._scaling(node, source)
            case Rectifier():
                return self._rectifier(node, source)
            case Neurons(role=Role.POOLING):
                return self._pool(node, source)
            case Neurons(role=Role.MEAN) if source.rectified:
                return self._mean(node, source)
            case Neurons():
                return self._weighted(node, source)
            case ZeroPadding():
                affine = source.affine and source.affine.padded(node.padding, source.shape)
                return self._put(node, replace(source, affine=affine, padded=True))
            case Coding():
                return self._coding(node, source)
            case Passive():
                if node.augments and (source.affine or not source.at_input):
                    return source  # made for images whose values nothing has changed
                return self._put(node, source)
            case Reshaping():
                return replace(self._put(node, source.reshaped(node.shape)), shape=node.shape)
            case Ending():
                return self._put(node, self.finish(source))
        raise TypeError(f"{node.origin} cannot be folded")

    def finish(self, source: _Carried) -> _Carried:
        """Take up what is left at the end of the network."""
        source = self._entered(source)
        if source.affine is None:
            return source
        if source.sum is not None:
            changed = self._taken_back(source, source.affine)
            if changed is not None:
                return changed
        return self._own_layer(source, source.affine)

    def _put(self, node: Node, source: _Carried) -> _Carried:
        """Append a node behind `source`."""
        inputs = (source.node,) if source.node else ()
        self.nodes[node.name] = replace(node, inputs=inputs)
        return replace(source, node=node.name, shape=node.shape)

    def _put_neurons(self, node: Neurons, source: _Carried, affine: Affine | None) -> _Carried:
        put = self._put(node, source)
        return _Carried(
            node=put.node,
            shape=put.shape,
            sum=put.node,
            affine=affine,
            scaling=source.scaling,
            rectified=node.role is not Role.SYNAPTIC,
        )

    def _scaling(self, node: Scaling, source: _Carried) -> _Carried:
        if source.sum is not None and (self._adapted or not source.rectified):
            changed = self._taken_back(source, node.affine)
            if changed is None:
                raise _not_taken_up(node, self.nodes[source.sum])
            return changed
        if source.at_input and self._scale is None:
            self._scale = free_name(f"{node.name}_scale", self._taken)
            source = self._put(replace(node, name=self._scale, affine=Affine()), source)
        affine = source.affine.then(node.affine) if source.affine else node.affine
        return replace(source, affine=affine, scaling=node)

    def _taken_back(self, source: _Carried, affine: Affine) -> _Carried | None:
        """The sum behind `source` with an affine map in its weights; None if they cannot."""
        shape, pools = source.shape, [self.nodes[name] for name in source.pools]
        if not all(map(is_max_pool, pools)):
            return None
        for pool in reversed(pools):
            affine, shape = affine.reshaped(shape, pool.shape), pool.input_shape
            if not affine.is_channelwise:
                return None
        turned, neurons = affine.factor < 0, self.nodes[source.sum]
        if not source.padded:
            affine = affine.reshaped(shape, neurons.shape)
        elif (
            affine.shift.any()
            or not affine.is_channelwise
            or shape[-1] != neurons.shape[-1]
            or (pools and turned.any())
        ):
            return None
        changed = take_outputs(neurons, affine)
        if changed is None:
            return None
        self.nodes[changed.name] = changed
        for pool in pools:
            self.nodes[pool.name] = turn_pool(pool, turned)
        return replace(source, affine=None)

    def _rectifier(self, node: Rectifier, source: _Carried) -> _Carried:
        if source.affine is not None:
            if source.affine.is_positive:
                return source
            source = self._entered(source)
        if source.affine is not None:
            source = self._own_layer(source, source.affine)
        return replace(self._put(node, source), sum=None, pools=(), rectified=True)

    def _weighted(self, node: Neurons, source: _Carried) -> _Carried:
        if not source.rectified:
            return self._merged(node, source)
        source = self._entered(source)
        if source.affine is not None:
            if not node.is_weighted:
                raise _not_taken_up(source.scaling, node)
            changed = take_inputs(node, source.affine)
            if changed is None:
                source = self._channelwise(source, node)
                changed = take_inputs(node, source.affine)
            node = changed
        return self._put_neurons(node, source, None)

    def _merged(self, node: Neurons, source: _Carried) -> _Carried:
        first = self.nodes[source.sum]
        both = None if source.pools or source.padded else merged(first, node)
        if both is None:
            raise _no_relu(first, node)
        name = source.node
        while name != first.name:  # dropout and the like between two sums that are one now
            name = self.nodes.pop(name).inputs[0]
        before = self.nodes.pop(first.name).inputs[0]
        return self._put_neurons(both, replace(source, node=before), None)

    def _pool(self, node: Neurons, source: _Carried) -> _Carried:
        source = self._entered(source)
        affine = source.affine
        if affine is not None:
            source = self._channelwise(source, node)
            affine = source.affine
            turned = affine.factor < 0
            if not is_max_pool(node):
                raise _not_taken_up(source.scaling, node)
            if not affine.is_channelwise or (source.padded and turned.any()):
                raise UnsupportedLayerError(
                    f"{source.scaling.origin} shifts or turns values among which {node.origin} "
                    "then meets zeros of a padding, or values shifted differently, and which of "
                    "them is the largest no firing time tells; leave the padding out, or put it "
                    "behind the pool, and train the model again"
                )
            node = turn_pool(node, turned)
        put = self._put(node, source)
        if source.sum is None or (source.rectified and not self._adapted):
            return replace(put, sum=None, padded=False)
        return replace(put, pools=(*source.pools, put.node), padded=source.padded)

    def _mean(self, node: Neurons, source: _Carried) -> _Carried:
        source = self._entered(source)
        affine = source.affine
        if affine is not None:
            if node.rebuild is not None:
                raise _not_taken_up(source.scaling, node)
            source = self._channelwise(source, node)
            shift = source.affine.shift
            if shift.ndim > 1:
                shift = constant_means(node.layer, shift)
            affine = Affine(factor=source.affine.factor, offset=shift)
        return self._put_neurons(node, source, affine)

    def _coding(self, node: Coding, source: _Carried) -> _Carried:
        source = self._entered(source)
        if not source.rectified:
            raise _no_relu(self.nodes[source.sum], node)
        if source.affine is not None:
            raise UnsupportedLayerError(
                f"{source.scaling.origin} stands before {node.origin}, and no firing time stands "
                "for what it makes of its values; leave the folding to tdsnn_brian.adapt: give it "
                "the model as it is without ReverseCoding"
            )
        return replace(self._put(node, source), sum=None, pools=())

    def _entered(self, source: _Carried) -> _Carried:
        """Values as the first neurons take them: one positive factor stays at the input."""
        if not source.at_input:
            return source
        source = replace(source, at_input=False)
        if source.affine is None:
            return source
        factor = source.affine.factor
        sizes = np.abs(factor[factor != 0])
        shared = float(sizes.mean()) if sizes.size else 1.0
        scale = self.nodes[self._scale]
        self.nodes[self._scale] = replace(scale, affine=Affine(factor=np.asarray(shared)))
        rest = Affine(factor=factor / shared, offset=source.affine.shift)
        return replace(source, affine=None if rest.is_identity else rest)

    def _channelwise(self, source: _Carried, node: Neurons) -> _Carried:
        """`source` with one factor a channel: what differs between positions gets neurons."""
        factor = source.affine.factor
        if factor.ndim < 2:
            return source
        signs = compact(np.where(factor < 0, -1.0, 1.0))
        if signs.ndim > 1 or source.padded:
            raise _not_taken_up(source.scaling, node)
        rest = replace(source.affine, factor=signs, offset=source.affine.shift, centre=np.zeros(()))
        own = self._own_layer(source, Affine(factor=np.abs(factor)))
        rectifier = Rectifier(
            name=free_name(f"{own.node}_activation", self._taken),
            label=source.scaling.label,
            kind=source.scaling.kind,
            inputs=(),
            input_shape=own.shape,
            inside=True,
        )
        own = replace(self._put(rectifier, own), sum=None, rectified=True)
        return replace(own.reshaped(source.shape), affine=rest)

    def _own_layer(self, source: _Carried, affine: Affine) -> _Carried:
        """One neuron a value, which computes `affine` of it, under the name of the scaling."""
        scaling = source.scaling
        if self._adapted:
            raise UnsupportedLayerError(
                f"{scaling.origin} is not folded into a layer; leave that to tdsnn_brian.adapt: "
                "give it the model as it is without ReverseCoding"
            )
        name = scaling.name
        if name in self.nodes:
            name = free_name(name, self._taken)
        node = Neurons(
            name=name,
            label=scaling.label,
            kind=scaling.kind,
            inputs=(),
            layer=one_to_one(name, source.shape, affine),
        )
        return self._put_neurons(node, source, None).reshaped(source.shape)


def _no_relu(neurons: Node, behind: Node) -> UnsupportedLayerError:
    return UnsupportedLayerError(
        f"{neurons.origin} has no ReLU before the next layer with synapses or its coding, "
        f"{behind.origin}; a neuron cannot fire for a negative sum, so give it activation='relu' "
        "or put ReLU() after it, and train the model again"
    )


def _not_taken_up(scaling: Node, layer: Node) -> UnsupportedLayerError:
    return UnsupportedLayerError(
        f"{scaling.origin} shifts or scales values in a way that {layer.origin} cannot take up; "
        "only one number a channel always finds a place in weights: scale the data before the "
        "model, or train it with one number a channel"
    )
