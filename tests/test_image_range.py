"""Networks know which values their images have, and say so where they get others."""

import warnings
from dataclasses import replace

import numpy as np
import pytest

import tdsnn_brian as td
from tdsnn_brian.errors import InvalidInputError
from tdsnn_brian.image_range import BYTES, UNIT
from tdsnn_brian.layers import Dense
from tdsnn_brian.network import SpikingNetwork
from tdsnn_brian.networks.data.images import read_images

IMAGES = np.random.default_rng(0).integers(2, 256, (5, 6), dtype=np.uint8)
NETWORK = SpikingNetwork(
    layers=(Dense(name="out", input_shape=(6,), weights=np.ones((6, 2)), bias=None),), leak=5
)


def taking(image_range):
    return replace(NETWORK, image_range=image_range)


def read(tmp_path, images, image_range):
    np.savez(tmp_path / "images.npz", images=images)
    return read_images(tmp_path / "images.npz", (6,), image_range)


@pytest.mark.parametrize("image_range", [None, UNIT, BYTES, (0, 16)])
def test_the_file_keeps_the_range(tmp_path, image_range):
    taking(image_range).save(tmp_path / "network.npz")
    assert td.load(tmp_path / "network.npz").image_range == image_range


@pytest.mark.parametrize("image_range", [(1, 0), (0, 0), (0,), 255, (0, np.inf), (1, 2), "wide"])
def test_refuses_what_is_no_range(image_range):
    with pytest.raises(InvalidInputError, match="image_range must be the lowest and the highest"):
        taking(image_range)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int64])
def test_whole_numbers_of_a_file_are_divided_where_the_network_takes_0_to_1(tmp_path, dtype):
    images, _, notes = read(tmp_path, IMAGES.astype(dtype), UNIT)
    np.testing.assert_allclose(images, IMAGES / 255, rtol=1e-6)
    assert "divided by 255" in notes[0]
    images, _, notes = read(tmp_path, IMAGES.astype(dtype), BYTES)
    np.testing.assert_array_equal(images, IMAGES)
    assert notes == []
    with pytest.raises(InvalidInputError, match=r"does not say which values .*--image-range"):
        read(tmp_path, IMAGES.astype(dtype), None)


def test_binary_images_are_not_divided(tmp_path):
    binary = (IMAGES > 128).astype(np.uint8)
    images, _, notes = read(tmp_path, binary, UNIT)
    np.testing.assert_array_equal(images, binary)
    assert notes == []


@pytest.mark.parametrize(
    ("images", "image_range"),
    [
        (IMAGES.astype(np.float32), UNIT),
        (IMAGES / 255, BYTES),
        ((IMAGES > 128).astype(np.uint8), BYTES),
        (IMAGES.astype(np.int64) * 200, UNIT),
        (IMAGES.astype(np.int64) * 200, BYTES),
    ],
)
def test_images_of_another_range_are_refused(tmp_path, images, image_range):
    with pytest.raises(InvalidInputError, match=r"images.npz'.* takes values of 0 to"):
        read(tmp_path, images, image_range)


def test_floating_images_are_taken_as_they_are(tmp_path):
    for images, image_range in ((IMAGES / 255, UNIT), (IMAGES / 1.0, BYTES), (IMAGES / 1.0, None)):
        np.testing.assert_array_equal(read(tmp_path, images, image_range)[0], images)


@pytest.mark.parametrize("dtype", [np.uint8, np.int64])
def test_bytes_are_refused_where_the_network_takes_0_to_1(dtype):
    with pytest.raises(InvalidInputError, match=r"uint8|int64.* go up to 2.*divide them by 255"):
        td.analyse(taking(UNIT), IMAGES.astype(dtype))


def test_images_far_out_of_range_are_warned_about():
    with pytest.warns(UserWarning, match="divide them by 255"):
        td.analyse(taking(UNIT), IMAGES.astype(float))
    with pytest.warns(UserWarning, match="multiply them by 255"):
        td.analyse(taking(BYTES), IMAGES / 255)


@pytest.mark.parametrize(
    ("images", "image_range"),
    [
        (IMAGES, None),
        (IMAGES, BYTES),
        (IMAGES / 255, UNIT),
        (IMAGES / 255 * 4, UNIT),  # with noise
        ((IMAGES > 128).astype(np.uint8), UNIT),
        (np.zeros((1, 6)), BYTES),
    ],
)
def test_images_in_range_raise_no_warning(images, image_range):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = td.analyse(taking(image_range), images)
    expected = td.analyse(NETWORK, images.astype(float))
    np.testing.assert_array_equal(result.potentials, expected.potentials)
