"""What a number, an array, a choice, a shape and a name may be, wherever they come from."""

import math
import os
import unicodedata
from collections.abc import Callable, Iterable
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

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


_UNSHOWN = ("Cc", "Cs", "Zl", "Zp")
"""Control characters, halves of a pair, ends of lines."""

_TURNING = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
"""What turns the direction of the text behind it."""


def _is_shown(letter: str) -> bool:
    return (
        unicodedata.category(letter) not in _UNSHOWN
        and unicodedata.bidirectional(letter) not in _TURNING
    )


def shown(text: str, keep: str = "") -> str:
    """`text` with all but those of `keep` escaped that cannot be shown or that a terminal obeys."""
    return "".join(
        letter if _is_shown(letter) or letter in keep else letter.encode("unicode_escape").decode()
        for letter in text
    )


def check_name(what: str, value: object) -> None:
    """Raise `InvalidInputError` unless `value` is text that can be shown and written to files."""
    if not (isinstance(value, str) and value):
        raise InvalidInputError(f"{what} must be a string, got {value!r:.80}")
    for letter in value:
        if not _is_shown(letter):
            raise InvalidInputError(
                f"{what} {value!r:.80} holds the character {letter!r}, which cannot be shown or "
                "written; rename it"
            )


def check_kind(name: str, value: object, kind: type, remedy: str) -> None:
    """Raise `InvalidInputError` unless `value` is a `kind`."""
    if not isinstance(value, kind):
        raise InvalidInputError(
            f"{name} must be a {kind.__name__}, got {type(value).__name__}; {remedy}"
        )


def check_choice(name: str, value: object, choices: Iterable[str]) -> None:
    """Raise `InvalidInputError` unless `value` is one of the words `choices`."""
    words = tuple(choices)
    if not (isinstance(value, str) and value in words):
        listed = [repr(word) for word in words]
        which = " or ".join(listed) if len(words) == 2 else f"one of {', '.join(listed)}"
        raise InvalidInputError(f"{name} must be {which}, got {value!r:.80}")


def check_flag(name: str, value: object) -> None:
    """Raise `InvalidInputError` unless `value` is True or False."""
    if not isinstance(value, bool | np.bool_):
        raise InvalidInputError(
            f"{name} must be True or False (no number, no text), got {value!r:.80}"
        )


def check_function(name: str, value: Callable | None, what: str) -> None:
    """Raise `InvalidInputError` unless `value` is a function, or None; `what` it takes."""
    if value is not None and not callable(value):
        raise InvalidInputError(f"{name} must be a function of {what}, got {value!r:.80}")


def check_index(name: str, value: object, n: int) -> None:
    """Raise `InvalidInputError` unless `value` is a whole number from 0 to `n` - 1."""
    if not (is_count(value, 0) and 0 <= int(value) < n):  # type: ignore[call-overload]
        raise InvalidInputError(f"{name} must be a number from 0 to {n - 1}, got {value!r:.80}")


def real_array(name: str, values: ArrayLike) -> NDArray:
    """`values` as an array.

    Raises
    ------
    InvalidInputError
        If they are no real numbers or of different lengths, have a unit, or some are masked.
    """
    has_same_dimensions = getattr(values, "has_same_dimensions", None)  # of Brian2's quantities
    if has_same_dimensions is not None and not has_same_dimensions(1):
        raise InvalidInputError(
            f"{name} must be plain numbers, got some with the unit {values.dim}; divide "  # type: ignore[union-attr]
            "them by the unit that they are meant in"
        )
    if np.ma.is_masked(values):
        raise InvalidInputError(
            f"{name} holds masked values; say what stands for them, for example with .filled(0)"
        )
    try:
        array = np.asarray(values)
    except (ValueError, TypeError):
        raise InvalidInputError(
            f"{name} must be an array of numbers, and its parts differ in shape; give all of them "
            "the same"
        ) from None
    if array.dtype.kind not in "biuf":
        raise InvalidInputError(
            f"{name} must be an array of real numbers, got dtype {array.dtype}; convert it, for "
            "example with .astype(float)"
        )
    return array


def check_path(name: str, value: object) -> None:
    """Raise `InvalidInputError` unless `value` names a file; a number would be an open one."""
    if not (isinstance(value, str | os.PathLike) and "\0" not in str(value) and str(value)):
        raise InvalidInputError(
            f"{name} must be the path of a file, as a string or a pathlib.Path, got {value!r:.80}"
        )
