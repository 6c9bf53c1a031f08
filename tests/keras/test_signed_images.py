"""Images with negative values: an offset at the input, which biases take off again."""

import keras
import numpy as np
import pytest
from keras import layers as kl

import tdsnn_brian as td
from keras_models import (
    FINE,
    assert_adapted_as_analysed,
    assert_same_function,
    images_for,
    randomized,
    refusal,
    sequential,
)
from tdsnn_brian.errors import InvalidInputError
from tdsnn_brian.keras import adapt, convert

OFFSET = {"input_offset": 1.0}


def signed_images(model):
    return 2 * images_for(model) - 1


def padded_with_a_skip():
    """Zeros around the image are zeros of the image, not of what is coded."""
    x = keras.Input((6, 6, 2))
    y = kl.Conv2D(2, 3, padding="same", strides=2, activation="relu")(kl.ZeroPadding2D(1)(x))
    z = kl.ReLU()(kl.Add()([kl.Conv2D(2, 3, padding="same")(x), x]))
    joined = kl.Concatenate()([kl.Flatten()(part) for part in (y, z, x)])
    return randomized(keras.Model(x, kl.Dense(3, name="output")(joined)))


MODELS = {
    "padded with a skip": padded_with_a_skip,
    "dense": lambda: sequential((7,), kl.Dense(6, "silu"), kl.Dense(2)),
    "normalised": lambda: sequential(
        (5, 5, 2),
        kl.Rescaling([0.5, 2.0], offset=0.1),
        kl.MaxPooling2D(2),
        kl.Conv2D(3, 2, padding="same", activation="relu6"),
        kl.Flatten(),
        kl.Dense(3),
    ),
}
CODINGS = (
    {"scale": 3},
    {"scale": 10, "silent_zeros": True},
    {"scale": 3, "rounding": "nearest"},
)


@pytest.mark.parametrize(("name", "coding"), zip(MODELS, CODINGS, strict=True))
def test_images_below_zero(name, coding, numpy_target, tmp_path):
    model = MODELS[name]()
    images = signed_images(model)
    assert_same_function(model, images, fine={**FINE, **OFFSET})
    network = assert_adapted_as_analysed(model, {**coding, **OFFSET}, images)
    assert network.input_offset == 1
    expected = td.analyse(network, images)
    assert td.simulate(network, images, window="dynamic").compare(expected)
    network.save(tmp_path / "network.npz")
    assert td.analyse(td.load(tmp_path / "network.npz"), images).compare(expected)


def test_images_below_what_is_coded_are_refused():
    model = MODELS["dense"]()
    images = signed_images(model)
    with pytest.raises(InvalidInputError, match=r"lowest -1.*adapt the model with input_offset=1"):
        td.analyse(convert(adapt(model, 5)), images)
    with pytest.raises(InvalidInputError, match="with input_offset=1 has no firing times"):
        td.analyse(convert(adapt(model, 5, **OFFSET)), 2 * images)
    assert "input_offset must be a finite number >= 0" in refusal(adapt, model, 5, input_offset=-1)
    assert "calibration must be" in refusal(adapt, model, 5, calibration=images)


def test_calibration_sees_the_images_as_they_are():
    model = MODELS["normalised"]()
    rng = np.random.default_rng(0)
    images = rng.uniform(-1, 1, (60, *model.input_shape[1:])).astype(np.float32)
    expected = np.asarray(model.predict_on_batch(images))

    def loss(**options):
        network = convert(adapt(model, 3, **OFFSET, **options))
        return np.abs(td.analyse(network, images).logits - expected).mean()

    assert loss(calibration=images) < 0.9 * loss()


def test_a_rescaling_to_negative_values_needs_no_offset():
    layers = kl.Rescaling(1 / 127.5, offset=-1), kl.Conv2D(3, 3, padding="same", activation="relu")
    model = sequential((5, 5, 2), *layers, kl.Flatten(), kl.Dense(3))
    images = np.round(255 * images_for(model))
    network = assert_same_function(model, images)
    assert network.input_offset == 0
