import numpy as np
import pytest

import tdsnn_brian as td
from helpers import small_network
from tdsnn_brian.layers import Dense, MaxPool2D
from tdsnn_brian.network import SpikingNetwork


def dense(name, n_in, n_out):
    return Dense(name=name, input_shape=(n_in,), weights=np.ones((n_in, n_out)))


def test_a_network_ends_in_a_synapse_based_layer():
    pool = MaxPool2D(name="pool", input_shape=(2, 2, 1), pool_size=(2, 2), strides=(2, 2))
    with pytest.raises(td.InvalidInputError, match="must end in a synapse-based layer"):
        SpikingNetwork(layers=(pool,), leak=5)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"minimum": (0, 2)}, r"'pool': minimum must name channels, 0 to 1, got \(0, 2\)"),
        ({"minimum": (1,), "constrained": True}, "'pool': a constrained max-pool has no minimum"),
    ],
)
def test_minimum_channels_of_a_pool_are_checked(fields, message):
    with pytest.raises(td.InvalidInputError, match=message):
        MaxPool2D(name="pool", input_shape=(2, 2, 2), pool_size=(2, 2), **fields)


def test_names_differ():
    with pytest.raises(td.InvalidInputError, match="must differ"):
        SpikingNetwork(layers=(dense("a", 3, 2), dense("a", 2, 2)), leak=5)


def test_sizes_fit():
    with pytest.raises(td.InvalidInputError, match="'b' takes 4 inputs but 'a' has 2 neurons"):
        SpikingNetwork(layers=(dense("a", 3, 2), dense("b", 4, 2)), leak=5)


def test_the_leak_is_checked():
    with pytest.raises(td.InvalidInputError, match="leak"):
        SpikingNetwork(layers=(dense("a", 3, 2),), leak=0)


def test_it_is_frozen():
    with pytest.raises(AttributeError):
        small_network().leak = 3


def test_an_output_shape_holds_all_potentials():
    with pytest.raises(td.InvalidInputError, match="does not hold the potentials of the 3 neurons"):
        td.SpikingNetwork(layers=(dense("output", 4, 3),), leak=5, output_shape=(2, 2))


def test_potentials_have_the_output_shape():
    network = td.SpikingNetwork(layers=(dense("output", 4, 6),), leak=5, output_shape=(2, 3))
    analysis = td.analyse(network, np.ones((5, 4)))
    assert analysis.potentials.shape == (5, 2, 3)
    assert analysis.predictions.shape == (5, 2)
