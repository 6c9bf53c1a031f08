"""MNIST from ``mnist.npz``, else through `keras.datasets`."""

from collections.abc import Mapping
from pathlib import Path

from numpy.typing import NDArray

from tdsnn_brian.errors import InvalidInputError
from tdsnn_brian.whole_files import ArrayHeader, read_arrays

from .dataset import PARTS, Dataset, as_dataset, check_arrays
from .places import DATA_VARIABLE, DataNotFoundError

SHAPE = (28, 28, 1)


def mnist(directory: Path | None) -> Dataset:
    """MNIST from `directory`, or from `keras.datasets` where there is none."""
    if directory is None:
        return as_dataset("mnist", _keras_mnist(), SHAPE, 10, "keras.datasets.mnist")
    path = directory / "mnist.npz"
    return as_dataset("mnist", _read(path), SHAPE, 10, str(path))


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


def _read(path: Path) -> dict[str, NDArray]:
    if not path.is_file():
        raise DataNotFoundError(
            f"{path} does not exist; put {path.name} there, or name another directory with "
            f"--data or the environment variable {DATA_VARIABLE}"
        )

    def check(headers: Mapping[str, ArrayHeader]) -> None:
        if missing := [name for name in PARTS if name not in headers]:
            raise InvalidInputError(
                f"{path} lacks {', '.join(missing)}; it must hold {', '.join(PARTS)}, "
                "as keras.datasets writes them"
            )
        check_arrays(headers, SHAPE, str(path))

    return read_arrays(
        path,
        what="MNIST",
        remedy="it is damaged or something else, so fetch it anew",
        names=PARTS,
        check=check,
    )
