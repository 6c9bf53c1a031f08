from dataclasses import replace
from functools import partial

import numpy as np
import pytest

import tdsnn_brian as td
from helpers import random_images, small_network
from tdsnn_brian.analysis import operations as ops
from tdsnn_brian.layers import Conv2D, Dense, Kind, MaxPool2D, Sum
from tdsnn_brian.network import SpikingNetwork


def lenet():
    return SpikingNetwork(
        leak=5,
        layers=(
            Conv2D(name="conv1", input_shape=(28, 28, 1), kernel=np.zeros((5, 5, 1, 20))),
            MaxPool2D(name="pool1", input_shape=(24, 24, 20), pool_size=(2, 2), strides=(2, 2)),
            Conv2D(name="conv2", input_shape=(12, 12, 20), kernel=np.zeros((5, 5, 20, 50))),
            MaxPool2D(name="pool2", input_shape=(8, 8, 50), pool_size=(2, 2), strides=(2, 2)),
            Dense(name="dense1", input_shape=(800,), weights=np.zeros((800, 500))),
            Dense(name="dense2", input_shape=(500,), weights=np.zeros((500, 10))),
        ),
    )


def test_the_standard_lenet_has_the_known_counts():
    counted = ops.total(ops.count_dnn(lenet()))
    assert (counted.multiplications, counted.additions) == (2_293_000, 2_288_810)


def test_equal_windows_obey_the_relation_that_the_papers_figures_obey():
    network = lenet()
    dnn = ops.total(ops.count_dnn(network))
    snn = ops.total(
        ops.count_snn(network, dict.fromkeys(("conv1", "conv2", "dense1"), 8) | {"dense2": 8})
    )
    # up to the output layer, which leaks but is not driven
    assert snn.multiplications == 2 * (snn.additions - dnn.additions) + 8 * 10
    deployed = ops.total(
        ops.count_deployed(network, dict.fromkeys(("conv1", "conv2", "dense1", "dense2"), 8))
    )
    assert deployed.additions == dnn.additions
    assert deployed.multiplications == 8 * (11520 + 3200 + 500 + 10)


@pytest.fixture
def run():
    network = small_network(silent_zeros=True)
    return network, td.analyse(network, random_images(network))


def test_padding_is_an_input_that_fires_unless_zeros_are_silent():
    layer = Conv2D(
        name="conv",
        input_shape=(3, 3, 2),
        kernel=np.zeros((3, 3, 1, 4)),
        groups=2,
        padding=((1, 1), (1, 1)),
    )
    everything = np.ones((1, 3, 3, 2), bool)
    in_windows = np.array([4, 6, 4, 6, 9, 6, 4, 6, 4])
    assert ops.synaptic_additions(layer, [everything]) == 9 * 8 * 4
    assert ops.synaptic_additions(layer, [everything], padding_fires=False) == (
        (in_windows - 1).sum() * 4
    )
    one_less = everything.copy()
    one_less[0, 1, 1, 0] = False  # seen by all nine windows of two channels
    assert ops.synaptic_additions(layer, [one_less]) == 9 * 8 * 4 - 9 * 2


def by_hand(network, analysis):
    """One loop over layers, images and synapses, of the paper's counts and NeuroBench's."""
    counted, synaptic = ops.Operations(), ops.Operations()
    times = {network.input: analysis.input_latencies}
    for layer in network.populations:
        synapses = [projection.synapses() for projection in layer.projections]
        flat = [
            times[source].reshape(len(analysis.input_latencies), -1) for source in layer.sources
        ]
        times[layer] = analysis.latencies.get(layer.name)
        if layer.kind is Kind.MAX_POOL:
            (pooled,) = synapses
            counted += ops.Operations(additions=len(pooled.i) - layer.n_neurons)
            continue
        for image in range(len(flat[0])):
            arrived = np.zeros(layer.n_neurons, int)
            for (i, j, _), before in zip(synapses, flat, strict=True):
                arrived += np.bincount(j[before[image, i] >= 0], minlength=layer.n_neurons)
            bias = 0 if layer.bias is None else layer.bias_latency
            window = max(bias, *(before[image].max() for before in flat))
            ticks = 0
            if layer is not network.output:
                own = times[layer][image].ravel()
                ticks = own[own > 0].sum()
            leaks = (window * layer.n_neurons + ticks) / len(flat[0])
            counted += ops.Operations(
                additions=(np.maximum(arrived - 1, 0).sum() + ticks) / len(flat[0]),
                multiplications=leaks,
            )
            synaptic += ops.Operations(
                additions=(arrived.sum() + ticks) / len(flat[0]), multiplications=leaks
            )
    return counted, synaptic


def branches():
    """Two convolutions that share a max-pool's spikes, a skip, and a leak of its own."""
    rng = np.random.default_rng(0)
    conv = partial(Conv2D, input_shape=(4, 4, 2), padding=((1, 1), (1, 1)))
    skip = Conv2D(
        name="skip", input_shape=(4, 4, 2), kernel=np.ones((1, 1, 1, 2)), groups=2, source="pool"
    )
    layers = (
        conv(name="conv", input_shape=(8, 8, 2), kernel=rng.normal(0, 0.4, (3, 3, 2, 2))),
        MaxPool2D(name="pool", input_shape=(8, 8, 2), pool_size=(2, 2), strides=(2, 2)),
        conv(name="left", kernel=rng.normal(0, 0.4, (3, 3, 2, 2)), bias=np.ones(2)),
        Sum(name="sum", terms=(conv(name="right", kernel=rng.normal(0, 0.3, (3, 3, 2, 2))), skip)),
        Dense(name="output", input_shape=(4, 4, 2), weights=rng.normal(size=(32, 3))),
    )
    return SpikingNetwork(layers=layers, leak=3, silent_zeros=True)


@pytest.mark.parametrize("make", [partial(small_network, silent_zeros=True), branches])
def test_measured_counts_follow_from_the_synapses_and_the_spikes(make):
    network = make()
    analysis = td.analyse(network, random_images(network))
    counted, synaptic = by_hand(network, analysis)
    found = ops.total(ops.measure_snn(network, analysis.input_latencies, analysis.latencies))
    assert (found.additions, found.multiplications) == pytest.approx(
        (counted.additions, counted.multiplications)
    )
    found = ops.measure_spikes(network, analysis.input_latencies, analysis.latencies)
    assert (found.additions, found.multiplications) == pytest.approx(
        (synaptic.additions, synaptic.multiplications)
    )


def test_a_branch_is_driven_as_long_as_its_longest_reader_listens():
    network = branches()
    windows = {"conv": 1, "left": 10, "sum": 100, "output": 1000}
    counted = ops.count_snn(network, windows)
    assert {name: counts.multiplications for name, counts in counted.items()} == {
        "conv": 128 * (1 + 100),  # through the pool: both left and sum
        "pool": 0,
        "left": 32 * (10 + 100),
        "sum": 32 * (100 + 1000),
        "output": 3 * 1000,
    }


def test_a_skip_is_an_addition_in_the_dnn():
    counted = ops.count_dnn(branches())["sum"]
    assert (counted.multiplications, counted.additions) == (32 * 18, 32 * 18)


def test_silence_saves_additions():
    network = small_network()
    images = random_images(network)
    counts = []
    for silent in (False, True):
        net = replace(network, silent_zeros=silent)
        analysis = td.analyse(net, images)
        counts.append(ops.measure_snn(net, analysis.input_latencies, analysis.latencies))
    assert counts[1]["conv2"].additions < counts[0]["conv2"].additions


def test_neurobench_names(run):
    network, analysis = run
    active = ops.inputs_that_fire(network, analysis.input_latencies, analysis.latencies)
    counted = ops.synaptic_operations(network, active, spiking=True)
    assert counted["Effective_MACs"] == 0
    assert 0 < counted["Effective_ACs"] < counted["Dense"]
    everything = {name: [np.ones_like(x) for x in values] for name, values in active.items()}
    dense = ops.synaptic_operations(network, everything, spiking=False)
    assert dense["Effective_MACs"] == dense["Dense"] == counted["Dense"]


def test_a_missing_window_is_named():
    with pytest.raises(td.InvalidInputError, match="conv2"):
        ops.count_snn(lenet(), {"conv1": 5, "dense1": 5, "dense2": 5})
