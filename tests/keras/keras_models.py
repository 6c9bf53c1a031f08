"""Random small Keras models, and the comparison of a network with the model it came from."""

import keras
import numpy as np
import pytest
from keras import layers as kl

import tdsnn_brian.analysis as discrete
from tdsnn_brian.coding import continuous_latency, latency
from tdsnn_brian.errors import TDSNNError
from tdsnn_brian.keras import adapt, convert
from tdsnn_brian.results import predict

FINE = {"leak": 2000, "scale": 100, "compensate": True}
"""So fine a coding that what remains is the function of the model as trained."""

CODINGS = {
    "plain": {"compensate": False},
    "compensated": {"scale": 3, "compensate": True},
    "silent": {"scale": 10, "compensate": True, "silent_zeros": True},
}


def randomized(model, seed=0):
    """The model with random weights everywhere, also biases and batch statistics."""
    rng = np.random.default_rng(seed)
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            randomized(layer, seed + 1)
        elif isinstance(layer, kl.BatchNormalization):
            layer.set_weights([rng.uniform(0.5, 1.5, w.shape) for w in layer.get_weights()])
        elif layer.get_weights():
            layer.set_weights(
                [
                    rng.normal(0, 1 / np.sqrt(max(np.prod(w.shape[:-1]), 4)), w.shape)
                    for w in layer.get_weights()
                ]
            )
    return model


def turned(model):
    """The model with every second gamma of its batch normalisations negative."""
    for layer in model.layers:
        if isinstance(layer, kl.BatchNormalization) and layer.scale:
            gamma = np.asarray(keras.ops.convert_to_numpy(layer.gamma))
            layer.gamma.assign(gamma * np.where(np.arange(gamma.size) % 2, -1.0, 1.0))
    return model


def sequential(shape, *layers, seed=0):
    return randomized(keras.Sequential([keras.Input(shape), *layers]), seed)


def images_for(model, n=4, seed=3):
    """Values in 0 .. 1, a third of them 0 as in the background of real images."""
    rng = np.random.default_rng(seed)
    shape = (n, *model.input_shape[1:])
    return (rng.random(shape) * (rng.random(shape) > 0.33)).astype(np.float32)


def run(model, images):
    """Its outputs at inference; compiled as a whole, not operation by operation."""
    return np.asarray(keras.ops.convert_to_numpy(model.predict_on_batch(images)))


def layer_output(model, name, images):
    return run(keras.Model(model.inputs[0], model.get_layer(name).output), images)


def analyse_clear(network, images):
    """Discrete analysis, and which images keep clear of the jumps of the ceiling.

    Where an activation lies next to one, float32 (Keras) and float64 may round up differently.
    """
    result = discrete.analyse(network, images, continuous=True)
    inputs = continuous_latency(images * network.input_scale, network.leak * network.input_steps)
    clear = np.ones(len(images), bool)
    for values in (inputs, *result.continuous.values()):
        distance = np.abs(values - np.round(values))
        at_jump = (distance < 2e-5) & (values > 1e-9)
        clear &= ~at_jump.reshape(len(images), -1).any(axis=1)
    assert clear.mean() >= 0.5
    return result, clear


def assert_same_logits(network, adapted, images):
    """Logits and predictions of the network are the output of the adapted model (no softmax)."""
    result, clear = analyse_clear(network, images)
    expected = run(adapted, images)
    ours = result.logits.reshape(expected.shape)
    np.testing.assert_allclose(ours[clear], expected[clear], atol=1e-4, rtol=1e-4)
    np.testing.assert_array_equal(result.predictions[clear], predict(expected)[clear])


def assert_same_latencies(network, adapted, images, names=None):
    """Every firing time is that of the activation in Keras.

    `names` maps layers of the network to the Keras layers that give their activation, where these
    are others.
    """
    result, clear = analyse_clear(network, images)
    for layer in network.firing_layers:
        values = layer_output(adapted, (names or {}).get(layer.name, layer.name), images)
        expected = latency(values, network.leak, silent_zeros=network.silent_zeros)
        actual = result.latencies[layer.name].reshape(expected.shape)
        np.testing.assert_array_equal(actual[clear], expected[clear], err_msg=layer.name)


def assert_same_function(model, images=None, taken=None, tolerance=0.02, fine=FINE):
    """A finely coded conversion computes what the model does, relative to its outputs.

    `taken` are the images as the network takes them, where these are others.
    """
    images = images_for(model) if images is None else images
    network = convert(adapt(model, **fine))
    expected = run(model, images)
    logits = discrete.analyse(network, images if taken is None else taken).logits
    np.testing.assert_allclose(
        logits.reshape(expected.shape), expected, atol=tolerance * np.abs(expected).max()
    )
    return network


def assert_adapted_as_analysed(model, options, images=None):
    """The network is the adapted model."""
    adapted = adapt(model, 5, **options)
    network = convert(adapted)
    assert_same_logits(network, adapted, images_for(model) if images is None else images)
    return network


def refusal(function, *arguments, **options):
    """The message with which this package refuses a call."""
    with pytest.raises(TDSNNError) as error:
        function(*arguments, **options)
    return str(error.value)
