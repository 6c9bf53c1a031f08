"""Firing neurons against the discrete analysis, neuron by neuron."""

import numpy as np
import pytest
from brian2 import defaultclock, ms, prefs
from hypothesis import given, settings
from hypothesis import strategies as st

import tdsnn_brian as td
from helpers import network_with_a_loose_end, random_images, small_network
from tdsnn_brian.layers import Conv2D, Dense, MaxPool2D
from tdsnn_brian.network import SpikingNetwork


@pytest.fixture(autouse=True)
def numpy_target():
    """Nothing to compile: small networks, each simulated once."""
    before = prefs.codegen.target
    prefs.codegen.target = "numpy"
    yield
    prefs.codegen.target = before


def assert_same(result, analysis):
    assert list(result.latencies) == list(analysis.latencies)
    for name, expected in analysis.latencies.items():
        np.testing.assert_array_equal(result.latencies[name], expected, err_msg=name)
        assert result.spikes[name] == expected.size
    np.testing.assert_allclose(result.potentials, analysis.logits, rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(result.predictions, analysis.predictions)


@pytest.mark.parametrize("steps", [1, 2, 10])
@pytest.mark.parametrize("window", ["fixed", "dynamic", 25])
@pytest.mark.parametrize("leak", [1.0, 5.0])
def test_every_firing_time_is_that_of_the_analysis(leak, window, steps):
    network = small_network(leak=leak)
    images = random_images(network, 3)
    result = td.simulate(network, images, window=window, dt=1 * ms / steps)
    analysis = td.analyse(network, images)
    assert_same(result, analysis)
    for name, windows in result.windows.items():
        expected = {
            "fixed": analysis.windows[name].max(), "dynamic": analysis.windows[name], 25: 25
        }[window]
        np.testing.assert_allclose(windows, np.broadcast_to(expected, len(images)), atol=1e-9)


@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("window", ["fixed", "dynamic"])
@pytest.mark.parametrize("projection", ["explicit", "shared"])
def test_neurons_that_nobody_listens_to_fire_too(projection, window, steps):
    network, images = network_with_a_loose_end()
    analysis = td.analyse(network, images)
    assert analysis.latencies["conv"].max() > analysis.windows["hidden"].max() + 10
    result = td.simulate(
        network, images, window=window, dt=1 * ms / steps, projection=projection
    )
    assert_same(result, analysis)


@st.composite
def networks(draw):
    """Random chains: a convolution, perhaps pools, perhaps a hidden dense layer, an output."""
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    rows, columns, channels = draw(st.tuples(st.integers(4, 6), st.integers(4, 5),
                                             st.integers(1, 2)))
    size = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    out = draw(st.integers(1, 3))
    padding = tuple((draw(st.integers(0, s - 1)), draw(st.integers(0, s - 1))) for s in size)
    layers = [Conv2D(
        name="conv", input_shape=(rows, columns, channels), padding=padding,
        kernel=rng.normal(0, 0.6, (*size, channels, out)),
        bias=rng.normal(0, 0.5, out) if draw(st.booleans()) else None,
        strides=draw(st.tuples(st.integers(1, 2), st.integers(1, 2))),
    )]
    for number in range(draw(st.integers(0, 2))):
        shape = layers[-1].output_shape
        pool = (min(2, shape[0]), min(2, shape[1]))
        layers.append(MaxPool2D(name=f"pool{number}", input_shape=shape, pool_size=pool,
                                strides=draw(st.sampled_from([pool, (1, 1)]))))
    if draw(st.booleans()):
        n = layers[-1].n_neurons
        layers.append(Dense(name="hidden", input_shape=(n,), weights=rng.normal(0, 0.4, (n, 7)),
                            bias=rng.normal(0, 0.5, 7) if draw(st.booleans()) else None))
    n = layers[-1].n_neurons
    layers.append(Dense(name="output", input_shape=(n,), weights=rng.normal(0, 1, (n, 3)),
                        bias=rng.normal(0, 1, 3) if draw(st.booleans()) else None))
    leak = draw(st.sampled_from([0.5, 1.0, 3.0, 5.0, 10.0]))
    return SpikingNetwork(layers=tuple(layers), leak=leak, input_scale=draw(
        st.sampled_from([1.0, 4.0])))


@settings(max_examples=15, deadline=None)
@given(networks(), st.sampled_from(["fixed", "dynamic"]), st.sampled_from([1, 3]))
def test_random_networks(network, window, steps):
    images = random_images(network, 2)
    result = td.simulate(network, images, window=window, dt=1 * ms / steps)
    assert_same(result, td.analyse(network, images))


def test_activations_of_zero_are_ties_that_both_resolve_alike():
    """Compensation makes A = sum(w) G(0) - sum(w), which is 0 but for rounding."""
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(40, 30))
    layers = (
        Dense(name="hidden", input_shape=(40,), weights=weights, bias=-weights.sum(axis=0)),
        Dense(name="output", input_shape=(30,), weights=rng.normal(size=(30, 2))),
    )
    network = SpikingNetwork(layers=layers, leak=5)
    result = td.simulate(network, np.zeros((1, 40)))
    assert (result.latencies["hidden"] == 0).all()
    assert_same(result, td.analyse(network, np.zeros((1, 40))))


def test_a_max_pool_on_the_input():
    rng = np.random.default_rng(0)
    layers = (
        MaxPool2D(name="pool", input_shape=(4, 4, 2), pool_size=(2, 2), strides=(2, 2)),
        Dense(name="hidden", input_shape=(8,), weights=rng.normal(size=(8, 6)), bias=np.ones(6)),
        Dense(name="output", input_shape=(6,), weights=rng.normal(size=(6, 2)), bias=np.ones(2)),
    )
    network = SpikingNetwork(layers=layers, leak=3)
    images = random_images(network, 3)
    for window in ("fixed", "dynamic"):
        assert_same(td.simulate(network, images, window=window), td.analyse(network, images))


def test_the_ticking_neuron_stops_when_all_have_fired():
    network = small_network()
    images = random_images(network, 3)
    result = td.simulate(network, images, dt=0.2 * ms)
    for name, ticks in result.ticks.items():
        last = result.latencies[name].reshape(len(images), -1).max(axis=1)
        following = [layer.name for layer in network].index(name) + 1
        synaptic = next(x for x in network.layers[following:] if hasattr(x, "bias"))
        at_least = 0 if synaptic.bias is None else td.latency(1.0, network.leak)
        np.testing.assert_array_equal(ticks, np.maximum(last, at_least))


def test_the_step_belongs_to_the_network_and_the_default_clock_to_the_user():
    before = defaultclock.dt
    network = small_network()
    net = td.build_network(network, random_images(network, 1), tick=2 * ms, dt=0.5 * ms)
    assert defaultclock.dt == before
    assert net["conv1"].clock.dt == 0.5 * ms
    assert net.timing.steps_per_tick == 4


def test_objects_carry_the_layers_names():
    network = small_network()
    net = td.build_network(network, random_images(network, 1))
    for layer in network.firing_layers:
        assert net[layer.name].N == layer.n_neurons
        assert net[f"{layer.name}_synapses"].source is not None
        assert net[f"{layer.name}_spikes"].num_spikes == 0
    assert net["conv1_ticking"].N == 1


def test_names_that_brian2_does_not_allow():
    rng = np.random.default_rng(0)

    def network(first, second):
        return SpikingNetwork(leak=5, layers=(
            Dense(name=first, input_shape=(3,), weights=rng.normal(size=(3, 4))),
            Dense(name=second, input_shape=(4,), weights=rng.normal(size=(4, 2))),
        ))

    images = np.random.default_rng(0).random((1, 3))
    result = td.simulate(network("block/dense-1", "2nd"), images)
    assert list(result.latencies) == ["block/dense-1"]
    with pytest.raises(td.InvalidInputError, match=r"'a-1'.*rename"):
        td.build_network(network("a/1", "a-1"), images)


def test_progress_is_reported():
    seen = []
    network = small_network()
    td.simulate(network, random_images(network, 1), progress=seen.append)
    assert seen[-1] == 1
    assert sorted(seen) == seen


@pytest.mark.parametrize(("arguments", "error", "message"), [
    ({"window": 3}, td.WindowTooShortError, r"layer 'conv1': a window of 3 ticks .* 4 ticks"),
    ({"window": {"mean": 9}}, td.WindowTooShortError, "layer 'mean'"),
    ({"window": {"pool1": 9}}, td.InvalidInputError, r"\['pool1'\], which are no synapse-based"),
    ({"window": "long"}, td.InvalidInputError, "'fixed', 'dynamic'"),
    ({"window": 7.5}, td.InvalidInputError, "'fixed', 'dynamic'"),
    ({"dt": 0.3 * ms}, td.InvalidInputError, "whole multiple of dt"),
    ({"dt": 2 * ms}, td.InvalidInputError, "whole multiple of dt"),
    ({"tick": 5}, td.InvalidInputError, r"tick must be a time.*tick=1\*ms"),
    ({"dt": -1 * ms}, td.InvalidInputError, "dt must be greater than 0"),
])
def test_impossible_arguments_are_refused(arguments, error, message):
    network = small_network()
    with pytest.raises(error, match=message):
        td.build_network(network, random_images(network, 1), **arguments)


def test_negative_images_are_refused():
    network = small_network()
    with pytest.raises(td.InvalidInputError, match="negative values"):
        td.simulate(network, -1 - random_images(network, 1))


@pytest.mark.parametrize(("name", "wrong"), [
    ("LAYER_FIRES", "drive > 0 and fired == 0 and v > v_threshold + 0.1 * drive"),
    ("TICK", "v_post += 1.02 * w_tick"),
    ("WEIGHTED", "v_post += 0.99 * w"),
    ("FIRED", "n_fired_post += 2"),
    ("MAX_POOL_FIRES", "n_arrived >= n_inputs - 1"),
])
def test_a_wrong_model_is_noticed(monkeypatch, name, wrong):
    """The comparison can fail: each of these errors moves or loses spikes."""
    monkeypatch.setattr(f"tdsnn_brian.brian.equations.{name}", wrong)
    network = small_network()
    images = random_images(network, 2)
    with pytest.raises(AssertionError):
        assert_same(td.simulate(network, images), td.analyse(network, images))
