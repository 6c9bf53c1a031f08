"""Files of arrays that are read only if they are whole, and files that are written whole.

What a file says of itself is checked before anything is read by it: a small file must not fill the
memory, and nothing in it is ever executed.
"""

import math
import os
import stat
import zipfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, Literal

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from .arguments import shown
from .errors import InvalidInputError, TDSNNError
from .machine import available_bytes
from .provenance import digest_by_parts

ALONE = ""
"""Name of the array of an ``.npy`` file, which gives it none."""

_PIECE = 2**20
_LONGEST_HEADER = 2**16  # of an array


@dataclass(frozen=True)
class ArrayHeader:
    """What a file says of one of its arrays."""

    shape: tuple[int, ...]
    dtype: np.dtype
    fortran_order: bool

    @property
    def nbytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize


def read_arrays(
    path: str | os.PathLike,
    *,
    what: str = "arrays",
    remedy: str,
    names: Collection[str] | None = None,
    check: Callable[[Mapping[str, ArrayHeader]], None] = lambda headers: None,
    error: type[TDSNNError] = InvalidInputError,
) -> dict[str, NDArray]:
    """Arrays of numbers from an ``.npy`` or ``.npz`` file that somebody hands over.

    Parameters
    ----------
    path : path
    what, remedy : str
        What the file should be, and what to do if it is not, for the message of an error.
    names : collection of str, optional
        Those wanted of an ``.npz``; what else it holds is not looked at. Default: all.
    check : callable, optional
        Given the header of each wanted array that is there, before any is read; it raises if one
        does not fit.
    error : type of TDSNNError, optional
        What is raised if the file cannot be read.

    Returns
    -------
    dict of str to ndarray
        In the order of the file; those of `names` that are not there are left out. The array of
        an ``.npy`` file is called `ALONE`.

    Raises
    ------
    TDSNNError
        If the file is damaged, is something else, holds anything but numbers, takes more memory
        than is free, or does not pass `check`.
    """
    try:
        with open(path, "rb") as file:
            magic = file.read(6)
            file.seek(0)
            if magic == npy.MAGIC_PREFIX:
                header = _read_header(file, os.fstat(file.fileno()).st_size)
                check({ALONE: header})
                return {ALONE: _read_array(file, header)}
            if magic[:4] != b"PK\x03\x04":
                raise ValueError("it is neither an .npy nor an .npz file")
            with zipfile.ZipFile(file) as archive:
                return _read_archive(archive, names, check)
    except TDSNNError:
        raise
    except Exception as problem:  # whatever the bytes of a damaged file may lead to
        reason = shown(str(problem)) or type(problem).__name__
        raise error(f"{path} cannot be read as {what} ({reason}); {remedy}") from problem


def _read_archive(
    archive: zipfile.ZipFile,
    names: Collection[str] | None,
    check: Callable[[Mapping[str, ArrayHeader]], None],
) -> dict[str, NDArray]:
    members = {}
    for member in archive.infolist():
        name = member.filename.removesuffix(".npy")
        if name != member.filename and (names is None or name in names):
            members[name] = member
    headers = {}
    for name, member in members.items():
        with open_member(archive, member) as stream:
            headers[name] = _read_header(stream, member.file_size, f"array {name!r}")
    check(headers)
    _check_memory(sum(header.nbytes for header in headers.values()))
    arrays = {}
    for name, member in members.items():
        with open_member(archive, member) as stream:
            arrays[name] = _read_array(stream, _read_header(stream, member.file_size))
    return arrays


def open_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> IO[bytes]:
    """A member to read, piece by piece; the other compressions unpack all of it at once."""
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError(f"{member.filename!r} is neither stored nor deflated")
    return archive.open(member)


def _read_header(stream: IO[bytes], size: int, which: str = "its array") -> ArrayHeader:
    """The header of a stream of `size` bytes, which must be what the header needs."""
    version: tuple[int, int] = npy.read_magic(stream)  # type: ignore[no-untyped-call]
    if version not in _HEADERS:
        raise ValueError(f"{which} has format {version}, which numbers do not need")
    shape, fortran_order, dtype = _HEADERS[version](_Beginning(stream))
    if dtype.kind not in "biuf":
        raise ValueError(f"{which} has dtype {dtype}, which is not of numbers")
    header = ArrayHeader(shape=shape, dtype=dtype, fortran_order=fortran_order)
    held = size - stream.tell()
    if min(shape, default=1) < 0 or held != header.nbytes:
        raise ValueError(
            f"{which} holds {held:,} bytes, and {shape} of {dtype} would take {header.nbytes:,}"
        )
    return header


class _Beginning:
    """A stream of which no more is read at once than a header may have."""

    def __init__(self, stream: IO[bytes]):
        self.stream = stream

    def read(self, size: int) -> bytes:
        if size > _LONGEST_HEADER:
            raise ValueError(f"its header is said to have {size:,} bytes")
        return self.stream.read(size)


_HEADERS: dict[tuple[int, int], Callable[[_Beginning], tuple[Any, bool, np.dtype]]] = {
    (1, 0): npy.read_array_header_1_0,
    (2, 0): npy.read_array_header_2_0,
}


def _read_array(stream: IO[bytes], header: ArrayHeader) -> NDArray:
    content = read_exactly(stream, header.nbytes)
    order: Literal["F", "C"] = "F" if header.fortran_order else "C"
    return content.view(header.dtype).reshape(header.shape, order=order)


def read_exactly(stream: IO[bytes], size: int) -> NDArray[np.uint8]:
    """The `size` bytes that are left of a stream.

    Raises
    ------
    ValueError
        If there are more or fewer.
    MemoryError
        If they take more memory than is free.
    """
    _check_memory(size)
    content = np.empty(size, np.uint8)
    for start in range(0, size, _PIECE):
        piece = stream.read(min(_PIECE, size - start))
        if start + len(piece) < min(start + _PIECE, size):
            raise ValueError(f"it ends after {start + len(piece):,} bytes of {size:,}")
        content[start : start + len(piece)] = np.frombuffer(piece, np.uint8)
    if stream.read(1):
        raise ValueError(f"it goes on after the {size:,} bytes that it says it has")
    return content


def _check_memory(size: int) -> None:
    free = available_bytes() or math.inf
    if size > free:
        raise MemoryError(f"it takes {size / 2**30:.1f} GiB, and {free / 2**30:.1f} GiB are free")


@contextmanager
def replacing(path: str | os.PathLike) -> Iterator[Path]:
    """A file to write in place of `path`; an old file stays until the new one is whole.

    A link stays one, and what it leads to is replaced; who may read and write stays too. Any number
    of threads and processes may write to one path: one of their files stands there in the end.

    Yields
    ------
    Path
        A path with the same name in a folder of its own. If the block ends without an error, the
        file there takes the place of `path`; otherwise nothing is left of it.

    Raises
    ------
    InvalidInputError
        If something other than a file stands at `path`.
    OSError
        If nothing can be written there.
    """
    path = Path(os.path.realpath(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else None
    if mode is not None and not path.is_file():
        raise InvalidInputError(f"{path} is no file that could be replaced; name another path")
    with _interrupts_shown(), TemporaryDirectory(dir=path.parent, prefix=".writing-") as folder:
        draft = Path(folder, path.name)
        yield draft
        if mode is not None:
            draft.chmod(mode)
        sync(draft)
        os.replace(draft, path)
    sync(path.parent)


@contextmanager
def _interrupts_shown() -> Iterator[None]:
    """Raise a Ctrl-C as itself, which an archive's or a folder's end may hide behind an error."""
    try:
        yield
    except Exception as error:
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, KeyboardInterrupt):
            cause = cause.__context__
        if cause is not None:
            raise cause from None
        raise


def described(path: Path) -> list:
    """Size, digest and right to execute; nothing but a regular file is opened."""
    status = path.lstat()
    if not stat.S_ISREG(status.st_mode):
        raise ValueError(f"{path.name} is no file")
    with path.open("rb") as file:
        found = digest_by_parts(
            status.st_size, lambda start, stop: os.pread(file.fileno(), stop - start, start)
        )
    return [status.st_size, found.hex(), bool(status.st_mode & stat.S_IXUSR)]


def sync(path: Path) -> None:
    """Wait until a file, or the names in a directory, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_text(text: str, path: str | os.PathLike) -> None:
    """Write a text file, all of it or nothing."""
    with replacing(path) as draft:
        draft.write_text(text, encoding="utf-8")
