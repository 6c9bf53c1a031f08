"""Where compiled programs are kept: found by content, checked before each use, and evicted.

An entry is a directory named by the digest of all that the program depends on. Its manifest has the
size and the digest of every file that counts: what differs from it is compiled anew.
"""

import fcntl
import json
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ...arguments import is_real
from ...errors import CacheError, InvalidInputError
from ...provenance import digest
from ...whole_files import described, sync

DIRECTORY_VARIABLE = "TDSNN_CACHE"
SIZE_VARIABLE = "TDSNN_CACHE_GIB"
AGE_VARIABLE = "TDSNN_CACHE_DAYS"

_DEFAULT_GIB, _DEFAULT_DAYS = 20.0, 90.0
_MANIFEST = "manifest.json"
_BUILDING = ".building-"
_DAY = 86400.0


def cache_directory() -> Path:
    """Where programs are kept: ``TDSNN_CACHE``, else ``tdsnn-brian`` in the user's cache.

    It is made if it is not there, and may be deleted at any time; programs are then compiled anew.

    Raises
    ------
    CacheError
        If it cannot be made, or others may write to it: its programs are run.
    """
    directory, source = _chosen_directory()
    if not directory.is_absolute():
        raise CacheError(
            f"{source} must be an absolute path, got {str(directory)!r}; write for example "
            f"{str(Path.cwd() / directory)!r}"
        )
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = directory.stat()
    except OSError as error:
        raise CacheError(
            f"compiled programs cannot be kept in {str(directory)!r} ({source}): "
            f"{error.strerror}; name another directory in {DIRECTORY_VARIABLE}"
        ) from None
    if status.st_uid != os.geteuid():
        whose = f"belongs to another user (uid {status.st_uid})"
    elif status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        whose = "may be written to by other users"
    else:
        return directory
    raise CacheError(
        f"compiled programs are not kept in {str(directory)!r} ({source}), which {whose} who "
        f"could change what is run; use chmod go-w, or name another directory in "
        f"{DIRECTORY_VARIABLE}"
    )


def _chosen_directory() -> tuple[Path, str]:
    for variable, below in ((DIRECTORY_VARIABLE, ""), ("XDG_CACHE_HOME", "tdsnn-brian")):
        if chosen := os.environ.get(variable):
            return Path(chosen, below), variable
    try:
        return Path.home() / ".cache" / "tdsnn-brian", "the user's cache"
    except RuntimeError:
        raise CacheError(
            "there is no home directory to keep compiled programs in; name a directory in "
            f"{DIRECTORY_VARIABLE}"
        ) from None


def find(key: str) -> tuple[Path, Any] | None:
    """The entry of that key and what was kept with it; None, and no entry, if it is damaged."""
    entry = cache_directory() / key
    if not os.path.lexists(entry):
        return None
    try:
        content = _checked(entry, key)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        discard(entry)
        return None
    with suppress(OSError):
        os.utime(entry / _MANIFEST)  # when it was used last
    return entry, content["about"]


def _checked(entry: Path, key: str) -> dict:
    manifest = json.loads(_read(entry / _MANIFEST))
    content = manifest["content"]
    if manifest["digest"] != digest(content) or content["key"] != key:
        raise ValueError("the manifest is not as it was written")
    for name, known in content["files"].items():
        if known != described(entry / name):
            raise ValueError(f"{name} is not as it was written")
    return content


def is_cut_short(entry: Path) -> bool:
    """Whether a file of an entry has another size than it was kept with, or is gone.

    A program reads its files after they were checked, and does not see where one ends.
    """
    try:
        files = json.loads(_read(entry / _MANIFEST))["content"]["files"]
        return any((entry / name).stat().st_size != known[0] for name, known in files.items())
    except (OSError, ValueError, KeyError, TypeError):
        return True


def _read(path: Path) -> bytes:
    if not stat.S_ISREG(path.lstat().st_mode):
        raise ValueError(f"{path.name} is no file")
    return path.read_bytes()


@contextmanager
def building() -> Iterator[Path]:
    """A new directory to build an entry in; removed at the end unless it was kept."""
    directory = cache_directory()
    try:
        path = Path(tempfile.mkdtemp(dir=directory, prefix=_BUILDING))
    except OSError as error:
        raise CacheError(
            f"compiled programs cannot be kept in {str(directory)!r}: {error.strerror}; make room "
            f"there or let it be written to, or name another directory in {DIRECTORY_VARIABLE}"
        ) from None
    handle = os.open(path, os.O_RDONLY)
    try:
        with suppress(OSError):  # where directories cannot be locked, age tells
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(handle)


def keep(path: Path, key: str, files: list[str], about: Any) -> Path:
    """Make an entry of what was built in `path`.

    Parameters
    ----------
    path : Path
        Of `building`.
    key : str
    files : list of str
        Names below `path` of what the program needs; all else is removed.
    about : object
        What `find` gives back; anything that JSON can hold.

    Returns
    -------
    Path
        Of the entry, which somebody else may have made meanwhile.
    """
    entry = path.parent / key
    try:
        _remove_others(path, files)
        content = {
            "key": key,
            "files": {name: described(path / name) for name in files},
            "about": about,
        }
        content = json.loads(json.dumps(content))
        manifest = json.dumps({"content": content, "digest": digest(content)})
        (path / _MANIFEST).write_text(manifest)
        for each in [*path.rglob("*"), path]:
            sync(each)
        try:
            path.rename(entry)
        except OSError:
            if find(key) is None:  # else somebody was quicker
                raise
        sync(entry.parent)
    except OSError as error:
        raise CacheError(
            f"the compiled program cannot be kept in {str(entry.parent)!r}: {error.strerror}; make "
            f"room there, or name another directory in {DIRECTORY_VARIABLE}"
        ) from None
    return entry


def _remove_others(path: Path, files: list[str]) -> None:
    kept = {path / name for name in files}
    for each in sorted(path.rglob("*"), reverse=True):  # what is in a directory before it
        if each.is_dir() and not each.is_symlink():
            with suppress(OSError):
                each.rmdir()  # if it is empty
        elif each not in kept:
            each.unlink()


def discard(entry: Path) -> None:
    """Remove an entry, at once for those who look for it."""
    try:
        if entry.is_dir() and not entry.is_symlink():
            aside = Path(tempfile.mkdtemp(dir=entry.parent, prefix=_BUILDING))
            try:
                entry.rename(aside / entry.name)
            finally:
                shutil.rmtree(aside, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)
    except FileNotFoundError:
        pass  # somebody else removed it
    except OSError as error:
        raise CacheError(
            f"the damaged program {str(entry)!r} cannot be removed: {error.strerror}; remove it, "
            f"or name another directory in {DIRECTORY_VARIABLE}"
        ) from None


def trim_cache(max_bytes: float | None = None, max_days: float | None = None) -> int:
    """Remove what is left of interrupted builds, and programs that have not been used for long.

    Parameters
    ----------
    max_bytes : float, optional
        Size to keep to, by removing those first that were not used for longest; if not given that
        of ``TDSNN_CACHE_GIB`` in GiB, else 20 GiB.
    max_days : float, optional
        Days after which an unused program goes; if not given ``TDSNN_CACHE_DAYS``, else 90.

    Returns
    -------
    int
        Bytes that were removed.

    Raises
    ------
    InvalidInputError
        If one of them is no number of 0 or more.
    """
    for name, value in (("max_bytes", max_bytes), ("max_days", max_days)):
        if value is not None and not (is_real(value) and value >= 0):
            raise InvalidInputError(
                f"{name} must be a number of 0 or more, got {value!r:.80}; leave it out for the "
                "usual one"
            )
    if max_bytes is None:
        max_bytes = _number(SIZE_VARIABLE, _DEFAULT_GIB) * 2**30
    if max_days is None:
        max_days = _number(AGE_VARIABLE, _DEFAULT_DAYS)
    removed, entries = 0, []
    for path in cache_directory().iterdir():
        try:
            if path.name.startswith(_BUILDING):
                if _is_abandoned(path):
                    removed += _size(path)
                    shutil.rmtree(path, ignore_errors=True)
            elif (path / _MANIFEST).is_file():
                entries.append(((path / _MANIFEST).stat().st_mtime, _size(path), path))
        except FileNotFoundError:
            continue  # somebody else removed it
    left = sum(size for _, size, _ in entries)
    for used, size, path in sorted(entries):
        if left > max_bytes or time.time() - used > max_days * _DAY:
            discard(path)
            left -= size
            removed += size
    return removed


def _number(variable: str, default: float) -> float:
    text = os.environ.get(variable) or default
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not value >= 0:
        raise CacheError(
            f"{variable} must be a number of 0 or more, got {text!r}; unset it, or "
            f"write for example {variable}={default:g}"
        )
    return value


def _size(path: Path) -> int:
    return sum(each.lstat().st_size for each in path.rglob("*") if each.is_file())


def _is_abandoned(path: Path) -> bool:
    """Whether who was building there has ended; a minute old, as a new one is not locked yet."""
    age = time.time() - path.stat().st_mtime
    handle = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return age > _DAY
    finally:
        os.close(handle)
    return age > 60
