"""Images with negative values: an offset that biases take off again, or ON and OFF neurons."""

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
    run,
    sequential,
)
from tdsnn_brian.errors import InvalidInputError
from tdsnn_brian.keras import adapt, convert
from tdsnn_brian.keras.on_off import OnOff

OFFSET, PAIRS = {"input_offset": 1.0}, {"input_pairs": True}


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


@pytest.mark.parametrize("signed", [OFFSET, PAIRS], ids=["offset", "pairs"])
@pytest.mark.parametrize(("name", "coding"), zip(MODELS, CODINGS, strict=True))
def test_images_below_zero(name, coding, signed, numpy_target, tmp_path):
    model = MODELS[name]()
    images = signed_images(model)
    assert_same_function(model, images, fine={**FINE, **signed})
    network = assert_adapted_as_analysed(model, {**coding, **signed}, images)
    assert (network.input_offset, network.input_pairs) == ((1, False), (0, True))[signed is PAIRS]
    assert network.input_shape == model.input_shape[1:]
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
    assert "leave one of the two out" in refusal(adapt, model, 5, **OFFSET, **PAIRS)
    assert "input_pairs must be True or False" in refusal(adapt, model, 5, input_pairs="on")


@pytest.mark.parametrize("signed", [OFFSET, PAIRS], ids=["offset", "pairs"])
def test_calibration_sees_the_images_as_they_are(signed):
    model = MODELS["normalised"]()
    rng = np.random.default_rng(0)
    images = rng.uniform(-1, 1, (60, *model.input_shape[1:])).astype(np.float32)
    expected = np.asarray(model.predict_on_batch(images))

    def loss(**options):
        network = convert(adapt(model, 3, **signed, **options))
        return np.abs(td.analyse(network, images).logits - expected).mean()

    assert loss(calibration=images) < 0.9 * loss()


def test_a_rescaling_to_negative_values_needs_no_offset():
    layers = kl.Rescaling(1 / 127.5, offset=-1), kl.Conv2D(3, 3, padding="same", activation="relu")
    model = sequential((5, 5, 2), *layers, kl.Flatten(), kl.Dense(3))
    images = np.round(255 * images_for(model))
    network = assert_same_function(model, images)
    assert network.input_offset == 0


def test_a_pair_codes_zero_as_zero_and_pads_with_nothing():
    """Whatever the coding of zeros: what reads the pair adds and subtracts the same."""
    model = sequential(
        (5, 5, 2), kl.Conv2D(3, 3, padding="same", activation="relu"), kl.Flatten(), kl.Dense(2)
    )
    adapted = adapt(model, 2, **PAIRS)
    assert not any(isinstance(layer, kl.ZeroPadding2D) for layer in adapted.layers[:4])
    first = convert(adapted).layers[0]
    assert first.bias.shape == (3,)
    np.testing.assert_array_equal(first.bias, np.asarray(model.layers[0].bias))
    images = np.zeros((1, 5, 5, 2), np.float32)
    expected = run(keras.Model(model.inputs, model.layers[0].output), images)
    found = run(keras.Model(adapted.inputs, adapted.get_layer(model.layers[0].name).output), images)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_model_with_pairs_of_its_own():
    """Trained with them from the start, or adapted and read again; nowhere but at the image."""
    x = keras.Input((4, 3, 2))
    y = kl.Conv2D(3, 2, activation="relu")(OnOff()(kl.Rescaling(2.0)(x)))
    model = randomized(keras.Model(x, kl.Dense(2)(kl.Flatten()(y))))
    images = signed_images(model)
    network = assert_adapted_as_analysed(model, {"scale": 3}, images)
    assert (network.input_pairs, network.input_shape) == (True, (4, 3, 2))
    assert "leave pairs to tdsnn_brian.adapt" in refusal(adapt, model, 5, **PAIRS)
    for before in (kl.Dense(3), kl.Rescaling(2.0, offset=1.0)):
        other = sequential((3,), before, OnOff(name="both"), kl.Dense(2))
        assert "layer 'both' (OnOff) makes ON and OFF" in refusal(adapt, other, 5)


@pytest.mark.parametrize("first", [kl.ReLU, kl.GlobalAveragePooling2D, kl.GlobalMaxPooling2D])
def test_layers_that_take_the_image_itself(first):
    model = sequential((4, 4, 3), kl.Rescaling(0.5), first(), kl.Flatten(), kl.Dense(2))
    images = signed_images(model)
    assert_same_function(model, images, fine={**FINE, **PAIRS})
    assert_adapted_as_analysed(model, {"scale": 3, **PAIRS}, images)


def test_pairs_of_images_with_channels_first():
    model = sequential(
        (2, 5, 5), kl.Conv2D(3, 3, data_format="channels_first", activation="relu"), kl.Flatten()
    )
    model.add(kl.Dense(2))
    images = signed_images(model)
    assert_same_function(
        randomized(model), images, np.moveaxis(images, 1, -1), fine={**FINE, **PAIRS}
    )


def test_tune_passes_pairs_on():
    model = sequential((7,), kl.Dense(6, "relu"), kl.Dense(2))
    images = np.random.default_rng(0).uniform(-1, 1, (60, 7))
    settings = [td.Setting(leak=5, scale=3)]
    tuned = td.tune(model, images, settings=settings, max_ticks=100, input_pairs=True)
    assert tuned.network.input_pairs
