"""What a number, a count, a pair, a shape and a name may be, wherever they come from."""

import math
import unicodedata
from numbers import Real
from typing import Any

import numpy as np

from .errors import InvalidInputError

MOST = 2**31 - 1
"""Neurons and steps are counted in int32."""


def is_count(value: object, least: int = 1) -> bool:
    """Whether `value` is a whole number, and no bool, from `least` to `MOST`."""
    return (
        isinstance(value, int | np.integer)
        and not isinstance(value, bool)
        and bool(least <= value <= MOST)
    )


def check_count(name: str, value: object, least: int = 1) -> None:
    """Raise `InvalidInputError` unless `is_count`."""
    if not is_count(value, least):
        raise InvalidInputError(
            f"{name} must be a whole number of {least} or more, got {value!r:.80} (at most {MOST})"
        )


def check_pair(name: str, value: object, least: int = 1) -> None:
    """Raise `InvalidInputError` unless `value` is a pair of counts."""
    if not (isinstance(value, tuple) and len(value) == 2):
        raise InvalidInputError(f"{name} must be a pair of whole numbers, got {value!r:.80}")
    for number in value:
        check_count(name, number, least)


def check_shape(name: str, value: object) -> None:
    """Raise `InvalidInputError` unless `value` is a tuple of counts, of at most `MOST` together."""
    if not (isinstance(value, tuple) and value and all(map(is_count, value))):
        raise InvalidInputError(f"{name} must be a tuple of whole numbers >= 1, got {value!r:.80}")
    if math.prod(map(int, value)) > MOST:
        raise InvalidInputError(
            f"{name}={value!r} has more than {MOST} values, which is as far as neurons are counted"
        )


def is_real(value: object) -> bool:
    """Whether `value` is one real number, and no bool; it may be infinite or NaN."""
    return isinstance(value, Real) and not isinstance(value, bool)


def is_number(value: Any) -> bool:
    """Whether `value` is one finite real number, and no bool."""
    try:
        return is_real(value) and math.isfinite(value)
    except OverflowError:  # an int beyond floats
        return False


def check_name(what: str, value: object) -> None:
    """Raise `InvalidInputError` unless `value` is text that can be shown and written to files."""
    if not (isinstance(value, str) and value):
        raise InvalidInputError(f"{what} must be a string, got {value!r:.80}")
    for letter in value:
        # control characters, halves of a pair, ends of lines
        if unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp"):
            raise InvalidInputError(
                f"{what} {value!r:.80} holds the character {letter!r}, which cannot be shown or "
                "written; rename it"
            )
