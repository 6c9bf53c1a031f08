import os
import subprocess
import sys

import numpy as np
import pytest

from tdsnn_brian.errors import InvalidInputError
from tdsnn_brian.networks import sample_digits
from tdsnn_brian.networks.data.sample import SAMPLE


def test_a_thousand_digits_ship():
    images, labels = sample_digits()
    assert images.shape == (1000, 28, 28, 1)
    assert images.dtype == np.float32
    assert images.min() == 0
    assert images.max() == 1
    assert np.bincount(labels).tolist() == [85, 126, 116, 107, 110, 87, 87, 99, 89, 94]


def test_the_first_n():
    images, labels = sample_digits(7)
    assert labels.tolist() == [7, 2, 1, 0, 4, 1, 4]
    np.testing.assert_array_equal(images, sample_digits()[0][:7])


@pytest.mark.parametrize("n", [0, -1, 1001, 2.5, "3", True])
def test_impossible_counts(n):
    with pytest.raises(InvalidInputError, match="whole number from 1 to 1000"):
        sample_digits(n)


def test_the_sample_names_its_origin():
    with np.load(SAMPLE, allow_pickle=False) as file:
        origin = str(file["origin"])
    for text in (origin, (SAMPLE.parent / "README.md").read_text()):
        for word in ("MNIST", "LeCun", "Cortes", "Burges", "Attribution-ShareAlike 3.0"):
            assert word in text


def test_the_sample_is_the_head_of_the_test_set():
    from tdsnn_brian.networks.data import load_dataset

    if not os.environ.get("TDSNN_DATA"):
        pytest.skip("TDSNN_DATA names no directory with mnist.npz")
    mnist = load_dataset("mnist")
    images, labels = sample_digits()
    np.testing.assert_array_equal(images, mnist.x_test[:1000])
    np.testing.assert_array_equal(labels, mnist.y_test[:1000])


def test_sample_and_converted_network_need_no_keras():
    code = (
        "import sys, networks; networks.sample_digits(1); networks.load_network('lenet'); "
        "sys.exit('keras' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
