from dataclasses import replace

import numpy as np
import pytest

import tdsnn_brian as td
from helpers import random_images, small_network
from tdsnn_brian.analysis import operations as ops
from tdsnn_brian.layers import Conv2D, Dense, MaxPool2D
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
    """One loop over layers, images, neurons and synapses."""
    additions = multiplications = 0
    before = analysis.input_latencies
    for layer in network:
        flat = before.reshape(len(before), -1)
        i, j, _ = layer.projection.synapses()
        if isinstance(layer, MaxPool2D):
            additions += len(i) - layer.n_neurons
            before = analysis.latencies[layer.name]
            continue
        for image in range(len(flat)):
            arrived = np.bincount(j[flat[image, i] >= 0], minlength=layer.n_neurons)
            window = max(flat[image].max(), 0 if layer.bias is None else 4)
            ticks = 0
            if layer is not network.output_layer:
                own = analysis.latencies[layer.name][image].ravel()
                ticks = own[own > 0].sum()
            additions += (np.maximum(arrived - 1, 0).sum() + ticks) / len(flat)
            multiplications += (window * layer.n_neurons + ticks) / len(flat)
        before = analysis.latencies.get(layer.name)
    return additions, multiplications


def test_measured_counts_follow_from_the_synapses_and_the_spikes(run):
    network, analysis = run
    counted = ops.total(ops.measure_snn(network, analysis.input_latencies, analysis.latencies))
    assert (counted.additions, counted.multiplications) == pytest.approx(by_hand(*run))


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
    everything = {name: np.ones_like(values) for name, values in active.items()}
    dense = ops.synaptic_operations(network, everything, spiking=False)
    assert dense["Effective_MACs"] == dense["Dense"] == counted["Dense"]


def test_a_missing_window_is_named():
    with pytest.raises(td.InvalidInputError, match="conv2"):
        ops.count_snn(lenet(), {"conv1": 5, "dense1": 5, "dense2": 5})
