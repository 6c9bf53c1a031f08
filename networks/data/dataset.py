"""What a data set is, and how arrays of a file become one."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tdsnn_brian.errors import InvalidInputError
from tdsnn_brian.whole_files import ArrayHeader

PARTS = ("x_train", "y_train", "x_test", "y_test")
"""Images x and labels y: the names of arrays in a file, and of the fields of a `Dataset`."""


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """Images (n, rows, columns, channels), float32 in 0 .. 1, and their labels (n,), int64."""

    name: str
    x_train: NDArray
    y_train: NDArray
    x_test: NDArray
    y_test: NDArray


def as_dataset(
    name: str,
    arrays: Mapping[str, NDArray],
    shape: tuple[int, int, int],
    n_classes: int,
    origin: str,
) -> Dataset:
    """A data set from bytes.

    Parameters
    ----------
    name : str
    arrays : mapping of str to ndarray
        By `PARTS`: bytes (n, rows, columns[, channels]), and whole numbers (n,).
    shape : tuple of int
        Of one image: rows, columns, channels.
    n_classes : int
    origin : str
        Where they come from, for the message of an error.

    Raises
    ------
    InvalidInputError
        If an array has another shape or type, or a label is no class.
    """
    check_arrays(arrays, shape, origin)
    found: dict[str, NDArray] = {}
    for part in ("train", "test"):
        images, labels = arrays[f"x_{part}"], arrays[f"y_{part}"]
        if labels.min() < 0 or labels.max() >= n_classes:
            raise InvalidInputError(
                f"y_{part} of {origin} must lie in 0 .. {n_classes - 1}, got {labels.min()} .. "
                f"{labels.max()}; check that the file is the data set that its name says"
            )
        found[f"x_{part}"] = images.reshape(-1, *shape).astype(np.float32) / np.float32(255)
        found[f"y_{part}"] = labels.reshape(-1).astype(np.int64)
    return Dataset(name=name, **found)


def check_arrays(
    arrays: Mapping[str, NDArray | ArrayHeader], shape: tuple[int, int, int], origin: str
) -> None:
    """Refuse arrays, read or still in a file, that are no images of that shape and their labels."""
    for part in ("train", "test"):
        images, labels = arrays[f"x_{part}"], arrays[f"y_{part}"]
        if (
            images.dtype != np.uint8
            or images.shape[1:] not in (shape, shape[:2])
            or 0 in images.shape
        ):
            raise InvalidInputError(
                f"x_{part} of {origin} must be uint8 images (n, {shape[0]}, {shape[1]}), got "
                f"{images.dtype} {images.shape}; check that the file is the data set that its "
                "name says"
            )
        if (
            labels.shape not in (images.shape[:1], (*images.shape[:1], 1))
            or labels.dtype.kind not in "iu"
        ):
            raise InvalidInputError(
                f"y_{part} of {origin} must be {images.shape[0]} whole numbers, one an image, got "
                f"{labels.dtype} {labels.shape}; check that the file is the data set that its "
                "name says"
            )
