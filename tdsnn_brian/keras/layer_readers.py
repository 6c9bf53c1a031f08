"""Read the Keras layers that have weights or windows, or change the shape of values.

One-dimensional layers become two-dimensional ones with a single row, depthwise and separable
convolutions become convolutions, global pools become pools over the full extent, Dense on the last
axis becomes a 1 x 1 convolution.
"""

from typing import Any

import keras
import numpy as np
from keras import layers as kl
from numpy.typing import NDArray

from ..conversion.graph import (
    Coding,
    Ending,
    Neurons,
    Rectifier,
    Reshaping,
    Role,
    ZeroPadding,
)
from ..conversion.padding import NO_PADDING, same_padding
from ..conversion.planes import as_plane
from ..errors import UnsupportedLayerError
from ..layers import AveragePool2D, Conv2D, Dense, MaxPool2D, Padding, Pair, Shape
from ..transfer import Part
from .activations import LINEAR, SOFTMAXES, Activation, activation_of
from .min_max_pooling import MinMaxPooling2D
from .place import Place, Value, in_order
from .registry import reads
from .reverse_coding import ReverseCoding
from .weights import array_of, describe

SLIDING = (
    kl.Conv1D,
    kl.Conv2D,
    kl.DepthwiseConv1D,
    kl.DepthwiseConv2D,
    kl.SeparableConv1D,
    kl.SeparableConv2D,
    kl.MaxPooling1D,
    kl.MaxPooling2D,
    kl.AveragePooling1D,
    kl.AveragePooling2D,
    kl.GlobalMaxPooling1D,
    kl.GlobalMaxPooling2D,
    kl.GlobalAveragePooling1D,
    kl.GlobalAveragePooling2D,
    kl.ZeroPadding1D,
    kl.ZeroPadding2D,
    MinMaxPooling2D,
)
"""Classes whose `data_format` says how the values before them are arranged."""

PoolClass = type[MaxPool2D] | type[AveragePool2D]

_KEPT_FOR_TRAINING = (
    "kernel_regularizer",
    "bias_regularizer",
    "activity_regularizer",
    "kernel_constraint",
    "bias_constraint",
    "trainable",
)


def activated(place: Place, *, inside: bool = True) -> Value:
    """The value behind the activation of a layer, `inside` it or all that it is."""
    put_activation(place, activation_of(place.layer), inside=inside)
    return place.value


def put_activation(place: Place, activation: Activation, *, inside: bool) -> None:
    suffix, name = "_activation" if inside else "", activation.name
    if name in SOFTMAXES:
        place.in_keras_order(place.value)
        place.put(Ending, suffix, input_shape=place.value.shape, function=name, inside=inside)
    elif name != LINEAR:
        slope, parts = np.asarray(activation.slope), activation.parts
        put_rectifier(place, suffix, inside=inside, slope=slope, parts=parts)


def put_rectifier(place: Place, suffix: str = "", **fields: Any) -> Value:
    """What neurons make of the value."""
    place.put(Rectifier, suffix, input_shape=place.nodes[place.value.node].shape, **fields)
    return place.value


@reads(kl.Softmax)
def _softmax(layer: kl.Softmax, place: Place) -> Value:
    last = len(place.value.keras_shape)
    axes = layer.axis if isinstance(layer.axis, list | tuple) else (layer.axis,)
    if [axis % (last + 1) for axis in axes] != [last]:
        raise UnsupportedLayerError(
            f"{describe(layer)} runs over axis {layer.axis}; only the last axis holds classes, "
            "use Softmax() and train the model again"
        )
    put_activation(place, Activation("softmax"), inside=False)
    return place.value


@reads(ReverseCoding)
def _coding(layer: ReverseCoding, place: Place) -> Value:
    if not layer.transfer.is_relu:
        put_rectifier(place, "_transfer", inside=True, parts=(Part(transfer=layer.transfer),))
    place.put(
        Coding,
        input_shape=place.nodes[place.value.node].shape,
        leak=layer.leak,
        silent_zeros=layer.silent_zeros,
        steps=layer.steps,
        image_range=layer.image_range,
        notes=layer.notes,
        rounding=layer.rounding,
    )
    return place.value


@reads(kl.Dense)
def _dense(layer: kl.Dense, place: Place) -> Value:
    weights, bias, shape = array_of(layer, "kernel"), _bias(layer), place.value.shape
    if len(place.value.keras_shape) == 1:
        if place.value.order is not None:
            weights = weights[np.argsort(place.value.order)]
        neurons: Dense | Conv2D = Dense(
            name=place.name, input_shape=shape, weights=weights, bias=bias
        )
    else:
        shape = place.in_keras_order(place.value).shape
        neurons = Conv2D(
            name=place.name, input_shape=as_plane(shape), kernel=weights[None, None], bias=bias
        )
    place.put(Neurons, layer=neurons, training=_for_training(layer))
    place.now((*shape[:-1], layer.units))
    return activated(place)


@reads(kl.Conv1D, kl.Conv2D)
def _convolution(layer: kl.Layer, place: Place) -> Value:
    kernel = array_of(layer, "kernel")
    return _put_convolution(place, kernel, layer.groups, _for_training(layer))


@reads(kl.DepthwiseConv1D, kl.DepthwiseConv2D)
def _depthwise(layer: kl.Layer, place: Place) -> Value:
    kernel = array_of(layer, "kernel")
    *window, channels, multiplier = kernel.shape
    return _put_convolution(place, kernel.reshape(*window, 1, channels * multiplier), channels)


@reads(kl.SeparableConv1D, kl.SeparableConv2D)
def _separable(layer: kl.Layer, place: Place) -> Value:
    """Nothing happens between the two parts, so their product is one convolution."""
    depthwise, pointwise = array_of(layer, "depthwise_kernel"), array_of(layer, "pointwise_kernel")
    channels, multiplier = depthwise.shape[-2:]
    mixing = pointwise.reshape(channels, multiplier, -1)
    kernel = np.einsum("...im,imo->...io", depthwise, mixing)
    return _put_convolution(place, kernel, 1)


def _put_convolution(
    place: Place, kernel: NDArray, groups: int, training: dict[str, Any] | None = None
) -> Value:
    layer = place.layer
    shape = place.arranged()
    kernel = kernel if kernel.ndim == 4 else kernel[None]
    strides, dilation = _pair(layer.strides), _pair(layer.dilation_rate)
    plane = as_plane(shape)
    if layer.padding == "causal":
        before = (kernel.shape[1] - 1) * dilation[1]
        plane = place.put(
            ZeroPadding, "_padding", input_shape=plane, padding=((0, 0), (before, 0))
        ).shape
    neurons = Conv2D(
        name=place.name,
        input_shape=plane,
        kernel=kernel,
        bias=_bias(layer),
        strides=strides,
        padding=_padding(layer, plane, kernel.shape[:2], strides, dilation),
        dilation=dilation,
        groups=groups,
    )
    node = place.put(Neurons, layer=neurons, training=training or {})
    place.gives(node.shape[-len(shape) :])
    return activated(place)


@reads(kl.MaxPooling1D, kl.MaxPooling2D, MinMaxPooling2D)
def _max_pooling(layer: kl.Layer, place: Place) -> Value:
    return _put_pool(place, MaxPool2D, Role.POOLING, minimum=getattr(layer, "minimum", ()))


@reads(kl.AveragePooling1D, kl.AveragePooling2D)
def _average_pooling(layer: kl.Layer, place: Place) -> Value:
    return _put_pool(place, AveragePool2D, Role.MEAN)


def _put_pool(place: Place, kind: PoolClass, role: Role, **fields: Any) -> Value:
    layer = place.layer
    shape = place.arranged()
    plane, size, strides = as_plane(shape), _pair(layer.pool_size), _pair(layer.strides)
    padding = _padding(layer, plane, size, strides)
    if role is Role.MEAN:
        _refuse_replicated_border(layer, padding)
    neurons = kind(
        name=place.name,
        input_shape=plane,
        pool_size=size,
        strides=strides,
        padding=padding,
        **fields,
    )
    node = place.put(Neurons, layer=neurons, role=role)
    return place.gives(node.shape[-len(shape) :])


@reads(kl.GlobalMaxPooling1D, kl.GlobalMaxPooling2D)
def _global_max_pooling(layer: kl.Layer, place: Place) -> Value:
    return _put_global_pool(place, MaxPool2D, Role.POOLING)


@reads(kl.GlobalAveragePooling1D, kl.GlobalAveragePooling2D)
def _global_average_pooling(layer: kl.Layer, place: Place) -> Value:
    return _put_global_pool(place, AveragePool2D, Role.MEAN)


def _put_global_pool(place: Place, kind: PoolClass, role: Role) -> Value:
    shape = place.arranged()
    plane = as_plane(shape)
    size = plane[0], plane[1]
    neurons = kind(name=place.name, input_shape=plane, pool_size=size, strides=size)
    place.put(Neurons, layer=neurons, role=role)
    if place.layer.keepdims:
        return place.gives((*(1,) * (len(shape) - 1), shape[-1]))
    return place.now(shape[-1:])


@reads(kl.ZeroPadding1D, kl.ZeroPadding2D)
def _zero_padding(layer: kl.Layer, place: Place) -> Value:
    shape = place.arranged()
    padding = layer.padding
    if len(shape) == 2:
        padding = ((0, 0), tuple(padding) if np.ndim(padding) else (padding, padding))
    node = place.put(ZeroPadding, input_shape=as_plane(shape), padding=tuple(map(tuple, padding)))
    return place.gives(node.shape[-len(shape) :])


@reads(kl.Flatten)
def _flatten(layer: kl.Flatten, place: Place) -> Value:
    places = place.value.places
    if place.channels_first:
        places = np.moveaxis(places, 0, -1)
    return put_reshaping(place, places.ravel())


@reads(kl.Reshape)
def _reshape(layer: kl.Reshape, place: Place) -> Value:
    places = place.value.places
    shape = layer.compute_output_shape((None, *places.shape))[1:]
    return put_reshaping(place, places.reshape(shape))


@reads(kl.Permute)
def _permute(layer: kl.Permute, place: Place) -> Value:
    return put_reshaping(place, place.value.places.transpose([axis - 1 for axis in layer.dims]))


def put_reshaping(place: Place, places: NDArray) -> Value:
    """The values as Keras arranges them now; only their shape changes in the graph, if it can."""
    before = place.value.shape
    value = in_order(place.value.node, before, places)
    if value.order is None or places.ndim == 1:
        target = value.keras_shape
        place.put(Reshaping, input_shape=before, target=target)
        value = Value(place.value.node, target, value.order)
    place.value = value
    return value


def _bias(layer: keras.layers.Layer) -> NDArray | None:
    return array_of(layer, "bias") if layer.use_bias else None


def _for_training(layer: keras.layers.Layer) -> dict[str, Any]:
    activation_of(layer)  # refuses functions that no configuration can hold
    config = layer.get_config()
    return {name: config[name] for name in _KEPT_FOR_TRAINING if config.get(name) is not None}


def _padding(
    layer: kl.Layer, plane: Shape, window: Pair, strides: Pair, dilation: Pair = (1, 1)
) -> Padding:
    if layer.padding != "same":
        return NO_PADDING
    rows, columns = (
        same_padding(plane[axis], window[axis], strides[axis], dilation[axis]) for axis in range(2)
    )
    return rows, columns


def _pair(value: int | tuple[int, ...]) -> Pair:
    """Rows and columns; a line has one row."""
    sizes = (value,) if isinstance(value, int) else tuple(value)
    return (1, sizes[0]) if len(sizes) == 1 else (sizes[0], sizes[1])


def _refuse_replicated_border(layer: kl.Layer, padding: Padding) -> None:
    """Keras on torch pads an uneven 'same' with copies of the edge, which count in the mean."""
    uneven = any(before != after for before, after in padding)
    if uneven and keras.backend.backend() == "torch":
        raise UnsupportedLayerError(
            f"{describe(layer)} has padding='same' that is uneven here ({padding}); Keras on torch "
            "then counts copies of the edge in the mean, as no other backend does: use "
            "padding='valid', an input size that the strides divide, or another backend"
        )
