"""Fold all that is linear into the layers with neurons: normalisation, rescaling, linear layers.

A weighted sum that has not met its ReLU takes up an affine map behind it. Anything else carries it
on to the next layer, which takes it up: coded values must not be negative, so nothing can be done
to them in between but a positive factor at the input. A padded position carries no offset, so
that neurons near the border get a bias of their own.
"""

from dataclasses import replace

import numpy as np

from ..errors import UnsupportedLayerError
from ..layers import AveragePool2D
from .affine import Affine, compact
from .carried import Carried, Left
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
    carried: dict[str, Carried] = {}
    for node in graph:
        carried[node.name] = folding.take(node, *(carried[name] for name in node.inputs))
    folding.finish(carried[graph.nodes[-1].name])
    return replace(graph, nodes=tuple(folding.nodes.values()))


class _Folding:
    """The folded graph as it grows."""

    def __init__(self, graph: Graph) -> None:
        self.nodes: dict[str, Node] = {}
        self._taken = {node.name for node in graph}
        self._adapted = bool(graph.codings)
        self._scale: Scaling | None = None

    def take(self, node: Node, *sources: Carried) -> Carried:
        if isinstance(node, Input):
            return self._put(node, Carried(node="", shape=node.shape, at_input=True))
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
                return self._put(node, source.with_zeros(node.padding, node.shape))
            case Coding():
                return self._coding(node, source)
            case Passive():
                if node.augments and (source.left or not source.at_input):
                    return source  # made for images whose values nothing has changed
                return self._put(node, source)
            case Reshaping():
                return self._put(node, source.reshaped(node.shape))
            case Ending():
                return self._put(node, self.finish(source))
        raise TypeError(f"{node.origin} cannot be folded")

    def finish(self, source: Carried) -> Carried:
        """Take up what is left at the end of the network."""
        source = self._entered(source)
        if source.left is None:
            return source
        changed = self._taken_back(source, source.left.affine) if source.sum else None
        return changed or self._own_layer(source, source.left)

    def _put(self, node: Node, source: Carried) -> Carried:
        """Append a node behind `source`."""
        inputs = (source.node,) if source.node else ()
        self.nodes[node.name] = replace(node, inputs=inputs)
        return replace(source, node=node.name, shape=node.shape)

    def _put_neurons(self, node: Neurons, source: Carried, left: Left | None) -> Carried:
        put = self._put(node, source)
        return Carried(
            node=put.node,
            shape=put.shape,
            left=left,
            sum=put.node,
            rectified=node.role is not Role.SYNAPTIC,
        )

    def _neurons(self, name: str | None) -> Neurons:
        node = self.nodes[name or ""]
        if not isinstance(node, Neurons):
            raise TypeError(f"{node.origin} has no neurons")
        return node

    def _scaling(self, node: Scaling, source: Carried) -> Carried:
        if source.sum is not None and (self._adapted or not source.rectified):
            changed = self._taken_back(source, node.affine)
            if changed is None:
                raise _not_taken_up(node, self.nodes[source.sum])
            return changed
        if source.at_input and self._scale is None:
            name = free_name(f"{node.name}_scale", self._taken)
            self._scale = replace(node, name=name, affine=Affine())
            source = self._put(self._scale, source)
        affine = source.left.affine.then(node.affine) if source.left else node.affine
        return replace(source, left=Left(affine, node))

    def _taken_back(self, source: Carried, affine: Affine) -> Carried | None:
        """The sum behind `source` with an affine map in its weights; None if they cannot."""
        shape, pools = source.shape, [self._neurons(name) for name in source.pools]
        if not all(map(is_max_pool, pools)):
            return None
        for pool in reversed(pools):
            affine, shape = affine.reshaped(shape, pool.shape), pool.input_shape
            if not affine.is_channelwise:
                return None
        turned, neurons = affine.factor < 0, self._neurons(source.sum)
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
        return replace(source, left=None)

    def _rectifier(self, node: Rectifier, source: Carried) -> Carried:
        if source.left is not None and source.left.affine.is_positive:
            return source
        source = self._entered(source)
        if source.left is not None:
            source = self._own_layer(source, source.left)
        return replace(self._put(node, source), sum=None, pools=(), rectified=True)

    def _weighted(self, node: Neurons, source: Carried) -> Carried:
        if not source.rectified:
            return self._merged(node, source)
        source = self._entered(source)
        if source.left is None:
            return self._put_neurons(node, source, None)
        source, left = self._channelwise(source, source.left, node)
        changed = take_inputs(node, left.affine) if node.is_weighted else None
        if changed is None:
            raise _not_taken_up(left.scaling, node)
        return self._put_neurons(changed, source, None)

    def _merged(self, node: Neurons, source: Carried) -> Carried:
        first = self._neurons(source.sum)
        both = None if source.pools or source.padded else merged(first, node)
        if both is None:
            raise _no_relu(first, node)
        name = source.node
        while name != first.name:  # dropout and the like between two sums that are one now
            name = self.nodes.pop(name).inputs[0]
        before = self.nodes.pop(first.name).inputs[0]
        return self._put_neurons(both, replace(source, node=before), None)

    def _pool(self, node: Neurons, source: Carried) -> Carried:
        source = self._entered(source)
        if source.left is not None:
            source, left = self._channelwise(source, source.left, node)
            turned = left.affine.factor < 0
            if not is_max_pool(node):
                raise _not_taken_up(left.scaling, node)
            if not left.affine.is_channelwise or (source.padded and turned.any()):
                raise UnsupportedLayerError(
                    f"{left.scaling.origin} shifts or turns values among which {node.origin} "
                    "then meets zeros of a padding, or values shifted differently, and which of "
                    "them is the largest no firing time tells; leave the padding out, or put it "
                    "behind the pool, and train the model again"
                )
            node = turn_pool(node, turned)
        put = self._put(node, source)
        if source.sum is None or (source.rectified and not self._adapted):
            return replace(put, sum=None, padded=False)
        return replace(put, pools=(*source.pools, put.node))

    def _mean(self, node: Neurons, source: Carried) -> Carried:
        source = self._entered(source)
        if source.left is None:
            return self._put_neurons(node, source, None)
        if not isinstance(node.layer, AveragePool2D) or node.rebuild is not None:
            raise _not_taken_up(source.left.scaling, node)
        source, left = self._channelwise(source, source.left, node)
        shift = left.affine.shift
        if shift.ndim > 1:
            shift = constant_means(node.layer, shift)
        affine = Affine(factor=left.affine.factor, offset=shift)
        return self._put_neurons(node, source, Left(affine, left.scaling))

    def _coding(self, node: Coding, source: Carried) -> Carried:
        source = self._entered(source)
        if not source.rectified:
            raise _no_relu(self._neurons(source.sum), node)
        if source.left is not None:
            raise UnsupportedLayerError(
                f"{source.left.scaling.origin} stands before {node.origin}, and no firing time "
                "stands for what it makes of its values; leave the folding to tdsnn_brian.adapt: "
                "give it the model as it is without ReverseCoding"
            )
        return replace(self._put(node, source), sum=None, pools=())

    def _entered(self, source: Carried) -> Carried:
        """Values as the first neurons take them: one positive factor stays at the input."""
        if not source.at_input or source.left is None or self._scale is None:
            return replace(source, at_input=False)
        affine = source.left.affine
        sizes = np.abs(affine.factor[affine.factor != 0])
        shared = float(sizes.mean()) if sizes.size else 1.0
        self.nodes[self._scale.name] = replace(
            self._scale,
            inputs=self.nodes[self._scale.name].inputs,
            affine=Affine(factor=np.asarray(shared)),
        )
        rest = Affine(factor=affine.factor / shared, offset=affine.shift)
        left = None if rest.is_identity else replace(source.left, affine=rest)
        return replace(source, at_input=False, left=left)

    def _channelwise(self, source: Carried, left: Left, node: Neurons) -> tuple[Carried, Left]:
        """`source` with one factor a channel: what differs between positions gets neurons."""
        factor, scaling = left.affine.factor, left.scaling
        if factor.ndim < 2:
            return source, left
        signs = compact(np.where(factor < 0, -1.0, 1.0))
        if signs.ndim > 1 or source.padded:
            raise _not_taken_up(scaling, node)
        own = self._own_layer(source, Left(Affine(factor=np.abs(factor)), scaling))
        rectifier = Rectifier(
            name=free_name(f"{own.node}_activation", self._taken),
            label=scaling.label,
            kind=scaling.kind,
            inputs=(),
            input_shape=own.shape,
            inside=True,
        )
        own = replace(self._put(rectifier, own), sum=None, rectified=True)
        rest = Affine(factor=signs, offset=left.affine.shift)
        return own.reshaped(source.shape), Left(rest, scaling)

    def _own_layer(self, source: Carried, left: Left) -> Carried:
        """One neuron a value, which computes `left` of it, under the name of the scaling."""
        scaling = left.scaling
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
            layer=one_to_one(name, source.shape, left.affine),
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
