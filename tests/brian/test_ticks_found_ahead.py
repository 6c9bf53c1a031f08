"""Ticks found at the release, as programs do, beside thresholds compared with tick by tick."""

from functools import partial

import numpy as np
import pytest
from brian2 import ms, prefs

import tdsnn_brian as td
from tdsnn_brian.brian.event_driven import network as event_driven
from tdsnn_brian.layers import Conv2D, Dense, MaxPool2D

pytestmark = pytest.mark.usefixtures("numpy_target")


@pytest.fixture
def ahead(monkeypatch):
    """Networks that Brian2 runs find their ticks at the release."""

    def switch():
        monkeypatch.setattr(event_driven, "Shown", partial(event_driven.Shown, closed=True))

    return switch


def chain(rng, **options):
    kernel = rng.normal(size=(3, 3, 1, 4))
    return td.SpikingNetwork(
        layers=(
            Conv2D(name="conv", input_shape=(8, 8, 1), kernel=kernel, bias=rng.normal(size=4)),
            MaxPool2D(name="pool", input_shape=(6, 6, 4), pool_size=(2, 2), strides=(2, 2)),
            Dense(name="hidden", input_shape=(36,), weights=rng.normal(size=(36, 9))),
            Dense(name="out", input_shape=(9,), weights=rng.normal(size=(9, 3))),
        ),
        **options,
    )


def run(network, images, **options):
    net = td.build_network(network, images, projection="shared", **options)
    net.run(net.duration, namespace={})
    return td.read_results(net)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "options", [{}, {"silent_zeros": True}, {"v_threshold": 0.01}, {"leak": 20.0}], ids=str
)
def test_they_are_those_of_comparing_tick_by_tick(options, dtype, ahead, monkeypatch):
    monkeypatch.setitem(prefs, "core.default_float_dtype", dtype)
    rng = np.random.default_rng(3)
    network = chain(rng, **{"leak": 5.0, **options})
    images = rng.random((3, 8, 8, 1)) * 3
    expected = run(network, images)
    ahead()
    found = run(network, images)
    for name, latencies in expected.latencies.items():
        np.testing.assert_array_equal(found.latencies[name], latencies, err_msg=name)
        np.testing.assert_array_equal(found.ticks.get(name), expected.ticks.get(name))
    np.testing.assert_array_equal(found.potentials, expected.potentials)
    assert found.spikes == expected.spikes


def test_ticks_between_steps(ahead):
    rng = np.random.default_rng(4)
    network, images = chain(rng, leak=5.0), rng.random((2, 8, 8, 1))
    expected = run(network, images)
    ahead()
    found = run(network, images, dt=0.25 * ms, window="dynamic")
    for name, latencies in expected.latencies.items():
        np.testing.assert_array_equal(found.latencies[name], latencies, err_msg=name)
