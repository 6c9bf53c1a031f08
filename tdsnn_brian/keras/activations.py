"""Which function an activation is, however it was given: by name, function, or layer."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers as kl
from numpy.typing import NDArray

from ..errors import InvalidInputError, UnsupportedLayerError
from ..transfer import CARRIED, Part, Transfer, parts_of
from ..transfer import RELU as PLAIN
from .registry import READERS
from .weights import describe

RELU, LINEAR = "relu", "linear"
SOFTMAXES = ("softmax", "log_softmax")
"""What stands at the end alone: the network gives the logits before it."""
NAMED = tuple(name for name in CARRIED if name not in (RELU, "gelu_tanh"))
"""Activations by the name that Keras and `parts_of` have for their functions."""

_LIBRARIES = ("jax.nn", "torch", "torch.nn.functional", "tensorflow.nn")
_ALIASES = {"silu": ("swish",), "hard_silu": ("hard_swish", "hardswish")}
_ALIASES["hard_sigmoid"] = ("hardsigmoid",)


@dataclass(frozen=True)
class Activation:
    """`RELU`, `LINEAR`, one of `SOFTMAXES`, or what `parts` carry.

    A ReLU multiplies negative values by `slope`.
    """

    name: str
    slope: float = 0.0
    parts: tuple[Part, ...] = (Part(transfer=PLAIN),)


def activation_of(layer: kl.Layer, function: Any = None) -> Activation:
    """The activation inside `layer`, or that it is; others than the ones above are refused.

    `function` is given for an activation inside the activation.
    """
    function = getattr(layer, "activation", None) if function is None else function
    if function is None or isinstance(function, kl.Identity):
        return Activation(LINEAR)
    if isinstance(function, kl.Activation):
        return activation_of(layer, function.activation)
    if isinstance(function, kl.LeakyReLU):
        return Activation(RELU, float(function.negative_slope))
    if isinstance(function, kl.ReLU):
        return relu_of(layer, function)
    if isinstance(function, kl.ELU):
        return elu_of(layer, function)
    if isinstance(function, kl.Softmax) and function.axis in (-1, (-1,), [-1]):
        return Activation("softmax")
    for name in (RELU, LINEAR, *SOFTMAXES):
        if any(function is known for known in _known_as(name)):
            return Activation(name)
    if any(function is known for known in _known_as("relu6")):
        return Activation("relu6", parts=(Part(transfer=Transfer(max_value=6.0)),))
    for name in NAMED:
        if any(function is known for known in _known_as(name)):
            return Activation(name, parts=parts_of(_variant(name, function)))
    if any(function is known for known in _known_as("leaky_relu")):
        return Activation(RELU, -float(_made_of([-1.0], function)[0]))  # libraries differ
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
        f"{describe(layer)} has the activation {name!r}, which no neurons that fire once are known "
        f"to carry; use 'relu', 'relu6', {', '.join(map(repr, NAMED))}, or 'softmax' at the end, "
        "and train the model again"
    )


def relu_of(layer: kl.Layer, function: Any) -> Activation:
    """ReLU with a slope, or with a cap and a threshold."""
    slope, cap = float(function.negative_slope), function.max_value
    if cap is None and not function.threshold:
        return Activation(RELU, slope)
    if slope:
        raise UnsupportedLayerError(
            f"{describe(layer)} has negative_slope={slope:g} beside max_value or threshold, which "
            "no neurons carry; leave one of them out, and train the model again"
        )
    with naming(layer):
        cap = None if cap is None else float(cap)
        transfer = Transfer(max_value=cap, threshold=float(function.threshold))
    return Activation("relu with max_value or threshold", parts=(Part(transfer=transfer),))


def elu_of(layer: Any, function: Any) -> Activation:
    with naming(layer):
        return Activation("elu", parts=parts_of("elu", alpha=float(function.alpha)))


@contextmanager
def naming(layer: Any) -> Iterator[None]:
    """Say whose numbers are those of no transfer."""
    try:
        yield
    except InvalidInputError as error:
        raise UnsupportedLayerError(
            f"{describe(layer)} makes no activation that neurons carry: {error}; train the model "
            "again with another"
        ) from None


def _variant(name: str, function: Any) -> str:
    """Libraries differ in what their GELU is unless they are told."""
    if name != "gelu":
        return name
    found = _made_of([-3.0, -2.0], function)
    exact, by_tanh = (
        sum(part.gives * part.transfer.values(np.array([-3.0, -2.0])) for part in parts_of(variant))
        for variant in ("gelu", "gelu_tanh")
    )
    return "gelu" if np.abs(found - exact).max() < np.abs(found - by_tanh).max() else "gelu_tanh"


def _made_of(numbers: list[float], function: Any) -> NDArray:
    """What a function makes of numbers; it may be of another library than Keras runs on."""
    torch, functions = map(sys.modules.get, ("torch", "torch.nn.functional"))
    x = np.array(numbers, np.float32)
    if torch is not None and any(function is known for known in vars(functions).values()):
        return np.asarray(function(torch.from_numpy(x)))
    return np.asarray(keras.ops.convert_to_numpy(function(x)))


def _known_as(name: str) -> list[Any]:
    """All functions of this name that Keras and its backends have; none is imported for it."""
    own = f"keras.src.backend.{keras.backend.backend()}.nn"
    places = [keras.activations, keras.ops, *map(sys.modules.get, (*_LIBRARIES, own))]
    return [
        getattr(place, alias)
        for place in places
        for alias in (name, *_ALIASES.get(name, ()))
        if hasattr(place, alias)
    ]
