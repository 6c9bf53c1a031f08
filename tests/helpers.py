"""Small networks that tests share."""

import numpy as np

from tdsnn_brian.firing_times import SILENT
from tdsnn_brian.layers import AveragePool2D, Conv2D, Dense, MaxPool2D
from tdsnn_brian.network import SpikingNetwork


def small_network(seed=0, leak=5.0, **fields):
    """conv (same, stride 1) - max-pool - conv (valid, stride 2) - average - dense - dense."""
    rng = np.random.default_rng(seed)

    def normal(*shape, scale=1.0):
        return rng.normal(0, scale, shape)

    layers = (
        Conv2D(
            name="conv1",
            input_shape=(9, 8, 2),
            kernel=normal(3, 2, 2, 4, scale=0.4),
            bias=normal(4, scale=0.3),
            padding=((1, 1), (0, 1)),
        ),
        MaxPool2D(name="pool1", input_shape=(9, 8, 4), pool_size=(2, 2), strides=(2, 2)),
        Conv2D(
            name="conv2",
            input_shape=(4, 4, 4),
            kernel=normal(2, 2, 4, 6, scale=0.3),
            bias=normal(3, 3, 6, scale=0.2),
        ),
        AveragePool2D(
            name="mean",
            input_shape=(3, 3, 6),
            pool_size=(2, 2),
            strides=(1, 1),
            bias=np.full(6, -1.0),
        ),
        Dense(name="dense1", input_shape=(2, 2, 6), weights=normal(24, 10, scale=0.3), bias=None),
        Dense(name="output", input_shape=(10,), weights=normal(10, 3), bias=normal(3)),
    )
    return SpikingNetwork(layers=layers, leak=leak, name="small", **fields)


def short_network(leak=5.0):
    """The first convolution and max-pool of the small network, and an output: soon compiled."""
    layers = small_network().layers[:2]
    n = layers[-1].n_neurons
    weights = np.random.default_rng(0).normal(0, n**-0.5, (n, 3))
    output = Dense(name="output", input_shape=(n,), weights=weights)
    return SpikingNetwork(layers=(*layers, output), leak=leak, name="short")


def assert_same(result, analysis, rtol=1e-9):
    """Every firing time, every answer and every potential."""
    comparison = result.compare(analysis, rtol=rtol)
    assert comparison, f"\n{comparison}"
    assert list(result.latencies) == list(analysis.latencies)
    for name, expected in analysis.latencies.items():
        np.testing.assert_array_equal(result.latencies[name], expected, err_msg=name)
        spikes = getattr(result, "spikes", None)
        assert spikes is None or spikes[name] == (expected != SILENT).sum()


def network_with_a_loose_end():
    """A max-pool leaves the last row and column of a convolution out; they fire last."""
    rng = np.random.default_rng(0)
    layers = (
        Conv2D(
            name="conv",
            input_shape=(5, 5, 1),
            kernel=np.full((1, 1, 1, 2), 2.0),
            bias=np.array([-1.0, 0.5]),
        ),
        MaxPool2D(name="pool", input_shape=(5, 5, 2), pool_size=(2, 2), strides=(2, 2)),
        Dense(name="hidden", input_shape=(2, 2, 2), weights=rng.normal(0, 0.1, (8, 3)), bias=None),
        Dense(
            name="output",
            input_shape=(3,),
            weights=rng.normal(0, 0.1, (3, 2)),
            bias=np.array([0.1, 0.2]),
        ),
    )
    images = np.zeros((3, 5, 5, 1))
    images[:, 4, 4] = [[40], [0.0], [90]]
    images[1, :2, :2] = 0.5
    return SpikingNetwork(layers=layers, leak=5.0, name="loose end"), images


def random_images(network, n=3, seed=1):
    rng = np.random.default_rng(seed)
    return rng.random((n, *network.input_shape)) * (rng.random((n, *network.input_shape)) > 0.3)
