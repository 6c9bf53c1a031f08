"""Build a Keras model from a graph, node by node."""

from collections.abc import Sequence
from math import prod
from typing import Any

import keras
import numpy as np
from keras import layers as kl
from numpy.typing import NDArray

from ..conversion.graph import (
    Arrangement,
    Coding,
    Concatenation,
    Ending,
    Graph,
    Input,
    Neurons,
    Node,
    Passive,
    Rebuild,
    Rectifier,
    Reshaping,
    Scaling,
    Sum,
    ZeroPadding,
    free_name,
)
from ..conversion.padding import NO_PADDING, same_padding
from ..conversion.pairs import Pairing
from ..layers import AveragePool2D, Conv2D, Dense, MaxPool2D, Shape
from .min_max_pooling import MinMaxPooling2D
from .neuron_bias import NeuronBias
from .on_off import OnOff
from .rearrange import Rearrange
from .reverse_coding import ReverseCoding
from .transfer_activation import TransferActivation

_LAST = {"data_format": "channels_last"}  # whatever is set for all of Keras


def build(graph: Graph) -> keras.Model:
    """The Keras model of a folded graph, in `graph.dtype`; not compiled."""
    builder = Builder(graph)
    tensors = {}
    for node in graph:
        if isinstance(node, Input):
            is_floating = node.number_type.endswith(("float16", "float32", "float64"))
            tensors[node.name] = keras.Input(
                node.shape, dtype=graph.dtype if is_floating else node.number_type, name=node.name
            )
        else:
            tensors[node.name] = builder.run(node, *(tensors[name] for name in node.inputs))
    outputs = [builder.reshaped(tensors[end.node], end.shape, "output") for end in graph.ends]
    given = keras.tree.map_structure(lambda number: outputs[number], graph.structure)
    return keras.Model(tensors[graph.nodes[0].name], given, name=graph.name)


Tensor = Any  # of the backend, or one of Keras without values


class Builder:
    """Makes the Keras layers of nodes and puts values through them, symbolic or real ones."""

    def __init__(self, graph: Graph):
        self._graph = graph
        self._taken = {node.name for node in graph}
        self._readers = graph.readers
        activations = [node for node in graph if isinstance(node, Rectifier | Ending)]
        self._inside = {node.inputs[0]: node for node in activations if self._is_inside(node)}

    def run(self, node: Node, *sources: Tensor) -> Tensor:
        """What a node makes of its sources; an activation inside a layer is part of that layer."""
        values = sources[0]
        if isinstance(node, Sum | Concatenation):
            return self._joined(node, sources)
        if node in self._inside.values():
            return values
        activation = self._inside.get(node.name)
        return self._through(node, values, None if activation is None else _function(activation))

    def sums(self, node: Neurons, values: Tensor) -> Tensor:
        """What a layer makes of `values` before its activation."""
        return self._through(node, values, None)

    def reshaped(self, values: Tensor, shape: Shape, name: str) -> Tensor:
        """`values` in another shape, or as they are if that is theirs."""
        if tuple(values.shape[1:]) == tuple(shape):
            return values
        return self._made(*_reshape(shape), self._free(f"{name}_reshape"))(values)

    def _joined(self, node: Sum | Concatenation, sources: Sequence[Tensor]) -> Tensor:
        if isinstance(node, Sum):
            shaped = [self.reshaped(x, node.shape, node.name) for x in sources]
            return self._made(kl.Add, {}, node.name)(shaped)
        shaped = [self.reshaped(x, node.part_shape(prod(x.shape[1:])), node.name) for x in sources]
        return self._made(kl.Concatenate, {"axis": node.axis + 1}, node.name)(shaped)

    def _is_inside(self, node: Rectifier | Ending) -> bool:
        if isinstance(node, Rectifier) and not node.is_relu:
            return False
        source = self._graph[node.inputs[0]]
        alone = len(self._readers[source.name]) == 1
        return node.inside and alone and isinstance(source, Neurons) and source.border is None

    def _through(self, node: Node, values: Tensor, activation: str | None) -> Tensor:
        if isinstance(node, Scaling):
            if node.affine.is_identity:
                return values
            name = node.label if node.label not in self._taken else node.name
            self._taken.add(name)
            scale, offset = float(node.affine.factor), float(node.affine.shift)
            return self._made(kl.Rescaling, {"scale": scale, "offset": offset}, name)(values)
        values = self.reshaped(values, node.input_shape, node.name)
        if isinstance(node, Neurons):
            return self._neurons(node, values, activation)
        if isinstance(node, Arrangement):
            moved = self._made(Rearrange, {"shape": node.shape}, node.name)
            moved.build(tuple(values.shape))
            moved.take(node.places)
            return moved(values)
        if isinstance(node, Passive):
            return self._rebuilt(node.name, node.rebuild)(values)
        return self._made(*_plain(node), node.name)(values)

    def _neurons(self, node: Neurons, values: Tensor, activation: str | None) -> Tensor:
        if node.rebuild is not None:
            rebuilt = self._rebuilt(node.name, node.rebuild)
            return _with_weights(rebuilt, values, node.rebuild.weights)
        if isinstance(node.layer, AveragePool2D | MaxPool2D):
            return self._pool(node.layer, values)
        kind, arguments = _weighted(node.weighted)
        if arguments.pop("pads", False):
            zeros = {"padding": arguments.pop("padding"), **_LAST}
            name = self._free(f"{node.name}_padding")
            values = self._made(kl.ZeroPadding2D, zeros, name)(values)
        arguments = {**node.training, **arguments, "activation": activation}
        weights = [part for part in (node.weights, node.weighted.bias) if part is not None]
        values = _with_weights(self._made(kind, arguments, node.name), values, weights)
        if node.border is None:
            return values
        own = self._made(NeuronBias, {}, self._free(f"{node.name}_border"))
        return _with_weights(own, values, [np.broadcast_to(node.border, node.shape)])

    def _pool(self, layer: AveragePool2D | MaxPool2D, values: Tensor) -> Tensor:
        is_valid = layer.padding == NO_PADDING
        arguments: dict[str, Any] = {
            "pool_size": layer.pool_size,
            "strides": layer.strides,
            "padding": "valid" if is_valid else "same",
            **_LAST,
        }
        if isinstance(layer, MaxPool2D):
            kind = MinMaxPooling2D if layer.minimum else kl.MaxPooling2D
            if layer.minimum:
                arguments["minimum"] = layer.minimum
            return self._made(kind, arguments, layer.name)(values)
        values = self._made(kl.AveragePooling2D, arguments, layer.name)(values)
        if layer.scale == 1 and layer.bias is None:
            return values
        offset = 0.0 if layer.bias is None else _one_or_all(layer.bias)
        correction = {"scale": layer.scale, "offset": offset}
        return self._made(kl.Rescaling, correction, self._free(f"{layer.name}_correction"))(values)

    def _made(self, kind: type, arguments: dict[str, Any], name: str) -> kl.Layer:
        return kind(name=name, dtype=self._graph.dtype, **arguments)

    def _rebuilt(self, name: str, rebuild: Rebuild) -> kl.Layer:
        config = {**rebuild.config, "name": name, "dtype": self._graph.dtype}
        if "data_format" in config:
            config |= _LAST
        return rebuild.keras_class.from_config(config)

    def _free(self, wanted: str) -> str:
        name = free_name(wanted, self._taken)
        self._taken.add(name)
        return name


def _with_weights(layer: kl.Layer, values: Tensor, weights: Sequence[NDArray]) -> Tensor:
    """What `layer` makes of `values` with these weights, which it keeps."""
    layer.build(tuple(values.shape))
    layer.set_weights(list(weights))
    return layer(values)


def _function(activation: Rectifier | Ending) -> str:
    return activation.function if isinstance(activation, Ending) else "relu"


def _plain(node: Node) -> tuple[type, dict[str, Any]]:
    """Class and arguments of the Keras layer of a node without neurons."""
    match node:
        case Coding():
            return ReverseCoding, {
                "leak": node.leak,
                "silent_zeros": node.silent_zeros,
                "steps": node.steps,
                "image_range": node.image_range,
                "notes": node.notes,
                "rounding": node.rounding,
                "noise": node.noise,
            }
        case Pairing():
            return OnOff, {}
        case ZeroPadding():
            return kl.ZeroPadding2D, {"padding": node.padding, **_LAST}
        case Reshaping():
            return _reshape(node.target)
        case Rectifier() if node.is_relu:
            return kl.ReLU, {}
        case Rectifier():
            return TransferActivation, {"transfer": node.transfer}
        case Ending():
            return kl.Activation, {"activation": node.function}
    raise TypeError(f"{node.origin} ({type(node).__name__}) is no node of a folded graph")


def _reshape(shape: Shape) -> tuple[type, dict[str, Any]]:
    return (kl.Flatten, _LAST) if len(shape) == 1 else (kl.Reshape, {"target_shape": shape})


def _weighted(layer: Dense | Conv2D) -> tuple[type, dict[str, Any]]:
    """Class and arguments of a Keras layer; if `pads`, its padding has to be put before it."""
    use_bias = layer.bias is not None
    if isinstance(layer, Dense):
        return kl.Dense, {"units": layer.weights.shape[1], "use_bias": use_bias}
    arguments = {
        "filters": layer.n_channels,
        "kernel_size": layer.window_shape,
        "strides": layer.strides,
        "dilation_rate": layer.dilation,
        "groups": layer.groups,
        "use_bias": use_bias,
        **_LAST,
    }
    same = tuple(
        same_padding(
            layer.input_shape[axis],
            layer.window_shape[axis],
            layer.strides[axis],
            layer.dilation[axis],
        )
        for axis in range(2)
    )
    if layer.padding == NO_PADDING:
        return kl.Conv2D, {**arguments, "padding": "valid"}
    if layer.padding == same:
        return kl.Conv2D, {**arguments, "padding": "same"}
    return kl.Conv2D, {**arguments, "padding": layer.padding, "pads": True}


def _one_or_all(values: NDArray) -> float | list[float]:
    return float(values[0]) if (values == values[0]).all() else values.tolist()
