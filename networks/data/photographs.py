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
        paths = _of_foolbox()
    else:
        paths = sorted(Path(directory).glob("*.jpg"))
    if not paths:
        raise DataNotFoundError(f"{directory} holds no .jpg file; name a directory that does")
    return np.stack(
        [read_picture(path, str(path), size=(side, side), scaled=True) for path in paths[:n]]
    )


def labelled_crops(
    crops: int = 8, side: int = 224, seed: int = 0
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Crops of the 20 photographs that foolbox ships, with their ImageNet labels.

    Of each (they are square), scaled to 8/7 of `side`, the middle and `crops` others drawn
    by chance, half of them mirrored.

    Returns
    -------
    images : ndarray of float32
        (20 (1 + crops), side, side, 3), values 0 .. 1; the first 20 are the middles.
    labels : ndarray of int64
    """
    rng = np.random.default_rng(seed)
    larger = side * 8 // 7
    paths = _of_foolbox()
    labels = [int(path.stem.rpartition("_")[2]) for path in paths]
    photos = [read_picture(path, str(path), size=(larger, larger), scaled=True) for path in paths]
    middle = (larger - side) // 2
    images = [photo[middle : middle + side, middle : middle + side] for photo in photos]
    for _ in range(crops):
        for photo in photos:
            top, left = rng.integers(larger - side + 1, size=2)
            crop = photo[top : top + side, left : left + side]
            images.append(crop[:, ::-1] if rng.random() < 0.5 else crop)
    return np.stack(images), np.tile(np.array(labels, np.int64), 1 + crops)


def _of_foolbox() -> list[Path]:
    first = find_file("imagenet_00_243.jpg", "foolbox", "data")
    return sorted(first.parent.glob("imagenet_*.jpg"))
