"""CIFAR-10 stored as JPEG files."""

import io
import os
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tdsnn_brian.errors import InvalidInputError

from .dataset import Dataset
from .places import find_file


def cifar10_part(
    part: str, n: int | None = None, directory: str | os.PathLike | None = None
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Images of CIFAR-10 stored as JPEG (lossy), the first ones of every class in turn.

    Parameters
    ----------
    part : {"train", "test"}
    n : int, optional
        How many; all if not given.
    directory : path, optional
        Where ``cifar10-jpeg.zip`` with ``{train,test}/<class>/NNNN.jpg`` is; default: the
        environment variable ``TDSNN_DATA``.

    Returns
    -------
    images : ndarray of float32 (n, 32, 32, 3)
        Values 0 .. 1.
    labels : ndarray of int64 (n,)
        Classes in alphabetical order, which is CIFAR-10's.
    """
    from PIL import Image

    path = find_file("cifar10-jpeg.zip", directory=directory)
    try:
        with zipfile.ZipFile(path) as archive:
            names = sorted(
                (Path(name).name, Path(name).parent.name, name)
                for name in archive.namelist()
                if name.startswith(f"{part}/") and name.endswith(".jpg")
            )[:n]
            classes = sorted({folder for _, folder, _ in names})
            images = np.stack(
                [np.asarray(Image.open(io.BytesIO(archive.read(name))).convert("RGB"))
                 for _, _, name in names]
            )
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise InvalidInputError(
            f"{path} cannot be read as CIFAR-10 in JPEG files ({error}); fetch it anew"
        ) from error
    labels = np.array([classes.index(folder) for _, folder, _ in names], np.int64)
    return images.astype(np.float32) / np.float32(255), labels


def cifar10(directory: Path | None) -> Dataset:
    arrays = {}
    for part in ("train", "test"):
        arrays[f"x_{part}"], arrays[f"y_{part}"] = cifar10_part(part, directory=directory)
    return Dataset(name="cifar10-jpeg", **arrays)
