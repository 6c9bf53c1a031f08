"""Colour pictures and garments: CIFAR-10 stored as JPEG, Fashion-MNIST, photographs."""

import gzip
import io
import os
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tdsnn_brian.errors import InvalidInputError

from .imagenet import find_file
from .mnist import DATA_VARIABLE, DATASETS, DataNotFoundError, Dataset

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


DATASETS["fashion-mnist"] = fashion_mnist


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


def _cifar10(directory: Path | None) -> Dataset:
    arrays = {}
    for part in ("train", "test"):
        arrays[f"x_{part}"], arrays[f"y_{part}"] = cifar10_part(part, directory=directory)
    return Dataset(name="cifar10-jpeg", **arrays)


DATASETS["cifar10-jpeg"] = _cifar10


def photographs(
    n: int | None = None, side: int = 224, directory: str | os.PathLike | None = None
) -> NDArray[np.float32]:
    """Photographs (n, side, side, 3), values 0 .. 1: the 20 ImageNet ones that foolbox ships.

    Parameters
    ----------
    n : int, optional
        How many; all if not given.
    side : int, optional
        Pictures of another size are scaled to it.
    directory : path, optional
        A directory of ``.jpg`` files to take instead.
    """
    from PIL import Image

    if directory is None:
        first = find_file("imagenet_00_243.jpg", "foolbox", "data")
        paths = sorted(first.parent.glob("imagenet_*.jpg"))
    else:
        paths = sorted(Path(directory).glob("*.jpg"))
    if not paths:
        raise DataNotFoundError(f"{directory} holds no .jpg file; name a directory that does")
    images = [
        Image.open(path).convert("RGB").resize((side, side), Image.BILINEAR) for path in paths[:n]
    ]
    return np.stack([np.asarray(image) for image in images]).astype(np.float32) / np.float32(255)
