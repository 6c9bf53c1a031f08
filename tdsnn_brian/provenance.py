"""Digests of what a result depends on: code and values, by their content."""

import hashlib
import os
import struct
from collections.abc import Callable, Mapping, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from .errors import InvalidInputError

_PART = 2**24


@cache
def package_digest() -> str:
    """Of this package: its version and all of its sources and templates.

    Returns
    -------
    str
        64 hexadecimal digits; worked out once a process.
    """
    from . import __version__

    return digest(__version__, source_digest(Path(__file__).parent))


def source_digest(folder: Path) -> str:
    """Of all ``*.py`` files below a folder and all files in its folders named ``templates``."""
    sources = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and (path.suffix == ".py" or path.parent.name == "templates")
    }
    return digest(sources)


def digest(*values: object) -> str:
    r"""Of values, by their content; equal for equal content, whatever made it.

    Parameters
    ----------
    \*values
        None, numbers, strings, bytes, paths, arrays, members of an enumeration, dataclasses such
        as `SpikingNetwork`, and sequences, sets and mappings of them. A number of numpy's counts
        as Python's, a list as a tuple; mappings and sets have no order.

    Returns
    -------
    str
        64 hexadecimal digits.

    Raises
    ------
    InvalidInputError
        If a value is of another kind: what cannot be told apart by content is not hashed at all.

    Examples
    --------
    >>> digest(1, "a") == digest(1, "a")
    True
    >>> digest([1, 23]) == digest([12, 3])
    False
    """
    return _digest(values).hex()


def digest_by_parts(size: int, read: Callable[[int, int], Any]) -> bytes:
    """Of so many bytes, of which all processors hash parts at once.

    Parameters
    ----------
    size : int
    read : callable
        Gives the bytes from one position up to another as a buffer.
    """
    starts = range(0, size, _PART)

    def of_part(start: int) -> bytes:
        return hashlib.sha256(read(start, min(start + _PART, size))).digest()

    if len(starts) < 2:
        return of_part(0)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return hashlib.sha256(b"".join(pool.map(of_part, starts))).digest()


def _digest(value: object) -> bytes:
    kind, content = _described(value)
    state = hashlib.sha256(kind.encode())
    for part in content:
        view = memoryview(part)
        state.update(struct.pack("<q", view.nbytes))  # so that no two contents run together
        state.update(digest_by_parts(view.nbytes, lambda *ends, of=view: of[slice(*ends)]))
    return state.digest()


def _described(value: Any) -> tuple[str, list]:
    """What kind of value it is, and its content as buffers."""
    if isinstance(value, Enum):
        return f"enum {_class(value)}", [value.name.encode()]
    if isinstance(value, np.generic):
        value = value.item()
    if value is None:
        return "none", []
    if isinstance(value, bool | int):
        return type(value).__name__, [str(value).encode()]
    if isinstance(value, float):
        return "float", [struct.pack("<d", value)]
    if isinstance(value, str):
        return "str", [value.encode("utf-8", "surrogatepass")]
    if isinstance(value, bytes | bytearray):
        return "bytes", [value]
    if isinstance(value, Path):
        return "path", [str(value).encode("utf-8", "surrogatepass")]
    # other classes of arrays hold more than their numbers, a mask or a unit
    if type(value) in (np.ndarray, np.memmap) and not value.dtype.hasobject:
        values = np.ascontiguousarray(value).reshape(-1).view(np.uint8)
        return f"array {value.dtype!r} {value.shape}", [values]
    if isinstance(value, list | tuple):
        return "sequence", [_digest(item) for item in value]
    if isinstance(value, Set):
        return "set", sorted(_digest(item) for item in value)
    if isinstance(value, Mapping):
        items = sorted((_digest(key), _digest(item)) for key, item in value.items())
        return "mapping", [part for item in items for part in item]
    if is_dataclass(value) and not isinstance(value, type):
        held = {item.name: getattr(value, item.name) for item in fields(value)}
        return f"dataclass {_class(value)}", [_digest(held)]
    raise InvalidInputError(
        f"a {_class(value)} cannot be hashed by its content; pass numbers, strings, arrays, "
        "dataclasses, or lists and dicts of them"
    )


def _class(value: object) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}"
