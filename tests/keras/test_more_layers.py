"""Layers that are expressed by others, each against Keras."""

import keras
import numpy as np
import pytest
from keras import layers as kl

from keras_models import assert_same_logits, images_for, randomized, run, sequential
from tdsnn_brian import analyse
from tdsnn_brian.keras import adapt, convert

OPTIONS = {
    "plain": {"compensate": False},
    "compensated": {"scale": 3, "compensate": True},
    "silent": {"scale": 10, "compensate": True, "silent_zeros": True},
}
HEAD = (lambda: kl.Flatten(name="flatten"), lambda: kl.Dense(3, name="output"))


def model_of(shape, *layers):
    return sequential(shape, *layers, *(make() for make in HEAD))


LINE, PLANE = (9, 3), (7, 8, 4)
MODELS = {
    "conv1d": (LINE, lambda: [kl.Conv1D(4, 3, activation="relu", name="conv")]),
    "conv1d same, stride": (
        LINE,
        lambda: [kl.Conv1D(4, 4, strides=2, padding="same", activation="relu", name="conv")],
    ),
    "conv1d causal, dilated": (
        LINE,
        lambda: [
            kl.Conv1D(4, 3, padding="causal", dilation_rate=2, activation="relu", name="conv")
        ],
    ),
    "conv1d groups": (
        LINE,
        lambda: [kl.Conv1D(6, 2, groups=3, use_bias=False, activation="relu", name="conv")],
    ),
    "conv1d, norm, relu, pools": (
        LINE,
        lambda: [
            kl.Conv1D(4, 3, padding="same", name="conv"),
            kl.BatchNormalization(name="norm"),
            kl.ReLU(),
            kl.MaxPooling1D(2, name="pool"),
            kl.ZeroPadding1D(1, name="pad"),
            kl.Conv1D(5, 2, activation="relu", name="conv2"),
            kl.AveragePooling1D(2, name="mean"),
        ],
    ),
    "conv1d with norm over axis 2": (
        LINE,
        lambda: [kl.Conv1D(4, 3, name="conv"), kl.BatchNormalization(axis=2), kl.ReLU()],
    ),
    "max-pool 1d same": (
        LINE,
        lambda: [
            kl.Conv1D(4, 2, activation="relu", name="conv"),
            kl.MaxPooling1D(3, strides=2, padding="same", name="pool"),
        ],
    ),
    "global max 1d": (
        LINE,
        lambda: [
            kl.Conv1D(4, 2, activation="relu", name="conv"),
            kl.GlobalMaxPooling1D(name="pool"),
        ],
    ),
    "global mean 1d": (
        LINE,
        lambda: [
            kl.Conv1D(4, 2, activation="relu", name="conv"),
            kl.GlobalAveragePooling1D(name="pool"),
        ],
    ),
    "line, then plane": (
        LINE,
        lambda: [
            kl.Conv1D(4, 2, activation="relu", name="conv"),
            kl.Reshape((4, 2, 4)),
            kl.Conv2D(2, 2, activation="relu", name="conv2"),
        ],
    ),
    "depthwise 1d": (
        LINE,
        lambda: [kl.DepthwiseConv1D(3, depth_multiplier=2, activation="relu", name="conv")],
    ),
    "separable 1d": (
        LINE,
        lambda: [kl.SeparableConv1D(5, 3, padding="same", activation="relu", name="conv")],
    ),
    "depthwise": (
        PLANE,
        lambda: [kl.DepthwiseConv2D(3, depth_multiplier=2, activation="relu", name="conv")],
    ),
    "depthwise same, stride": (
        PLANE,
        lambda: [kl.DepthwiseConv2D(3, strides=2, padding="same", activation="relu", name="conv")],
    ),
    "depthwise dilated, no bias": (
        PLANE,
        lambda: [
            kl.DepthwiseConv2D(2, dilation_rate=2, use_bias=False, activation="relu", name="conv")
        ],
    ),
    "separable": (
        PLANE,
        lambda: [
            kl.SeparableConv2D(
                5, 3, depth_multiplier=2, padding="same", activation="relu", name="conv"
            )
        ],
    ),
    "separable, norm": (
        PLANE,
        lambda: [
            kl.SeparableConv2D(5, (2, 3), strides=2, use_bias=False, name="conv"),
            kl.BatchNormalization(),
            kl.Activation("relu"),
        ],
    ),
    "groups and dilation": (
        PLANE,
        lambda: [
            kl.Conv2D(
                6, 2, groups=2, dilation_rate=2, padding="same", activation="relu", name="conv"
            )
        ],
    ),
    "global mean": (
        PLANE,
        lambda: [
            kl.Conv2D(3, 2, activation="relu", name="conv"),
            kl.GlobalAveragePooling2D(name="pool"),
        ],
    ),
    "global max, kept axes": (
        PLANE,
        lambda: [
            kl.Conv2D(3, 2, activation="relu", name="conv"),
            kl.GlobalMaxPooling2D(keepdims=True, name="pool"),
        ],
    ),
    "noise and dropout": (
        PLANE,
        lambda: [
            kl.GaussianNoise(0.1),
            kl.Conv2D(3, 2, activation="relu", name="conv"),
            kl.SpatialDropout2D(0.5),
        ],
    ),
    "nested": (
        PLANE,
        lambda: [
            keras.Sequential([kl.Conv2D(3, 2, activation="relu", name="conv"), kl.MaxPooling2D()]),
            kl.ZeroPadding2D(((1, 0), (0, 2)), name="pad"),
            keras.Sequential([kl.Conv2D(2, 3, name="conv2"), kl.BatchNormalization(), kl.ReLU()]),
        ],
    ),
    "rescaling with offset": (
        PLANE,
        lambda: [
            kl.Rescaling(2.0, offset=-0.7, name="scale"),
            kl.Conv2D(3, 3, activation="relu", name="conv"),
        ],
    ),
    "rescaling with offset, border": (
        PLANE,
        lambda: [
            kl.Rescaling(2.0, offset=-0.7, name="scale"),
            kl.Conv2D(3, 3, padding="same", strides=2, activation="relu", name="conv"),
        ],
    ),
    "normalization, border, batch norm": (
        PLANE,
        lambda: [
            kl.Normalization(
                mean=[0.1, 0.5, 0.3, 0.9], variance=[0.2, 0.3, 0.1, 0.8], name="scale"
            ),
            kl.Conv2D(3, 3, padding="same", name="conv"),
            kl.BatchNormalization(),
            kl.ReLU(),
            kl.MaxPooling2D(),
            kl.Conv2D(3, 2, padding="same", activation="relu", name="conv2"),
        ],
    ),
    "normalization, padding, groups": (
        PLANE,
        lambda: [
            kl.Rescaling(0.5),
            kl.Normalization(
                mean=[0.1, 0.5, 0.3, 0.9], variance=[0.2, 0.3, 0.1, 0.8], name="scale"
            ),
            kl.ZeroPadding2D(1),
            kl.Conv2D(4, 3, groups=2, activation="relu", name="conv"),
        ],
    ),
    "normalization by one number": (
        PLANE,
        lambda: [
            kl.Normalization(axis=None, mean=0.4, variance=0.2, name="scale"),
            kl.Conv2D(3, 3, activation="relu", name="conv"),
        ],
    ),
    "normalization, pool, dense": (
        PLANE,
        lambda: [
            kl.Normalization(
                mean=[0.1, 0.5, 0.3, 0.9], variance=[0.2, 0.3, 0.1, 0.8], name="scale"
            ),
            kl.MaxPooling2D(),
            kl.Flatten(name="first"),
            kl.Dense(6, activation="relu", name="dense"),
        ],
    ),
    "normalization of a line": (
        LINE,
        lambda: [
            kl.Normalization(mean=[0.1, 0.5, 0.3], variance=[0.2, 0.3, 0.1], name="scale"),
            kl.Conv1D(4, 3, padding="same", activation="relu", name="conv"),
        ],
    ),
}


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("case", MODELS)
def test_network_and_adapted_model_agree(case, options):
    shape, layers = MODELS[case]
    model = model_of(shape, *layers())
    adapted = adapt(model, 5, **OPTIONS[options])
    images = images_for(model)
    assert_same_logits(convert(adapted), adapted, images)


@pytest.mark.parametrize("case", MODELS)
def test_a_fine_coding_gives_the_original_model(case):
    """With a large leak and scale what remains is the rewriting, border and offsets included."""
    shape, layers = MODELS[case]
    model = model_of(shape, *layers())
    network = convert(adapt(model, 2000, scale=100, compensate=True))
    images = images_for(model, 3)
    expected = run(model, images)
    logits = analyse(network, images).logits
    np.testing.assert_allclose(logits, expected, atol=0.02 * np.abs(expected).max() + 0.01)


def channels_first_pair():
    """The same network twice, channels first and channels last."""

    def build(data_format):
        shape = (2, 7, 6) if data_format == "channels_first" else (7, 6, 2)
        axis = 1 if data_format == "channels_first" else -1
        common = {"data_format": data_format}
        return keras.Sequential(
            [
                keras.Input(shape),
                kl.Normalization(axis=axis, mean=[0.2, 0.6], variance=[0.4, 0.3]),
                kl.ZeroPadding2D(1, **common),
                kl.Conv2D(4, 3, name="conv", **common),
                kl.BatchNormalization(axis=axis),
                kl.ReLU(),
                kl.MaxPooling2D(2, **common),
                kl.DepthwiseConv2D(2, activation="relu", name="conv2", **common),
                kl.AveragePooling2D((2, 1), **common),
                kl.Flatten(),
                kl.Dense(5, activation="relu", name="dense"),
                kl.Dense(3, name="output"),
            ]
        )

    first, last = randomized(build("channels_first")), build("channels_last")
    weights = first.get_weights()
    dense = next(k for k, w in enumerate(weights) if w.shape[-1:] == (5,) and w.ndim == 2)
    channels, rows, columns = first.layers[-4].output.shape[1:]
    order = np.moveaxis(np.arange(len(weights[dense])).reshape(channels, rows, columns), 0, -1)
    weights[dense] = weights[dense][order.ravel()]
    last.set_weights(weights)
    return first, last


@pytest.mark.parametrize("options", OPTIONS)
def test_channels_first_gives_the_network_of_channels_last(options):
    first, last = channels_first_pair()
    adapted = adapt(first, 5, **OPTIONS[options])
    reference = adapt(last, 5, **OPTIONS[options])
    images = images_for(last)
    np.testing.assert_allclose(run(adapted, images), run(reference, images), atol=1e-5)
    assert_same_logits(convert(adapted), reference, images)


@pytest.mark.skipif(keras.backend.backend() == "tensorflow", reason="no channels_first on CPU")
def test_channels_first_weights_are_transposed_rightly():
    first, last = channels_first_pair()
    images = images_for(last)
    np.testing.assert_allclose(run(first, np.moveaxis(images, -1, 1)), run(last, images), atol=1e-5)


def test_names_are_kept():
    model = model_of(
        LINE,
        kl.Conv1D(4, 3, activation="relu", name="conv"),
        kl.GlobalAveragePooling1D(name="pool"),
    )
    assert [layer.name for layer in convert(adapt(model, 5))] == ["conv", "pool", "output"]


def test_constrained_max_pools_are_asked_for():
    model = model_of(
        PLANE, kl.Conv2D(3, 2, activation="relu", name="conv"), kl.MaxPooling2D(2, name="pool")
    )
    adapted = adapt(model, 5)
    assert convert(adapted, max_pool="constrained").layers[1].constrained
    assert not convert(adapted).layers[1].constrained
    with pytest.raises(ValueError, match="'simplified' or 'constrained'"):
        convert(adapted, max_pool="average")
