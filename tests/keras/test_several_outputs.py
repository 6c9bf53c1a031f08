"""Models with several outputs: each one is that of the adapted model, or is refused by name."""

import re

import keras
import numpy as np
import pytest
from keras import layers as kl

import tdsnn_brian as td
from keras_models import CODINGS, FINE, analyse_clear, refusal
from tdsnn_brian.keras import adapt, convert


def trunk(image):
    return kl.Conv2D(3, 3, activation="relu", name="conv")(image)


def everything():
    """Classes, a number, chances, a map of classes, and a head whose values go on into others."""
    image = keras.Input((6, 6, 2), name="image")
    early = trunk(image)
    middle = kl.Dense(3, name="middle")(kl.Flatten(name="flat")(early))
    deep = kl.Conv2D(4, 2, activation="relu", name="deep")(kl.MaxPooling2D(name="pool")(early))
    both = kl.Concatenate(name="both")(
        [kl.Flatten(name="deeper")(deep), kl.ReLU(name="on")(middle)]
    )
    mean = kl.GlobalAveragePooling2D(name="mean")(early)
    given = {
        "classes": kl.Dense(5, activation="softmax", name="classes")(both),
        "number": kl.Dense(1, name="number")(both),
        "in the middle": middle,
        "chances": kl.Dense(2, activation="sigmoid", name="chances")(mean),
        "map": kl.Reshape((16, 3), name="map")(kl.Conv2D(3, 1, name="places")(early)),
        "mean": mean,
    }
    return keras.Model(image, given, name="everything")


LAYERS = {
    "classes": "classes",
    "number": "number",
    "in the middle": "middle",
    "chances": "chances",
    "map": "places",
    "mean": "mean",
}


@pytest.fixture(scope="module")
def model():
    return everything()


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(1).random((8, 6, 6, 2)).astype("float32")


def ends(key, logits):
    """What the model makes of logits."""
    if key == "chances":
        return 1 / (1 + np.exp(-logits))
    if key == "classes":
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
        return powers / powers.sum(axis=-1, keepdims=True)
    return logits


def as_arrays(outputs):
    return {name: np.asarray(keras.ops.convert_to_numpy(x)) for name, x in outputs.items()}


@pytest.mark.parametrize(
    "options",
    [
        CODINGS["compensated"],
        {"scale": 8, "rounding": "nearest", "input_steps": 3},
        {"scale": 10, "silent_zeros": True},
        {"compensate": False},
    ],
)
def test_every_output_is_that_of_the_adapted_model(model, images, options):
    adapted = adapt(model, 5, **options)
    network = convert(adapted)
    assert set(network.output_names) == set(LAYERS.values())
    result, clear = analyse_clear(network, images)
    expected = as_arrays(adapted.predict_on_batch(images))
    assert set(expected) == set(model.output)
    for key, name in LAYERS.items():
        found = ends(key, result.logits[name])
        assert found.shape == expected[key].shape, key
        np.testing.assert_allclose(
            found[clear], expected[key][clear], rtol=1e-4, atol=1e-4, err_msg=key
        )


def test_a_fine_code_keeps_every_function(model, images):
    result = td.analyse(convert(adapt(model, **FINE)), images)
    expected = as_arrays(model.predict_on_batch(images))
    for key, name in LAYERS.items():
        found = ends(key, result.logits[name])
        np.testing.assert_allclose(
            found, expected[key], atol=0.02 * np.abs(expected[key]).max(), err_msg=key
        )


@pytest.fixture(scope="module")
def heads():
    """Two heads of a hidden layer, and one of theirs that goes on."""
    image = keras.Input((4,))
    hidden = kl.Dense(6, activation="relu", name="hidden")(image)
    first = kl.Dense(3, name="first")(hidden)
    last = kl.Dense(1, name="last")(kl.ReLU(name="on")(first))
    return keras.Model(image, [last, first], name="heads")


@pytest.fixture(scope="module")
def vectors():
    return np.random.default_rng(0).random((20, 4)).astype("float32")


def test_calibration_equates_the_means_of_every_output(heads, vectors):
    adapted = adapt(heads, 4, scale=3, calibration=vectors)
    for found, wanted in zip(
        adapted.predict_on_batch(vectors), heads.predict_on_batch(vectors), strict=True
    ):
        assert np.abs(found.mean(axis=0) - wanted.mean(axis=0)).max() < 1e-5
    assert np.abs(found - wanted).max() > 1e-3  # it is coarse


def test_a_list_of_outputs_stays_one_in_its_order(heads, vectors):
    adapted = adapt(heads, 5)
    last, first = adapted.predict_on_batch(vectors)
    assert (last.shape, first.shape) == ((20, 1), (20, 3))
    assert convert(adapted).output_names == ("last", "first")


def test_an_adapted_model_is_trained_at_every_output(heads, vectors):
    adapted = adapt(heads, 5)
    adapted.compile("sgd", ["mse", "mse"])
    labels = [np.full((20, n), 2.0) for n in (1, 3)]
    losses = [adapted.train_on_batch(vectors, labels)[1:] for _ in range(3)]
    assert all(last < first for first, last in zip(losses[0], losses[-1], strict=True))


def _refused():
    image = keras.Input((6, 6, 2), name="image")
    early = trunk(image)
    flat = kl.Flatten(name="flat")(early)
    head = kl.Dense(3, name="head")(flat)
    soft = kl.Softmax(name="soft")(kl.Dense(4, name="other")(flat))
    opened = kl.Dense(3, activation="sigmoid", name="opened")(flat)
    yield "an activation", [early, head], r"'conv' \(Conv2D\) is an output layer and has a ReLU"
    yield "the image", [image, head], "gives out what comes in"
    yield "no layer", [kl.Flatten(name="pixels")(image), head], "before its output 'pixels'"
    yield "twice", [head, head], r"'head' \(Dense\) twice"
    yield (
        "shapes of the same",
        [kl.Reshape((4, 1), name="column")(soft), soft],
        r"outputs 'column' and 'soft' are both what layer 'other' \(Dense\) gives",
    )
    yield "a softmax that goes on", [soft, kl.Dense(2)(soft)], "'soft' .*in the middle"
    yield (
        "a sigmoid that goes on",
        [opened, kl.Dense(2)(opened)],
        "'opened' .*is an output layer and has the transfer 'sigmoid'",
    )
    pooled = kl.MaxPooling2D(name="pool")(kl.Conv2D(2, 3, name="linear")(image))
    yield "a max-pool", [pooled, head], "'pool' .*follows the output layer 'linear'"


def test_outputs_that_nothing_reads_out_are_refused():
    for name, outputs, cause in _refused():
        message = refusal(
            adapt, keras.Model(keras.utils.get_source_inputs(outputs[-1]), outputs), 5
        )
        assert re.search(cause, message), (name, message)


def test_tuning_takes_one_output(heads, vectors):
    message = refusal(td.tune, heads, vectors)
    assert "'heads' has several outputs ('last', 'first')" in message
