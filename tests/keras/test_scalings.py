"""Batch normalisation, rescaling and linear layers anywhere: folded to the same function."""

from itertools import cycle

import keras
import numpy as np
import pytest
from keras import layers as kl

from keras_models import (
    CODINGS,
    FINE,
    assert_adapted_as_analysed,
    assert_same_function,
    images_for,
    randomized,
    run,
    sequential,
    turned,
)
from scaling_models import ALL, PLANE, VECTOR, bn, conv, head
from tdsnn_brian import analyse
from tdsnn_brian.keras import adapt, convert
from tdsnn_brian.results import predict


@pytest.mark.parametrize(("case", "coding"), zip(ALL, cycle(CODINGS), strict=False))
def test_the_function_stays_and_the_adapted_model_is_the_network(case, coding):
    shape, layers = ALL[case]
    model = turned(sequential(shape, *layers()))
    network = assert_same_function(model)
    assert {layer.name for layer in network} <= {layer.name for layer in model.layers}
    assert_adapted_as_analysed(model, CODINGS[coding])


def test_negative_gammas_make_minima_of_the_max_pool():
    model = turned(
        sequential(
            PLANE,
            conv(),
            bn(),
            kl.MaxPooling2D(name="pool"),
            kl.MaxPooling2D(2, 1, name="pool2"),
            bn("second"),
            *head(),
        )
    )
    adapted = adapt(model, 5)
    assert adapted.get_layer("pool").minimum == adapted.get_layer("pool2").minimum == (1, 3)
    assert [layer.minimum for layer in convert(adapted).layers[1:3]] == [(1, 3), (1, 3)]


def test_a_linear_layer_joins_the_next_one():
    model = sequential(VECTOR, kl.Dense(5, name="a"), kl.Dense(3, name="b"))
    assert [layer.name for layer in convert(adapt(model, 5))] == ["b"]


def test_an_affine_map_before_a_relu_gets_neurons_of_its_own():
    model = sequential(PLANE, bn("first"), kl.ReLU(), conv(name="conv"), *head())
    network = convert(adapt(model, 5))
    assert [layer.name for layer in network] == ["first", "conv", "output"]
    assert network.layers[0].n_neurons == 126


def test_the_border_of_an_offset_has_a_bias_of_each_neuron():
    model = sequential(
        PLANE, kl.Rescaling(1 / 127.5, -1), conv(padding="same", name="conv"), *head()
    )
    bias = convert(adapt(model, 5)).layers[0].bias
    assert bias.shape == (7, 6, 4)
    assert np.ptp(bias[1:-1, 1:-1], axis=(0, 1)).max() < 1e-6 < np.ptp(bias, axis=(0, 1)).min()


@pytest.mark.parametrize(
    "end",
    [
        [kl.AveragePooling2D(2), kl.Rescaling(2), kl.Flatten()],
        [conv(size=2, activation=None), kl.Flatten(), kl.Softmax()],
        [kl.GlobalAveragePooling2D(keepdims=True)],
        [kl.Flatten(), kl.Dense(6, name="output"), kl.Reshape((2, 3))],
        [kl.Reshape((10, 8)), kl.Conv1D(3, 2)],
    ],
)
def test_outputs_have_the_shape_of_the_model(end):
    model = sequential(PLANE, conv(), *end)
    images = images_for(model)
    adapted = adapt(model, 5)
    result = analyse(convert(adapted), images)
    expected = run(adapted, images)
    assert result.potentials.shape == expected.shape == (len(images), *model.output_shape[1:])
    assert result.predictions.shape == predict(expected).shape


@pytest.mark.parametrize("constant", [0.0, 1.0, 0.1])
def test_constant_features_are_taken_as_that_constant(constant):
    data = np.random.default_rng(0).random((200, 8)).astype(np.float32)
    data[:, 3] = constant
    norm = kl.Normalization(name="norm")
    norm.adapt(data)
    if constant == 0.1:  # its mean in float32 is a rounding error off
        norm.adapt_variance.assign(np.where(np.arange(8) == 3, 0, norm.adapt_variance))
        norm.finalize_state()
    model = sequential((8,), norm, kl.Dense(16, activation="relu"), kl.Dense(2))
    images = data[:20]
    with pytest.warns(UserWarning, match=r"'norm' \(Normalization\): 1 of 8 features"):
        network = convert(adapt(model, **FINE))
    images[:, 3] = np.asarray(norm.mean).ravel()[3]
    result = analyse(network, images)
    expected = run(model, images)
    np.testing.assert_allclose(result.logits, expected, atol=0.02 * np.abs(expected).max())
    with pytest.warns(UserWarning, match="features were constant"):
        coarse = analyse(convert(adapt(model, 5, scale=10, compensate=True)), images)
    assert max(int(window.max()) for window in coarse.windows.values()) < 40


def test_calibration_follows_what_is_folded():
    model = turned(
        sequential(
            PLANE,
            kl.Rescaling(2, -1),
            conv(padding="same"),
            bn(),
            kl.MaxPooling2D(),
            conv(size=2, padding="same", activation=None),
            bn("second"),
            kl.ReLU(),
            *head(),
        )
    )
    images, others = images_for(model, 40), images_for(model, 40, seed=9)
    expected = run(model, others)
    errors = [
        np.abs(
            run(adapt(model, 2, compensate=True, scale=3, calibration=some), others) - expected
        ).mean()
        for some in (None, images)
    ]
    assert errors[1] < errors[0]
    assert_adapted_as_analysed(model, {"compensate": True, "calibration": images})


def test_what_a_model_is_retrained_with_is_kept():
    model = randomized(
        keras.Sequential(
            [
                keras.Input(PLANE),
                kl.RandomFlip(name="flip"),
                kl.Rescaling(0.5, name="scale"),
                kl.RandomZoom(0.1),
                conv(name="conv", kernel_regularizer="l2", trainable=False),
                kl.Dropout(0.3, name="drop"),
                *head(),
            ]
        )
    )
    adapted = adapt(model, 5, scale=3)
    assert [layer.name for layer in adapted.layers][1:3] == ["flip", "scale"]
    assert not any(isinstance(layer, kl.RandomZoom) for layer in adapted.layers)
    assert adapted.get_layer("conv").kernel_regularizer is not None
    assert not adapted.get_layer("conv").trainable
    assert adapted.get_layer("drop").rate == 0.3
