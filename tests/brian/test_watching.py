"""What simulate watches: monitors, reports, profiles, times with units."""

import gc
import sys

import numpy as np
import pytest

import tdsnn_brian as td
from helpers import random_images, small_network
from tdsnn_brian.errors import InvalidInputError, NotInNetworkError, RunError

brian2 = pytest.importorskip("brian2")
from brian2 import Network, StateMonitor, ms, second  # noqa: E402

from tdsnn_brian.brian.firing_network import SCHEDULE  # noqa: E402

pytestmark = pytest.mark.usefixtures("numpy_target")


@pytest.fixture(scope="module")
def network():
    return small_network()


@pytest.fixture(scope="module")
def images(network):
    return random_images(network, 2)


@pytest.mark.parametrize("projection", ["explicit", "shared"])
def test_a_monitor_keeps_what_a_neuron_did_in_each_image(network, images, projection):
    result = td.simulate(
        network,
        images,
        projection=projection,
        dt=0.5 * ms,
        monitors={"dense1": ("v", [7, 2]), "output": "v"},
    )
    trace = result.traces["dense1"]
    assert trace.neurons.tolist() == [7, 2]
    assert trace.values.shape == (2, 2, trace.ticks.shape[1])
    np.testing.assert_allclose(np.diff(trace.ticks[1]), 0.5)
    np.testing.assert_allclose(trace.t[1] / ms, trace.ticks[1] + float(trace.t[1, 0] / ms))
    for image in (0, 1):
        ticks, values = trace.image(image)
        for neuron, course in zip(trace.neurons, values, strict=True):
            fires = trace.release + result.latencies["dense1"][image].ravel()[neuron]
            # the spike's step reaches the threshold, the ones between release and it do not
            before = (ticks >= trace.release + 1) & (ticks < fires)
            assert (course[before] < 0).all()
            assert course[np.searchsorted(ticks, fires) + 1] >= -1e-12
    assert result.traces["output"].values.shape[1] == network.output.n_neurons
    assert result.traces["output"].release is None
    assert "dense1" in repr(trace)
    with pytest.raises(InvalidInputError, match="image must be a number from 0 to 1"):
        trace.image(2)


def test_watching_changes_nothing(network, images):
    watched = td.simulate(network, images, monitors={"conv1": "v"}, profile=True)
    assert watched.compare(td.analyse(network, images))
    assert watched.profile
    assert all(spent >= 0 * second for _, spent in watched.profile)
    one = watched.take(slice(1, 2))
    np.testing.assert_array_equal(one.traces["conv1"].values[0], watched.traces["conv1"].values[1])


def test_reports_go_where_brian2_sends_them(network, images, capsys):
    told = []
    td.simulate(
        network,
        images,
        report=lambda elapsed, completed, start, duration: told.append(completed),
        report_period=1 * ms,
    )
    assert told[0] == 0
    assert told[-1] == 1
    td.simulate(network, images, report="text")
    assert "100%" in "".join(capsys.readouterr())
    with pytest.raises(InvalidInputError, match="progress and report"):
        td.simulate(network, images, report="text", progress=print)


def test_times_have_units(network, images):
    result = td.simulate(network, images, tick=2 * ms)
    assert result.tick == 2 * ms
    times = result.times()["conv1"]
    np.testing.assert_allclose(times / ms, 2.0 * result.latencies["conv1"])
    with pytest.raises(InvalidInputError, match="tick must be that of the simulation"):
        result.times(1 * ms)
    analysis = td.analyse(small_network(silent_zeros=True), images)
    nothing = analysis.latencies["conv1"] == td.SILENT
    np.testing.assert_array_equal(np.isnan(analysis.times(1 * ms)["conv1"]), nothing)


@pytest.mark.parametrize(
    ("monitors", "message"),
    [
        ({"conv9": "v"}, "'conv9', which is no layer"),
        ({"conv1": "u"}, "no variable 'u'"),
        ({"conv1": ("v", [288])}, "from 0 to 287"),
        ({"conv1": ("v", [-1])}, "from 0 to 287"),
        ({"conv1": ("v", [0.5])}, "from 0 to 287"),
    ],
)
def test_what_cannot_be_monitored_is_named(network, images, monitors, message):
    with pytest.raises(InvalidInputError, match=message):
        td.simulate(network, images, monitors=monitors)


def test_own_monitors_become_traces(network, images):
    net = td.build_network(network, images)
    group = net["conv2"]
    fine = StateMonitor(group, "v", record=[3], clock=group.clock)
    both = StateMonitor(group, ["v", "fired"], record=[3], clock=group.clock)
    coarse = StateMonitor(group, "v", record=[3], dt=3 * ms)
    foreign = StateMonitor(net["conv2_ticking"], "n_fired", record=True, clock=group.clock)
    net.add(fine, both, coarse, foreign)
    with pytest.raises(RunError, match="has not run yet"):
        td.trace(net, fine)
    net.run(net.duration)
    assert td.trace(net, fine).variable == "v"
    assert td.trace(net, both, "fired").values.max() == 1
    with pytest.raises(InvalidInputError, match="name one with variable="):
        td.trace(net, both)
    with pytest.raises(RunError, match="every integration step"):
        td.trace(net, coarse)
    with pytest.raises(InvalidInputError, match="is no layer of this network"):
        td.trace(net, foreign)


def test_names_complete_and_a_near_miss_is_told(network, images):
    net = td.build_network(network, images)
    assert {"conv1", "conv1_synapses", "conv1_ticking"} <= set(net._ipython_key_completions_())
    assert repr(net).startswith("<ExplicitNetwork of 'small': 2 images in ")
    with pytest.raises(NotInNetworkError, match=r"did you mean 'conv1'\? its objects are .*conv2"):
        net["Conv1"]


def test_potentials_are_drawn_over_ticks(network, images):
    figure = pytest.importorskip("matplotlib.figure")
    result = td.simulate(network, images, monitors={"conv1": ("v", [3, 9])})
    ax = figure.Figure().add_subplot()
    assert td.plot_potentials(result.traces["conv1"], 1, ax=ax) is ax
    first, second_, release = ax.get_lines()
    assert [first.get_label(), second_.get_label()] == ["3", "9"]
    assert release.get_xdata()[0] == result.traces["conv1"].release
    np.testing.assert_array_equal(first.get_ydata(), result.traces["conv1"].values[1, 0])


@pytest.mark.parametrize("projection", ["explicit", "shared"])
def test_two_built_networks_run_in_one_of_the_user_s(network, images, projection):
    one, other = (
        td.build_network(network, shown, window=16, prefix=prefix, projection=projection)
        for shown, prefix in ((images, "a_"), (images[::-1], "b_"))
    )
    both = Network(one.objects, other.objects)
    with pytest.raises(RunError, match="has not run yet"):
        td.read_results(one)
    both.run(one.duration / 2)
    with pytest.raises(RunError, match=r"run for .* take net.duration"):
        td.read_results(one)
    both.run(one.duration / 2)
    assert td.read_results(one).compare(td.analyse(network, images))
    assert td.read_results(other).compare(td.analyse(network, images[::-1]))


@pytest.mark.parametrize("schedule", [SCHEDULE, ["groups", "thresholds", "synapses", "resets"]])
@pytest.mark.parametrize("projection", ["explicit", "shared"])
def test_a_network_that_is_not_run_says_nothing(
    network, images, projection, schedule, caplog, monkeypatch
):
    raised = []
    monkeypatch.setattr(sys, "unraisablehook", raised.append)
    with caplog.at_level("WARNING", logger="brian2"):
        net = td.build_network(network, images, projection=projection)
        net.schedule = schedule
        del net
        gc.collect()
    assert not raised
    assert not [record for record in caplog.records if "network" in record.getMessage()]
