"""Read a Keras model, once and one way: a graph of plain data."""

import os
from dataclasses import dataclass, replace
from typing import Any

import keras
from keras import layers as kl
from keras.src.ops import numpy as array_ops

from ..arguments import check_name
from ..conversion.graph import (
    Coding,
    End,
    Ending,
    Graph,
    Input,
    Node,
    Passive,
    Rectifier,
    Reshaping,
    free_name,
)
from ..conversion.input_range import found_range
from ..errors import InvalidInputError, UnsupportedLayerError
from ..image_range import Range
from ..layers import Shape
from ..network import SpikingNetwork
from ..transfer import parts_of
from . import activation_readers, scaling_readers  # noqa: F401  (fill the registry)
from .layer_readers import SLIDING
from .place import Arguments, Place, Value, channels_moved_last
from .refused import why_not
from .registry import JOINS, READERS
from .weights import check_quantization, describe

Sources = tuple[int, ...]
AT_IMAGE = -1  # in place of a call: what comes in


def read(model: keras.Model, *, caller: str = "adapt") -> Graph:
    """The graph of a Sequential or functional model, with the models inside it opened up.

    Parameters
    ----------
    model : keras.Model
        It stays as it is.
    caller : str, optional
        The function of this package that messages about a wrong argument are about.

    Returns
    -------
    Graph
        Takes images with their channels last, whatever the model takes.

    Raises
    ------
    InvalidInputError
        If `model` is no Keras model, or its input shape is unknown.
    UnsupportedLayerError
        If a layer, or the way it is used, has no spiking counterpart; it says which one.
    """
    image_shape = image_shape_of(model, caller)
    calls, outputs = Unrolling().calls_of(model)
    check_name("model name", model.name)
    for call in calls:
        check_name("layer name", call.layer.name)
    names = _names(calls)
    nodes: dict[str, Node] = {}
    taken = {*names, *(call.layer.name for call in calls)}
    image = model.inputs[0]
    label = image._keras_history.operation.name
    name = free_name(label, taken)
    taken.add(name)
    value = Value(name, image_shape)
    if _takes_channels_first(calls, len(image_shape)):
        value = channels_moved_last(name, (*image_shape[1:], image_shape[0]))
    nodes[name] = Input(
        name=name,
        label=label,
        kind="InputLayer",
        inputs=(),
        input_shape=value.shape,
        number_type=image.dtype,
    )
    values: dict[int, Value] = {AT_IMAGE: value}
    for index, (call, name) in enumerate(zip(calls, names, strict=True)):
        sources = [values[source] for source in call.sources]
        values[index] = _read_call(call, name, sources, nodes, taken)
    ends = []
    for output in outputs:
        place = Place(calls[output].layer, names[output], [values[output]], nodes, taken)
        value = _put_ending(place)
        ends.append(End(value.node, value.shape))
    if any(isinstance(node, Coding) for node in nodes.values()):
        _check_precision(calls)
    is_double = any(weight.dtype == "float64" for weight in model.weights)
    return Graph(
        name=model.name,
        nodes=tuple(nodes.values()),
        ends=tuple(ends),
        structure=_structure(model),
        dtype="float64" if is_double else "float32",
        image_range=_image_range(nodes),
    )


def _put_ending(place: Place) -> Value:
    """The output in Keras's order.

    A sigmoid at the end, which nothing else reads, gives probabilities, and the network the logits
    before it, which then have to be in that order already.
    """
    nodes, behind = place.nodes, [place.value.node]
    while isinstance(nodes[behind[-1]], Passive | Reshaping):
        behind += nodes[behind[-1]].inputs
    name = behind.pop()
    node = nodes[name]
    is_read = any(
        sum(one in other.inputs for other in nodes.values()) > (steps > 0)
        for steps, one in enumerate((*behind, name))
    )
    if not isinstance(node, Rectifier) or node.parts != parts_of("sigmoid") or is_read:
        return place.in_keras_order(place.value)
    ending = Ending(
        name=name,
        label=node.label,
        kind=node.kind,
        inputs=node.inputs,
        input_shape=node.input_shape,
        inside=node.inside,
        function="sigmoid",
    )
    if place.value.order is None:
        nodes[name] = ending
        return place.value
    moved = [nodes.pop(each) for each in (name, *reversed(behind))]
    before = place.in_keras_order(replace(place.value, node=node.inputs[0]))
    nodes[name] = replace(ending, inputs=(before.node,), input_shape=before.shape)
    last = name
    for each in moved[1:]:
        if isinstance(each, Passive):  # the order has the shape of the reshapings already
            rebuild = replace(each.rebuild, input_shape=before.shape)
            nodes[each.name] = replace(each, inputs=(last,), rebuild=rebuild)
            last = each.name
    return replace(before, node=last)


@dataclass(frozen=True)
class Call:
    """A layer at one place of a model; `path` are the models that it is inside of.

    `sources` are the calls whose values it takes.
    """

    layer: keras.layers.Layer
    path: tuple[str, ...]
    sources: Sources
    arguments: Arguments = ((), {})


class Unrolling:
    """The calls of a model and of all models inside it, in order."""

    def __init__(self) -> None:
        self._calls: list[Call] = []

    def calls_of(self, model: keras.Model) -> tuple[list[Call], list[int]]:
        """Those that lead to the outputs, and the ones that give them."""
        outputs = self._model(model, (AT_IMAGE,), ())
        if AT_IMAGE in outputs:
            raise UnsupportedLayerError(
                f"model {model.name!r} gives out what comes in; add a Dense layer and train it"
            )
        if twice := [x for x in outputs if outputs.count(x) > 1]:
            raise UnsupportedLayerError(
                f"model {model.name!r} gives out {describe(self._calls[twice[0]].layer)} twice; "
                "leave one of the two out of its outputs"
            )
        needed = set(outputs)
        for index in reversed(range(len(self._calls))):
            if index in needed:
                needed.update(self._calls[index].sources)
        kept = {old: new for new, old in enumerate(sorted(needed - {AT_IMAGE}))}
        kept[AT_IMAGE] = AT_IMAGE
        calls = [
            replace(self._calls[old], sources=tuple(kept[x] for x in self._calls[old].sources))
            for old in sorted(needed - {AT_IMAGE})
        ]
        return calls, [kept[output] for output in outputs]

    def _model(self, model: keras.Model, sources: Sources, path: tuple[str, ...]) -> Sources:
        if isinstance(model, keras.Sequential):
            for layer in model.layers:
                sources = self._call(layer, sources, path)
            return sources
        known = {id(tensor): at for tensor, at in zip(model.inputs, sources, strict=True)}
        depths = model._nodes_by_depth
        for node in (node for depth in sorted(depths, reverse=True) for node in depths[depth]):
            if not node.is_input:
                taken = tuple(known[id(tensor)] for tensor in node.input_tensors)
                arguments = (node.arguments.args, node.arguments.kwargs)
                given = self._call(node.operation, taken, path, arguments)
                known.update(
                    (id(tensor), given[min(number, len(given) - 1)])
                    for number, tensor in enumerate(node.outputs)
                )
        return tuple(known[id(tensor)] for tensor in model.outputs)

    def _call(
        self,
        operation: keras.Operation,
        sources: Sources,
        path: tuple[str, ...],
        arguments: Arguments = ((), {}),
    ) -> Sources:
        if isinstance(operation, keras.Model):
            return self._model(operation, sources, (*path, operation.name))
        if hasattr(kl, "Pipeline") and isinstance(operation, kl.Pipeline):
            for layer in operation.layers:
                sources = self._call(layer, sources, (*path, operation.name))
            return sources
        self._calls.append(Call(operation, path, sources, arguments))
        return (len(self._calls) - 1,)


def _names(calls: list[Call]) -> list[str]:
    """One name a call: that of its layer, behind its models' names where others share it."""
    labels = [call.layer.name for call in calls]
    names: list[str] = []
    for call, label in zip(calls, labels, strict=True):
        name = label if labels.count(label) == 1 else "_".join((*call.path, label))
        taken = {*names, *(set(labels) - {label})}
        names.append(free_name(name, taken))
    return names


def _read_call(
    call: Call, name: str, sources: list[Value], nodes: dict[str, Node], taken: set[str]
) -> Value:
    layer = call.layer
    reader = READERS.get(type(layer))
    if reader is None:
        raise UnsupportedLayerError(f"{describe(layer)} {why_not(layer)}")
    if len(sources) > 1 and type(layer) not in JOINS:
        names = ", ".join(repr(nodes[source.node].label) for source in sources)
        raise UnsupportedLayerError(
            f"{describe(layer)} takes several values at once here ({names}); Add, Subtract, "
            "Average, Multiply and Concatenate join values"
        )
    check_quantization(layer)
    return reader(layer, Place(layer, name, sources, nodes, taken, call.arguments))


def _structure(model: keras.Model) -> Any:
    """How a model gives its outputs, with their numbers in their places."""
    n_outputs = len(model.outputs)
    if n_outputs == 1:
        return 0
    return keras.tree.pack_sequence_as(model.output, list(range(n_outputs)))


def _image_range(nodes: dict[str, Node]) -> Range | None:
    """What `adapt` or the user has said, else what the scaling at the input tells."""
    said = [x.image_range for x in nodes.values() if isinstance(x, Coding) and x.image_range]
    return said[0] if said else found_range(nodes.values())


def _check_precision(calls: list[Call]) -> None:
    for call in calls:
        number_type = getattr(call.layer, "compute_dtype", None)
        if number_type in ("float16", "bfloat16"):
            raise UnsupportedLayerError(
                f"{describe(call.layer)} computes in {number_type}, which rounds values across the "
                "jumps of the coding, so that firing times would be others than those of the "
                "network; give adapt the model as trained: what it builds computes in float32"
            )


def _takes_channels_first(calls: list[Call], n_axes: int) -> bool:
    """Whether the images have their channels first: the first layer that cares says so."""
    for call in calls:
        if isinstance(call.layer, SLIDING):
            return call.layer.data_format == "channels_first"
        if _changes_axes(call.layer, n_axes):
            return False
    return False


def _changes_axes(operation: keras.Operation, n_axes: int) -> bool:
    """Whether the axes behind it are no longer those of the image."""
    if isinstance(operation, kl.Layer):
        return isinstance(operation, kl.Flatten | kl.Reshape | kl.Permute | kl.RepeatVector)
    output, *_ = keras.tree.flatten(operation.output)
    reorders = isinstance(operation, array_ops.Transpose | array_ops.Reshape)
    return reorders or len(output.shape) != n_axes + 1


def image_shape_of(model: keras.Model, caller: str) -> Shape:
    """Shape of one image; refused where the model leaves it open."""
    if not isinstance(model, keras.Model):
        raise InvalidInputError(
            f"model must be a Keras model, got {type(model).__name__}; {_remedy(model, caller)}"
        )
    if getattr(model, "inputs", None) is None:
        if not isinstance(model, keras.Sequential):
            raise UnsupportedLayerError(
                f"model {model.name!r} ({type(model).__name__}) is neither Sequential nor "
                "functional, so its layers have no visible order; rebuild it from layers with "
                "keras.Model(inputs, outputs)"
            )
        raise InvalidInputError(
            f"model {model.name!r} has no input shape yet; start it with keras.Input(shape), or "
            "call model.build"
        )
    if len(model.inputs) != 1:
        raise UnsupportedLayerError(
            f"model {model.name!r} has {len(model.inputs)} inputs, and a network has one; bring "
            "them into one, such as the channels of one image"
        )
    shape = tuple(model.inputs[0].shape[1:])
    if not shape:
        raise InvalidInputError(
            f"model {model.name!r} takes images without an axis, one number each; start it with "
            "keras.Input((1,))"
        )
    if None in shape:
        raise InvalidInputError(
            f"model {model.name!r} has the open input shape {shape}; neurons have to be counted, "
            "so rebuild it with keras.Input of a full shape"
        )
    return shape


def _remedy(argument: object, caller: str) -> str:
    if isinstance(argument, SpikingNetwork):
        return (
            "it is converted already, so pass it to tdsnn_brian.simulate, build_network or analyse"
        )
    if isinstance(argument, str | os.PathLike):
        return f"load it first: {caller}(keras.models.load_model({str(argument)!r}), ...)"
    arguments = "model, leak" if caller == "adapt" else "adapted"
    return f"call tdsnn_brian.{caller}({arguments}) with the model first"
