"""Inputs that fire between ticks: `input_steps`, from the code to the count of operations."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tdsnn_brian as td
from helpers import random_images, small_network
from tdsnn_brian.analysis import operations as ops
from tdsnn_brian.firing_times import SILENT, gain
from tdsnn_brian.layers import MaxPool2D


@given(st.floats(-10, 1e4), st.floats(0.5, 20), st.integers(1, 12))
def test_the_code_is_as_fine_as_that_of_a_longer_leak(x, leak, steps):
    times = td.latency(x, leak, steps=steps)
    assert times * steps == pytest.approx(td.latency(x, leak * steps), rel=1e-12)
    assert td.reverse_coding(x, leak, steps=steps) == pytest.approx(
        td.reverse_coding(x, leak * steps), rel=1e-12
    )


def test_gains_of_times_between_ticks():
    np.testing.assert_array_equal(
        gain(np.array([SILENT, 0, 2.5, 5]), 5), [0, 1, np.exp(0.5), np.exp(1)]
    )
    assert td.latency([0.0, 1.0], 5, steps=4, silent_zeros=True).tolist() == [SILENT, 3.5]


@settings(max_examples=20, deadline=None)
@given(
    st.integers(0, 1000),
    st.sampled_from([0.7, 1.0, 5.0]),
    st.sampled_from([2, 3, 10]),
    st.booleans(),
)
def test_closed_form_and_algorithm_1_agree(seed, leak, steps, silent_zeros):
    network = small_network(
        seed, leak, input_scale=3.0, input_steps=steps, silent_zeros=silent_zeros
    )
    images = random_images(network, 3, seed)
    closed, ticked = td.analyse(network, images), td.run_algorithm_1(network, images)
    assert (closed.input_latencies % 1 != 0).any()
    for name, latencies in closed.latencies.items():
        assert latencies.dtype == np.int32
        np.testing.assert_array_equal(latencies, ticked.latencies[name], err_msg=name)
    for name, window in closed.windows.items():
        np.testing.assert_array_equal(window, ticked.windows[name])
    np.testing.assert_allclose(closed.logits, ticked.logits, rtol=1e-9)


def test_many_steps_leave_the_input_as_it_is():
    network = small_network(leak=2.0, input_steps=10_000)
    images = random_images(network)
    gains = gain(td.analyse(network, images).input_latencies, network.leak)
    np.testing.assert_allclose(gains, images + 1, rtol=1e-4)
    coarse = gain(td.analyse(replace(network, input_steps=1), images).input_latencies, 2.0)
    assert np.abs(coarse - images - 1).max() > 0.3


def test_the_first_layer_leaks_at_every_step():
    network = small_network(leak=5.0, input_steps=4)
    images = random_images(network)
    analysis = td.analyse(network, images)
    counted = ops.measure_snn(network, analysis.input_latencies, analysis.latencies)
    first = network.layers[0]
    ticks = analysis.latencies[first.name].reshape(len(images), -1).sum(axis=1).mean()
    leaks = 4 * analysis.windows[first.name].mean() * first.n_neurons
    assert counted[first.name].multiplications == pytest.approx(leaks + ticks)

    whole = {name: float(window.max()) for name, window in analysis.windows.items()}
    coarse = replace(network, input_steps=1)
    more = 3 * whole[first.name] * first.n_neurons
    for count in (ops.count_snn, ops.count_deployed):
        fine, plain = count(network, whole), count(coarse, whole)
        assert fine.pop(first.name).multiplications == pytest.approx(
            plain.pop(first.name).multiplications + more
        )
        assert fine == plain


def test_a_network_keeps_its_steps(tmp_path):
    small_network(input_steps=4).save(tmp_path / "network.npz")
    assert td.load(tmp_path / "network.npz").input_steps == 4


@pytest.mark.parametrize("steps", [0, -1, 2.5, "4", True, None])
def test_impossible_steps_are_refused(steps):
    with pytest.raises(td.InvalidInputError, match=r"input_steps must be .*input_steps=4"):
        small_network(input_steps=steps)


def test_a_max_pool_on_the_image_is_refused():
    layers = small_network().layers
    pool = MaxPool2D(name="first", input_shape=(18, 16, 2), pool_size=(2, 2), strides=(2, 2))
    with pytest.raises(td.InvalidInputError, match=r"'first'.*input_steps=1, got 2"):
        replace(small_network(), layers=(pool, *layers), input_steps=2)
