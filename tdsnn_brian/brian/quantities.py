"""Quantities that arguments may be."""

from typing import Any

from brian2 import Quantity, have_same_dimensions, second

from ..errors import InvalidInputError


def check_time(name: str, value: Quantity) -> Quantity:
    """Return `value`; raise `InvalidInputError` unless it is one finite time greater than 0."""
    numeric = isinstance(value, Quantity) and value.ndim == 0
    if not (numeric and have_same_dimensions(value, second)):
        raise InvalidInputError(
            f"{name} must be a time, got {value!r}; give it a unit, for example {name}=1*ms"
        )
    if not 0 < float(value) < float("inf"):
        raise InvalidInputError(f"{name} must be finite and greater than 0, got {value!r}")
    return value


def check_quantity(
    name: str, value: Any, dimension: Quantity, example: str, least: float | None = None
) -> None:
    """Raise `InvalidInputError` unless `value` is one finite quantity of a dimension."""
    numeric = isinstance(value, Quantity) and value.ndim == 0
    fits = numeric and have_same_dimensions(value, dimension)
    if not fits or not abs(float(value)) < float("inf"):
        raise InvalidInputError(
            f"{name} must be a finite quantity in {dimension!s}, got {value!r:.80}; pass for "
            f"example {name}={example}"
        )
    if least is not None and not float(value) > least:
        raise InvalidInputError(f"{name} must be greater than 0, got {value!s}")
