import gzip
import zipfile

import numpy as np
import pytest

from tdsnn_brian.errors import InvalidInputError
from tdsnn_brian.networks.data import DataNotFoundError, load_dataset
from tdsnn_brian.networks.data.cifar10 import cifar10_part
from tdsnn_brian.networks.data.fashion_mnist import FASHION_FILES, read_idx
from tdsnn_brian.networks.data.photographs import photographs
from tdsnn_brian.networks.data.places import find_file


def write_idx(path, values):
    header = bytes([0, 0, 8, values.ndim]) + np.array(values.shape, ">u4").tobytes()
    with gzip.open(path, "wb") as file:
        file.write(header + values.tobytes())


def test_fashion_mnist_from_idx_files(tmp_path):
    rng = np.random.default_rng(0)
    for key, name in FASHION_FILES.items():
        shape = (5, 28, 28) if key.startswith("x") else (5,)
        write_idx(tmp_path / name, rng.integers(0, 10, shape).astype(np.uint8))
    data = load_dataset("fashion-mnist", tmp_path)
    assert data.x_test.shape == (5, 28, 28, 1)
    assert data.x_train.dtype == np.float32
    assert 0 < data.x_train.max() <= 9 / 255 + 1e-6
    assert data.y_test.dtype == np.int64


@pytest.mark.parametrize("content", [b"", b"\0\0\x08\x01\0\0\0\x09ab", b"\0\0\x0d\x01\0\0\0\x01a"])
def test_a_damaged_idx_file_is_refused(tmp_path, content):
    path = tmp_path / "labels.gz"
    with gzip.open(path, "wb") as file:
        file.write(content)
    with pytest.raises(InvalidInputError, match=r"labels.gz cannot be read as an IDX file"):
        read_idx(path)


def cifar(tmp_path, n=3):
    from PIL import Image

    rng = np.random.default_rng(0)
    with zipfile.ZipFile(tmp_path / "cifar10-jpeg.zip", "w") as archive:
        for name in ("cat", "airplane"):
            for k in range(n):
                with archive.open(f"test/{name}/{k:04}.jpg", "w") as file:
                    pixels = rng.integers(0, 255, (32, 32, 3)).astype(np.uint8)
                    Image.fromarray(pixels).save(file, "JPEG")


def test_cifar10_takes_the_classes_in_turn(tmp_path):
    cifar(tmp_path)
    images, labels = cifar10_part("test", 3, tmp_path)
    assert images.shape == (3, 32, 32, 3)
    assert images.dtype == np.float32
    assert images.max() <= 1
    assert labels.tolist() == [0, 1, 0]


def test_photographs_are_scaled(tmp_path):
    from PIL import Image

    Image.new("RGB", (40, 30), (255, 0, 0)).save(tmp_path / "a.jpg")
    images = photographs(side=16, directory=tmp_path)
    assert images.shape == (1, 16, 16, 3)
    assert images[0, 8, 8, 0] > 0.95
    with pytest.raises(DataNotFoundError, match=r"no \.jpg"):
        photographs(directory=tmp_path / "nothing")


def test_what_is_missing_is_named(tmp_path, monkeypatch):
    monkeypatch.delenv("TDSNN_DATA", raising=False)
    with pytest.raises(DataNotFoundError, match=r"x\.ckpt .*TDSNN_DATA.*no_such_package"):
        find_file("x.ckpt", "no_such_package", ".", tmp_path)
