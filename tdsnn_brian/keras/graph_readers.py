"""Read what joins values and what moves them: sums, concatenations, slices, permutations.

Layers and operations that only move values are read by letting them move the numbers of the places.
"""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import layers as kl
from keras import ops
from keras.src.ops import core as core_ops
from keras.src.ops import numpy as array_ops
from numpy.typing import NDArray

from ..conversion.affine import Affine
from ..conversion.graph import Arrangement, Concatenation, Scaling, Sum
from ..conversion.pairs import Pairing
from ..errors import UnsupportedLayerError
from ..image_pairs import doubled
from ..layers import Shape
from ..transfer import Part, Transfer
from .layer_readers import put_rectifier, put_reshaping
from .on_off import OnOff
from .place import Place, Value, channels_moved_last
from .rearrange import Rearrange
from .registry import joins, reads
from .scale_layer import CustomScaleLayer
from .weights import describe, to_numpy

# --- what joins values


@joins(kl.Add)
def _add(layer: kl.Add, place: Place) -> Value:
    return _put_sum(place, [1.0] * len(place.values))


@joins(kl.Subtract)
def _subtract(layer: kl.Subtract, place: Place) -> Value:
    return _put_sum(place, [1.0, -1.0])


@joins(kl.Average)
def _average(layer: kl.Average, place: Place) -> Value:
    count = len(place.values)
    _put_sum(place, [1.0] * count)
    return put_affine(place, "_share", factor=np.asarray(1 / count))


@joins(CustomScaleLayer)
def _scaled_sum(layer: CustomScaleLayer, place: Place) -> Value:
    """What Keras' Inception-ResNet adds: the second value by a factor."""
    first, second = place.values
    place.value = second
    scaled = put_affine(place, "_scale", factor=np.asarray(float(layer.scale)))
    place.values = (first, scaled)
    return _put_sum(place, [1.0, 1.0])


def _put_sum(place: Place, signs: Sequence[float], suffix: str = "") -> Value:
    shape = np.broadcast_shapes(*(value.keras_shape for value in place.values))
    values = [_spread_over(place, value, shape) for value in place.values]
    first = values[0]
    alike = all(
        value.shape == first.shape
        and (value.order is None) == (first.order is None)
        and np.array_equal(value.places, first.places)
        for value in values
    )
    if not alike:
        values = [place.in_keras_order(value) for value in values]
    inputs = [value.node for value in values]
    node = place.put(Sum, suffix, inputs, input_shape=values[0].shape, signs=tuple(signs))
    place.value = Value(node.name, values[0].shape, values[0].order)
    return place.value


@joins(kl.Multiply)
def _multiply(layer: kl.Multiply, place: Place) -> Value:
    product, *others = place.values
    for number, other in enumerate(others, start=1):
        product = _put_product(place, product, other, "" if number == len(others) else "_product")
    return product


def _put_product(place: Place, one: Value, other: Value, suffix: str) -> Value:
    """`((x + y) / 2)^2 - ((x - y) / 2)^2`, each square by neurons of either sign."""
    squares = []
    for sign, what in ((1.0, "_sum"), (-1.0, "_difference")):
        place.values = (one, other)
        _put_sum(place, [1.0, sign], what)
        half = put_affine(place, f"{what}_half", factor=np.asarray(0.5))
        squares.append(_put_square(place))
        place.value = half
        put_affine(place, f"{what}_turned", factor=np.asarray(-1.0))
        squares.append(_put_square(place))
    place.values = tuple(squares)
    return _put_sum(place, [1.0, 1.0, -1.0, -1.0], suffix)


def _put_square(place: Place) -> Value:
    return put_rectifier(place, "_square", parts=(Part(transfer=Transfer(name="square")),))


def _spread_over(place: Place, value: Value, shape: Shape) -> Value:
    """`value` as Keras broadcasts it."""
    if value.keras_shape == shape:
        return value
    place.value = value
    return place.rearrange(np.broadcast_to(value.places, shape).copy(), "_spread")


@joins(kl.Concatenate, array_ops.Concatenate)
def _concatenate(layer: Any, place: Place) -> Value:
    rank = len(place.values[0].keras_shape)
    axis = layer.axis % (rank + 1) - 1
    if axis < 0:
        raise UnsupportedLayerError(
            f"{describe(layer)} puts images behind each other (axis {layer.axis}); join values "
            "along one of their own axes"
        )
    values = list(place.values)
    if all(_has_channels_first(value) for value in values):
        last = axis == 0
        axis = rank - 1 if last else axis - 1
        return _put_concatenation(place, values, axis, channels_first=True)
    values = [place.in_keras_order(value) for value in values]
    return _put_concatenation(place, values, axis)


def _put_concatenation(
    place: Place, values: Sequence[Value], axis: int, *, channels_first: bool = False
) -> Value:
    shape = list(values[0].shape)
    shape[axis] = sum(value.shape[axis] for value in values)
    inputs = [value.node for value in values]
    place.put(Concatenation, inputs=inputs, input_shape=tuple(shape), axis=axis)
    if channels_first:
        place.value = channels_moved_last(place.name, tuple(shape))
        return place.value
    return place.now(tuple(shape))


def _has_channels_first(value: Value) -> bool:
    moved = channels_moved_last(value.node, value.shape)
    return value.order is not None and np.array_equal(value.places, moved.places)


# --- what moves values


@reads(
    kl.Cropping1D,
    kl.Cropping2D,
    kl.RepeatVector,
    kl.UpSampling1D,
    kl.UpSampling2D,
    array_ops.GetItem,
    array_ops.Flip,
    array_ops.Repeat,
    array_ops.Squeeze,
    array_ops.ExpandDims,
)
def _moving(layer: Any, place: Place) -> Value:
    if getattr(layer, "interpolation", "nearest") != "nearest":
        raise UnsupportedLayerError(
            f"{describe(layer)} has interpolation={layer.interpolation!r}; use 'nearest', and "
            "train the model again"
        )
    value = place.value
    moved = _moved(layer, place, np.arange(value.places.size).reshape(value.keras_shape))
    return place.rearrange(value.places.ravel()[moved], "")


@reads(array_ops.Transpose, array_ops.Reshape)
def _reordering(layer: Any, place: Place) -> Value:
    value = place.value
    moved = _moved(layer, place, np.arange(value.places.size).reshape(value.keras_shape))
    return put_reshaping(place, value.places.ravel()[moved])


def _moved(layer: Any, place: Place, numbers: NDArray) -> NDArray:
    """What the layer makes of numbers in place of values, for one image."""
    positional, named = place.arguments

    def put_in(part: Any) -> Any:
        is_value = isinstance(part, keras.KerasTensor)
        return ops.convert_to_tensor(numbers[None], "int32") if is_value else part

    if not positional:
        positional = (keras.KerasTensor((None, *numbers.shape)),)
    moved = layer(*map(put_in, positional), **{name: put_in(x) for name, x in named.items()})
    return np.asarray(ops.convert_to_numpy(moved))[0]


@reads(OnOff)
def _on_off(layer: OnOff, place: Place) -> Value:
    shape = place.in_keras_order(place.value).shape
    place.put(Pairing, input_shape=shape)
    return place.now(doubled(shape))


@reads(Rearrange)
def _rearrange(layer: Rearrange, place: Place) -> Value:
    places = np.asarray(ops.convert_to_numpy(layer.places))
    before = np.append(place.value.places.ravel(), -1)
    place.put(Arrangement, input_shape=place.value.shape, places=before[places])
    return place.now(places.shape)


# --- arithmetic


@reads(core_ops.Cast)
def _cast(layer: Any, place: Place) -> Value:
    if not layer.dtype.endswith(("float16", "float32", "float64")):
        raise UnsupportedLayerError(
            f"{describe(layer)} makes {layer.dtype} of values, which rounds them; leave it out, "
            "and train the model again"
        )
    return place.value


@reads(array_ops.Negative)
def _negative(layer: Any, place: Place) -> Value:
    return put_affine(place, "", factor=np.asarray(-1.0))


@joins(array_ops.Add)
def _add_operation(layer: Any, place: Place) -> Value:
    if len(place.values) > 1:
        return _put_sum(place, [1.0, 1.0])
    return put_affine(place, "", offset=_constant(place))


@joins(array_ops.Subtract)
def _subtract_operation(layer: Any, place: Place) -> Value:
    if len(place.values) > 1:
        return _put_sum(place, [1.0, -1.0])
    constant = _constant(place)
    if _takes_value_first(place):
        return put_affine(place, "", offset=-constant)
    return put_affine(place, "", factor=np.asarray(-1.0), offset=constant)


@joins(array_ops.Multiply)
def _multiply_operation(layer: Any, place: Place) -> Value:
    if len(place.values) > 1:
        one, other = place.values
        return _put_product(place, one, other, "")
    return put_affine(place, "", factor=_constant(place))


@joins(array_ops.Divide, array_ops.TrueDivide)
def _divide_operation(layer: Any, place: Place) -> Value:
    if len(place.values) > 1 or not _takes_value_first(place):
        raise UnsupportedLayerError(
            f"{describe(layer)} divides by values, which no neurons do; multiply or add them in "
            "its place, and train the model again"
        )
    return put_affine(place, "", factor=1 / _constant(place))


def _takes_value_first(place: Place) -> bool:
    return isinstance(place.arguments[0][0], keras.KerasTensor)


def _constant(place: Place) -> NDArray[np.float64]:
    """The argument of an operation that is no value of the model."""
    positional, named = place.arguments
    (constant,) = (
        x for x in (*positional, *named.values()) if not isinstance(x, keras.KerasTensor)
    )
    is_number = isinstance(constant, int | float | np.ndarray | np.number)
    return np.asarray(constant if is_number else to_numpy(constant), np.float64)


def put_affine(place: Place, suffix: str, **parts: NDArray) -> Value:
    affine = Affine(**{name: place.spread(part) for name, part in parts.items()})
    place.put(Scaling, suffix, input_shape=place.value.shape, affine=affine)
    return place.value
