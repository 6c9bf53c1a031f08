"""Layers that are refused, by the message that names the layer, the cause and the remedy."""

import re

import numpy as np
import pytest
from keras import layers as kl

from keras_models import refusal, sequential, turned
from tdsnn_brian.keras import adapt

IMAGE = (8, 8, 2)


def conv(activation="relu", **options):
    return kl.Conv2D(3, 3, activation=activation, name="conv", **options)


def conv2():
    return kl.Conv2D(3, 3, activation="relu")


def scale_of_five():
    layer = kl.Rescaling(1.0, name="scale")
    layer.call = lambda inputs: inputs  # a model with it could not be built
    layer.scale = np.ones((1, 5, 1))
    return layer


def head():
    return kl.Flatten(), kl.Dense(3, name="output")


REFUSED = {
    "layer normalisation": (
        [conv(), kl.LayerNormalization(name="norm"), *head()],
        r"layer 'norm' \(LayerNormalization\) divides by .*use BatchNormalization",
    ),
    "unsupported layer": (
        [conv(), kl.Flatten(), kl.Masking(name="mask"), kl.Dense(3)],
        r"layer 'mask' \(Masking\) is not supported; use one of .*Conv2D.*register",
    ),
    "recurrent layer": (
        [conv(), kl.Reshape((6, 18)), kl.LSTM(3, name="loop"), kl.Dense(3)],
        r"layer 'loop' \(LSTM\) feeds its values back in time.*use Conv1D",
    ),
    "bilinear upsampling": (
        [conv(), kl.UpSampling2D(interpolation="bilinear", name="up"), *head()],
        r"layer 'up' \(UpSampling2D\) has interpolation='bilinear'; use 'nearest'",
    ),
    "subclass of a supported layer": (
        [conv(), kl.Flatten(), type("Sparse", (kl.Dense,), {})(3, name="mine")],
        r"layer 'mine' \(Sparse\) is not supported",
    ),
    "activation": (
        [conv("softsign"), *head()],
        r"layer 'conv' \(Conv2D\) has the activation 'softsign'.*use 'relu'",
    ),
    "activation layer": (
        [conv(None), kl.Activation("selu", name="act"), *head()],
        r"layer 'act' \(Activation\) has the activation 'selu'",
    ),
    "ReLU6": (
        [conv(None), kl.ReLU(max_value=6, negative_slope=0.1, name="act"), *head()],
        r"layer 'act' \(ReLU\) has negative_slope=0.1 beside max_value",
    ),
    "normalisation, zero padding, max-pool": (
        [
            conv(),
            kl.BatchNormalization(name="norm"),
            kl.ZeroPadding2D(1),
            kl.MaxPooling2D(name="pool"),
            *head(),
        ],
        r"layer 'norm' .* layer 'pool' \(MaxPooling2D\) then meets zeros of a padding",
    ),
    "offset, zero padding, max-pool": (
        [
            kl.Rescaling(2, -1, name="scale"),
            kl.ZeroPadding2D(1),
            kl.MaxPooling2D(name="pool"),
            conv(),
            *head(),
        ],
        r"layer 'scale' .* layer 'pool' \(MaxPooling2D\) then meets zeros of a padding",
    ),
    "mean of the data, zero padding, max-pool": (
        [
            kl.Normalization(mean=[0.2, 0.3], variance=[0.1, 0.2], name="scale"),
            kl.ZeroPadding2D(1),
            kl.MaxPooling2D(name="pool"),
            conv(),
            *head(),
        ],
        r"layer 'scale' .* layer 'pool' \(MaxPooling2D\) then meets zeros of a padding",
    ),
    "offset, zero padding, max-pool of a line": (
        [
            kl.Rescaling(2, -1, name="scale"),
            kl.Reshape((64, 2)),
            kl.ZeroPadding1D(1),
            kl.MaxPooling1D(name="pool"),
            kl.Conv1D(3, 2, activation="relu"),
            *head(),
        ],
        r"layer 'scale' .* layer 'pool' \(MaxPooling1D\) then meets zeros of a padding",
    ),
    "turned round, zero padding, max-pool": (
        [
            kl.Rescaling(-1, name="scale"),
            kl.ZeroPadding2D(1),
            kl.MaxPooling2D(name="pool"),
            conv(),
            *head(),
        ],
        r"layer 'scale' .* layer 'pool' \(MaxPooling2D\) then meets zeros of a padding",
    ),
    "offsets of pixels, max-pool": (
        [
            kl.Rescaling(1, np.linspace(0, 1, 64).reshape(8, 8, 1), name="scale"),
            kl.MaxPooling2D(name="pool"),
            conv(),
            *head(),
        ],
        r"layer 'scale' .* layer 'pool' \(MaxPooling2D\)",
    ),
    "scales of pixels of both signs": (
        [kl.Rescaling(np.linspace(-1, 1.1, 64).reshape(8, 8, 1), name="scale"), conv(), *head()],
        r"layer 'scale' \(Rescaling\) .* layer 'conv' \(Conv2D\) cannot take up",
    ),
    "an array that does not fit": (
        [scale_of_five(), conv(), *head()],
        r"layer 'scale' \(Rescaling\) holds numbers of the shape \(1, 5, 1\)",
    ),
    "almost constant features": (
        [kl.Normalization(mean=[100.0, 1.0], variance=[1e-9, 1.0], name="norm"), conv(), *head()],
        r"layer 'norm' \(Normalization\) divides feature 0 by .* below 1e-06 of its mean",
    ),
    "softmax in the middle": (
        [conv("softmax"), *head()],
        r"layer 'conv' \(Conv2D\) has a softmax in the middle",
    ),
    "softmax layer in the middle": (
        [conv(None), kl.Softmax(name="soft"), *head()],
        r"layer 'soft' \(Softmax\) is a softmax in the middle",
    ),
    "softmax over another axis": (
        [conv(), kl.Flatten(), kl.Reshape((4, 27)), kl.Softmax(axis=1, name="soft")],
        r"layer 'soft' .*runs over axis 1.*use Softmax\(\)",
    ),
    "ReLU of the output layer": (
        [kl.Flatten(), kl.Dense(3, activation="relu", name="output")],
        r"layer 'output' \(Dense\) is an output layer and has a ReLU.*remove it",
    ),
    "ReLU after the output layer": (
        [*head(), kl.ReLU(name="act")],
        r"layer 'act' \(ReLU\) follows the output layer 'output'",
    ),
    "pool after the output layer": (
        [conv(None), kl.MaxPooling2D(name="pool")],
        r"layer 'pool' \(MaxPooling2D\) follows the output layer 'conv'.*add a Dense layer",
    ),
    "no synapses": (
        [kl.Flatten()],
        r"the model '.*' has no synapse-based layer .*add a Dense layer at the end",
    ),
}


@pytest.mark.parametrize(("layers", "message"), REFUSED.values(), ids=REFUSED)
def test_adapt_refuses(layers, message):
    model = sequential(IMAGE, *layers)
    text = refusal(adapt, turned(model), 5)
    assert re.search(message, text, re.DOTALL), text
    named = set(re.findall(r"layer '([^']+)'", text))
    assert named <= {layer.name for layer in model.layers}, "a layer that the user does not have"
