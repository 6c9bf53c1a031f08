import numpy as np
import pytest

from tdsnn_brian.networks import sample_digits


@pytest.fixture
def tiny_mnist(tmp_path):
    """A directory with an `mnist.npz` of 200 + 50 digits, taken from the shipped sample."""
    images, labels = sample_digits(250)
    pixels = np.round(images[..., 0] * 255).astype(np.uint8)
    write_mnist(tmp_path / "data", pixels[:200], labels[:200], pixels[200:], labels[200:])
    return tmp_path / "data"


def write_mnist(directory, x_train, y_train, x_test, y_test):
    directory.mkdir(exist_ok=True)
    np.savez(
        directory / "mnist.npz", x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test
    )
