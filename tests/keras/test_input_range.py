"""`convert` records which values the images of a model have, as far as they can be known."""

import keras
import numpy as np
import pytest
from keras import layers as kl

import tdsnn_brian as td
from keras_models import assert_same_function
from tdsnn_brian.errors import InvalidInputError
from tdsnn_brian.image_range import BYTES, UNIT

MNIST = {"mean": [33.3], "variance": [78.6**2]}
IMAGENET = {"mean": [0.485, 0.456, 0.406], "variance": [0.229**2, 0.224**2, 0.225**2]}


def model_of(*first, channels=1, dtype="float32"):
    return keras.Sequential(
        [
            keras.Input((6, 6, channels), dtype=dtype),
            *first,
            kl.Conv2D(2, 3, activation="relu"),
            kl.Flatten(),
            kl.Dense(3),
        ]
    )


def batch_normalization(mean, variance):
    layer = kl.BatchNormalization()
    layer.build((None, 6, 6, 1))
    one = np.ones(1, np.float32)
    layer.set_weights([one, 0 * one, mean * one, variance * one])
    return layer


CASES = {
    "nothing": (lambda: [], 1, None),
    "Rescaling(1/255)": (lambda: [kl.Rescaling(1 / 255)], 1, BYTES),
    "Rescaling(1/256)": (lambda: [kl.Rescaling(1 / 256)], 1, BYTES),
    "Rescaling(1/127.5, -1)": (lambda: [kl.Rescaling(1 / 127.5, offset=-1)], 1, BYTES),
    "Rescaling(2, -1)": (lambda: [kl.Rescaling(2.0, offset=-1)], 1, UNIT),
    "Rescaling(255)": (lambda: [kl.Rescaling(255.0)], 1, UNIT),
    "Rescaling(3)": (lambda: [kl.Rescaling(3.0)], 1, None),
    "Rescaling(1)": (lambda: [kl.Rescaling(1.0)], 1, None),
    "an offset alone": (lambda: [kl.Rescaling(1.0, offset=-0.5)], 1, None),
    "Normalization of bytes": (lambda: [kl.Normalization(**MNIST)], 1, BYTES),
    "Normalization of 0 to 1": (lambda: [kl.Normalization(**IMAGENET)], 3, UNIT),
    "Normalization of what is normal": (
        lambda: [kl.Normalization(mean=[0.0], variance=[1.0])],
        1,
        None,
    ),
    "Rescaling, Normalization": (
        lambda: [kl.Rescaling(1 / 255), kl.Normalization(**IMAGENET)],
        3,
        BYTES,
    ),
    "augmentation, Rescaling": (lambda: [kl.RandomFlip(), kl.Rescaling(1 / 255)], 1, BYTES),
    "Rescaling, centred BatchNormalization": (
        lambda: [kl.Rescaling(1 / 127.5, offset=-1), batch_normalization(0.02, 0.3)],
        1,
        BYTES,
    ),
    "BatchNormalization of bytes": (lambda: [batch_normalization(33.0, 6000.0)], 1, BYTES),
    "BatchNormalization of 0 to 1": (lambda: [batch_normalization(0.13, 0.09)], 1, UNIT),
    "BatchNormalization untrained": (lambda: [kl.BatchNormalization()], 1, None),
    "a contradiction": (
        lambda: [kl.Rescaling(1 / 255), kl.Normalization(**MNIST)],
        1,
        None,
    ),
}


@pytest.mark.filterwarnings("ignore:.*lowest")
@pytest.mark.parametrize("name", CASES)
def test_what_the_scaling_tells(name, tmp_path):
    layers, channels, expected = CASES[name]
    for options in ({}, {"compensate": True, "scale": 3}):
        adapted = td.adapt(model_of(*layers(), channels=channels), leak=5, **options)
        assert td.convert(adapted).image_range == expected
    adapted.save(tmp_path / "adapted.keras")
    loaded = keras.models.load_model(tmp_path / "adapted.keras", compile=False)
    assert td.convert(loaded).image_range == expected


def test_an_input_of_bytes():
    model = model_of(kl.Rescaling(1.0), dtype="uint8")
    assert td.convert(td.adapt(model, leak=5)).image_range == BYTES


def test_bytes_that_the_model_casts():
    inputs = keras.Input((4,), dtype="uint8")
    model = keras.Model(inputs, kl.Dense(2)(keras.ops.cast(inputs, "float32") / 255))
    images = np.arange(12, dtype=np.uint8).reshape(3, 4)
    network = assert_same_function(model, images)
    assert network.image_range == BYTES


def test_a_model_adapted_by_hand():
    model = keras.Sequential(
        [keras.Input((4,)), kl.Rescaling(1 / 255), td.ReverseCoding(5), kl.Dense(3)]
    )
    assert td.convert(model).image_range == BYTES


def test_the_user_knows_better():
    adapted = td.adapt(model_of(kl.Rescaling(1 / 255)), leak=5)
    assert td.convert(adapted, image_range=(0, 1)).image_range == UNIT
    assert td.convert(td.adapt(model_of(), leak=5), image_range=(0, 255)).image_range == BYTES
    with pytest.raises(InvalidInputError, match="image_range must be"):
        td.convert(adapted, image_range=255)
