"""CIFAR-10 stored as JPEG files."""

import io
import os
import zipfile
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from tdsnn_brian.errors import InvalidInputError, TDSNNError
from tdsnn_brian.whole_files import open_member, read_exactly

from .dataset import Dataset
from .pictures import read_picture
from .places import find_file

_LARGEST = 2**16
"""Bytes that a picture of 32 x 32 pixels does not need."""


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

    Raises
    ------
    DataNotFoundError
        If there is no such file.
    InvalidInputError
        If it or a picture in it is damaged or something else.
    """
    path = find_file("cifar10-jpeg.zip", directory=directory)
    try:
        with zipfile.ZipFile(path) as archive:
            files = sorted(
                (
                    PurePosixPath(name)
                    for name in archive.namelist()
                    if name.startswith(f"{part}/") and name.endswith(".jpg")
                ),
                key=lambda file: (file.name, file.parent.name),
            )[:n]
            if not files:
                raise ValueError(f"it holds no pictures {part}/<class>/NNNN.jpg")
            images = np.stack([_picture(archive, str(file)) for file in files])
    except TDSNNError:
        raise
    except Exception as error:  # whatever the bytes of a damaged file may lead to
        raise InvalidInputError(
            f"{path} cannot be read as CIFAR-10 in JPEG files ({error}); fetch it anew"
        ) from error
    classes = sorted({file.parent.name for file in files})
    return images, np.array([classes.index(file.parent.name) for file in files], np.int64)


def _picture(archive: zipfile.ZipFile, name: str) -> NDArray[np.float32]:
    member = archive.getinfo(name)
    if member.file_size > _LARGEST:
        raise ValueError(f"{name!r} has {member.file_size:,} bytes")
    with open_member(archive, member) as stream:
        content = io.BytesIO(read_exactly(stream, member.file_size))
    return read_picture(content, name, size=(32, 32))


def cifar10(directory: Path | None) -> Dataset:
    """All of CIFAR-10 stored as JPEG."""
    arrays = {}
    for part in ("train", "test"):
        arrays[f"x_{part}"], arrays[f"y_{part}"] = cifar10_part(part, directory=directory)
    return Dataset(name="cifar10-jpeg", **arrays)
