"""Sleeping layers and shared projections beside the analysis and the explicit network."""

from dataclasses import replace

import numpy as np
import pytest
from brian2 import SpikeMonitor, StateMonitor, ms, prefs

import tdsnn_brian as td
from helpers import random_images, small_network
from tdsnn_brian.brian import memory, read_results
from tdsnn_brian.errors import InvalidInputError, WindowTooShortError
from tdsnn_brian.layers import Dense, MaxPool2D
from tdsnn_brian.network import SpikingNetwork

pytestmark = pytest.mark.usefixtures("numpy_target")


@pytest.mark.parametrize("leak", [1, 5.0])
@pytest.mark.parametrize("window", ["fixed", "dynamic", 25])
@pytest.mark.parametrize("steps", [1, 3])
def test_every_firing_time_is_that_of_the_analysis(leak, window, steps):
    network = small_network(leak=leak)
    images = random_images(network, 3)
    result = td.simulate(network, images, window=window, dt=1 * ms / steps, projection="shared")
    analysis = td.analyse(network, images)
    assert list(result.latencies) == list(analysis.latencies)
    for name, expected in analysis.latencies.items():
        np.testing.assert_array_equal(result.latencies[name], expected, err_msg=name)
        assert result.spikes[name] == expected.size
    np.testing.assert_allclose(result.potentials, analysis.logits, rtol=1e-9)
    for name, windows in result.windows.items():
        needed = analysis.windows[name]
        given = {"dynamic": needed, "fixed": needed.max()}.get(window, window)
        np.testing.assert_array_equal(windows, given)


def test_spikes_and_potentials_are_those_of_the_explicit_network():
    network = small_network()
    images = random_images(network, 2)
    seen = {}
    for kind in ("explicit", "shared"):
        net = td.build_network(network, images, dt=0.5 * ms, projection=kind)
        spikes = SpikeMonitor(net["conv2"])
        potentials = StateMonitor(net["dense1"], "v", record=True, when="end")
        net.add(spikes, potentials)
        net.run(net.duration, namespace={})
        order = np.lexsort((spikes.i[:], spikes.t_[:]))
        origin = net.timing.origins["dense1"]
        released = net.timing.releases["dense1"]
        seen[kind] = (
            spikes.i[:][order], spikes.t_[:][order],
            # while the layer integrates, in the first image
            potentials.v[:, origin:released],
        )
    for explicit, shared in zip(seen["explicit"], seen["shared"], strict=True):
        np.testing.assert_allclose(explicit, shared, atol=1e-12)


def test_sleeping_layers_are_not_touched():
    network = small_network()
    net = td.build_network(network, random_images(network, 1), projection="shared")
    calls = []
    layer = net["dense1"]
    layer._fire, fire = (
        lambda state, ready, tick: (calls.append(net.t / ms), fire(state, ready, tick))
    ), layer._fire
    net.run(net.duration, namespace={})
    assert round(calls[0]) == net.timing.releases["dense1"] + 1
    assert len(calls) == read_results(net).ticks["dense1"][0] + 1


def test_single_precision(monkeypatch):
    monkeypatch.setitem(prefs, "core.default_float_dtype", np.float32)
    network = small_network()
    images = random_images(network, 3)
    result = td.simulate(network, images, projection="shared")
    analysis = td.analyse(network, images)
    np.testing.assert_allclose(result.potentials, analysis.logits, rtol=1e-4, atol=1e-4)
    assert all((result.latencies[k] == v).mean() > 0.99 for k, v in analysis.latencies.items())


def test_a_window_given_too_short():
    network = small_network()
    with pytest.raises(WindowTooShortError):
        td.simulate(network, random_images(network), window=3, projection="shared")


def constrained_network():
    network = small_network()
    return replace(network, layers=tuple(
        replace(layer, constrained=True) if isinstance(layer, MaxPool2D) else layer
        for layer in network
    ))


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
    assert td.build_network(network, images).shared is None
    monkeypatch.setattr(memory, "AUTO_LIMIT", 10)
    assert td.build_network(network, images).shared is not None
    assert td.build_network(network, images, projection="explicit").shared is None
    quiet = replace(network, silent_zeros=True)
    assert td.build_network(quiet, images).shared is not None
    assert td.build_network(quiet, images, method="euler").shared is None


def test_what_does_not_fit_is_refused_before_it_is_built(monkeypatch):
    n = 200_000
    weights = np.broadcast_to(np.ones(1), (n, n))  # takes no memory itself
    network = SpikingNetwork(
        layers=(Dense(name="vast", input_shape=(n,), weights=weights),), leak=5.0, name="vast"
    )
    with pytest.raises(MemoryError, match=r"40,000,000,000 synapses.*GiB.*projection=\"shared\""):
        td.build_network(network, np.ones((1, n)), projection="explicit")


def test_the_estimate_grows_with_synapses_and_precision(monkeypatch):
    small = memory.explicit_bytes(small_network())
    monkeypatch.setitem(prefs, "core.default_float_dtype", np.float32)
    assert 0 < memory.explicit_bytes(small_network()) < small
