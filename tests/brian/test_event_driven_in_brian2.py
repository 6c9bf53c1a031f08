"""Event-driven networks in Brian2: potentials, parts of layers, names, slices, single precision."""

from dataclasses import replace

import numpy as np
import pytest
from brian2 import (
    Clock,
    Network,
    NeuronGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    ms,
    prefs,
)
from event_driven_networks import assert_as_analysed, built, ran, with_leaks

import tdsnn_brian as td
from helpers import random_images, small_network
from tdsnn_brian.brian.event_driven.build import Shown, add_shared
from tdsnn_brian.brian.event_driven.max_pool import MaxPool
from tdsnn_brian.brian.event_driven.ticked_layer import TickedLayer
from tdsnn_brian.brian.naming import Names
from tdsnn_brian.errors import InvalidInputError, TDSNNError, WindowTooShortError
from tdsnn_brian.layers import Dense, MaxPool2D

pytestmark = pytest.mark.usefixtures("numpy_target")


def stepped_by_hand(case, population):
    """(n_steps, n_neurons) potentials at the start of each step of the first image.

    As explicit synapses have them: a leak, then a comparison, then what arrives.
    """
    timing, steps = case.timing, case.timing.steps_per_tick
    sign = -1 if population.fires else 1
    origin, release = timing.origins[population.name], timing.releases[population.name]
    times = {population.source: case.analysis.input_latencies}
    if population.source is not case.network.input:
        times = {population.source: case.analysis.latencies[population.source.name]}
    arrivals = np.rint(times[population.source][:1] * steps).astype(int)
    last = case.analysis.latencies[population.name][0].max() if population.fires else 0
    potential, seen = np.zeros((1, *population.shape)), []
    for step in range(release + 2 + last * steps):
        seen.append(potential.ravel())
        potential = potential * np.exp(-1 / (population.leak * steps))
        spikes = (arrivals == step - origin).astype(float)
        potential = potential + sign * population.weighted_sum([spikes])
        if population.bias is not None and step - origin == population.bias_latency * steps:
            potential = potential + sign * population.bias_weights.reshape(population.shape)
        tick, rest = divmod(step - release, steps)
        if population.fires and rest == 0 and 1 <= tick <= last:
            inhibited = (release - origin) / steps
            potential = potential + td.ticking.tick_weight(population.leak, inhibited)
    return np.array(seen)


@pytest.mark.parametrize("layer", ["conv1", "mean", "dense1", "output"])
@pytest.mark.parametrize("steps", [1, 3])
def test_potentials_are_those_of_explicit_synapses(layer, steps):
    network = with_leaks(small_network(), [5.0, None, 3, 8.0, 7.5, 4])
    case = built(network, random_images(network, 1), window="fixed", steps=steps)
    group = case.net[layer]
    start, end = (
        StateMonitor(group, "v", record=True, when=when, clock=group.clock)
        for when in ("start", "end")
    )
    case.net.add(start, end)
    case.net.run(case.duration, namespace={})
    expected = stepped_by_hand(case, network.population(layer))
    assert np.abs(expected).max() > 0.1
    np.testing.assert_allclose(start.v[:, : len(expected)], expected.T, rtol=1e-9, atol=1e-12)
    # what arrives in a step is there at its end, and leaks in the next one
    np.testing.assert_allclose(end.v[:, : len(expected) - 1], expected[1:].T, rtol=1e-9, atol=1e-12)


def test_layers_that_have_nothing_to_do_are_not_touched():
    network = small_network()
    case = built(network, random_images(network, 1))
    layer, calls = case.net["dense1"], []
    emit = layer._emit
    layer._emit = lambda neurons, event="spike": (
        calls.append(len(neurons)) if not isinstance(neurons, tuple) else None,
        emit(neurons, event),
    )[1]
    case.net.run(case.duration, namespace={})
    assert len(calls) == case.result.ticks["dense1"][0] + 1
    assert sum(calls) == 10


def test_single_precision(monkeypatch):
    monkeypatch.setitem(prefs, "core.default_float_dtype", np.float32)
    network = small_network()
    case = ran(network, random_images(network, 3))
    np.testing.assert_allclose(case.result.potentials, case.analysis.logits, rtol=1e-4, atol=1e-4)
    assert all(
        (case.result.latencies[k] == v).mean() > 0.99 for k, v in case.analysis.latencies.items()
    )


def test_ties_in_single_precision(monkeypatch):
    """A potential that rounding left just below the threshold counts as at it."""
    monkeypatch.setitem(prefs, "core.default_float_dtype", np.float32)
    rng = np.random.default_rng(0)
    weights = (rng.normal(size=(6, 300)) * 0.3).astype(np.float32)
    network = td.SpikingNetwork(
        leak=5,
        layers=(
            Dense(
                name="hidden",
                input_shape=(6,),
                weights=weights,
                bias=-weights.sum(axis=0, dtype=np.float64),
            ),
            Dense(name="output", input_shape=(300,), weights=rng.normal(size=(300, 2))),
        ),
    )
    case = ran(network, np.zeros((2, 6)))
    assert not case.result.latencies["hidden"].any()


def test_a_spike_beyond_single_precision_is_named(monkeypatch):
    monkeypatch.setitem(prefs, "core.default_float_dtype", np.float32)
    network = td.SpikingNetwork(
        leak=2.0,
        layers=(
            Dense(name="hidden", input_shape=(1,), weights=np.array([[1e-30]]), leak=1.0),
            Dense(name="output", input_shape=(1,), weights=np.ones((1, 1))),
        ),
    )
    with pytest.raises(InvalidInputError, match=r"'hidden': a spike after 93 ticks .* float32"):
        _ = ran(network, np.array([[1e20]])).result
    monkeypatch.setitem(prefs, "core.default_float_dtype", np.float64)
    assert_as_analysed(ran(network, np.array([[1e20]])))


def test_a_window_given_too_short():
    network = small_network()
    images = random_images(network)
    case = built(network, images, window="fixed")
    case.net["conv1"].window_steps = 3
    case.net.run(case.duration, namespace={})
    with pytest.raises(WindowTooShortError, match=r"'conv1': its window ended before \d+"):
        _ = case.result


def test_constrained_max_pools_are_refused():
    network = small_network()
    network = replace(
        network,
        layers=tuple(
            replace(layer, constrained=True) if isinstance(layer, MaxPool2D) else layer
            for layer in network
        ),
    )
    with pytest.raises(InvalidInputError, match=r"'pool1' has constrained max-pools.*explicit"):
        add_shared(Network(), network, Clock(1 * ms), Names(network), Shown(), steps_per_tick=1)


def test_more_steps_than_are_counted_are_refused():
    network = small_network()
    with pytest.raises(InvalidInputError, match="choose a longer dt"):
        built(network, random_images(network, 1), steps=2**30)


def run_and_compare(case, *durations):
    for duration in durations:
        case.net.run(duration, namespace={})
    assert_as_analysed(case)


def test_in_slices_and_again_after_a_restore(tmp_path):
    network = small_network()
    case = built(network, random_images(network, 3))
    case.net.store()
    case.net.store(filename=str(tmp_path / "state"))
    half = 2 * case.timing.slot * 1 * ms
    for restore in (
        lambda: None,
        case.net.restore,
        lambda: case.net.restore(filename=str(tmp_path / "state")),
    ):
        restore()
        run_and_compare(case, half, case.duration - half)
    case.net.restore()
    assert len(case.parts.records()) == 0
    case.net.run(half, namespace={})
    assert len(case.parts.records()) == 2
    run_and_compare(case, case.duration - half, case.duration)  # longer than it has images


def test_parts_of_layers_are_sources_of_monitors_and_synapses():
    network = small_network()
    case = built(network, random_images(network, 2))
    layer = case.net["conv1"]
    seen, all_of_them = SpikeMonitor(layer[4:9]), SpikeMonitor(layer)
    counter = NeuronGroup(5, "n : 1", clock=layer.clock)
    synapses = Synapses(layer[4:9], counter, on_pre="n += 1")
    synapses.connect(j="i")
    case.net.add(seen, all_of_them, counter, synapses)
    case.net.run(case.duration, namespace={})
    within = (all_of_them.i[:] >= 4) & (all_of_them.i[:] < 9)
    np.testing.assert_array_equal(np.sort(seen.i[:] + 4), np.sort(all_of_them.i[:][within]))
    np.testing.assert_array_equal(counter.n[:], 2)
    np.testing.assert_array_equal(layer[4:9].latency[:], layer.latency[4:9])
    with pytest.raises(TypeError):
        layer["conv1"]


def test_names_that_the_network_uses_itself():
    rng = np.random.default_rng(0)
    names = ["input", "conv1", "conv1_synapses", "conv1_ticking", "größe", "grässe", "clock"]
    network = td.SpikingNetwork(
        leak=5,
        layers=tuple(
            Dense(name=name, input_shape=(3,), weights=rng.normal(size=(3, 3))) for name in names
        ),
    )
    case = ran(network, random_images(network, 2))
    assert_as_analysed(case)
    assert list(case.result.latencies) == names[:-1]
    assert case.net["input"] is case.parts.groups[network.populations[0]]
    assert case.net["input_"] is case.parts.input


def test_what_stands_for_objects_of_explicit_synapses():
    network = small_network()
    case = built(network, random_images(network, 1))
    instead = case.parts.instead
    assert "SpikeMonitor(net['conv1'])" in instead["conv1_spikes"]
    assert "n_ticks" in instead["conv1_ticking"]
    assert "potentials" in instead["output_readout"]
    assert not set(instead) & {x.name for x in case.net.objects}
    names = Names(network)
    assert set(instead) >= {
        names.of(x, part)
        for x in network.populations
        if x.kind.is_ticked
        for part in ("ticking", "spikes")
    }


@pytest.mark.parametrize(
    ("kind", "method"),
    [
        (TickedLayer, "_find_origin"),
        (TickedLayer, "_add_bias"),
        (MaxPool, "_emit"),
    ],
)
def test_a_broken_layer_is_noticed(monkeypatch, kind, method):
    monkeypatch.setattr(kind, method, lambda self, *arguments, **more: 0)
    network = small_network()
    with pytest.raises((AssertionError, TDSNNError)):
        assert_as_analysed(ran(network, random_images(network, 2), window="fixed"))


def test_two_networks_in_one():
    network, images = small_network(), random_images(small_network(), 2)
    one, other = (built(network, images, prefix=prefix) for prefix in ("a_", "b_"))
    both = Network(one.net.objects, other.net.objects)
    both.run(one.duration, namespace={})
    assert_as_analysed(one)
    assert_as_analysed(other)
