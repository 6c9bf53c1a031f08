"""Photographs of ImageNet, to count operations and to time simulations on."""

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .pictures import read_picture
from .places import DataNotFoundError, find_file


def photographs(
    n: int | None = None, side: int = 224, directory: str | os.PathLike | None = None
) -> NDArray[np.float32]:
    """Photographs (n, side, side, 3), values 0 .. 1: the 20 ImageNet ones that foolbox ships.

    Parameters
    ----------
    n : int, optional
        How many; all if not given.
    side : int, optional
        Pictures of another size are scaled to it.
    directory : path, optional
        A directory of ``.jpg`` files to take instead.

    Raises
    ------
    DataNotFoundError
        If there are none.
    InvalidInputError
        If one is damaged or something else.
    """
    if directory is None:
        first = find_file("imagenet_00_243.jpg", "foolbox", "data")
        paths = sorted(first.parent.glob("imagenet_*.jpg"))
    else:
        paths = sorted(Path(directory).glob("*.jpg"))
    if not paths:
        raise DataNotFoundError(f"{directory} holds no .jpg file; name a directory that does")
    return np.stack(
        [read_picture(path, str(path), size=(side, side), scaled=True) for path in paths[:n]]
    )
