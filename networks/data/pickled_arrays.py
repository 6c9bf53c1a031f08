"""Nested dicts of arrays from a pickle that is read as data: nothing in it is called.

The instructions of the file are followed by the few lines below and not by `pickle`. Those that a
dict of arrays does not need are refused; names of functions stay names; and an array is made by
`numpy.frombuffer` alone, of numbers alone, after its size was checked. All arrays together take no
more memory than the file, however often it names the same bytes.
"""

import io
import math
import os
import pickletools
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tdsnn_brian.arguments import shown
from tdsnn_brian.errors import InvalidInputError


def read_pickled_arrays(path: str | os.PathLike) -> dict:
    """Nested dicts of arrays, with numbers and strings between them.

    Raises
    ------
    InvalidInputError
        If the file is damaged or holds anything else.
    """
    try:
        content = _follow(Path(path).read_bytes())
        if not isinstance(content, dict):
            raise ValueError(f"it holds a {type(content).__name__}, not a dict")
        return content
    except Exception as error:  # whatever the bytes of a damaged file may lead to
        raise InvalidInputError(
            f"{path} cannot be read as a pickle of arrays ({shown(str(error))}); it is damaged or "
            "something else, so fetch it anew"
        ) from error


@dataclass(frozen=True)
class _Name:
    """Of something that the file asks for, and does not get."""

    text: str


@dataclass
class _DType:
    """A dtype that is still only described."""

    code: str
    byteorder: str = "="

    def resolve(self) -> np.dtype:
        """The dtype of numbers that it stands for."""
        if not re.fullmatch("b1|[iu][1248]|f[248]", self.code) or self.byteorder not in "<>=|":
            raise ValueError(f"it asks for numbers of type {self.byteorder + self.code!r}")
        return np.dtype(self.code).newbyteorder(self.byteorder)


@dataclass
class _Array:
    """An array that has no content yet, or has it."""

    values: NDArray | None = None


_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_LITERALS = {
    "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "BINUNICODE", "SHORT_BINUNICODE",
    "BINUNICODE8", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8",
}  # fmt: skip
_TUPLES = {"EMPTY_TUPLE": 0, "TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


def _follow(content: bytes):
    """What the instructions of a pickle leave behind."""
    stack: list = []
    marks: list[int] = []
    memo: dict = {}
    room = len(content)

    def pop(n: int) -> list:
        start = len(stack) - n
        if start < (marks[-1] if marks else 0):
            raise ValueError("it takes more than it holds")
        taken = stack[start:]
        del stack[start:]
        return taken

    def pop_to_mark() -> list:
        return pop(len(stack) - marks.pop())

    def put(made: _Array | _DType) -> None:
        nonlocal room
        if isinstance(made, _Array) and made.values is not None:
            room -= made.values.nbytes
        if room < 0:
            raise ValueError("its arrays hold more than the file")
        stack.append(made)

    for instruction, argument, _ in pickletools.genops(io.BytesIO(content)):
        match instruction.name:
            case "PROTO" | "FRAME":
                pass
            case "STOP":
                (result,) = pop(1)
                return result
            case name if name in _CONSTANTS:
                stack.append(_CONSTANTS[name])
            case name if name in _LITERALS:
                stack.append(argument)
            case name if name in _TUPLES:
                stack.append(tuple(pop(_TUPLES[name])))
            case "MARK":
                marks.append(len(stack))
            case "TUPLE":
                stack.append(tuple(pop_to_mark()))
            case "EMPTY_DICT":
                stack.append({})
            case "SETITEM":
                items = pop(2)
                _set_items(stack[-1], items)
            case "SETITEMS":
                items = pop_to_mark()
                _set_items(stack[-1], items)
            case "MEMOIZE":
                memo[len(memo)] = stack[-1]
            case "BINPUT" | "LONG_BINPUT":
                memo[argument] = stack[-1]
            case "BINGET" | "LONG_BINGET":
                stack.append(memo[argument])
            case "GLOBAL":
                stack.append(_Name(argument.replace(" ", ".")))
            case "STACK_GLOBAL":
                stack.append(_Name(".".join(pop(2))))
            case "REDUCE":
                put(_called(*pop(2)))
            case "BUILD":
                put(_completed(*pop(2)))
            case name:
                raise ValueError(f"its instruction {name} is not needed for arrays")
    raise ValueError("it has no end")


def _set_items(target, items: list) -> None:
    if not isinstance(target, dict):
        raise ValueError("it puts a value into something other than a dict")
    for key, value in zip(items[::2], items[1::2], strict=True):
        if isinstance(value, _Array):
            value = value.values
        if not isinstance(key, str) or not isinstance(value, dict | np.ndarray | str | int | float):
            raise ValueError(f"it has a {type(value).__name__} where an array should be")
        target[key] = value


def _called(function, arguments: tuple) -> "_Array | _DType":
    """What one of numpy's three functions would make: an empty array, a dtype, a whole array."""
    if not isinstance(function, _Name):
        raise ValueError(f"it calls a {type(function).__name__}")
    match function.text.replace("numpy._core", "numpy.core"):
        case "numpy.core.multiarray._reconstruct":
            return _Array()
        case "numpy.dtype":
            return _DType(*arguments[:1])
        case "numpy.core.numeric._frombuffer":
            return _Array(_array(*arguments))
        case name:
            raise ValueError(f"it asks for {name}, which is no array")


def _completed(target, state: tuple) -> "_Array | _DType":
    """An array or a dtype with the state that numpy gives it."""
    match target, state:
        case _DType(), (_, byteorder, None, None, None, *_):
            target.byteorder = byteorder
        case _Array(), (_, shape, dtype, fortran_order, content):
            target.values = _array(content, dtype, shape, "F" if fortran_order else "C")
        case _:
            raise ValueError(f"it gives a {type(target).__name__} a state that numbers do not have")
    return target


def _array(content: bytes, dtype: _DType, shape: tuple[int, ...], order: str) -> NDArray:
    of = dtype.resolve()
    if min(shape, default=1) < 0 or math.prod(shape) * of.itemsize != len(content):
        raise ValueError(f"it has {len(content):,} bytes for an array {shape} of {of}")
    return np.frombuffer(content, of).reshape(shape, order=order).copy(order="K")
