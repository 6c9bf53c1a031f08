"""Values that a model holds with their channels first, or permuted: right, or refused by name."""

import keras
import numpy as np
import pytest
from keras import layers as kl

from keras_models import (
    CODINGS,
    assert_adapted_as_analysed,
    assert_same_function,
    images_for,
    randomized,
    run,
    sequential,
)
from tdsnn_brian import analyse
from tdsnn_brian.keras import ReverseCoding, adapt, convert

FIRST = {"data_format": "channels_first"}
pytestmark = pytest.mark.skipif(
    keras.backend.backend() == "tensorflow", reason="no channels_first convolutions on CPU"
)


def conv(filters=4, size=2, activation="relu", **options):
    return kl.Conv2D(filters, size, activation=activation, **options)


def head():
    return [kl.Flatten(), kl.Dense(3, name="output")]


CHANNELS_FIRST = {  # models that take (3, 7, 6); the network takes (7, 6, 3)
    "Flatten": lambda: [conv(**FIRST), *head()],
    "Flatten of channels first": lambda: [conv(**FIRST), kl.Flatten(**FIRST), kl.Dense(3)],
    "Flatten of the image": lambda: [kl.MaxPooling2D(2, **FIRST), *head()],
    "all kinds of layers": lambda: [
        kl.ZeroPadding2D(1, **FIRST),
        kl.DepthwiseConv2D(2, activation="relu", **FIRST),
        kl.SpatialDropout2D(0.3, **FIRST),
        kl.AveragePooling2D(2, **FIRST),
        kl.SeparableConv2D(4, 2, padding="same", activation="relu", **FIRST),
        *head(),
    ],
    "batch normalisation of channels": lambda: [
        conv(activation=None, **FIRST),
        kl.BatchNormalization(axis=1),
        kl.ReLU(),
        kl.BatchNormalization(axis=1),
        conv(padding="same", **FIRST),
        *head(),
    ],
    "scaling of channels": lambda: [
        kl.Rescaling(np.array([2, 0.5, 1.0]).reshape(3, 1, 1), -0.3),
        conv(**FIRST),
        *head(),
    ],
    "normalisation of channels": lambda: [
        kl.Normalization(axis=1, mean=[0.2, 0.6, 0.1], variance=[0.4, 0.3, 0.2]),
        conv(padding="same", **FIRST),
        *head(),
    ],
    "scaling of pixels": lambda: [
        kl.Rescaling(np.linspace(1, 2, 42).reshape(7, 6), np.linspace(-1, 1, 126).reshape(3, 7, 6)),
        conv(padding="same", **FIRST),
        *head(),
    ],
    "global mean": lambda: [conv(**FIRST), kl.GlobalAveragePooling2D(**FIRST), kl.Dense(3)],
    "global mean at the end": lambda: [conv(**FIRST), kl.GlobalAveragePooling2D(**FIRST)],
    "global maximum, kept axes": lambda: [
        conv(**FIRST),
        kl.GlobalMaxPooling2D(keepdims=True, **FIRST),
        *head(),
    ],
    "normalisation of all features": lambda: [
        conv(**FIRST),
        kl.Flatten(),
        kl.BatchNormalization(),
        kl.Dense(3),
    ],
    "Reshape of a vector": lambda: [conv(**FIRST), kl.Reshape((-1,)), kl.Dense(3)],
    "Permute to channels last": lambda: [conv(**FIRST), kl.Permute((2, 3, 1)), conv(), *head()],
    "Permute and back": lambda: [
        conv(**FIRST),
        kl.Permute((2, 1, 3)),
        kl.Permute((2, 1, 3)),
        conv(**FIRST),
        *head(),
    ],
    "Permute before Flatten": lambda: [conv(**FIRST), kl.Permute((3, 1, 2)), *head()],
    "one channel": lambda: [conv(1, **FIRST), *head()],
    "convolution to one position": lambda: [conv(5, (6, 5), **FIRST), kl.Flatten(), kl.Dense(3)],
    "one position at the end": lambda: [
        conv(**FIRST),
        conv(3, (6, 5), activation=None, **FIRST),
        kl.Flatten(),
    ],
}


@pytest.mark.parametrize("case", CHANNELS_FIRST)
def test_channels_first(case):
    model = sequential((3, 7, 6), *CHANNELS_FIRST[case]())
    images = np.random.default_rng(0).random((4, 3, 7, 6)).astype(np.float32)
    taken = np.moveaxis(images, 1, -1)
    assert_same_function(model, images, taken)
    assert_adapted_as_analysed(model, CODINGS["compensated"], taken)


CHANNELS_LAST = {
    "Flatten of channels first": ((5, 4, 3), lambda: [conv(), kl.Flatten(**FIRST), kl.Dense(3)]),
    "Flatten of the image": ((5, 4, 3), lambda: [kl.Flatten(**FIRST), kl.Dense(3)]),
    "Flatten of a line": (
        (5, 3),
        lambda: [kl.Conv1D(4, 2, activation="relu"), kl.Flatten(**FIRST), kl.Dense(3)],
    ),
    "Flatten of a vector": ((5,), lambda: [kl.Flatten(**FIRST), kl.Dense(3)]),
    "Permute before Flatten": ((5, 4, 3), lambda: [conv(), kl.Permute((3, 1, 2)), *head()]),
    "Permute of the image": ((5, 4, 3), lambda: [kl.Permute((2, 3, 1)), *head()]),
    "normalisation behind Permute": (
        (5, 4, 3),
        lambda: [
            conv(activation=None),
            kl.Permute((3, 1, 2)),
            kl.BatchNormalization(axis=1),
            kl.ReLU(),
            *head(),
        ],
    ),
    "Reshape behind Permute": (
        (5, 4, 3),
        lambda: [conv(), kl.Permute((3, 1, 2)), kl.Reshape((16, 3)), *head()],
    ),
    "channels first in between": (
        (5, 4, 3),
        lambda: [conv(), kl.Permute((3, 1, 2)), conv(**FIRST), *head()],
    ),
    "vector, then channels first": (
        (48,),
        lambda: [
            kl.Dense(1 * 4 * 5, activation="relu"),
            kl.Reshape((1, 4, 5)),
            conv(**FIRST),
            *head(),
        ],
    ),
}


@pytest.mark.parametrize("case", CHANNELS_LAST)
def test_order_in_models_that_take_channels_last(case):
    shape, layers = CHANNELS_LAST[case]
    model = sequential(shape, *layers())
    assert_same_function(model)
    assert_adapted_as_analysed(model, CODINGS["plain"])


AXES_MADE = {
    "expand_dims": ((6, 6), lambda x: keras.ops.expand_dims(x, 1)),
    "new axis": ((6, 6), lambda x: x[:, None]),
    "transpose": ((6, 6, 3), lambda x: keras.ops.transpose(x, (0, 3, 1, 2))),
    "reshape": ((6, 6), lambda x: keras.ops.reshape(x, (-1, 1, 6, 6))),
    "RepeatVector": ((6,), lambda x: kl.Reshape((3, 2, 3))(kl.RepeatVector(3)(x))),
}


@pytest.mark.parametrize("case", AXES_MADE)
def test_an_operation_makes_the_axis_of_channels(case):
    """The image itself has no channels first, so the network takes it as the model does."""
    shape, moved = AXES_MADE[case]
    image = keras.Input(shape)
    value = kl.Flatten()(conv(**FIRST)(moved(image)))
    assert_same_function(randomized(keras.Model(image, kl.Dense(3)(value))))


def test_channels_first_of_a_line():
    model = sequential(
        (3, 9),
        kl.Conv1D(4, 3, padding="causal", activation="relu", **FIRST),
        kl.BatchNormalization(axis=1),
        kl.MaxPooling1D(2, **FIRST),
        *head(),
    )
    images = np.random.default_rng(0).random((4, 3, 9)).astype(np.float32)
    assert_same_function(model, images, np.moveaxis(images, 1, -1))


REARRANGED = {
    "head": lambda: [conv(**FIRST, activation=None)],
    "head, flat": lambda: [conv(**FIRST, activation=None), kl.Flatten()],
    "mean at the end": lambda: [kl.AveragePooling2D(2, **FIRST)],
    "reshaped head": lambda: [conv(**FIRST, activation=None), kl.Reshape((-1, 4))],
    "permuted head": lambda: [conv(**FIRST, activation=None), kl.Permute((3, 1, 2))],
    "both orders": lambda: [kl.MaxPooling2D(1, **FIRST), conv(size=2), *head()],
    "dense on columns": lambda: [conv(**FIRST), kl.Dense(4, activation="relu"), *head()],
    "reshaped planes": lambda: [
        conv(**FIRST),
        kl.Reshape((5, 5, 4)),
        conv(data_format="channels_last"),
        *head(),
    ],
    "normalisation over as many columns as channels": lambda: [
        conv(4, **FIRST, activation=None),
        kl.BatchNormalization(),
        kl.ReLU(),
        *head(),
    ],
}


@pytest.mark.parametrize("case", REARRANGED)
def test_what_a_layer_takes_in_another_order_is_put_into_it(case):
    model = sequential((3, 6, 6), *REARRANGED[case]())
    images = np.random.default_rng(0).random((4, 3, 6, 6)).astype(np.float32)
    taken = np.moveaxis(images, 1, -1)
    assert_same_function(model, images, taken)
    assert_adapted_as_analysed(model, CODINGS["compensated"], taken)


@pytest.fixture
def channels_first_everywhere():
    before = keras.config.image_data_format()
    keras.config.set_image_data_format("channels_first")
    yield
    keras.config.set_image_data_format(before)


def test_what_is_set_for_all_of_keras_changes_nothing(channels_first_everywhere):
    last = {"data_format": "channels_last"}
    model = sequential(
        (7, 6, 3),
        kl.Rescaling(2, -0.3),
        conv(padding="same", **last),
        kl.MaxPooling2D(2, **last),
        kl.ZeroPadding2D(1, **last),
        kl.AveragePooling2D(2, **last),
        kl.Flatten(**last),
        kl.Dense(3),
    )
    assert_same_function(model)
    for options in CODINGS.values():
        assert_adapted_as_analysed(model, options)


def test_an_array_of_scales_is_read_as_keras_takes_it(channels_first_everywhere):
    """Keras lines it up with the channels, which come first by this setting."""
    model = sequential((3, 7, 6), kl.Rescaling([2.0, 0.5, 1.0]), conv(), kl.Flatten(), kl.Dense(3))
    images = np.random.default_rng(0).random((4, 3, 7, 6)).astype(np.float32)
    assert_same_function(model, images, np.moveaxis(images, 1, -1))


def test_an_adapted_model_with_channels_first_of_ones_own():
    model = sequential(
        (3, 7, 6),
        ReverseCoding(5),
        conv(name="conv", **FIRST),
        kl.Flatten(),
        ReverseCoding(5),
        kl.Dense(3, name="output"),
    )
    network = convert(model)
    images = np.random.default_rng(0).random((4, 3, 7, 6)).astype(np.float32)
    logits = analyse(network, np.moveaxis(images, 1, -1)).logits
    np.testing.assert_allclose(logits, run(model, images), atol=1e-4)


@pytest.mark.parametrize("moved", [False, True])
def test_a_sigmoid_at_the_end_of_channels_first(moved):
    behind = [kl.Dropout(0.1), kl.Reshape((6, 6)), kl.Permute((2, 1))] if moved else []
    model = sequential((2, 4, 5), conv(3, activation="sigmoid", **FIRST), *behind)
    adapted = adapt(model, 50, scale=30)
    images = images_for(model)
    taken = np.moveaxis(images, 1, -1)
    probabilities = run(model, images)
    np.testing.assert_allclose(run(adapted, taken), probabilities, atol=0.02)
    logits = analyse(convert(adapted), taken).logits
    np.testing.assert_allclose(logits, np.log(probabilities / (1 - probabilities)), atol=0.1)
