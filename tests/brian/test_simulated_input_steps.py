"""Inputs that fire between ticks, in every way to run a network."""

from dataclasses import replace

import numpy as np
import pytest
from brian2 import ms

import tdsnn_brian as td
from helpers import assert_same, random_images, small_network
from tdsnn_brian.brian.explicit.pipeline import run_pipeline

STEPS = 4


pytestmark = pytest.mark.usefixtures("numpy_target")


@pytest.fixture(scope="module")
def shown():
    network = small_network(leak=2.0, input_scale=2.7, input_steps=STEPS)
    images = random_images(network, 4)
    return network, images, td.analyse(network, images)


def test_finer_inputs_make_a_difference(shown):
    network, images, analysis = shown
    coarse = td.analyse(replace(network, input_steps=1), images)
    assert (coarse.latencies["conv1"] != analysis.latencies["conv1"]).any()


@pytest.mark.parametrize("dt", [None, 1 * ms / STEPS, 0.5 * ms / STEPS])
@pytest.mark.parametrize("window", ["fixed", "dynamic", 20])
@pytest.mark.parametrize("projection", ["explicit", "shared"])
def test_every_firing_time_is_that_of_the_analysis(shown, projection, window, dt):
    network, images, analysis = shown
    result = td.simulate(network, images, dt=dt, window=window, projection=projection)
    assert_same(result, analysis)
    for name, windows in result.windows.items():
        needed = analysis.windows[name]
        given = {"dynamic": needed, "fixed": np.ceil(needed.max())}.get(window, window)
        np.testing.assert_allclose(windows, np.broadcast_to(given, len(images)), atol=1e-9)


@pytest.mark.parametrize("projection", ["explicit", "shared"])
@pytest.mark.parametrize("window", ["fixed", "dynamic"])
def test_with_silent_zeros(shown, window, projection):
    network, images, _ = shown
    network = replace(network, silent_zeros=True)
    result = td.simulate(network, images, window=window, projection=projection)
    assert_same(result, td.analyse(network, images))


@pytest.mark.parametrize("projection", ["explicit", "shared"])
@pytest.mark.parametrize("window", ["fixed", "dynamic"])
def test_with_a_threshold_which_depends_on_the_window(shown, window, projection):
    network, images, _ = shown
    network = replace(network, v_threshold=0.01)
    assert td.analyse(network, images).windows["conv1"].max() == 2.75  # and 3 if fixed
    result = td.simulate(network, images, window=window, projection=projection)
    assert_same(result, td.analyse(network, images, window=window))


@pytest.mark.parametrize("projection", ["explicit", "shared"])
def test_without_ticking_neurons(shown, projection):
    network, images, analysis = shown
    assert_same(td.deploy(network, images, projection=projection), analysis)


@pytest.mark.parametrize("window", ["fixed", "dynamic"])
@pytest.mark.parametrize("dt", [None, 0.5 * ms / STEPS])
def test_in_a_stream(shown, window, dt):
    network, images, analysis = shown
    assert_same(run_pipeline(network, images, window=window, dt=dt), analysis)


@pytest.mark.standalone
@pytest.mark.parametrize("window", ["fixed", "dynamic"])
def test_in_a_compiled_program(shown, window):
    network, images, analysis = shown
    for k, result in enumerate(td.stream(network, images, window=window)):
        for name, expected in analysis.latencies.items():
            np.testing.assert_array_equal(result.latencies[name][0], expected[k], err_msg=name)


def test_a_step_on_which_inputs_cannot_fire_is_refused(shown):
    network, images, _ = shown
    for run in (td.simulate, td.build_network, td.deploy, run_pipeline, td.stream):
        with pytest.raises(td.InvalidInputError, match=r"multiples of tick/4.*choose dt=tick/4"):
            run(network, images, dt=0.5 * ms)
