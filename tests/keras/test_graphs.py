"""Networks with branches and values of either sign: the function stays, every engine agrees."""

from itertools import cycle

import keras
import numpy as np
import pytest
from graph_models import MODELS, random_model
from keras import layers as kl

import tdsnn_brian as td
from keras_models import (
    CODINGS,
    assert_adapted_as_analysed,
    assert_same_function,
    assert_same_logits,
    images_for,
    run,
    sequential,
    turned,
)
from tdsnn_brian.analysis.algorithm_1 import run_algorithm_1
from tdsnn_brian.keras import adapt, convert


def _slow(seed):
    return [pytest.mark.slow] if seed > 5 else []


@pytest.mark.parametrize("name", MODELS)
def test_a_fine_code_keeps_the_function(name):
    assert_same_function(MODELS[name]())


@pytest.mark.parametrize(
    ("name", "coding"), zip(MODELS, cycle(["compensated", "silent"]), strict=False)
)
def test_the_adapted_model_is_the_network(name, coding):
    assert_adapted_as_analysed(MODELS[name](), CODINGS[coding])


def conv(activation="relu", **options):
    return kl.Conv2D(3, 3, activation=activation, name="conv", **options)


def head():
    return kl.Flatten(), kl.Dense(3, name="output")


CHAINS = {
    "leaky ReLU": lambda: [conv(None), kl.LeakyReLU(name="leaky"), *head()],
    "ReLU with a slope": lambda: [conv(None), kl.ReLU(negative_slope=0.1, name="act"), *head()],
    "missing ReLU": lambda: [conv(None), *head()],
    "missing ReLU behind a normalisation and a pool": lambda: [
        conv(None),
        kl.BatchNormalization(),
        kl.MaxPooling2D(),
        *head(),
    ],
    "ReLU after the average": lambda: [conv(None), kl.AveragePooling2D(2), kl.ReLU(), *head()],
    "linear convolutions in a row": lambda: [
        conv(None),
        kl.Conv2D(3, 2, activation="relu", name="next"),
        *head(),
    ],
    "linear convolution and a mean": lambda: [conv(None), kl.GlobalAveragePooling2D(name="mean")],
    "linear 1 x 1 and a mean that pads": lambda: [
        kl.Conv2D(3, 1, name="conv"),
        kl.AveragePooling2D(3, padding="same"),
        kl.ReLU(),
        *head(),
    ],
    "linear 1 x 1 and zero padding": lambda: [
        kl.Conv2D(3, 1, name="conv"),
        kl.ZeroPadding2D(1),
        kl.Conv2D(3, 3, activation="relu"),
        *head(),
    ],
    "normalisation of rows": lambda: [
        conv(None),
        kl.BatchNormalization(axis=1, name="norm"),
        kl.ReLU(),
        *head(),
    ],
    "normalisation of flat sums": lambda: [
        conv(None),
        kl.Flatten(),
        kl.BatchNormalization(name="norm"),
        kl.ReLU(),
        kl.Dense(3),
    ],
    "normalisation behind zero padding of sums": lambda: [
        conv(None),
        kl.ZeroPadding2D(1),
        kl.BatchNormalization(name="norm"),
        kl.ReLU(),
        *head(),
    ],
    "padding before a dense layer": lambda: [conv(), kl.ZeroPadding2D(1, name="pad"), *head()],
}


@pytest.mark.parametrize(("name", "coding"), zip(CHAINS, cycle(CODINGS), strict=False))
def test_values_of_either_sign_in_a_chain(name, coding):
    model = turned(sequential((8, 8, 2), *CHAINS[name]()))
    assert_same_function(model)
    assert_adapted_as_analysed(model, CODINGS[coding])


def test_maxima_of_means_of_values_of_either_sign():
    """Both neurons of a pair have a mean, and neither tells the largest difference."""
    layers = kl.LeakyReLU(0.5), kl.AveragePooling2D(2, 1), kl.MaxPooling2D(3, 1)
    model = sequential((8, 8, 2), conv(None), *layers, *head())
    kernel, bias = model.get_layer("conv").get_weights()
    model.get_layer("conv").set_weights([kernel - kernel.mean(axis=(0, 1, 2)), 0 * bias])
    assert_same_function(model, tolerance=5e-3)


def test_a_linear_layer_is_merged_where_that_is_cheaper_and_a_note_says_so(capsys):
    """4 x 1 then 1 x 4 weights are fewer than 4 x 4."""
    wide = sequential((5,), kl.Dense(4, name="a"), kl.Dense(5, name="b"))
    narrow = sequential((40,), kl.Dense(1, name="a"), kl.Dense(40, name="b"))
    for model, layers, note in (
        (wide, ["b"], "'a' has no ReLU and is merged into 'b': one layer has 25 synapses"),
        (narrow, ["a", "b"], "merged with 'b' it would have 1,600 synapses, so the two have 160"),
    ):
        network = convert(adapt(model, 5))
        assert [layer.name for layer in network] == layers
        assert note in network.metadata["notes"][0]
        network.summary()
        assert note in capsys.readouterr().out


def test_gates_are_calibrated_retrained_and_saved(tmp_path):
    model = MODELS["gated"]()
    images = images_for(model, 80)
    taught = run(model, images)

    def loss(adapted):
        return np.abs(td.analyse(convert(adapted), images).logits - taught).mean()

    plain = adapt(model, 4, scale=3)
    assert loss(adapt(model, 4, scale=3, calibration=images)) < loss(plain)
    before = loss(plain)
    plain.compile(keras.optimizers.Adam(3e-3), "mse")
    plain.fit(images, taught, epochs=12, batch_size=10, verbose=0)
    assert loss(plain) < 0.8 * before
    plain.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert_same_logits(convert(loaded), plain, images[:4])


@pytest.mark.parametrize("seed", [pytest.param(k, marks=_slow(k)) for k in range(25)])
def test_random_graphs_on_every_engine(seed, numpy_target):
    assert_every_engine_agrees(random_model(seed), seed)


ACTIVATIONS = ("relu6", "sigmoid", "tanh", "softplus", "elu", "silu", "hard_silu", "gelu")


@pytest.mark.parametrize("seed", [pytest.param(k, marks=_slow(2 * k)) for k in range(12)])
def test_random_graphs_with_activations_on_every_engine(seed, numpy_target):
    model = random_model(seed, ACTIVATIONS)
    assert_same_function(model, fine={"leak": 200, "scale": 100})
    assert_every_engine_agrees(model, seed)


def assert_every_engine_agrees(model, seed):
    options = {"compensate": True, "scale": 2, "silent_zeros": bool(seed % 3 == 0)}
    network = convert(adapt(model, 3, **options))
    images = images_for(model, 2, seed)
    expected = td.analyse(network, images)
    for found in (
        run_algorithm_1(network, images),
        td.simulate(network, images, window="fixed", projection="explicit"),
        td.simulate(network, images, window="dynamic", projection="shared"),
    ):
        comparison = found.compare(expected)
        assert comparison, f"\n{comparison}"
        assert list(found.latencies) == list(expected.latencies)
    assert np.ptp(expected.potentials) > 0
