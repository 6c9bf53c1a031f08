"""Firing neurons against the discrete analysis, neuron by neuron."""

from dataclasses import replace

import numpy as np
import pytest
from brian2 import defaultclock, ms
from hypothesis import given, settings
from hypothesis import strategies as st

import tdsnn_brian as td
from helpers import assert_same, network_with_a_loose_end, random_images, small_network
from tdsnn_brian.layers import Conv2D, Dense, MaxPool2D
from tdsnn_brian.network import SpikingNetwork
from tdsnn_brian.transfer import Transfer

pytestmark = pytest.mark.usefixtures("numpy_target")


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
            "fixed": analysis.windows[name].max(),
            "dynamic": analysis.windows[name],
            25: 25,
        }[window]
        np.testing.assert_allclose(windows, np.broadcast_to(expected, len(images)), atol=1e-9)


@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("window", ["fixed", "dynamic"])
@pytest.mark.parametrize("projection", ["explicit", "shared"])
def test_neurons_that_nobody_listens_to_fire_too(projection, window, steps):
    network, images = network_with_a_loose_end()
    analysis = td.analyse(network, images)
    assert analysis.latencies["conv"].max() > analysis.windows["hidden"].max() + 10
    result = td.simulate(network, images, window=window, dt=1 * ms / steps, projection=projection)
    assert_same(result, analysis)


@st.composite
def networks(draw):
    """Random chains: a convolution, perhaps pools, perhaps a hidden dense layer, an output."""
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    rows, columns, channels = draw(
        st.tuples(st.integers(4, 6), st.integers(4, 5), st.integers(1, 2))
    )
    size = draw(st.tuples(st.integers(1, 3), st.integers(1, 3)))
    out = draw(st.integers(1, 3))
    padding = tuple((draw(st.integers(0, s - 1)), draw(st.integers(0, s - 1))) for s in size)
    layers = [
        Conv2D(
            name="conv",
            input_shape=(rows, columns, channels),
            padding=padding,
            kernel=rng.normal(0, 0.6, (*size, channels, out)),
            bias=rng.normal(0, 0.5, out) if draw(st.booleans()) else None,
            strides=draw(st.tuples(st.integers(1, 2), st.integers(1, 2))),
        )
    ]
    for number in range(draw(st.integers(0, 2))):
        shape = layers[-1].output_shape
        pool = (min(2, shape[0]), min(2, shape[1]))
        layers.append(
            MaxPool2D(
                name=f"pool{number}",
                input_shape=shape,
                pool_size=pool,
                strides=draw(st.sampled_from([pool, (1, 1)])),
            )
        )
    if draw(st.booleans()):
        n = layers[-1].n_neurons
        layers.append(
            Dense(
                name="hidden",
                input_shape=(n,),
                weights=rng.normal(0, 0.4, (n, 7)),
                bias=rng.normal(0, 0.5, 7) if draw(st.booleans()) else None,
            )
        )
    n = layers[-1].n_neurons
    layers.append(
        Dense(
            name="output",
            input_shape=(n,),
            weights=rng.normal(0, 1, (n, 3)),
            bias=rng.normal(0, 1, 3) if draw(st.booleans()) else None,
        )
    )
    leak = draw(st.sampled_from([0.5, 1.0, 3.0, 5.0, 10.0]))
    return SpikingNetwork(
        layers=tuple(layers), leak=leak, input_scale=draw(st.sampled_from([1.0, 4.0]))
    )


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


@pytest.mark.parametrize("window", ["fixed", "dynamic"])
@pytest.mark.parametrize("projection", ["explicit", "shared"])
def test_ties_are_as_wide_as_those_of_the_analysis(projection, window):
    """Squares that are far larger than their scale: thresholds grow by little from tick to tick."""
    weights = np.random.default_rng(0).normal(0, 0.4, (64, 40))
    square = Transfer(name="square", scale=1e-6)
    layers = (
        Dense(name="squares", input_shape=(64,), weights=weights, transfer=square),
        Dense(name="output", input_shape=(40,), weights=np.full((40, 1), 1e-6)),
    )
    network = SpikingNetwork(layers=layers, leak=3, rounding="nearest")
    images = np.random.default_rng(1).random((3, 64))
    result = td.simulate(network, images, projection=projection, window=window)
    assert_same(result, td.analyse(network, images))


@pytest.mark.parametrize("which", ["t", "i"])
def test_recorded_spikes_that_are_missing_are_named(which):
    """As in the files of a program that a full disk cut short: zeros that are silent hide them."""
    network = small_network(silent_zeros=True)
    net = td.build_network(network, random_images(network, 1), projection="explicit")
    net.run(net.duration)
    values = net["conv2_spikes"].variables[which]
    values.resize(len(values.get_value()) - 1)
    with pytest.raises(td.RunError, match=r"spikes that 'conv2_spikes' recorded.*full"):
        td.read_results(net)


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
        np.testing.assert_array_equal(ticks, last)


def test_with_dynamic_windows_it_ticks_for_the_next_layer_s_bias_neuron_too():
    network = small_network()
    images = np.zeros((1, *network.input_shape))
    result = td.simulate(network, images, window="dynamic", dt=0.2 * ms)
    for name, ticks in result.ticks.items():
        at_least = network.population(name).driven_biases * td.latency(1.0, network.leak)
        np.testing.assert_array_equal(ticks, np.maximum(result.latencies[name].max(), at_least))


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
        return SpikingNetwork(
            leak=5,
            layers=(
                Dense(name=first, input_shape=(3,), weights=rng.normal(size=(3, 4))),
                Dense(name=second, input_shape=(4,), weights=rng.normal(size=(4, 2))),
            ),
        )

    images = np.random.default_rng(0).random((1, 3))
    result = td.simulate(network("block/dense-1", "2nd"), images)
    assert list(result.latencies) == ["block/dense-1"]
    alike = network("a/1", "a-1")
    assert_same(td.simulate(alike, images), td.analyse(alike, images))


def test_long_names_become_names_of_files():
    """Those of standalone programs have some 60 characters more than the objects."""
    layers = [
        Dense(name=300 * "a" + end, input_shape=(2,), weights=np.eye(2)) for end in ("1", "2", "3")
    ]
    network = SpikingNetwork(layers=tuple(layers), leak=5)
    net = td.build_network(network, np.eye(2), prefix=48 * "p", window="dynamic")
    assert len(net._ipython_key_completions_()) == len(net.sorted_objects)
    assert max(len(item.name) for item in net.sorted_objects) < 190
    net.run(net.duration)
    assert_same(td.read_results(net), td.analyse(network, np.eye(2)))


def test_progress_is_reported():
    seen = []
    network = small_network()
    td.simulate(network, random_images(network, 1), progress=seen.append)
    assert seen[-1] == 1
    assert sorted(seen) == seen


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"window": 3}, td.WindowTooShortError, r"layer 'conv1': a window of 3 ticks .* 4 ticks"),
        ({"window": {"mean": 9}}, td.WindowTooShortError, "layer 'mean'"),
        (
            {"window": {"pool1": 9}},
            td.InvalidInputError,
            r"\['pool1'\], which are no synapse-based",
        ),
        ({"window": "long"}, td.InvalidInputError, "'fixed', 'dynamic'"),
        ({"window": 7.5}, td.InvalidInputError, "'fixed', 'dynamic'"),
        ({"dt": 0.3 * ms}, td.InvalidInputError, "whole multiple of dt"),
        ({"dt": 2 * ms}, td.InvalidInputError, "whole multiple of dt"),
        ({"tick": 5}, td.InvalidInputError, r"tick must be a time.*tick=1\*ms"),
        ({"dt": -1 * ms}, td.InvalidInputError, "dt must be finite and greater than 0"),
        ({"tick": "1 ms"}, td.InvalidInputError, r"tick must be a time.*tick=1\*ms"),
        ({"tick": np.inf * ms}, td.InvalidInputError, "tick must be finite"),
        ({"tick": [1, 2] * ms}, td.InvalidInputError, "tick must be a time"),
        ({"dt": ms / 10**12}, td.InvalidInputError, "too fine"),
        ({"window": {"conv1": 7.5}}, td.InvalidInputError, "window of layer 'conv1' must be"),
        ({"window": -3}, td.InvalidInputError, "'fixed', 'dynamic'"),
        ({"method": "foo"}, td.InvalidInputError, "method must be one of Brian2's.*'foo'"),
        ({"model": "noisy"}, td.InvalidInputError, "model must be .*NeuronModel, got str"),
    ],
)
def test_impossible_arguments_are_refused(arguments, error, message):
    network = small_network()
    with pytest.raises(error, match=message):
        td.build_network(network, random_images(network, 1), **arguments)


def test_negative_images_are_refused():
    network = small_network()
    with pytest.raises(td.InvalidInputError, match="negative values"):
        td.simulate(network, -1 - random_images(network, 1))


LEAKY = td.models.LEAKY


@pytest.mark.parametrize(
    "model",
    [
        replace(
            LEAKY, gate=replace(LEAKY.gate, fires="drive > 0 and fired == 0 and v > 0.1 * drive")
        ),
        replace(
            LEAKY,
            ticks=LEAKY.ticks
            | {"ticks": td.models.Signal(on_pre="v_post += 1.02 * w_tick", delayed=True)},
        ),
        replace(LEAKY, weighted="v_post += 0.99 * w"),
        replace(LEAKY, max_pool=replace(LEAKY.max_pool, fires="n_arrived >= n_awaited - 1")),
        replace(
            LEAKY, membrane=replace(LEAKY.membrane, equations="dv/dt = -1.01 * v / tau_mem : 1")
        ),
    ],
)
def test_a_wrong_model_is_noticed(model):
    """The comparison can fail: each of these errors moves or loses spikes."""
    network = small_network()
    images = random_images(network, 2)
    net = td.build_network(network, images, model=model)
    net.run(net.duration)
    assert not td.read_results(net, strict=False).compare(td.analyse(network, images))


def test_a_model_with_ticks_of_its_own_takes_no_others():
    ticks = LEAKY.ticks | {"ticks": td.models.Signal(on_pre="v_post += 0.9 * w_tick", delayed=True)}
    network = small_network(rounding="nearest")
    with pytest.raises(
        td.InvalidInputError, match="has ticks of its own, in whose place a network"
    ):
        td.build_network(
            network,
            random_images(network, 1),
            model=replace(LEAKY, name="weak", ticks=ticks),
            projection="explicit",
        )
