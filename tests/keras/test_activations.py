"""Activations by name, function or layer, and what may stand at the end."""

import functools

import keras
import numpy as np
import pytest
from keras import layers as kl

from keras_models import assert_same_function, images_for, refusal, run, sequential
from tdsnn_brian import analyse
from tdsnn_brian.errors import UnsupportedLayerError
from tdsnn_brian.keras import adapt, convert
from tdsnn_brian.keras.activations import parts_of_activation


def of_backend(name):
    """A function of the library that Keras runs on."""
    if keras.backend.backend() == "jax":
        import jax

        return getattr(jax.nn, name)
    if keras.backend.backend() == "torch":
        import torch

        return getattr(torch.nn.functional, name)
    import tensorflow

    return getattr(tensorflow.nn, name)


ACTIVATIONS = {
    "name": lambda: "relu",
    "function": lambda: keras.activations.relu,
    "operation": lambda: keras.ops.relu,
    "operation of nn": lambda: keras.ops.nn.relu,
    "layer": kl.ReLU,
    "Activation": lambda: kl.Activation("relu"),
    "Activation of a layer": lambda: kl.Activation(kl.ReLU()),
    "backend": lambda: of_backend("relu"),
    "layer with a slope": lambda: kl.ReLU(negative_slope=0.1),
    "leaky layer": lambda: kl.LeakyReLU(0.3),
    "leaky name": lambda: "leaky_relu",
    "leaky operation": lambda: keras.ops.leaky_relu,
    "leaky backend": lambda: of_backend("leaky_relu"),  # its slope may be another than Keras has
}


@pytest.mark.parametrize("given", ACTIVATIONS)
def test_relu_and_leaky_relu_however_they_are_given(given):
    model = sequential(
        (8,),
        kl.Dense(6, activation=ACTIVATIONS[given]()),
        kl.Dense(5),
        kl.Activation(ACTIVATIONS[given]()),
        kl.Dense(3),
    )
    assert_same_function(model)


def test_an_activation_that_does_nothing():
    model = sequential((8,), kl.Dense(6, kl.Identity()), kl.ReLU(), kl.Dense(3))
    assert_same_function(model)


@pytest.mark.parametrize("inner", [kl.PReLU(name="inner"), kl.Dropout(0.1, name="inner")])
def test_other_layers_as_an_activation_are_to_stand_alone(inner):
    message = refusal(adapt, sequential((8,), kl.Dense(6, inner, name="hidden"), kl.Dense(3)), 5)
    assert "'hidden' (Dense) holds layer 'inner'" in message
    assert "a layer of its own" in message


@pytest.mark.parametrize(
    "function",
    [
        kl.ReLU(max_value=6),
        functools.partial(keras.ops.leaky_relu, negative_slope=0.1),
        lambda x: x,
        "relu6",
        "gelu",
        keras.ops.silu,
        keras.ops.tanh,
    ],
)
def test_other_functions_are_refused(function):
    model = sequential((8,), kl.Dense(6, activation=function, name="hidden"), kl.Dense(3))
    message = refusal(adapt, model, 5)
    assert "layer 'hidden' (Dense)" in message
    assert "train the model again" in message


def softmax(x):
    return np.exp(x) / np.exp(x).sum(axis=-1, keepdims=True)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


ENDS = {
    "softmax": ("softmax", softmax),
    "sigmoid": ("sigmoid", sigmoid),
    "log-softmax": ("log_softmax", lambda x: np.log(softmax(x))),
    "softmax function": (keras.ops.softmax, softmax),
    "sigmoid function": (keras.activations.sigmoid, sigmoid),
    "softmax layer": (kl.Softmax(), softmax),
}


@pytest.mark.parametrize("inside", [True, False])
@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("units", [1, 4])
def test_probabilities_at_the_end_leave_the_logits(end, inside, units):
    activation, function = ENDS[end]
    last = [kl.Dense(units, activation=activation)]
    if not inside:
        last = [kl.Dense(units), kl.Activation(activation), kl.Dropout(0.1)]
    model = sequential((6,), kl.Dense(5, activation="relu"), *last)
    adapted = adapt(model, 5, compensate=True)
    images = images_for(model)
    logits = analyse(convert(adapted), images).logits
    np.testing.assert_allclose(run(adapted, images), function(logits), atol=1e-5)


@pytest.mark.parametrize("activation", ["sigmoid", "softmax", "log_softmax"])
def test_probabilities_in_the_middle_are_refused(activation):
    model = sequential((8,), kl.Dense(6, activation=activation, name="gate"), kl.Dense(3))
    message = refusal(adapt, model, 5)
    assert f"'gate' (Dense) has a {activation} in the middle" in message
    model = sequential((8,), kl.Dense(3), kl.Activation(activation, name="gate"), kl.Rescaling(2))
    assert "'gate' (Activation) is a" in refusal(adapt, model, 5)


@pytest.mark.parametrize(
    ("activation", "populations"),
    [
        ("relu", 1),
        ("relu6", 1),
        ("sigmoid", 1),
        ("hard_sigmoid", 1),
        ("softplus", 1),
        ("tanh", 2),
        ("elu", 2),
        ("silu", 2),
        ("hard_silu", 2),
        ("gelu", 2),
        (kl.ReLU(max_value=3.0, threshold=0.5), 1),
        (kl.ELU(alpha=0.5), 2),
    ],
)
@pytest.mark.parametrize("scale", [1.0, 4.0])
def test_populations_carry_an_activation(activation, populations, scale):
    layer = kl.Dense(1, activation=activation)
    parts = parts_of_activation(layer, scale=scale)
    assert len(parts) == populations
    x = np.linspace(-8, 8, 801)
    carried = sum(part.gives * part.transfer.values(part.takes * scale * x) for part in parts)
    expected = keras.ops.convert_to_numpy(layer.activation(x.astype(np.float32)))
    np.testing.assert_allclose(carried / scale, expected, atol=2e-6)


@pytest.mark.parametrize(
    "activation", ["exponential", "softsign", "selu", kl.LeakyReLU(), kl.ReLU(negative_slope=0.1)]
)
def test_other_activations_are_carried_by_none(activation):
    with pytest.raises(UnsupportedLayerError, match="no neurons that fire once carry"):
        parts_of_activation(kl.Dense(1, activation=activation, name="dense"))


@pytest.mark.parametrize("activation", ["softmax", "log_softmax"])
def test_several_softmaxes_in_one_row_are_refused(activation):
    """Their largest probability is not where the largest logit is."""
    layers = [kl.Conv2D(4, 2), kl.Activation(activation, name="end")]
    message = refusal(adapt, sequential((4, 4, 2), *layers, kl.Flatten(name="row")), 5)
    assert "'row' (Flatten) puts several softmaxes of layer 'end'" in message
    model = sequential((4, 4, 2), *layers, kl.Reshape((9, 4)))
    images = images_for(model)
    predictions = analyse(convert(adapt(model, 50)), images).predictions
    assert predictions.shape == (4, 9)
