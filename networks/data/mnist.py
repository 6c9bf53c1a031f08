"""Data sets to train and to measure on: from a directory, else through `keras.datasets`."""

import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tdsnn_brian.errors import InvalidInputError, TDSNNError

DATA_VARIABLE = "TDSNN_DATA"


class DataNotFoundError(TDSNNError, FileNotFoundError):
    """A data set is not where it was said to be, and could not be had otherwise."""


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """Images (n, rows, columns, channels), float32 in 0 .. 1, and their labels (n,), int64."""

    name: str
    x_train: NDArray
    y_train: NDArray
    x_test: NDArray
    y_test: NDArray


def load_dataset(name: str, directory: str | os.PathLike | None = None) -> Dataset:
    """Load a whole data set.

    Parameters
    ----------
    name : str
        A key of `DATASETS`.
    directory : path, optional
        Where its files are. Default: the environment variable ``TDSNN_DATA``; if that is not set
        either, the data set is left to `keras.datasets`, which keeps a copy once downloaded.

    Raises
    ------
    InvalidInputError
        If there is no data set of that name, or a file is damaged or holds something else.
    DataNotFoundError
        If the directory or the file in it does not exist, or `keras.datasets` fails.
    """
    if name not in DATASETS:
        raise InvalidInputError(
            f"data set {name!r} is not known; choose from {', '.join(sorted(DATASETS))}"
        )
    return DATASETS[name](_find_directory(directory))


def _find_directory(directory: str | os.PathLike | None) -> Path | None:
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


def _mnist(directory: Path | None) -> Dataset:
    if directory is None:
        arrays = _keras_mnist()
        origin = "keras.datasets.mnist"
    else:
        origin = directory / "mnist.npz"
        arrays = _read_npz(origin, ("x_train", "y_train", "x_test", "y_test"))
    images, labels = {}, {}
    for part in ("train", "test"):
        images[part] = as_images(arrays[f"x_{part}"], (28, 28, 1), f"x_{part} of {origin}")
        labels[part] = as_labels(
            arrays[f"y_{part}"], len(images[part]), 10, f"y_{part} of {origin}"
        )
    return Dataset(
        name="mnist",
        x_train=images["train"],
        y_train=labels["train"],
        x_test=images["test"],
        y_test=labels["test"],
    )


DATASETS: dict[str, Callable[[Path | None], Dataset]] = {"mnist": _mnist}


def _keras_mnist() -> dict[str, NDArray]:
    from keras.datasets import mnist

    try:
        (x_train, y_train), (x_test, y_test) = mnist.load_data()
    except Exception as error:
        raise DataNotFoundError(
            f"keras.datasets could not provide MNIST ({error}); put mnist.npz into a directory "
            f"and name it with --data or the environment variable {DATA_VARIABLE}"
        ) from error
    return {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}


def _read_npz(path: Path, keys: tuple[str, ...]) -> dict[str, NDArray]:
    try:
        with np.load(path, allow_pickle=False) as file:
            missing = [key for key in keys if key not in file]
            if missing:
                raise InvalidInputError(
                    f"{path} lacks {', '.join(missing)}; it must hold {', '.join(keys)}, "
                    "as keras.datasets writes them"
                )
            return {key: file[key] for key in keys}
    except FileNotFoundError:
        raise DataNotFoundError(
            f"{path} does not exist; put {path.name} there, or name another directory with "
            f"--data or the environment variable {DATA_VARIABLE}"
        ) from None
    except InvalidInputError:
        raise
    except (OSError, EOFError, ValueError, AttributeError, zipfile.BadZipFile) as error:
        raise InvalidInputError(
            f"{path} cannot be read as an .npz of arrays ({error}); it is damaged or something "
            "else, so fetch it anew"
        ) from error


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
