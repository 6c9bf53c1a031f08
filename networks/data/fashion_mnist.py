"""Fashion-MNIST from its IDX files."""

import gzip
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tdsnn_brian.errors import InvalidInputError

from .dataset import Dataset
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
            for part in ("train", "test"):
                images = arrays[f"x_{part}"]
                arrays[f"x_{part}"] = images[..., None].astype(np.float32) / np.float32(255)
                arrays[f"y_{part}"] = arrays[f"y_{part}"].astype(np.int64)
            return Dataset(name="fashion-mnist", **arrays)
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
            content = file.read()
        n_axes = content[3]
        if content[:3] != b"\x00\x00\x08" or not 1 <= n_axes <= 4:
            raise ValueError("no IDX file of bytes")
        shape = np.frombuffer(content, ">u4", n_axes, 4).astype(int)
        return np.frombuffer(content, np.uint8, offset=4 + 4 * n_axes).reshape(shape)
    except (OSError, EOFError, ValueError, IndexError) as error:
        raise InvalidInputError(
            f"{path} cannot be read as an IDX file ({error}); it is damaged, so fetch it anew"
        ) from error
