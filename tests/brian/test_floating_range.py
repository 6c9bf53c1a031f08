"""Windows that the floating type cannot hold are refused, those just below are right."""

from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
from brian2 import Clock, ms, prefs

import tdsnn_brian as td
from helpers import assert_same, random_images, small_network
from tdsnn_brian.brian.explicit.groups import spike_source
from tdsnn_brian.brian.floating_range import check_counts, longest_leaking
from tdsnn_brian.layers import Dense

pytestmark = pytest.mark.usefixtures("numpy_target")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_explicit_networks(monkeypatch, dtype):
    monkeypatch.setitem(prefs, "core.default_float_dtype", getattr(np, dtype))
    network = small_network(leak=2.0)
    images = random_images(network, 1)
    longest = min(longest_leaking(x, dtype) for x in network.integrating)
    result = td.simulate(network, images, window=int(longest), projection="explicit")
    rtol = 1e-4 if dtype == "float32" else 1e-9
    assert_same(result, td.analyse(network, images), rtol=rtol)
    with pytest.raises(td.InvalidInputError, match=f"layer 'conv1': in {dtype} a window may last"):
        td.build_network(network, images, window=int(longest) + 2, projection="explicit")


def test_an_output_that_leaks_away_before_the_end_is_refused(monkeypatch):
    monkeypatch.setitem(prefs, "core.default_float_dtype", np.float32)
    network = small_network(leak=2.0)
    *before, last = network.layers
    weights = np.random.default_rng(0).normal(0, 0.1, (9 * 8 * 4, 2))
    early = Dense(name="early", input_shape=(288,), weights=weights, source="conv1")
    layers = (*before, early, replace(last, source="dense1"))
    network = replace(network, layers=layers, output_names=("early", "output"))
    images = random_images(network, 1)
    short = td.simulate(network, images, window=35, projection="explicit")
    assert short.compare(td.analyse(network, images), rtol=1e-4)
    with pytest.raises(td.InvalidInputError, match=r"layer 'early': in float32 an image behind"):
        td.build_network(network, images, window=60, projection="explicit")
    event_driven = td.simulate(network, images, window=60, projection="shared")
    assert event_driven.compare(td.analyse(network, images), rtol=1e-4)


def test_more_neurons_than_the_type_counts_are_refused():
    """The ticking neuron would never have counted them all."""
    assert np.float32(2**24) + np.float32(1) == np.float32(2**24)
    counted = SimpleNamespace(name="wide", n_neurons=2**24 + 1)
    check_counts(SimpleNamespace(integrating=[counted]), "float64")
    with pytest.raises(td.InvalidInputError, match=r"'wide': .* no further than 16,777,216"):
        check_counts(SimpleNamespace(integrating=[counted]), "float32")


@pytest.mark.parametrize(("last", "refused"), [(2**31 - 1, False), (2**31, True)])
def test_more_steps_than_brian2_counts_are_refused(last, refused):
    made = partial(spike_source, "input", 1, np.zeros(1, int), np.array([last]), Clock(1 * ms))
    if refused:
        with pytest.raises(td.InvalidInputError, match="'input' would fire at integration step"):
            made()
    else:
        assert made().N == 1


def test_activations_beyond_the_range_are_refused_by_the_analysis():
    network = small_network(leak=2e9, input_scale=1e6)
    with pytest.raises(td.InvalidInputError, match=r"a firing time of .* is out of range"):
        td.analyse(network, random_images(network, 1))


WAYS = {
    "analysis": td.analyse,
    "Algorithm 1": td.run_algorithm_1,
    "deployment": td.deploy,
    "pipeline": td.run_pipeline,
    "explicit": lambda *of: td.simulate(*of, projection="explicit"),
    "shared": lambda *of: td.simulate(*of, projection="shared"),
}


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("first", "last"), [(1e308, 1), (1, 1e308), (1e200, 1e200)])
def test_sums_beyond_the_range_give_no_answer(way, first, last):
    layers = tuple(
        Dense(name=name, input_shape=(2,), weights=np.full((2, 2), weight))
        for name, weight in (("a", first), ("b", last))
    )
    network = td.SpikingNetwork(layers=layers, leak=3)
    with pytest.raises(
        td.InvalidInputError, match=r"layer '[ab]'.*(out of|beyond)|may last 0 ticks"
    ):
        WAYS[way](network, np.array([[0.9, 0.8]]))


def test_a_large_leak_takes_no_memory():
    network = small_network(leak=1e6)
    td.analyse(network, random_images(network, 1))


def test_an_image_of_more_than_ten_thousand_steps_is_read():
    """A clock rounds what is less than 1e-4 of its step away, and one step is less here."""
    weights = np.array([[0.5]])
    layers = tuple(Dense(name=name, input_shape=(1,), weights=weights) for name in ("a", "b"))
    network = td.SpikingNetwork(layers=layers, leak=2)
    images = np.array([[1.0]])
    net = td.build_network(network, images, dt=1 * ms / 2000, projection="explicit")
    assert net.timing.slot > 10_000
    net.run(net.duration)
    assert td.read_results(net).compare(td.analyse(network, images))
