"""Neurons that stay silent, through analysis and Brian2."""

from dataclasses import replace

import numpy as np
import pytest
from brian2 import ms
from hypothesis import given, settings
from hypothesis import strategies as st
from test_simulation import networks

import tdsnn_brian as td
from helpers import assert_same, random_images, small_network
from tdsnn_brian.layers import Dense, MaxPool2D
from tdsnn_brian.network import SpikingNetwork

pytestmark = pytest.mark.usefixtures("numpy_target")


both_projections = pytest.mark.parametrize("projection", ["explicit", "shared"])


@both_projections
@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("window", ["fixed", "dynamic", 30])
def test_simulation_and_analysis_agree(window, steps, projection):
    network = small_network(silent_zeros=True)
    images = random_images(network, 3)
    analysis = td.analyse(network, images)
    assert all((values == td.SILENT).any() for values in analysis.latencies.values())
    assert not any((values == 0).any() for values in analysis.latencies.values())
    result = td.simulate(network, images, window=window, dt=1 * ms / steps, projection=projection)
    assert_same(result, analysis)
    if window == "dynamic":
        for name, windows in result.windows.items():
            np.testing.assert_allclose(windows, analysis.windows[name], atol=1e-9)


@settings(max_examples=12, deadline=None)
@given(networks(), st.sampled_from(["fixed", "dynamic"]))
def test_random_networks(network, window):
    network = replace(network, silent_zeros=True)
    images = random_images(network, 2)
    for projection in ("explicit", "shared"):
        result = td.simulate(network, images, window=window, projection=projection)
        assert_same(result, td.analyse(network, images))


@both_projections
@pytest.mark.parametrize("window", ["fixed", "dynamic"])
def test_the_ticking_neuron_knows_when_all_are_done(window, projection):
    """Silent neurons, and whole silent layers, hold nothing up."""
    network = small_network(silent_zeros=True)
    images = np.concatenate([np.zeros((1, *network.input_shape)), random_images(network, 2)])
    result = td.simulate(network, images, window=window, dt=0.5 * ms, projection=projection)
    assert_same(result, td.analyse(network, images))
    for name, ticks in result.ticks.items():
        at_least = 0
        if projection == "explicit" and window == "dynamic":  # elsewhere biases fire by themselves
            at_least = network.population(name).driven_biases * td.latency(1.0, network.leak)
        last = result.latencies[name].reshape(3, -1).max(axis=1)
        np.testing.assert_array_equal(ticks, np.maximum(last, at_least))


@both_projections
def test_max_pools_behind_each_other_pass_silence_on(projection):
    rng = np.random.default_rng(0)
    pool = {"pool_size": (2, 2), "strides": (2, 2)}
    network = SpikingNetwork(
        leak=3,
        silent_zeros=True,
        layers=(
            MaxPool2D(name="pool1", input_shape=(8, 8, 1), **pool),
            MaxPool2D(name="pool2", input_shape=(4, 4, 1), **pool),
            Dense(
                name="hidden", input_shape=(4,), weights=rng.normal(size=(4, 6)), bias=np.ones(6)
            ),
            Dense(name="output", input_shape=(6,), weights=rng.normal(size=(6, 2))),
        ),
    )
    images = rng.random((3, 8, 8, 1)) * (rng.random((3, 8, 8, 1)) > 0.97)
    analysis = td.analyse(network, images)
    assert 0 < (analysis.latencies["pool2"] == td.SILENT).sum() < 12
    for window in ("fixed", "dynamic"):
        assert_same(td.simulate(network, images, window=window, projection=projection), analysis)


def test_a_sleeping_layer_without_judgement_is_noticed(monkeypatch):
    from tdsnn_brian.brian.event_driven.group import EventDrivenGroup

    emit = EventDrivenGroup._emit
    monkeypatch.setattr(
        EventDrivenGroup,
        "_emit",
        lambda self, neurons, event="spike": 0 if event == "silent" else emit(self, neurons),
    )
    network = small_network(silent_zeros=True)
    with pytest.raises(td.RunError, match="0 of 1 images were read out"):
        td.simulate(network, random_images(network, 1), projection="shared")


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("IS_JUDGED", ""),
        ("IS_NOT_JUDGED", " and judged == 0 and v >= 0.1"),
        ("NONE_FIRED", " and n_fired == 0 and n_arrived >= n_awaited + 1"),
    ],
)
def test_a_wrong_model_is_noticed(monkeypatch, name, wrong):
    monkeypatch.setattr(f"tdsnn_brian.brian.explicit.models.{name}", wrong)
    network = small_network(silent_zeros=True)
    images = random_images(network, 2)
    net = td.build_network(network, images, window="dynamic")
    net.run(net.duration)
    assert not td.read_results(net, strict=False).compare(td.analyse(network, images))


def with_weights(network, name, weights):
    """The same network with a dense layer's weights changed."""
    layers = [replace(x, weights=weights) if x.name == name else x for x in network.layers]
    return replace(network, layers=tuple(layers))


def test_changed_weights_are_right_or_named():
    """A neuron that the next image cuts off had neither fired nor been found silent."""
    rng = np.random.default_rng(0)
    network = SpikingNetwork(
        leak=3,
        silent_zeros=True,
        layers=(
            Dense(name="a", input_shape=(8,), weights=rng.normal(size=(8, 8)), bias=np.ones(8)),
            MaxPool2D(name="pool", input_shape=(2, 2, 2), pool_size=(2, 1), strides=(1, 1)),
            Dense(name="b", input_shape=(4,), weights=rng.normal(size=(4, 5)), bias=np.ones(5)),
            Dense(name="output", input_shape=(5,), weights=rng.normal(size=(5, 2))),
        ),
    )
    images, counts = random_images(network, 2), {"right": 0, "named": 0}
    for window in ("fixed", "dynamic"):
        net = td.build_network(network, images, window=window)
        net.store()
        for factor in (-1, 1.2, 3, 30, 1e3):
            net.restore()
            name = rng.choice(["a", "b", "output"])
            weights = network.population(name).projection.kernel[0, 0].copy()
            weights[rng.integers(len(weights))] *= factor
            net[f"{name}_synapses"].w = weights.ravel() * (1 if name == "output" else -1)
            net.run(net.duration)
            try:
                result = td.read_results(net)
            except td.WindowTooShortError:
                counts["named"] += 1
            else:
                assert_same(result, td.analyse(with_weights(network, name, weights), images))
                counts["right"] += 1
    print(counts)
    assert min(counts.values()) > 0


@pytest.mark.parametrize("window", ["fixed", "dynamic"])
def test_neurons_that_the_next_image_cuts_off_are_counted(window):
    """One neuron of two, in both of two images, would fire long after their ends."""
    hidden = Dense(name="hidden", input_shape=(2,), weights=np.eye(2))
    output = Dense(name="output", input_shape=(2,), weights=np.eye(2))
    network = SpikingNetwork(layers=(hidden, output), leak=3, silent_zeros=True)
    net = td.build_network(network, np.ones((2, 2)), window=window)
    net["hidden_synapses"].w = [-1, 0, 0, -1e6]
    net.run(net.duration)
    with pytest.raises(td.WindowTooShortError, match=r"'hidden': 2 of 4 neurons had not fired"):
        td.read_results(net)
    assert (td.read_results(net, strict=False).latencies["hidden"][:, 1] == td.SILENT).all()


def test_a_pool_that_the_next_image_cuts_off_is_named():
    """Its input fires in the last step of the image, and it a step later."""
    pool = MaxPool2D(name="pool", input_shape=(1, 1, 2), pool_size=(1, 1))
    hidden = Dense(name="hidden", input_shape=(2,), weights=np.eye(2))
    output = Dense(name="output", input_shape=(1, 1, 2), weights=np.eye(2))
    network = SpikingNetwork(layers=(hidden, pool, output), leak=3, silent_zeros=True)
    net = td.build_network(network, np.ones((1, 2)))
    ticks = net.timing.slot - 1 - net.timing.zeros["hidden"]
    activation = np.expm1((ticks - 0.5) / 3)
    net["hidden_synapses"].w = [-1, 0, 0, -activation / np.exp(td.latency(1.0, 3) / 3)]
    net.run(net.duration)
    assert td.read_results(net, strict=False).latencies["hidden"].tolist() == [[4, ticks]]
    with pytest.raises(td.WindowTooShortError, match="'pool': 1 of 2 neurons had not fired"):
        td.read_results(net)
