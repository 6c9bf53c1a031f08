"""A threshold other than 0 (Eq. 6): closed form, Algorithm 1, Brian2."""

from dataclasses import replace

import numpy as np
import pytest
from brian2 import ms

import tdsnn_brian as td
from helpers import random_images, small_network

pytestmark = pytest.mark.usefixtures("numpy_target")


def network_with(v_threshold, **fields):
    return replace(small_network(leak=5.0), v_threshold=v_threshold, **fields)


@pytest.mark.parametrize("v_threshold", [0.02, -0.02])
def test_closed_form_and_algorithm_1_agree(v_threshold):
    network = network_with(v_threshold)
    images = random_images(network, 4)
    closed, ticked = td.analyse(network, images), td.run_algorithm_1(network, images)
    for name, values in closed.latencies.items():
        np.testing.assert_array_equal(values, ticked.latencies[name], err_msg=name)
    np.testing.assert_allclose(closed.logits, ticked.logits, rtol=1e-9)
    at_zero = td.analyse(replace(network, v_threshold=0.0), images)
    moved = closed.latencies["conv1"] - at_zero.latencies["conv1"]
    assert (np.sign(moved) * np.sign(v_threshold) >= 0).all()
    assert moved.any()


@pytest.mark.parametrize("silent_zeros", [False, True])
@pytest.mark.parametrize(("v_threshold", "steps"), [(0.02, 1), (0.02, 4), (-0.02, 1)])
@pytest.mark.parametrize("window", ["fixed", "dynamic", {"conv1": 11}])
@pytest.mark.parametrize("projection", ["explicit", "shared"])
def test_simulation_and_analysis_agree(projection, window, v_threshold, steps, silent_zeros):
    network = network_with(v_threshold / 2, silent_zeros=silent_zeros)
    images = random_images(network, 3)
    analysis = td.analyse(network, images, window=window)
    result = td.simulate(network, images, window=window, dt=1 * ms / steps, projection=projection)
    for name, expected in analysis.latencies.items():
        np.testing.assert_array_equal(result.latencies[name], expected, err_msg=name)
    np.testing.assert_allclose(result.potentials, analysis.logits, rtol=1e-9, atol=1e-9)


def test_latencies_depend_on_the_window():
    network = network_with(0.02)
    images = random_images(network, 3)
    short, long = (
        td.analyse(network, images, window=ticks).latencies["conv1"] for ticks in (8, 16)
    )
    assert (long >= short).all()
    assert (long > short).any()


@pytest.mark.parametrize("call", [td.analyse, td.run_algorithm_1, td.build_network])
def test_out_of_reach_is_an_error_before_anything_runs(call):
    network = network_with(0.9)
    with pytest.raises(td.InvalidInputError, match=r"layer 'conv1'.*out of reach.*lower"):
        call(network, random_images(network, 1))


def test_a_longer_window_can_put_the_threshold_out_of_reach():
    network = network_with(0.02)
    images = random_images(network, 1)
    td.analyse(network, images, window=10)
    with pytest.raises(td.InvalidInputError, match="out of reach"):
        td.build_network(network, images, window=40)


def test_a_negative_threshold_needs_dt_equal_to_the_tick():
    network = network_with(-0.02)
    with pytest.raises(td.InvalidInputError, match="between two ticks"):
        td.build_network(network, random_images(network, 1), dt=0.5 * ms)


def test_impossible_thresholds_are_refused():
    with pytest.raises(td.InvalidInputError, match="v_threshold"):
        network_with(float("nan"))
