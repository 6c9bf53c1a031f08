r"""Transfers: what a layer makes of its activation before it is coded as a firing time.

A population of spiking neurons carries one increasing function that is never negative. ReLU is
one; with `max_value` and `threshold` it is a clip. Others, such as SiLU, or the tangent where it
may be negative, are differences of two such functions: see `parts_of`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import erf, sqrt
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from .arguments import check_choice, is_number
from .errors import InvalidInputError

if TYPE_CHECKING:
    from .population import Population

Array = Any
"""Of numpy, or of the Keras backend."""

_Function = Callable[["Transfer", Array, ModuleType], Array]

_LARGEST_ROOT = 1e15
"""Larger activations are not squared, so that float32 holds the squares."""

_erf = np.vectorize(erf, otypes=[np.float64])


@dataclass(frozen=True, kw_only=True)
class Transfer:
    r"""An increasing function `y = s phi(A / s) >= 0` of a neuron's activation.

    Attributes
    ----------
    name : str
        One of `FUNCTIONS`.
    scale : float
        `s`: by what activations and values are larger than those that `name` is known for. A
        network whose hidden values are multiplied by `s` has it here, since only ReLU is the same
        at every scale.
    max_value : float or None
        Of ``"relu"``: the cap. None: there is none.
    threshold : float
        Of ``"relu"``: activations up to it give 0.
    alpha : float
        Of ``"elu"`` and ``"elu_off"``.

    Raises
    ------
    InvalidInputError
        If the name is not known, or a number is impossible.

    Examples
    --------
    >>> Transfer(name="relu", max_value=6.0).values(np.array([-1.0, 2, 9])).tolist()
    [0.0, 2.0, 6.0]
    >>> float(Transfer(name="sigmoid", scale=10.0).values(np.array(0.0)))
    5.0
    >>> Transfer(name="sigmoid", scale=10.0).formula
    '10 sigmoid(x / 10)'
    """

    name: str = "relu"
    scale: float = 1.0
    max_value: float | None = None
    threshold: float = 0.0
    alpha: float = 1.0

    def __post_init__(self) -> None:
        check_choice("the name of a transfer", self.name, FUNCTIONS)
        for field in ("scale", "max_value", "threshold", "alpha"):
            value, least = getattr(self, field), 0.0 if field == "threshold" else None
            if field == "max_value" and value is None:
                continue
            if not (is_number(value) and (value > 0 if least is None else value >= 0)):
                raise InvalidInputError(
                    f"transfer {self.name!r}: {field} must be a finite number "
                    f"{'greater than 0' if least is None else '>= 0'}, got {value!r}"
                )
            object.__setattr__(self, field, float(value))

    @property
    def is_relu(self) -> bool:
        """Whether it is ReLU without cap and threshold, which is the same at every scale."""
        return self.name == "relu" and self.max_value is None and not self.threshold

    @property
    def at_zero(self) -> float:
        """What it makes of the activation 0."""
        return float(self.values(np.zeros(())))

    @property
    def formula(self) -> str:
        """The function as text, of an activation ``x >= 0`` where it is 0 below."""
        name = self.name if self.alpha == 1 else f"{self.name} (alpha {self.alpha:g})"
        if self.name != "relu":
            return f"{name}(x)" if self.scale == 1 else f"{self.scale:g} {name}(x / {self.scale:g})"
        text = "x" if self.max_value is None else f"min(x, {self.scale * self.max_value:g})"
        return f"{text} if x > {self.scale * self.threshold:g}" if self.threshold else text

    def values(self, activation: Array, xp: ModuleType = np) -> Array:
        """`s phi(A / s)`, shape and type of `activation`; `xp` is numpy or ``keras.ops``."""
        if self.is_relu:
            return xp.maximum(activation, 0)
        return FUNCTIONS[self.name](self, activation / self.scale, xp) * self.scale


def _relu(transfer: Transfer, x: Array, xp: ModuleType) -> Array:
    y = xp.maximum(x, 0)
    if transfer.threshold:
        y = xp.where(x > transfer.threshold, y, 0 * y)
    return y if transfer.max_value is None else xp.minimum(y, transfer.max_value)


def _sigmoid(transfer: Transfer, x: Array, xp: ModuleType) -> Array:
    return 0.5 * (1 + xp.tanh(0.5 * x))


def _hard_sigmoid(transfer: Transfer, x: Array, xp: ModuleType) -> Array:
    return xp.clip(x / 6 + 0.5, 0, 1)


def _tanh(transfer: Transfer, x: Array, xp: ModuleType) -> Array:
    return xp.tanh(xp.maximum(x, 0))


def _softplus(transfer: Transfer, x: Array, xp: ModuleType) -> Array:
    return xp.maximum(x, 0) + xp.log1p(xp.exp(-xp.abs(x)))


def _elu(transfer: Transfer, x: Array, xp: ModuleType) -> Array:
    return xp.maximum(x, 0) + transfer.alpha * xp.exp(xp.minimum(x, 0))


def _elu_off(transfer: Transfer, x: Array, xp: ModuleType) -> Array:
    return transfer.alpha * (1 - xp.exp(-xp.maximum(x, 0)))


def _square(transfer: Transfer, x: Array, xp: ModuleType) -> Array:
    x = xp.clip(x, 0, _LARGEST_ROOT)
    return x * x


def _silu(x: Array, xp: ModuleType) -> Array:
    return x * 0.5 * (1 + xp.tanh(0.5 * x))


def _hard_silu(x: Array, xp: ModuleType) -> Array:
    return x * xp.clip(x / 6 + 0.5, 0, 1)


def _gelu(x: Array, xp: ModuleType) -> Array:
    return x * 0.5 * (1 + getattr(xp, "erf", _erf)(x / sqrt(2)))


def _gelu_tanh(x: Array, xp: ModuleType) -> Array:
    return x * 0.5 * (1 + xp.tanh(sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


_WITH_A_DIP = {
    # where the function is lowest: it falls before, and rises behind
    "silu": (_silu, -1.2784645427610738),
    "hard_silu": (_hard_silu, -1.5),
    "gelu": (_gelu, -0.7517915246935645),
    "gelu_tanh": (_gelu_tanh, -0.7524614220710162),
}


def _rise(name: str) -> _Function:
    function, lowest = _WITH_A_DIP[name]
    depth = -float(function(np.float64(lowest), np))

    def rise(transfer: Transfer, x: Array, xp: ModuleType) -> Array:
        return xp.maximum(function(xp.maximum(x, lowest), xp) + depth, 0)

    return rise


def _fall(name: str) -> _Function:
    function, lowest = _WITH_A_DIP[name]

    def fall(transfer: Transfer, x: Array, xp: ModuleType) -> Array:
        return xp.maximum(-function(xp.minimum(x, lowest), xp), 0)

    return fall


FUNCTIONS: dict[str, _Function] = {
    "relu": _relu,
    "sigmoid": _sigmoid,
    "hard_sigmoid": _hard_sigmoid,
    "tanh": _tanh,
    "softplus": _softplus,
    "elu": _elu,
    "elu_off": _elu_off,
    "square": _square,
    **{f"{name}_rise": _rise(name) for name in _WITH_A_DIP},
    **{f"{name}_fall": _fall(name) for name in _WITH_A_DIP},
}
"""All transfers by name. ``"tanh"`` is 0 for negative activations, ``"elu"`` is ELU plus `alpha`,
``"elu_off"`` what ELU is below 0 for negated activations, negated, ``"square"`` that of positive
activations, of which products consist; ``"silu_rise"`` and
``"silu_fall"`` add up to SiLU by `parts_of`, and so on for the others."""

RELU = Transfer()
"""The transfer of a layer that names none."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """One population of those that carry an activation together.

    Attributes
    ----------
    transfer : Transfer
    takes, gives : int
        Signs of the weights of its projections from the layers before, and to the layers behind:
        weights `W` become `takes W`, and a reader's weights `V` become `gives V`.
    """

    transfer: Transfer
    takes: int = 1
    gives: int = 1


CARRIED = ("relu", "sigmoid", "hard_sigmoid", "softplus", "tanh", "elu", *_WITH_A_DIP)
"""Activations that `parts_of` takes."""


def parts_of(activation: str, *, scale: float = 1.0, alpha: float = 1.0) -> tuple[Part, ...]:
    """The populations that carry an activation, one or two.

    Two populations take the same spikes, each by a projection of its own, and every reader has a
    projection from both: `f(A) = sum_k gives_k phi_k(takes_k A)`.

    Parameters
    ----------
    activation : str
        ``"relu"``, ``"sigmoid"``, ``"hard_sigmoid"``, ``"softplus"`` (one population), ``"tanh"``,
        ``"elu"``, ``"silu"``, ``"hard_silu"``, ``"gelu"``, ``"gelu_tanh"`` (two).
    scale, alpha : float, optional
        See `Transfer`.

    Raises
    ------
    InvalidInputError
        If it is another one.

    Examples
    --------
    >>> [(part.transfer.name, part.takes, part.gives) for part in parts_of("silu")]
    [('silu_rise', 1, 1), ('silu_fall', 1, -1)]
    >>> x = np.linspace(-5, 5, 11)
    >>> sum_ = sum(p.gives * p.transfer.values(p.takes * x) for p in parts_of("tanh"))
    >>> bool(np.allclose(sum_, np.tanh(x)))
    True
    """

    def part(name: str, takes: int = 1, gives: int = 1, **numbers: float) -> Part:
        return Part(transfer=Transfer(name=name, scale=scale, **numbers), takes=takes, gives=gives)

    check_choice("activation", activation, CARRIED)
    if activation in ("relu", "sigmoid", "hard_sigmoid", "softplus"):
        return (part(activation),)
    if activation == "tanh":
        return part("tanh"), part("tanh", -1, -1)
    if activation == "elu":
        return part("relu"), part("elu_off", -1, -1, alpha=alpha)
    return part(f"{activation}_rise"), part(f"{activation}_fall", 1, -1)


def check_transfer(population: "Population") -> None:
    """Raise `InvalidInputError` for a transfer where nothing codes it, or Eq. (6) lacks it."""
    name = population.transfer.name
    if population.transfer != RELU and not population.fires:
        raise InvalidInputError(
            f"layer {population.name!r} is read out without firing, so that nothing codes the "
            f"transfer {name!r}; leave it out, and apply it to the potentials"
        )
    if population.v_threshold and not population.transfer.is_relu:
        raise InvalidInputError(
            f"layer {population.name!r} has the transfer {name!r} and v_threshold="
            f"{population.v_threshold:g}, and Eq. (6) holds for ReLU alone; use v_threshold=0"
        )
