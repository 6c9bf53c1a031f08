import keras
import numpy as np
import pytest
from keras import layers as kl

import tdsnn_brian.analysis as discrete
from keras_models import (
    assert_same_latencies,
    assert_same_logits,
    images_for,
    run,
    sequential,
)
from tdsnn_brian.conversion.padding import same_padding
from tdsnn_brian.keras import ReverseCoding, adapt, convert

OPTIONS = {
    "plain": {"compensate": False},
    "scaled": {"scale": 3, "compensate": False},
    "compensated": {"scale": 3, "compensate": True},
    "silent": {"scale": 10, "compensate": True, "silent_zeros": True},
}


def on_torch_with_uneven_border(model):
    """Whether an average pool pads unevenly, for which Keras on torch has its own rule."""
    pool = model.get_layer("pool")
    if keras.backend.backend() != "torch" or isinstance(pool, kl.MaxPooling2D):
        return False
    sizes = zip(pool.input.shape[1:3], pool.pool_size, pool.strides, strict=True)
    return pool.padding == "same" and any(np.diff(same_padding(*size)) for size in sizes)


def check(model, leak=5, **options):
    adapted = adapt(model, leak, **options)
    network = convert(adapted)
    images = images_for(model)
    assert_same_logits(network, adapted, images)
    return network, adapted, images


@pytest.mark.parametrize("options", [OPTIONS["plain"], OPTIONS["compensated"]])
@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("strides", [1, 2, (1, 3)])
@pytest.mark.parametrize("kernel", [1, 2, (3, 2), 4])
@pytest.mark.parametrize("shape", [(7, 8, 1), (6, 9, 3)])
def test_conv2d(shape, kernel, strides, padding, options):
    model = sequential(
        shape,
        kl.Conv2D(4, kernel, strides, padding, activation="relu", name="conv"),
        kl.Flatten(),
        kl.Dense(3, name="output"),
    )
    network, adapted, images = check(model, **options)
    assert network.layers[0].output_shape == adapted.get_layer("conv").output.shape[1:]
    assert_same_latencies(network, adapted, images)


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("conv", [{"dilation_rate": 2}, {"dilation_rate": (1, 3)}, {"groups": 2}])
@pytest.mark.parametrize("padding", ["same", "valid"])
def test_dilation_and_groups(conv, padding, options):
    model = sequential(
        (9, 8, 4),
        kl.Conv2D(6, (3, 2), padding=padding, activation="relu", name="conv", **conv),
        kl.Flatten(),
        kl.Dense(3, name="output"),
    )
    network, adapted, images = check(model, **options)
    assert_same_latencies(network, adapted, images)


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("pooling", [kl.MaxPooling2D, kl.AveragePooling2D])
@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize(
    ("size", "strides"), [(2, None), (3, 2), ((2, 3), 1), (3, None), ((1, 3), 2)]
)
def test_pooling(pooling, size, strides, padding, options):
    model = sequential(
        (8, 9, 2),
        kl.Conv2D(3, 3, activation="relu", name="conv"),
        pooling(size, strides, padding, name="pool"),
        kl.Flatten(),
        kl.Dense(3, name="output"),
    )
    if on_torch_with_uneven_border(model):
        with pytest.raises(ValueError, match=r"'pool' .*copies of the edge.*another backend"):
            convert(adapt(model, 5, **options))
        return
    network, adapted, images = check(model, **options)
    assert [layer.name for layer in network] == ["conv", "pool", "output"]
    corrected = any(layer.name == "pool_correction" for layer in adapted.layers)
    names = {"pool": "pool_correction"} if corrected else {}
    assert_same_latencies(network, adapted, images, names)


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_a_whole_network(options):
    model = sequential(
        (12, 11, 2),
        kl.Rescaling(0.5),
        kl.Conv2D(6, 3, padding="same", use_bias=False, name="conv1"),
        kl.BatchNormalization(),
        kl.ReLU(),
        kl.MaxPooling2D(2, name="pool1"),
        kl.Conv2D(8, 2, strides=2, padding="same", name="conv2"),
        kl.Dropout(0.3),
        kl.BatchNormalization(scale=False),
        kl.Activation("relu"),
        kl.AveragePooling2D(3, 1, "same", name="mean"),
        kl.Reshape((-1,)),
        kl.Dense(10, name="dense"),
        kl.BatchNormalization(center=False),
        kl.ReLU(),
        kl.Dense(4, name="output"),
        kl.BatchNormalization(),
    )
    network, _, _ = check(model, leak=3, **options)
    assert [layer.name for layer in network] == [
        "conv1",
        "pool1",
        "conv2",
        "mean",
        "dense",
        "output",
    ]
    assert network.leak == 3
    assert network.input_scale == pytest.approx(0.5 * options.get("scale", 1))
    assert network.silent_zeros == options.get("silent_zeros", False)


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_convolution_then_pooling_then_relu(options):
    model = sequential(
        (8, 8, 1),
        kl.Conv2D(3, 3, name="conv"),
        kl.MaxPooling2D(2, name="pool"),
        kl.ReLU(),
        kl.Flatten(),
        kl.Dense(3, name="output"),
    )
    network, adapted, images = check(model, **options)
    assert_same_latencies(network, adapted, images)


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_zero_padding_before_the_coding(padding, options):
    model = sequential(
        (6, 7, 2),
        kl.ZeroPadding2D(((1, 2), (0, 3))),
        kl.Conv2D(3, 3, strides=2, padding=padding, activation="relu", name="conv"),
        kl.ZeroPadding2D(1),
        kl.MaxPooling2D(2, name="pool"),
        kl.ZeroPadding2D(1),
        kl.AveragePooling2D(2, name="mean"),
        kl.Flatten(),
        kl.Dense(3, name="output"),
    )
    network, _, _ = check(model, **options)
    assert network.layers[0].input_shape == (6, 7, 2)


@pytest.mark.parametrize("silent_zeros", [False, True])
def test_zero_padding_on_both_sides_of_the_coding(silent_zeros):
    def coding():
        return ReverseCoding(5, silent_zeros)

    adapted = sequential(
        (6, 7, 2),
        kl.ZeroPadding2D(((1, 0), (2, 1))),
        coding(),
        kl.ZeroPadding2D(((0, 2), (1, 0))),
        kl.Conv2D(4, 3, padding="same", groups=2, activation="relu", name="conv"),
        kl.Flatten(),
        coding(),
        kl.Dense(3, name="output"),
    )
    network, images = convert(adapted), images_for(adapted)
    assert_same_logits(network, adapted, images)
    assert_same_latencies(network, adapted, images)


def test_only_the_coded_border_has_a_bias_of_its_own():
    model = sequential(
        (6, 6, 1), kl.Conv2D(2, 3, padding="same", activation="relu"), kl.Flatten(), kl.Dense(2)
    )
    assert convert(adapt(model, 5, compensate=False)).layers[0].bias.shape == (2,)
    bias = convert(adapt(model, 5, compensate=True)).layers[0].bias
    assert bias.shape == (6, 6, 2)
    assert np.ptp(bias[1:-1, 1:-1], axis=(0, 1)).max() == 0
    assert np.ptp(bias, axis=(0, 1)).min() > 0


def test_a_black_image_is_silent_in_the_network_too():
    model = sequential(
        (8, 8, 3),
        kl.Conv2D(16, 3, padding="same", use_bias=False, activation="relu", name="conv"),
        kl.AveragePooling2D(3, 1, "same", name="mean"),
        kl.Flatten(),
        kl.Dense(50, use_bias=False, activation="relu", name="dense"),
        kl.Dense(4),
    )
    network = convert(adapt(model, leak=5, scale=3, compensate=True))
    latencies = discrete.analyse(network, np.zeros((1, 8, 8, 3))).latencies
    assert {name: int(values.max()) for name, values in latencies.items()} == {
        "conv": 0,
        "mean": 0,
        "dense": 0,
    }


def test_normalization_that_adapt_did_not_fold():
    adapted = sequential(
        (6, 7, 2),
        kl.ZeroPadding2D(1),
        ReverseCoding(5),
        kl.Conv2D(4, 3, name="conv"),
        kl.BatchNormalization(),
        kl.ReLU(name="relu"),
        kl.Flatten(),
        ReverseCoding(5),
        kl.Dense(3, name="output"),
        kl.BatchNormalization(),
    )
    network, images = convert(adapted), images_for(adapted)
    assert_same_logits(network, adapted, images)
    assert_same_latencies(network, adapted, images, {"conv": "relu"})
    assert network.layers[0].kernel.dtype == np.float64


def test_softmax_layer_and_activation_leave_the_logits_out():
    for end in ([kl.Dense(4, activation="softmax")], [kl.Dense(4), kl.Softmax()]):
        model = sequential((6,), kl.Dense(5, activation="relu"), *end)
        adapted = adapt(model, 5)
        images = images_for(model)
        logits = discrete.analyse(convert(adapted), images).logits
        probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        np.testing.assert_allclose(run(adapted, images), probabilities, atol=1e-5)


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_average_pooling_as_output_layer(options):
    model = sequential(
        (8, 8, 1), kl.Conv2D(3, 3, activation="relu"), kl.AveragePooling2D(6), kl.Flatten()
    )
    check(model, **options)


def test_weights_keep_their_precision():
    model = sequential((6,), kl.Dense(5, activation="relu", name="dense"), kl.Dense(3))
    network = convert(adapt(model, 5, compensate=False))
    assert network.layers[0].weights.dtype == np.float32
    np.testing.assert_array_equal(
        network.layers[0].weights, model.get_layer("dense").get_weights()[0]
    )
