"""Results that are kept between runs, and count only while nothing that they depend on has changed.

The one rule for the runs of a report, the steps of ``paper`` and the parts of ``benchmark``: the
name of a file is a digest of the code, of the versions that it runs on, and of every value that
the result follows from.
"""

import json
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tdsnn_brian import networks
from tdsnn_brian.provenance import digest, package_digest, source_digest

from .output import write_json

SCHEMA = 1
_VERSIONS = ("numpy", "brian2", "keras", "jax", "jaxlib", "torch", "tensorflow", "spikingjelly")


@cache
def environment() -> dict:
    """The code that makes results, and what it runs on."""
    return {
        "tdsnn_brian": package_digest(),
        "networks": source_digest(Path(networks.__file__).parent),
        "validation": source_digest(Path(__file__).parent),
        "python": platform.python_version(),
        "machine": platform.machine(),
        **{name: _version(name) for name in _VERSIONS},
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def key(*depends) -> str:
    r"""Digest of everything that a result follows from.

    Parameters
    ----------
    \*depends
        Its values, as for `tdsnn_brian.provenance.digest`; the code and versions are added.
    """
    return digest(environment(), depends)


class Kept:
    """Results as JSON files in a folder.

    Parameters
    ----------
    folder : Path
        Made if it is not there.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def find(self, name: str, *depends) -> dict | None:
        r"""A result that was kept; None if there is none, or its file is not as it was written.

        Parameters
        ----------
        name : str
            What it is the result of.
        \*depends
            Everything that it follows from; see `key`.
        """
        of = key(*depends)
        try:
            found = json.loads(self._file(name, of).read_text(encoding="utf-8"))
            result = found["result"]
            whole = found == _entry(of, result)
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None
        return result if whole else None

    def keep(self, name: str, result: dict, *depends) -> dict:
        """Keep a result of plain values; returns it as `find` will."""
        of = key(*depends)
        plain = json.loads(json.dumps(result, allow_nan=False))
        write_json(_entry(of, plain), self._file(name, of))
        return plain

    def _file(self, name: str, of: str) -> Path:
        return self.folder / f"{name}-{of[:20]}.json"


def _entry(of: str, result: dict) -> dict:
    """What a file holds: a result, what it is of, and a digest to tell damage by."""
    return {"schema": SCHEMA, "key": of, "content": digest(result), "result": result}
