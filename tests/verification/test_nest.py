"""Verification: Brian2, the analysis and NEST fire alike, neuron by neuron."""

import numpy as np
import pytest
from brian2 import ms

import tdsnn_brian as td

pytest.importorskip("nest", reason="NEST is not installed (pip install nest-simulator)")

import in_nest

LEAK, WINDOW, SIDE, MAPS = 5.0, 25, 10, 4


def convolution(kernel):
    """Every weight of a 3 x 3 convolution without padding, by loops."""
    rows = SIDE - 2
    matrix = np.zeros((SIDE, SIDE, rows, rows, MAPS))
    for y in range(rows):
        for x in range(rows):
            for dy in range(3):
                for dx in range(3):
                    matrix[y + dy, x + dx, y, x] = kernel[dy, dx, 0]
    return matrix.reshape(SIDE**2, -1)


def pooling():
    """2 x 2 windows."""
    rows = SIDE - 2
    matrix = np.zeros((rows, rows, MAPS, rows // 2, rows // 2, MAPS))
    for y in range(rows):
        for x in range(rows):
            for channel in range(MAPS):
                matrix[y, x, channel, y // 2, x // 2, channel] = 1
    return matrix.reshape(rows**2 * MAPS, -1)


@pytest.fixture(scope="module")
def both():
    """The same weights as a `SpikingNetwork` and as plain matrices: 364 neurons."""
    rng = np.random.default_rng(3)
    kernel, bias = rng.normal(0.1, 0.3, (3, 3, 1, MAPS)), rng.normal(0, 0.3, MAPS)
    hidden, hidden_bias = rng.normal(0, 0.15, (64, 40)), rng.normal(0, 0.3, 40)
    last, last_bias = rng.normal(0, 0.4, (40, 4)), rng.normal(0, 0.3, 4)
    layers = (
        td.layers.Conv2D(name="conv", input_shape=(SIDE, SIDE, 1), kernel=kernel, bias=bias),
        td.layers.MaxPool2D(
            name="pool", input_shape=(8, 8, MAPS), pool_size=(2, 2), strides=(2, 2)
        ),
        td.layers.Dense(name="dense", input_shape=(4, 4, MAPS), weights=hidden, bias=hidden_bias),
        td.layers.Dense(name="output", input_shape=(40,), weights=last, bias=last_bias),
    )
    plain = [
        in_nest.Weighted(convolution(kernel), np.tile(bias, 64)),
        in_nest.MaxPool(pooling()),
        in_nest.Weighted(hidden, hidden_bias),
        in_nest.Weighted(last, last_bias),
    ]
    return td.SpikingNetwork(layers=layers, leak=LEAK), plain


@pytest.mark.usefixtures("numpy_target")
def test_nest_fires_as_brian2_and_the_analysis(both):
    network, plain = both
    images = np.random.default_rng(4).random((2, SIDE, SIDE, 1))
    simulated = td.simulate(network, images, window=WINDOW, tick=1 * ms)
    analysed = td.analyse(network, images)
    for index, image in enumerate(images):
        times, logits = in_nest.run(image.ravel(), plain, LEAK, WINDOW)
        for name, found in zip(("conv", "pool", "dense"), times, strict=True):
            np.testing.assert_allclose(
                found, simulated.latencies[name][index].ravel(), atol=1e-6, err_msg=name
            )
            np.testing.assert_allclose(found, analysed.latencies[name][index].ravel(), atol=1e-6)
        np.testing.assert_allclose(logits, simulated.potentials[index], rtol=1e-9, atol=1e-9)


def test_a_difference_is_noticed(both):
    network, plain = both
    image = np.random.default_rng(4).random((1, SIDE, SIDE, 1))
    wrong = [in_nest.Weighted(1.02 * plain[0].matrix, plain[0].bias), *plain[1:]]
    times, _ = in_nest.run(image.ravel(), wrong, LEAK, WINDOW)
    expected = td.analyse(network, image).latencies["conv"].ravel()
    assert (np.abs(times[0] - expected) > 0.5).any()
