"""Activations by name, function or layer, and what may stand at the end."""

import functools
import sys
import types
from itertools import cycle

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
    refusal,
    run,
    sequential,
)
from tdsnn_brian import analyse
from tdsnn_brian.keras import adapt, convert
from tdsnn_brian.keras.activations import activation_of


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
        functools.partial(keras.ops.leaky_relu, negative_slope=0.1),
        lambda x: x,
        "exponential",
        kl.ReLU(6, negative_slope=0.1),
        kl.ReLU(0),
        kl.ELU(0.0),
    ],
)
def test_other_functions_are_refused(function):
    model = sequential((8,), kl.Dense(6, activation=function, name="hidden"), kl.Dense(3))
    message = refusal(adapt, model, 5)
    assert "layer 'hidden' (Dense)" in message
    assert "train the model again" in message


@pytest.mark.parametrize("alpha", [0.0, -1.0])
def test_an_operation_of_no_transfer_is_refused_by_name(alpha):
    image = keras.Input((6,))
    values = keras.ops.elu(kl.Dense(5)(image), alpha)
    message = refusal(adapt, keras.Model(image, kl.Dense(3)(values)), 5)
    assert "(Elu) makes no activation that neurons carry: transfer 'elu_off': alpha must" in message


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


@pytest.mark.parametrize("activation", ["softmax", "log_softmax"])
def test_probabilities_in_the_middle_are_refused(activation):
    model = sequential((8,), kl.Dense(6, activation=activation, name="gate"), kl.Dense(3))
    message = refusal(adapt, model, 5)
    assert f"'gate' (Dense) has a {activation} in the middle" in message
    model = sequential((8,), kl.Dense(3), kl.Activation(activation, name="gate"), kl.Rescaling(2))
    assert "'gate' (Activation) is a" in refusal(adapt, model, 5)


def test_slopes_of_either_sign():
    layers = kl.PReLU(name="slope"), kl.MaxPooling2D(2), kl.Conv2D(3, 2), kl.PReLU(shared_axes=[1])
    model = sequential(
        (6, 6, 2), kl.Conv2D(3, 3, padding="same"), *layers, kl.Flatten(), kl.Dense(3)
    )
    assert (model.get_layer("slope").get_weights()[0] < 0).any()
    assert_same_function(model)
    assert_adapted_as_analysed(model, CODINGS["compensated"])


@pytest.mark.parametrize("function", [keras.ops.leaky_relu, keras.activations.relu])
def test_operations_with_a_negative_slope(function):
    image = keras.Input((6,))
    values = function(kl.Dense(8, name="linear")(image), negative_slope=-0.5)
    assert_same_function(randomized(keras.Model(image, kl.Dense(3, name="output")(values))))


CARRIED = {
    # how it is given, and the transfers that carry it
    "relu6": ("relu6", ["relu"]),
    "layer with a cap": (kl.ReLU(6.0), ["relu"]),
    "clip": (kl.ReLU(max_value=0.9, threshold=0.2), ["relu"]),
    "sigmoid": ("sigmoid", ["sigmoid"]),
    "hard sigmoid": ("hard_sigmoid", ["hard_sigmoid"]),
    "softplus": ("softplus", ["softplus"]),
    "tanh": (keras.ops.tanh, ["tanh"]),
    "elu": ("elu", ["relu", "elu_off"]),
    "layer with an alpha": (kl.ELU(0.5), ["relu", "elu_off"]),
    "silu": ("swish", ["silu_rise", "silu_fall"]),
    "hard silu": ("hard_swish", ["hard_silu_rise", "hard_silu_fall"]),
    "gelu": ("gelu", ["gelu_rise", "gelu_fall"]),
    "gelu by tanh": (keras.ops.gelu, ["gelu_tanh_rise", "gelu_tanh_fall"]),
}


CARRIED_IN = ("compensated", "silent")  # without corrections, neurons that pass values on are ties


def behind_pools_and_zeros(activation):
    """The activation inside a layer and as a layer, behind a pool over zeros, and read by all."""
    return sequential(
        (6, 6, 2),
        kl.Conv2D(3, 3, padding="same", activation=activation, name="conv"),
        kl.BatchNormalization(name="norm"),
        kl.AveragePooling2D(2, 1, name="mean"),
        kl.Activation(activation, name="again"),
        kl.MaxPooling2D(2, name="max"),
        kl.Conv2D(3, 2, name="linear"),
        kl.ZeroPadding2D(1),
        kl.MaxPooling2D(2, 1),
        kl.Activation(activation, name="third"),
        kl.ZeroPadding2D(1),
        kl.Conv2D(4, 2, strides=2, activation="relu"),
        kl.Flatten(),
        kl.Dense(3, name="output"),
    )


@pytest.mark.parametrize(("given", "coding"), zip(CARRIED, cycle(CARRIED_IN), strict=False))
def test_an_activation_that_neurons_carry(given, coding):
    activation, transfers = CARRIED[given]
    model = behind_pools_and_zeros(activation)
    network = assert_adapted_as_analysed(model, CODINGS[coding])
    assert {x.transfer.name for x in network.populations} == {"relu", *transfers}
    assert_same_function(model, fine={"leak": 200, "scale": 100})


@pytest.mark.parametrize("given", CARRIED)
def test_it_is_read_as_the_function_that_it_is(given):
    activation = CARRIED[given][0]
    layer = kl.Dense(1, activation=activation)
    x = np.linspace(-8, 8, 801)
    parts = activation_of(layer).parts
    carried = sum(part.gives * part.transfer.values(part.takes * x) for part in parts)
    expected = keras.ops.convert_to_numpy(layer.activation(x.astype(np.float32)))
    np.testing.assert_allclose(carried, expected, atol=2e-6)


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="torch is no other library there")
def test_a_function_of_another_library_than_keras_runs_on(monkeypatch):
    """PyTorch takes tensors of its own alone; a stand-in, for it need not be installed."""

    class Tensor(np.ndarray):
        pass

    def strict(x):
        assert isinstance(x, Tensor)
        return np.where(x > 0, x, 0.2 * x)

    functions = types.ModuleType("torch.nn.functional")
    torch = types.ModuleType("torch")
    functions.leaky_relu = strict
    torch.from_numpy = lambda x: x.view(Tensor)
    torch.nn = types.SimpleNamespace(ReLU=Tensor)
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(sys.modules, "torch.nn.functional", functions)
    assert activation_of(kl.Dense(1), strict).slope == pytest.approx(0.2)


def test_a_tangent_behind_a_mean_over_zeros():
    """Whose values cannot be negative, so that ON neurons are enough."""
    layers = kl.Conv2D(3, 3, activation="relu"), kl.AveragePooling2D(2, 1, padding="same")
    model = sequential((6, 6, 2), *layers, kl.Activation("tanh"), kl.Flatten(), kl.Dense(3))
    assert [x.transfer.name for x in assert_same_function(model).populations][1] == "tanh"
    assert_adapted_as_analysed(model, CODINGS["compensated"])


def test_a_sigmoid_is_a_transfer_in_the_middle_and_probabilities_at_the_end():
    model = sequential((6,), kl.Dense(5, "sigmoid"), kl.Dense(4), kl.Activation("sigmoid"))
    network = assert_same_logits_before(model, 2)
    assert [x.transfer.name for x in network.populations] == ["sigmoid", "relu"]


def assert_same_logits_before(model, last):
    """The network gives what the layers up to `last` give."""
    logits = keras.Model(model.inputs, model.layers[last - 1].output)
    images = images_for(model)
    network = convert(adapt(model, 200, scale=100))
    np.testing.assert_allclose(analyse(network, images).logits, run(logits, images), atol=0.02)
    return network


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
