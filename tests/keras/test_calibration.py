"""Correction of channels on a few images."""

import keras
import numpy as np
import pytest
from keras import layers as kl

from keras_models import assert_same_logits, images_for, randomized, run, sequential
from tdsnn_brian.errors import InvalidInputError
from tdsnn_brian.keras import adapt, convert


@pytest.fixture(scope="module")
def model():
    return sequential(
        (8, 8, 2),
        kl.Rescaling(1.0, offset=-0.3, name="scale"),
        kl.Conv2D(6, 3, padding="same", activation="relu", name="conv1"),
        kl.Conv2D(6, 3, padding="same", use_bias=False, name="conv2"),
        kl.BatchNormalization(),
        kl.ReLU(),
        kl.Dropout(0.5),
        kl.MaxPooling2D(name="pool"),
        kl.Conv2D(8, 3, padding="same", activation="relu", name="conv3"),
        kl.AveragePooling2D(2, name="mean"),
        kl.Flatten(),
        kl.Dense(12, activation="relu", name="dense"),
        kl.Dense(4, name="output"),
    )


@pytest.mark.parametrize(
    "options",
    [
        {"compensate": True},
        {"compensate": True, "scale": 3},
        {"compensate": True, "scale": 10, "silent_zeros": True},
    ],
)
def test_calibration_brings_the_logits_closer(model, options):
    images, others = images_for(model, 60), images_for(model, 60, seed=9)
    before = model.get_weights()
    expected = run(model, others)
    errors = [
        np.abs(run(adapt(model, 2, calibration=some, **options), others) - expected).mean()
        for some in (None, images)
    ]
    assert errors[1] < 0.8 * errors[0]
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_the_network_is_the_calibrated_model(model):
    adapted = adapt(model, 3, scale=3, compensate=True, calibration=images_for(model, 20))
    assert_same_logits(convert(adapted), adapted, images_for(model))


def test_noise_to_retrain_against_changes_nothing_else(model):
    images = images_for(model, 20)
    plain, noisy = (adapt(model, 3, calibration=images, noise=noise) for noise in (0, 0.5))
    assert [layer.noise for layer in noisy.layers if layer.name.endswith("_coding")] == [
        *(0, 0.5, 0.5, 0.5, 0.5, 0.5)  # the image's firing times are exact
    ]
    for one, other in zip(plain.get_weights(), noisy.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(run(plain, images), run(noisy, images))
    with pytest.raises(InvalidInputError, match="noise must be"):
        adapt(model, 3, noise=-1)


def test_images_of_another_shape_are_refused(model):
    with pytest.raises(InvalidInputError, match=r"calibration must be images \(n_images, 8, 8, 2"):
        adapt(model, 3, calibration=np.zeros((5, 8, 8)))


def test_steep_gates_are_calibrated_too():
    """The squares of a product are steeper than their sums are large."""
    image = keras.Input((6,))
    gate = kl.Multiply()([kl.Dense(8, "relu", name=name)(image) for name in ("value", "gate")])
    model = randomized(keras.Model(image, kl.Dense(3)(gate)))
    for name in ("value", "gate"):
        layer = model.get_layer(name)
        layer.set_weights([6 * weights for weights in layer.get_weights()])
    images, others = images_for(model, 60), images_for(model, 60, seed=9)
    expected = run(model, others)
    errors = [
        np.abs(run(adapt(model, 20, scale=10, calibration=some), others) - expected).mean()
        for some in (None, images)
    ]
    assert errors[1] <= errors[0]
