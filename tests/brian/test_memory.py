"""Which kind of network is built, and what does not fit into memory."""

from dataclasses import replace

import numpy as np
import pytest
from brian2 import prefs

import tdsnn_brian as td
from helpers import random_images, small_network
from tdsnn_brian.brian import build, memory
from tdsnn_brian.brian.event_driven.network import EventDrivenNetwork
from tdsnn_brian.errors import InvalidInputError
from tdsnn_brian.layers import Dense, MaxPool2D, Sum
from tdsnn_brian.network import SpikingNetwork

pytestmark = pytest.mark.usefixtures("numpy_target")


def constrained_network():
    network = small_network()
    return replace(
        network,
        layers=tuple(
            replace(layer, constrained=True) if isinstance(layer, MaxPool2D) else layer
            for layer in network
        ),
    )


@pytest.mark.parametrize(
    ("network", "arguments", "message"),
    [
        (small_network(), {"projection": "sparse"}, "'auto', 'explicit', 'shared'"),
        (small_network(), {"projection": "shared", "method": "euler"}, "euler.*explicit"),
        (constrained_network(), {"projection": "shared"}, "constrained max-pool.*explicit"),
    ],
)
def test_refusals(network, arguments, message):
    with pytest.raises(InvalidInputError, match=message):
        td.build_network(network, random_images(network), **arguments)


def test_auto_goes_by_the_number_of_synapses(monkeypatch):
    network = small_network()
    images = random_images(network, 1)
    assert not isinstance(td.build_network(network, images), EventDrivenNetwork)
    monkeypatch.setattr(memory, "AUTO_LIMIT", 10)
    assert isinstance(td.build_network(network, images), EventDrivenNetwork)
    explicit = td.build_network(network, images, projection="explicit")
    assert not isinstance(explicit, EventDrivenNetwork)
    quiet = replace(network, silent_zeros=True)
    assert isinstance(td.build_network(quiet, images), EventDrivenNetwork)
    assert not isinstance(td.build_network(quiet, images, method="euler"), EventDrivenNetwork)


def test_what_does_not_fit_is_refused_before_it_is_built(monkeypatch):
    n = 200_000
    weights = np.broadcast_to(np.ones(1), (n, n))  # takes no memory itself
    network = SpikingNetwork(
        layers=(Dense(name="vast", input_shape=(n,), weights=weights),), leak=5.0, name="vast"
    )
    with pytest.raises(MemoryError, match=r"40,000,000,000 synapses.*GiB.*projection=\"shared\""):
        td.build_network(network, np.ones((1, n)), projection="explicit")


def test_branches_that_wait_have_to_fit_on_a_card_too(monkeypatch):
    """Shared projections know no delay there: spikes that wait have explicit synapses."""
    shape = (4,)
    first, second, last = (
        Dense(name=name, input_shape=shape, weights=np.eye(4), source=source)
        for name, source in (("first", None), ("second", "first"), ("skip", "first"))
    )
    joined = Sum(name="sum", terms=(replace(second, name="term", source="second"), last))
    output = Dense(name="output", input_shape=shape, weights=np.eye(4))
    branches = SpikingNetwork(layers=(first, second, joined, output), leak=5)
    chain = SpikingNetwork(layers=(first, second, output), leak=5)
    images = np.full((1, 4), 0.5)
    for module in (build, memory):
        monkeypatch.setattr(module, "is_cuda", lambda device: True)
    monkeypatch.setattr(build.cuda, "check_network", lambda network, dt: None)
    monkeypatch.setattr(memory, "available_bytes", lambda: 16 * 60)
    assert td.build_network(branches, images, projection="shared").shares_weights
    monkeypatch.setattr(memory, "available_bytes", lambda: 16 * 60 - 1)
    assert td.build_network(chain, images, projection="shared").shares_weights
    with pytest.raises(MemoryError, match=r"16 synapses.*from layer 'sum' on.*cpp_standalone"):
        td.build_network(branches, images, projection="shared")


def test_the_estimate_grows_with_synapses_and_precision(monkeypatch):
    small = memory.explicit_bytes(small_network())
    monkeypatch.setitem(prefs, "core.default_float_dtype", np.float32)
    assert 0 < memory.explicit_bytes(small_network()) < small
