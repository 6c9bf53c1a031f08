"""The data sets to train and to measure on."""

import os
from collections.abc import Callable
from pathlib import Path

from tdsnn_brian.errors import InvalidInputError

from .cifar10 import cifar10 as cifar10_jpeg
from .dataset import Dataset
from .fashion_mnist import fashion_mnist
from .keras_datasets import cifar10, cifar100, mnist
from .places import find_directory

DATASETS: dict[str, Callable[[Path | None], Dataset]] = {
    "mnist": mnist,
    "fashion-mnist": fashion_mnist,
    "cifar10-jpeg": cifar10_jpeg,
    "cifar10": cifar10,
    "cifar100": cifar100,
}


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
    return DATASETS[name](find_directory(directory))
