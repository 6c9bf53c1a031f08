"""Read activations that are layers, or operations such as ``keras.ops.silu(x)``."""

from typing import Any

import numpy as np
from keras import layers as kl
from keras.src.activations import activations as activation_ops
from keras.src.ops import nn as nn_ops
from keras.src.ops import numpy as array_ops
from numpy.typing import NDArray

from ..arguments import is_number
from ..conversion.graph import Sum
from ..errors import UnsupportedLayerError
from ..transfer import Part, Transfer, parts_of
from .activations import activation_of, elu_of, naming, relu_of
from .graph_readers import put_affine
from .layer_readers import put_activation, put_rectifier
from .place import Place, Value
from .registry import reads
from .transfer_activation import TransferActivation
from .weights import array_of, describe


@reads(kl.ReLU, kl.LeakyReLU, kl.ELU)
def _activation_layer(layer: kl.Layer, place: Place) -> Value:
    put_activation(place, activation_of(layer, layer), inside=False)
    return place.value


@reads(TransferActivation)
def _transfer(layer: TransferActivation, place: Place) -> Value:
    return put_rectifier(place, parts=(Part(transfer=layer.transfer),))


@reads(kl.PReLU)
def _prelu(layer: kl.PReLU, place: Place) -> Value:
    return _put_leaky(place, array_of(layer, "alpha"))


def _put_leaky(place: Place, slope: NDArray) -> Value:
    """`relu(x) - slope relu(-x)`: by pairs, or with any negative slope by a sum."""
    value = place.value
    if (slope >= 0).all():
        return put_rectifier(place, slope=place.spread(slope))
    on = put_rectifier(place, "_on")  # large and small values may mean the same
    place.value = value
    put_affine(place, "_turned", factor=np.asarray(-1.0))
    put_rectifier(place, "_rectified")
    off = put_affine(place, "_off", factor=-slope)
    place.put(Sum, inputs=[on.node, off.node], input_shape=value.shape, signs=(1.0, 1.0))
    return place.value


NAMED: dict[type, str] = {
    nn_ops.Sigmoid: "sigmoid",
    nn_ops.HardSigmoid: "hard_sigmoid",
    nn_ops.Softplus: "softplus",
    nn_ops.Silu: "silu",
    nn_ops.HardSilu: "hard_silu",
    array_ops.Tanh: "tanh",
}


@reads(*NAMED)
def _named(layer: Any, place: Place) -> Value:
    return put_rectifier(place, parts=parts_of(NAMED[type(layer)]))


@reads(nn_ops.Elu)
def _elu(layer: Any, place: Place) -> Value:
    return put_rectifier(place, parts=elu_of(layer, layer).parts)


@reads(nn_ops.Gelu)
def _gelu(layer: Any, place: Place) -> Value:
    return put_rectifier(place, parts=parts_of("gelu_tanh" if layer.approximate else "gelu"))


@reads(nn_ops.Relu)
def _relu(layer: Any, place: Place) -> Value:
    return put_rectifier(place)


@reads(nn_ops.LeakyRelu)
def _leaky(layer: Any, place: Place) -> Value:
    return _put_leaky(place, np.asarray(float(layer.negative_slope)))


@reads(activation_ops.ReLU)
def _relu_with_arguments(layer: Any, place: Place) -> Value:
    """What ``keras.activations.relu(x, max_value=6)`` is."""
    activation = relu_of(layer, layer)
    if activation.slope:
        return _put_leaky(place, np.asarray(activation.slope))
    put_activation(place, activation, inside=False)
    return place.value


@reads(nn_ops.Relu6)
def _relu6(layer: Any, place: Place) -> Value:
    return _put_clip(place, 0.0, 6.0)


@reads(array_ops.Clip)
def _clip(layer: Any, place: Place) -> Value:
    low, high = layer.x_min, layer.x_max
    if not (is_number(low) and is_number(high) and low < high):
        raise UnsupportedLayerError(
            f"{describe(layer)} has the limits {low!r:.40} and {high!r:.40}; neurons carry clips "
            "between two numbers, the first one smaller"
        )
    return _put_clip(place, float(low), float(high))


def _put_clip(place: Place, low: float, high: float) -> Value:
    """`low + min(relu(x - low), high - low)`."""
    if low:
        put_affine(place, "_from", offset=np.asarray(-low))
    with naming(place.layer):
        transfer = Transfer(max_value=high - low)
    put_rectifier(place, "_clip" if low else "", parts=(Part(transfer=transfer),))
    return put_affine(place, "", offset=np.asarray(low)) if low else place.value
