"""The comparison finds planted faults, and finds them in the layer that has them."""

from dataclasses import replace

import numpy as np
import pytest
from brian2 import ms

import tdsnn_brian as td
from helpers import random_images, small_network
from tdsnn_brian.validation.judge.comparison import compare

pytestmark = pytest.mark.usefixtures("numpy_target")


def judged(plant=lambda net: None, *, simulated=None, window="fixed", dt_per_tick=1):
    """Layers with unexplained disagreements, where `plant` spoils what is simulated."""
    network = small_network()
    images = random_images(network, n=4)
    net = td.build_network(
        simulated or network, images, tick=1 * ms, dt=1 * ms / dt_per_tick, window=window
    )
    plant(net)
    net.run(net.duration, namespace={})
    comparisons = compare(
        network,
        td.analyse(network, images),
        td.read_results(net, strict=False),
        windows=None if window == "dynamic" else net.timing.windows,
    )
    return comparisons, [layer.name for layer in comparisons if layer.unexplained]


@pytest.mark.parametrize("window", ["fixed", "dynamic"])
def test_a_faithful_simulation_has_nothing_unexplained(window):
    comparisons, blamed = judged(window=window)
    assert blamed == []
    assert all(layer.identical == 1 for layer in comparisons if layer.fires)


@pytest.mark.parametrize("layer", ["conv1", "conv2", "mean", "dense1"])
def test_a_wrong_tick_weight_is_found_in_its_layer(layer):
    def plant(net):
        net[f"{layer}_ticking_ticks"].namespace["w_tick"] *= 1.2

    comparisons, blamed = judged(plant)
    assert blamed == [layer]
    behind = comparisons[[c.name for c in comparisons].index(layer) + 1 : -1]
    assert not behind or any(c.inherited for c in behind)  # told apart from what is at fault


@pytest.mark.parametrize("late", [-1, 1])
@pytest.mark.parametrize("layer", ["conv1", "conv2", "dense1"])
def test_a_release_that_is_a_step_off_is_found_in_its_layer(layer, late):
    def plant(net):
        net[f"{layer}_ticking"].namespace["release_step"] += late

    assert judged(plant, dt_per_tick=10)[1][0] == layer


@pytest.mark.parametrize(("layer", "weights"), [("conv2", "kernel"), ("output", "weights")])
def test_swapped_channels_are_found_in_their_layer(layer, weights):
    network = small_network()
    layers = []
    for each in network:
        if each.name == layer:
            values = getattr(each, weights).copy()
            values[..., [0, 1]] = values[..., [1, 0]]
            each = replace(each, **{weights: values})
        layers.append(each)
    assert judged(simulated=replace(network, layers=tuple(layers)))[1] == [layer]


def test_a_disagreement_at_a_jump_is_explained():
    network = small_network()
    images = random_images(network, n=2)
    analysis = td.analyse(network, images, continuous=True)
    before = td.simulate(network, images)
    assert compare(network, analysis, before)[0].unexplained == 0
    # the neuron nearest to a jump, moved by a tick, with a boundary just beyond and short of it
    (first, *_) = compare(network, analysis, before)
    nearest = np.unravel_index(first.times.distance.values.argmin(), first.times.distance.shape)
    moved = {**before.latencies}
    moved["conv1"] = moved["conv1"].reshape(2, -1).copy()
    moved["conv1"][nearest] += 1
    moved["conv1"] = moved["conv1"].reshape(before.latencies["conv1"].shape)
    first = compare(network, analysis, replace(before, latencies=moved))[0]
    distance = float(first.times.distance.values[nearest])
    assert replace(first, boundary=distance * 1.01).unexplained == 0
    assert replace(first, boundary=distance * 1.01).explained == 1
    assert replace(first, boundary=distance * 0.99).unexplained == 1
    assert first.max_difference == 1
    assert first.identical == 1 - 1 / first.times.discrete.size
