"""Which function an activation is, however it was given: by name, function, or layer."""

import sys
from dataclasses import dataclass
from typing import Any

import keras
from keras import layers as kl

from ..errors import UnsupportedLayerError
from ..transfer import Part, Transfer, parts_of
from .registry import READERS
from .weights import describe

RELU, LINEAR = "relu", "linear"
ENDINGS = ("softmax", "log_softmax", "sigmoid")
"""What may stand at the end: the network gives the logits before it."""

_LIBRARIES = ("jax.nn", "torch", "torch.nn.functional", "tensorflow.nn")


@dataclass(frozen=True)
class Activation:
    """`RELU`, `LINEAR` or one of `ENDINGS`; a ReLU multiplies negative values by `slope`."""

    name: str
    slope: float = 0.0


def activation_of(layer: kl.Layer, function: Any = None) -> Activation:
    """The activation inside `layer`; others than the ones above are refused.

    `function` is given for an activation inside the activation.
    """
    function = getattr(layer, "activation", None) if function is None else function
    if function is None or isinstance(function, kl.Identity):
        return Activation(LINEAR)
    if isinstance(function, kl.Activation):
        return activation_of(layer, function.activation)
    if isinstance(function, kl.ReLU | kl.LeakyReLU):
        if isinstance(function, kl.ReLU):
            check_relu(layer, function)
        return Activation(RELU, float(function.negative_slope))
    if isinstance(function, kl.Softmax) and function.axis in (-1, (-1,), [-1]):
        return Activation("softmax")
    for name in (RELU, LINEAR, *ENDINGS):
        if any(function is known for known in _known_as(name)):
            return Activation(name)
    if any(function is known for known in _known_as("leaky_relu")):
        below = function(keras.ops.convert_to_tensor(-1.0))  # libraries differ in their slope
        return Activation(RELU, -float(keras.ops.convert_to_numpy(below)))
    torch = sys.modules.get("torch")
    if torch is not None and type(function) is torch.nn.ReLU:
        return Activation(RELU)
    name = getattr(function, "__name__", type(function).__name__)
    if type(function) in READERS:
        raise UnsupportedLayerError(
            f"{describe(layer)} holds {describe(function)} as its activation; make it a layer of "
            "its own, behind this one"
        )
    raise UnsupportedLayerError(
        f"{describe(layer)} has the activation {name!r}, which a neuron that fires once cannot "
        "compute; use 'relu', or 'softmax', 'sigmoid' or none at the end, and train the model again"
    )


_CARRIED = ("sigmoid", "hard_sigmoid", "tanh", "softplus", "elu", "silu", "hard_silu", "gelu")
"""Activations by the name that Keras and `parts_of` have for their functions."""


def parts_of_activation(
    layer: kl.Layer, function: Any = None, *, scale: float = 1.0
) -> tuple[Part, ...]:
    """The populations that carry the activation inside `layer`, one or two.

    Parameters
    ----------
    layer : keras.layers.Layer
    function : optional
        The activation, where it is inside another one.
    scale : float, optional
        What the layer's values are multiplied by; see `tdsnn_brian.Transfer`.

    Raises
    ------
    UnsupportedLayerError
        If no populations carry it.
    """
    function = getattr(layer, "activation", None) if function is None else function
    match function:
        case kl.Activation():
            return parts_of_activation(layer, function.activation, scale=scale)
        case kl.ReLU() if not function.negative_slope:
            cap = None if function.max_value is None else float(function.max_value)
            clip = Transfer(scale=scale, max_value=cap, threshold=float(function.threshold))
            return (Part(transfer=clip),)
        case kl.ELU():
            return parts_of("elu", scale=scale, alpha=float(function.alpha))
    if any(function is known for known in _known_as("relu6")):
        return (Part(transfer=Transfer(scale=scale, max_value=6.0)),)
    for name in (RELU, *_CARRIED):
        if any(function is known for known in _known_as(name)):
            return parts_of(name, scale=scale)
    name = getattr(function, "__name__", type(function).__name__)
    raise UnsupportedLayerError(
        f"{describe(layer)} has the activation {name!r}, which no neurons that fire once carry; "
        f"use 'relu', 'relu6' or one of {', '.join(_CARRIED)}, and train the model again"
    )


def check_relu(layer: kl.Layer, function: kl.ReLU) -> None:
    if function.max_value is not None or function.threshold:
        raise UnsupportedLayerError(
            f"{describe(layer)} has max_value or threshold set, which no firing "
            "time stands for; use ReLU() and train the model again"
        )


def _known_as(name: str) -> list[Any]:
    """All functions of this name that Keras and its backends have; none is imported for it."""
    own = f"keras.src.backend.{keras.backend.backend()}.nn"
    places = [keras.activations, keras.ops, *map(sys.modules.get, (*_LIBRARIES, own))]
    return [getattr(place, name) for place in places if hasattr(place, name)]
