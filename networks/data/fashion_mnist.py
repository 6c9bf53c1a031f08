"""Fashion-MNIST from its IDX files."""

import gzip
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tdsnn_brian.errors import InvalidInputError
from tdsnn_brian.whole_files import read_exactly

from .dataset import Dataset, as_dataset
from .places import DATA_VARIABLE, DataNotFoundError

FASHION_FILES = {
    "x_train": "train-images-idx3-ubyte.gz",
    "y_train": "train-labels-idx1-ubyte.gz",
    "x_test": "t10k-images-idx3-ubyte.gz",
    "y_test": "t10k-labels-idx1-ubyte.gz",
}
DEBIAN_FASHION = Path("/usr/share/datasets/fashion-mnist")


def fashion_mnist(directory: Path | None = None) -> Dataset:
    """Fashion-MNIST from its IDX files: in `directory`/fashion-mnist, `directory`, or Debian's."""
    places = [directory / "fashion-mnist", directory] if directory else []
    for place in [*places, DEBIAN_FASHION]:
        if (place / FASHION_FILES["x_train"]).is_file():
            arrays = {key: read_idx(place / name) for key, name in FASHION_FILES.items()}
            return as_dataset("fashion-mnist", arrays, (28, 28, 1), 10, str(place))
    raise DataNotFoundError(
        f"{FASHION_FILES['x_train']} is neither in {DEBIAN_FASHION} nor in the directory that "
        f"{DATA_VARIABLE} names; install the Debian package dataset-fashion-mnist, or put the "
        "four IDX files there"
    )


def read_idx(path: Path) -> NDArray[np.uint8]:
    """Bytes of a gzipped IDX file in the shape that its header says.

    Raises
    ------
    InvalidInputError
        If the file is truncated, damaged or something else.
    """
    try:
        with gzip.open(path) as file:
            *start, n_axes = file.read(4)
            if start != [0, 0, 8] or not 1 <= n_axes <= 4:
                raise ValueError("no IDX file of bytes")
            shape = np.frombuffer(file.read(4 * n_axes), ">u4", n_axes).tolist()
            size = int(np.prod(shape, dtype=object))
            return read_exactly(file, size).reshape(shape)
    except Exception as error:  # whatever the bytes of a damaged file may lead to
        raise InvalidInputError(
            f"{path} cannot be read as an IDX file ({error}); it is damaged, so fetch it anew"
        ) from error
