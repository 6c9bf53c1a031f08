"""Event-driven networks beside the analysis, feature by feature."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from event_driven_networks import assert_as_analysed, ran, with_leaks, with_minima
from hypothesis import given, settings
from hypothesis import strategies as st

import tdsnn_brian as td
from helpers import network_with_a_loose_end, random_images, small_network
from tdsnn_brian.layers import Dense, MaxPool2D

pytestmark = pytest.mark.usefixtures("numpy_target")


def expected_windows(case, window):
    for name, windows in case.result.windows.items():
        needed = case.analysis.windows[name]
        yield windows, {"dynamic": needed, "fixed": np.ceil(needed.max())}.get(window, window)


@pytest.mark.parametrize("leak", [1, 5.0])
@pytest.mark.parametrize("window", ["fixed", "dynamic", 25])
@pytest.mark.parametrize("steps", [1, 3])
def test_every_firing_time_is_that_of_the_analysis(leak, window, steps):
    network = small_network(leak=leak)
    case = ran(network, random_images(network, 3), window=window, steps=steps)
    assert_as_analysed(case)
    assert list(case.result.latencies) == list(case.analysis.latencies)
    assert case.result.potentials.shape == (3, 3)
    for name, expected in case.analysis.latencies.items():
        assert case.result.spikes[name] == expected.size
    for windows, given_windows in expected_windows(case, window):
        np.testing.assert_array_equal(windows, np.broadcast_to(given_windows, 3))


@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("window", ["fixed", "dynamic", 30])
def test_silent_zeros(window, steps):
    network = small_network(silent_zeros=True)
    images = np.concatenate([np.zeros((1, *network.input_shape)), random_images(network, 2)])
    case = ran(network, images, window=window, steps=steps)
    assert_as_analysed(case)
    assert all((values == td.SILENT).any() for values in case.result.latencies.values())
    for name, ticks in case.result.ticks.items():
        last = np.maximum(case.result.latencies[name].reshape(3, -1).max(axis=1), 0)
        np.testing.assert_array_equal(ticks, last)
    if window == "dynamic":
        for windows, needed in expected_windows(case, window):
            np.testing.assert_array_equal(windows, np.maximum(needed, 0))


@pytest.mark.parametrize("silent_zeros", [False, True])
@pytest.mark.parametrize(("v_threshold", "steps"), [(0.01, 1), (0.01, 4), (-0.01, 1), (-0.01, 3)])
@pytest.mark.parametrize("window", ["fixed", "dynamic", {"conv1": 11}])
def test_thresholds(window, v_threshold, steps, silent_zeros):
    network = small_network(v_threshold=v_threshold, silent_zeros=silent_zeros)
    assert_as_analysed(ran(network, random_images(network, 3), window=window, steps=steps))


@pytest.mark.parametrize("steps", [4, 8])
@pytest.mark.parametrize("window", ["fixed", "dynamic", 20])
@pytest.mark.parametrize("fields", [{}, {"silent_zeros": True}, {"v_threshold": 0.01}])
def test_inputs_between_ticks(window, steps, fields):
    network = small_network(leak=2.0, input_scale=2.7, input_steps=4, **fields)
    images = random_images(network, 3)
    if fields.get("v_threshold") and window == 20:
        window = {"conv1": 5}  # not out of reach
    case = ran(network, images, window=window, steps=steps)
    assert_as_analysed(case)
    coarse = td.analyse(replace(network, input_steps=1), images, window=window)
    assert (coarse.latencies["conv1"] != case.result.latencies["conv1"]).any()


@pytest.mark.parametrize("window", ["fixed", "dynamic"])
@pytest.mark.parametrize("silent_zeros", [False, True])
def test_minima(window, silent_zeros):
    """A minimum is silent as soon as an input is, which is known before any input fires."""
    network = with_minima(small_network(silent_zeros=silent_zeros))
    case = ran(network, random_images(network, 3), window=window, steps=2)
    assert_as_analysed(case)
    pool = case.result.latencies["pool1"]
    assert (pool[..., 1] == td.SILENT).any() == silent_zeros
    assert (
        pool[..., 1]
        != td.analyse(
            small_network(silent_zeros=silent_zeros), random_images(network, 3)
        ).latencies["pool1"][..., 1]
    ).any()


@pytest.mark.parametrize("silent_zeros", [False, True])
def test_max_pools_behind_each_other(silent_zeros):
    rng = np.random.default_rng(0)
    pool = {"pool_size": (2, 2), "strides": (2, 2)}
    network = td.SpikingNetwork(
        leak=3,
        silent_zeros=silent_zeros,
        layers=(
            MaxPool2D(name="pool1", input_shape=(8, 8, 2), minimum=(1,), **pool),
            MaxPool2D(name="pool2", input_shape=(4, 4, 2), **pool),
            MaxPool2D(name="pool3", input_shape=(2, 2, 2), pool_size=(2, 1), minimum=(0,)),
            Dense(
                name="hidden", input_shape=(4,), weights=rng.normal(size=(4, 6)), bias=np.ones(6)
            ),
            Dense(name="output", input_shape=(6,), weights=rng.normal(size=(6, 2))),
        ),
    )
    images = rng.random((4, 8, 8, 2)) * (rng.random((4, 8, 8, 2)) > [0.9, 0.1])
    for window in ("fixed", "dynamic"):
        for steps in (1, 2):
            assert_as_analysed(ran(network, images, window=window, steps=steps))


@pytest.mark.parametrize("window", ["fixed", "dynamic"])
@pytest.mark.parametrize("fields", [{}, {"silent_zeros": True}, {"v_threshold": 0.005}])
def test_leaks_of_layers_of_their_own(window, fields):
    network = with_leaks(small_network(**fields), [2.0, None, 3, 8.0, 7.5, 4])
    case = ran(network, random_images(network, 3), window=window, steps=2)
    assert_as_analysed(case)


def test_thresholds_of_layers_of_their_own():
    network = small_network()
    layers = list(network.layers)
    layers[2], layers[4] = (
        replace(layers[2], v_threshold=0.02),
        replace(layers[4], v_threshold=-0.01),
    )
    network = replace(network, layers=tuple(layers))
    assert_as_analysed(ran(network, random_images(network, 3)))


@pytest.mark.parametrize("window", ["dynamic", "fixed"])
@pytest.mark.parametrize("fields", [{}, {"silent_zeros": True}])
def test_neurons_that_nobody_listens_to_fire_too(window, fields):
    network, images = network_with_a_loose_end()
    assert_as_analysed(ran(replace(network, **fields), images, window=window))


@pytest.mark.parametrize("window", ["dynamic", "fixed"])
@pytest.mark.parametrize("silent_zeros", [False, True])
def test_late_inputs_of_a_minimum_fire_too(window, silent_zeros):
    """A minimum fires with the first of its inputs; the last ones may fire after the read-out."""
    network, images = network_with_a_loose_end()
    images[:, :2, :2] = 300.0
    images[0, 0, 0], images[2, 0, 1] = 1.0, 0.0
    layers = (
        network.layers[0],
        replace(network.layers[1], minimum=(0, 1)),
        *network.layers[2:],
    )
    network = replace(network, layers=layers, silent_zeros=silent_zeros)
    assert_as_analysed(ran(network, images, window=window))
    assert td.simulate(network, images, window=window, projection="explicit").compare(
        td.analyse(network, images)
    )


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_random_chains(data):
    rng = np.random.default_rng(data.draw(st.integers(0, 999)))
    sizes = data.draw(st.lists(st.integers(1, 6), min_size=2, max_size=5))
    leaks = st.sampled_from([None, 1.0, 2.5, 9])
    layers = tuple(
        Dense(
            name=f"layer{k}",
            input_shape=(n,),
            weights=rng.normal(0, 1, (n, m)),
            bias=None if data.draw(st.booleans()) else rng.normal(0, 1, m),
            leak=data.draw(leaks),
        )
        for k, (n, m) in enumerate(pairwise(sizes))
    )
    network = td.SpikingNetwork(
        layers=layers,
        leak=5,
        silent_zeros=data.draw(st.booleans()),
        input_steps=data.draw(st.sampled_from([1, 1, 3])),
    )
    images = rng.random((2, sizes[0])) * (rng.random((2, sizes[0])) > 0.3)
    assert_as_analysed(
        ran(
            network,
            images,
            window=data.draw(st.sampled_from(["fixed", "dynamic"])),
            steps=network.input_steps * data.draw(st.integers(1, 2)),
        )
    )
