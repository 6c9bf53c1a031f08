"""What a data set is, and how arrays of a file become one."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tdsnn_brian.errors import InvalidInputError


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """Images (n, rows, columns, channels), float32 in 0 .. 1, and their labels (n,), int64."""

    name: str
    x_train: NDArray
    y_train: NDArray
    x_test: NDArray
    y_test: NDArray


def as_images(values: NDArray, shape: tuple[int, int, int], what: str) -> NDArray:
    """Bytes (n, rows, columns[, channels]) as float32 images (n, `*shape`) in 0 .. 1."""
    if values.dtype != np.uint8 or values.shape[1:] not in (shape, shape[:2]) or not len(values):
        raise InvalidInputError(
            f"{what} must be uint8 images (n, {shape[0]}, {shape[1]}), got {values.dtype} "
            f"{values.shape}; check that the file is the data set that its name says"
        )
    return values.reshape(-1, *shape).astype(np.float32) / np.float32(255)


def as_labels(values: NDArray, n_images: int, n_classes: int, what: str) -> NDArray:
    """Labels (n,) as int64, checked against the number of images and of classes."""
    if values.shape != (n_images,) or values.dtype.kind not in "iu":
        raise InvalidInputError(
            f"{what} must be {n_images} whole numbers, one an image, got {values.dtype} "
            f"{values.shape}; check that the file is the data set that its name says"
        )
    if values.min() < 0 or values.max() >= n_classes:
        raise InvalidInputError(
            f"{what} must lie in 0 .. {n_classes - 1}, got {values.min()} .. {values.max()}; "
            "check that the file is the data set that its name says"
        )
    return values.astype(np.int64)
