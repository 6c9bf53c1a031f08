"""MNIST from ``mnist.npz``, else through `keras.datasets`."""

import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tdsnn_brian.errors import InvalidInputError

from .dataset import Dataset, as_images, as_labels
from .places import DATA_VARIABLE, DataNotFoundError


def mnist(directory: Path | None) -> Dataset:
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
