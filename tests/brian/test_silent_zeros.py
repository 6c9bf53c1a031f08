"""Neurons that stay silent, through analysis and Brian2."""

from dataclasses import replace

import numpy as np
import pytest
from brian2 import ms, prefs
from hypothesis import given, settings
from hypothesis import strategies as st
from test_simulation import networks

import tdsnn_brian as td
from helpers import random_images, small_network
from tdsnn_brian.layers import Dense, MaxPool2D
from tdsnn_brian.network import SpikingNetwork


@pytest.fixture(autouse=True)
def numpy_target():
    before = prefs.codegen.target
    prefs.codegen.target = "numpy"
    yield
    prefs.codegen.target = before


def assert_same(result, analysis):
    for name, expected in analysis.latencies.items():
        expected = np.where(expected == td.SILENT, np.nan, expected)
        np.testing.assert_array_equal(result.latencies[name], expected, err_msg=name)
        assert result.spikes[name] == np.isfinite(expected).sum()
    np.testing.assert_allclose(result.potentials, analysis.logits, rtol=1e-9, atol=1e-9)


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
    result = td.simulate(
        network, images, window=window, dt=1 * ms / steps, projection=projection
    )
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
        last = np.nan_to_num(result.latencies[name].reshape(3, -1), nan=0).max(axis=1)
        if projection == "shared":  # its bias neurons count for themselves
            np.testing.assert_array_equal(ticks, last)
            continue
        following = [layer.name for layer in network].index(name) + 1
        synaptic = next(x for x in network.layers[following:] if hasattr(x, "bias"))
        at_least = 0 if synaptic.bias is None else td.latency(1.0, network.leak)
        np.testing.assert_array_equal(ticks, np.maximum(last, at_least))


@both_projections
def test_max_pools_behind_each_other_pass_silence_on(projection):
    rng = np.random.default_rng(0)
    pool = {"pool_size": (2, 2), "strides": (2, 2)}
    network = SpikingNetwork(leak=3, silent_zeros=True, layers=(
        MaxPool2D(name="pool1", input_shape=(8, 8, 1), **pool),
        MaxPool2D(name="pool2", input_shape=(4, 4, 1), **pool),
        Dense(name="hidden", input_shape=(4,), weights=rng.normal(size=(4, 6)), bias=np.ones(6)),
        Dense(name="output", input_shape=(6,), weights=rng.normal(size=(6, 2))),
    ))
    images = rng.random((3, 8, 8, 1)) * (rng.random((3, 8, 8, 1)) > 0.97)
    analysis = td.analyse(network, images)
    assert 0 < (analysis.latencies["pool2"] == td.SILENT).sum() < 12
    for window in ("fixed", "dynamic"):
        assert_same(td.simulate(network, images, window=window, projection=projection), analysis)


def test_a_sleeping_layer_without_judgement_is_noticed(monkeypatch):
    from tdsnn_brian.brian import sleeping

    monkeypatch.setattr(sleeping.SleepingGroup, "_judge", lambda self, state, silent: None)
    network = small_network(silent_zeros=True)
    with pytest.raises(td.WindowTooShortError):
        td.simulate(network, random_images(network, 1), projection="shared")


@pytest.mark.parametrize(("name", "wrong"), [
    ("LAYER_FIRES_JUDGED", "drive > 0 and fired == 0 and v >= v_threshold - tie * drive"),
    ("LAYER_IS_SILENT", "drive > 0 and fired == 0 and judged == 0 and v >= 0.1"),
    ("MAX_POOL_IS_SILENT", "n_arrived >= n_inputs + 1"),
])
def test_a_wrong_model_is_noticed(monkeypatch, name, wrong):
    monkeypatch.setattr(f"tdsnn_brian.brian.equations.{name}", wrong)
    network = small_network(silent_zeros=True)
    images = random_images(network, 2)
    with pytest.raises(AssertionError):
        assert_same(td.simulate(network, images, window="dynamic"), td.analyse(network, images))
