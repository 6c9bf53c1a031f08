"""Arguments that cannot be meant are refused at the call, by their names."""

from dataclasses import replace

import numpy as np
import pytest
from brian2 import NeuronGroup, SpikeGeneratorGroup, StateMonitor, ms, mV

import tdsnn_brian as td
from tdsnn_brian.brian.event_driven.cache import trim_cache
from tdsnn_brian.brian.event_driven.program import compile_program
from tdsnn_brian.brian.explicit.perturbed_settings import Setting
from tdsnn_brian.errors import InvalidInputError
from tdsnn_brian.layers import Dense
from tdsnn_brian.plots import plot_frontier

pytestmark = pytest.mark.usefixtures("numpy_target")

NETWORK = td.SpikingNetwork(
    layers=tuple(Dense(name=x, input_shape=(2,), weights=np.eye(2)) for x in "ab"), leak=5
)
IMAGES = np.array([[0.2, 0.9], [0.5, 0.1]])
WAYS = [td.analyse, td.simulate, td.deploy, td.run_pipeline, td.run_algorithm_1, td.stream]
RAGGED = [[0.1, 0.2], [0.3]]
MASKED = np.ma.masked_greater(IMAGES, 0.6)


def refused(name, function, /, *arguments, **options):
    with pytest.raises(InvalidInputError, match=name) as error:
        function(*arguments, **options)
    assert len(str(error.value)) > 35


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "images", [IMAGES * mV, MASKED, RAGGED, IMAGES.astype(str), IMAGES.astype(object), IMAGES * 1j]
)
def test_images_are_plain_numbers(way, images):
    refused("images", way, NETWORK, images)


def test_images_without_a_unit_are_taken_as_they_are():
    quantities = IMAGES * mV / mV
    assert td.analyse(NETWORK, quantities).compare(td.analyse(NETWORK, IMAGES))
    assert td.analyse(NETWORK, np.ma.array(IMAGES)).compare(td.analyse(NETWORK, IMAGES))


@pytest.mark.parametrize("values", [1 * mV, "one", 1j, RAGGED, MASKED])
@pytest.mark.parametrize("coding", [td.latency, td.continuous_latency, td.reverse_coding])
def test_activations_are_plain_numbers(coding, values):
    refused("values", coding, values, leak=5)


@pytest.mark.parametrize("weights", [np.eye(2) * mV, np.ma.masked_less(np.eye(2), 0.5)])
def test_weights_are_plain_numbers(weights):
    refused("weights", Dense, name="a", input_shape=(2,), weights=weights)


@pytest.mark.parametrize("word", [["up"], np.array([1.0, 2.0]), None, "UP"])
@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("projection", lambda word: td.simulate(NETWORK, IMAGES, projection=word)),
        ("window", lambda word: td.run_pipeline(NETWORK, IMAGES, window=word)),
        ("rounding", lambda word: replace(NETWORK, rounding=word)),
        ("name of a transfer", lambda word: td.Transfer(name=word)),
        ("activation", lambda word: td.parts_of(word)),
    ],
)
def test_a_choice_is_one_of_the_words(name, call, word):
    refused(name, call, word)


@pytest.mark.parametrize("way", [td.simulate, td.analyse, td.stream])
@pytest.mark.parametrize("window", [2**31, 10**30, {"b": 10**30}, True, -1, np.arange(2)])
def test_a_window_is_a_number_of_ticks_that_can_be_counted(way, window):
    refused("window", way, NETWORK, IMAGES, window=window)


@pytest.mark.parametrize("projection", ["explicit", "shared"])
@pytest.mark.parametrize(
    "prefix", [None, 1, b"a", "a b", "2nd", "a\n", "\ud800", "a*", ["a"], 49 * "a"]
)
def test_a_prefix_is_one_that_names_can_start_with(prefix, projection):
    refused("prefix", td.build_network, NETWORK, IMAGES, prefix=prefix, projection=projection)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("strict", "no"),
        ("strict", np.zeros(2)),
        ("profile", np.zeros(2)),
        ("progress", True),
        ("report", True),
        ("report", "often"),
        ("report_period", 10),
        ("monitors", ["a"]),
        ("monitors", {"a": None}),
        ("monitors", {"a": ("v", 1)}),
        ("monitors", {"a": ("v", [])}),
        ("monitors", {"a": ("v", [[0, 1]])}),
        ("monitors", {"a": ("v", [0], 1)}),
        ("to monitor", {"a": "N"}),
        ("to monitor", {"a": "_spikespace"}),
    ],
)
def test_what_watches_a_run_is_checked(name, value):
    option = "monitors" if name == "to monitor" else name
    refused(name, td.simulate, NETWORK, IMAGES, **{option: value})


@pytest.mark.parametrize(
    "dtype", [0, "", "float16", {"x": 1}, "\ud800", np.zeros(2), [("a", float)]]
)
def test_a_dtype_is_one_of_both(dtype):
    refused("dtype", compile_program, NETWORK, dtype=dtype)


@pytest.mark.parametrize("value", [-1, float("nan"), "1", [1], 1 * ms, True])
@pytest.mark.parametrize("name", ["max_bytes", "max_days"])
def test_the_cache_is_trimmed_to_a_number(name, value):
    refused(name, trim_cache, **{name: value})


@pytest.mark.parametrize("value", [None, True, 1, "result", NETWORK])
def test_results_are_results(value):
    result = td.analyse(NETWORK, IMAGES)
    refused("result", td.plot_raster, NETWORK, value)
    refused("result", td.plot_latencies, value)
    refused("expected", result.compare, value)
    refused("trace", td.plot_potentials, value)
    refused("tuned", plot_frontier, value)
    if value is not None:
        refused("expected", td.plot_latencies, result, value)
        refused("ax", td.plot_latencies, result, ax=value)


@pytest.mark.parametrize("image", [None, True, 1.0, -1, 2, "0", [0], 1 * ms, float("nan")])
def test_an_image_is_one_of_them(image):
    result = td.simulate(NETWORK, IMAGES, monitors={"a": "v"})
    refused("image", td.plot_raster, NETWORK, result, image)
    refused("image", td.plot_potentials, result.traces["a"], image)
    refused("image", result.traces["a"].image, image)


@pytest.mark.parametrize("rtol", [None, -1, float("nan"), float("inf"), True, 1 * ms, [1]])
def test_a_tolerance_is_a_number(rtol):
    result = td.analyse(NETWORK, IMAGES)
    refused("rtol", result.compare, result, rtol=rtol)


@pytest.mark.parametrize("tick", [0, -1, True, "1 ms", 1 * mV, 0 * ms, [1, 2] * ms, float("nan")])
def test_a_tick_of_exported_spikes_is_a_time(tick):
    pytest.importorskip("neo")
    refused("tick", td.to_neo, NETWORK, td.analyse(NETWORK, IMAGES), tick=tick)


def test_what_is_read_is_checked():
    net = td.build_network(NETWORK, IMAGES)
    monitor = StateMonitor(net["a"], "v", record=True, clock=net["a"].clock)
    net.add(monitor)
    net.run(net.duration)
    refused("strict", td.read_results, net, strict="no")
    refused("seconds", td.read_results, net, True)
    refused("net", td.trace, None, monitor)
    refused("monitor", td.trace, net, net["a"])
    refused("variable", td.trace, net, monitor, "w")


@pytest.mark.parametrize("path", [None, 1, True, b"network.npz", "", "a\0b", ["a"]])
def test_a_path_is_one(path):
    """A number would be an open file, as that of the terminal."""
    refused("path", td.load, path)
    refused("path", NETWORK.save, path)


@pytest.mark.parametrize("projection", ["explicit", "shared"])
@pytest.mark.parametrize(
    "schedule",
    [
        ["start", "groups", "synapses", "thresholds", "resets", "end"],
        ["start", "thresholds", "synapses", "groups", "resets", "end"],
        ["start", "synapses", "thresholds", "groups", "resets", "end"],
        ["groups", "thresholds", "synapses", "resets"],
    ],
)
def test_a_schedule_in_another_order_is_refused(projection, schedule):
    net = td.build_network(NETWORK, IMAGES, projection=projection)
    net.schedule = schedule
    refused("schedule", net.run, net.duration)


@pytest.mark.parametrize("projection", ["explicit", "shared"])
def test_a_schedule_with_slots_of_ones_own_is_taken(projection):
    net = td.build_network(NETWORK, IMAGES, projection=projection)
    net.schedule = ["start", "groups", "mine", "thresholds", "synapses", "resets", "end"]
    net.run(net.duration)
    assert td.read_results(net).compare(net.analysis)


@pytest.mark.parametrize("window", ["fixed", "dynamic"])
@pytest.mark.parametrize("projection", ["explicit", "shared"])
def test_a_stored_file_is_restored_into_a_network_built_again(projection, window, tmp_path):
    def build():
        return td.build_network(NETWORK, IMAGES, projection=projection, window=window)

    first = build()
    first.run(first.duration / 2)
    first.store(filename=tmp_path / "half")
    again = build()
    again.restore(filename=tmp_path / "half")
    again.run(again.duration - again.t)
    assert td.read_results(again).compare(td.analyse(NETWORK, IMAGES, window=window))


@pytest.mark.parametrize("value", [["v"], 1, np.zeros(2), b"v"])
@pytest.mark.parametrize("name", ["variable", "factor", "counter", "on_event", "clock"])
def test_arguments_of_a_projection_are_names(name, value):
    source = SpikeGeneratorGroup(2, [0], [0] * ms)
    target = NeuronGroup(2, "v : 1")
    refused(name, td.SharedProjection, source, target, NETWORK.layers[0], **{name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("steps_per_tick", 0),
        ("steps_per_tick", 1.5),
        ("ticks_per_tick", 3),
        ("ticks_per_tick", -1),
        ("jitter", -0.1),
        ("jitter", float("nan")),
        ("weight_noise", "0.1"),
        ("delay", 1 * ms),
        ("leak_spread", np.zeros(2)),
        ("delay_spread", float("inf")),
        ("threshold_offset", None),
        ("drop", 1.5),
        ("headroom", True),
    ],
)
def test_a_flaw_has_a_strength(name, value):
    refused(name, Setting, **{"steps_per_tick": 4, name: value})


@pytest.mark.parametrize("window", ["fixed", "dynamic"])
@pytest.mark.parametrize("projection", ["explicit", "shared"])
def test_a_clock_that_was_changed_is_named(projection, window):
    net = td.build_network(NETWORK, IMAGES, projection=projection, window=window)
    net["a"].clock.dt = 0.5 * ms
    refused("tdsnn_clock.*has the step 0.5 ms", net.run, net.duration)


def test_the_state_of_a_network_for_longer_images_is_not_taken(tmp_path):
    first, other = (td.build_network(NETWORK, IMAGES, window=ticks) for ticks in (10, 20))
    first.store(filename=tmp_path / "state")
    other.restore(filename=tmp_path / "state")
    refused("another network", other.run, other.duration)
