"""Quantities that arguments may be."""

from typing import Any

from brian2 import Quantity, have_same_dimensions, second

from ..errors import InvalidInputError


def _is_one(value: Any, dimension: Quantity) -> bool:
    """Whether `value` is one quantity of a dimension."""
    is_quantity = isinstance(value, Quantity) and value.ndim == 0
    return is_quantity and have_same_dimensions(value, dimension)


def check_time(name: str, value: Quantity) -> Quantity:
    """Return `value`; raise `InvalidInputError` unless it is one finite time greater than 0."""
    if not _is_one(value, second):
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
    if not _is_one(value, dimension) or not abs(float(value)) < float("inf"):
        raise InvalidInputError(
            f"{name} must be a finite quantity in {dimension!s}, got {value!r:.80}; pass for "
            f"example {name}={example}"
        )
    if least is not None and not float(value) > least:
        raise InvalidInputError(f"{name} must be greater than 0, got {value!s}")
