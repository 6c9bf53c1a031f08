"""Other images on a network that has been built, and in a program that has been compiled."""

import numpy as np
import pytest

import tdsnn_brian as td
from helpers import assert_same, network_with_a_loose_end, random_images, small_network
from tdsnn_brian.errors import (
    InvalidInputError,
    RunError,
    UnsupportedDeviceError,
    WindowTooShortError,
)

brian2 = pytest.importorskip("brian2")
from brian2 import get_device, ms, prefs, set_device  # noqa: E402

pytestmark = pytest.mark.usefixtures("numpy_target")


NETWORKS = {
    "plain": ({}, {}),
    "silent zeros": ({"silent_zeros": True}, {}),
    "between ticks": ({"input_steps": 4}, {"dt": 0.25 * ms}),
    "threshold": ({"v_threshold": 1e-4}, {}),
}


@pytest.mark.parametrize("window", [40, "dynamic"])
@pytest.mark.parametrize("case", NETWORKS)
def test_other_images_fire_as_analysed(case, window):
    fields, options = NETWORKS[case]
    network = small_network(**fields)
    first = random_images(network, 2, seed=1)
    # as an upper bound, dynamic windows keep those of the first images
    others = 0.9 * first[::-1] if window == "dynamic" else random_images(network, 2, seed=9)
    net = td.build_network(network, first, window=window, **options)
    net.store()
    for images in (first, others):
        net.restore()
        net.set_images(images)
        net.run(net.duration)
        assert_same(td.read_results(net), td.analyse(network, images, window=window))


def test_a_network_is_set_back_first():
    network = small_network()
    net = td.build_network(network, random_images(network, 1), window=40)
    net.run(net.duration)
    with pytest.raises(RunError, match=r"net.restore\(\) before set_images"):
        net.set_images(random_images(network, 1))


def test_images_that_do_not_fit_are_refused():
    network = small_network()
    images = random_images(network, 2)
    net = td.build_network(network, 0.1 * images)
    with pytest.raises(InvalidInputError, match="was built for 2 images, got 1"):
        net.set_images(images[:1])
    with pytest.raises(WindowTooShortError, match="layer 'conv1'"):
        net.set_images(10 * images)
    shared = td.build_network(network, images, projection="shared")
    with pytest.raises(InvalidInputError, match="projection='explicit'"):
        shared.set_images(images)
    exchangeable = td.build_network(network, images, model=td.models.EXCHANGEABLE)
    with pytest.raises(InvalidInputError, match="input neurons of its own"):
        exchangeable.set_images(images)
    with pytest.raises(InvalidInputError, match="EXCHANGEABLE"):
        net.run_args(images)


def test_neurons_that_nobody_waits_for_need_their_time_too():
    network, images = network_with_a_loose_end()
    net = td.build_network(network, images[1:2], window={"conv": 40})
    with pytest.raises(WindowTooShortError, match="no layer waits for"):
        net.set_images(images[2:3])


@pytest.mark.parametrize("steps", [1, 4])
def test_neurons_that_look_up_their_times_fire_as_those_that_are_told(steps):
    network = small_network(input_steps=steps)
    images = random_images(network, 2)
    result = td.simulate(network, images, model=td.models.EXCHANGEABLE)
    assert_same(result, td.analyse(network, images))


@pytest.mark.slow
@pytest.mark.standalone
def test_a_program_shows_other_images_by_run_arguments(tmp_path):
    output = td.layers.Dense(name="output", input_shape=(3,), weights=np.eye(3)[:, :2])
    hidden = td.layers.Dense(name="hidden", input_shape=(2,), weights=np.ones((2, 3)))
    network = td.SpikingNetwork(layers=(hidden, output), leak=5)
    images = np.array([[[0.2, 0.9]], [[0.7, 0.1]]])
    prefs.devices.cpp_standalone.extra_make_args_unix = ["-j2"]
    set_device("cpp_standalone", directory=str(tmp_path), build_on_run=False)
    try:
        net = td.build_network(network, images[0], window=20, model=td.models.EXCHANGEABLE)
        net.run(net.duration)
        device = get_device()
        device.build(run=False)
        for shown in images:
            device.run(run_args=net.run_args(shown))
            assert_same(td.read_results(net), td.analyse(network, shown))
        with pytest.raises(UnsupportedDeviceError, match="run_args"):
            net.set_images(images[0])
    finally:
        get_device().reinit()
        set_device("runtime")
        brian2.start_scope()
