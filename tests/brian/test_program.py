"""Compiled programs: what streams through them, and when they are compiled."""

import time
from dataclasses import dataclass, replace

import numpy as np
import pytest
from brian2 import get_device, ms, prefs
from event_driven_networks import with_leaks, with_minima

import tdsnn_brian as td
from helpers import random_images, small_network
from tdsnn_brian.brian import compile_program
from tdsnn_brian.brian.event_driven import compiler, program
from tdsnn_brian.brian.event_driven.cache import cache_directory
from tdsnn_brian.errors import InvalidInputError, WindowTooShortError
from tdsnn_brian.layers import Conv2D, Layer, MaxPool2D
from tdsnn_brian.results import joined

pytestmark = pytest.mark.standalone
NETWORK = small_network(leak=3)  # a whole number: it must not become one in C++
OPTIONS = {"dt": 0.5 * ms, "dtype": "float64"}


@pytest.fixture(scope="module")
def compiled():
    return compile_program(NETWORK, **OPTIONS)


def assert_same(results, network, images, window="dynamic"):
    results = list(results)
    assert [result.n_images for result in results] == [1] * len(images)
    comparison = joined(results).compare(td.analyse(network, images, window=window))
    assert comparison, str(comparison)


@pytest.mark.parametrize("window", ["dynamic", "fixed", 30, {"conv2": 33}])
@pytest.mark.parametrize("processes", [1, 3])
def test_every_firing_time_is_that_of_the_analysis(compiled, window, processes):
    images = random_images(NETWORK, 7)
    shares = []
    results = compiled.stream(images, window=window, processes=processes, progress=shares.append)
    assert_same(results, NETWORK, images)
    assert shares[-1] == 1
    assert len(shares) == 7
    assert results.seconds > 0
    assert results.peak_bytes > 0


def test_it_is_compiled_once_and_the_device_left_alone(compiled):
    before = get_device()
    images = random_images(NETWORK, 40)
    renamed = replace(small_network(leak=3.0), name="another", metadata={"epochs": 3})
    results = td.stream(renamed, images, **OPTIONS)
    assert results.program.compile_seconds == 0
    assert results.program.directory == compiled.directory
    assert_same(results, NETWORK, images)
    assert get_device() is before
    whole = program.simulate_by_program(NETWORK, images, **OPTIONS)
    assert whole.n_images == 40
    assert whole.seconds["run"] > whole.seconds["compile"] == 0


@pytest.mark.parametrize("window", ["dynamic", "fixed"])
def test_all_features_at_once(window):
    """Silent zeros, minima, leaks and thresholds, inputs between ticks."""
    network = with_leaks(
        with_minima(replace(small_network(), input_steps=2, silent_zeros=True, v_threshold=-0.01)),
        [2.5, None, 3, None, 7.0, 4.0],
    )
    images = np.concatenate([random_images(network, 3), np.zeros((1, *network.input_shape))])
    results = list(
        td.stream(
            network, images, dtype="float64", window=window, record=("mean", "conv1", "pool1")
        )
    )
    assert_same(results, network, images, window)
    assert list(results[0].latencies) == ["conv1", "pool1", "mean"]


def request_of(network=NETWORK, tick=1 * ms, dt=None, dtype="float64", record=None):
    return program._request(network, tick, dt, dtype, record)


def test_what_it_depends_on(monkeypatch):
    layers = NETWORK.layers
    others = {
        "itself": request_of(),
        "dtype": request_of(dtype="float32"),
        "record": request_of(record=("conv1",)),
        "dt": request_of(dt=0.5 * ms),
        "tick": request_of(tick=2 * ms),
        "leak": request_of(small_network(leak=4)),
        "weights": request_of(small_network(seed=1, leak=3)),
        "silent zeros": request_of(replace(NETWORK, silent_zeros=True)),
        "threshold": request_of(replace(NETWORK, v_threshold=0.1)),
        "a leak": request_of(with_leaks(NETWORK, [4, *[None] * 5])),
        "a threshold": request_of(
            replace(NETWORK, layers=(replace(layers[0], v_threshold=0.1), *layers[1:]))
        ),
        "a name": request_of(replace(NETWORK, layers=(replace(layers[0], name="c"), *layers[1:]))),
        "minima": request_of(with_minima(NETWORK)),
    }
    monkeypatch.setitem(prefs, "codegen.cpp.extra_compile_args_gcc", ["-O0"])
    others["compiler"] = request_of()
    keys = {name: request.key for name, request in others.items()}
    monkeypatch.setattr(compiler, "package_digest", lambda: "of edited sources")
    keys["package"] = request_of().key
    assert len(set(keys.values())) == len(keys)


def test_what_it_does_not_depend_on():
    same = replace(
        small_network(leak=3.0),
        name="other",
        input_scale=2.0,
        metadata={"trained": True},
        image_shape=(16, 9),
    )
    assert request_of(same).key == request_of().key
    assert request_of(record=("dense1", "conv1")).key == request_of(record=["conv1", "dense1"]).key


def test_layers_of_a_user_s_own_class():
    """The child that compiles need not import it."""

    @dataclass(frozen=True, kw_only=True, eq=False)
    class Gabor(Layer):
        like: Conv2D
        bias: np.ndarray

        def connect(self):
            return self.like.projections

    first = NETWORK.layers[0]
    gabor = Gabor(name="conv1", input_shape=first.input_shape, like=first, bias=first.bias)
    network = replace(NETWORK, layers=(gabor, *NETWORK.layers[1:]))
    assert request_of(network).key == request_of().key


@pytest.fixture
def no_compiler(monkeypatch):
    """It must not get there."""

    def never(*_):
        raise AssertionError("it was compiled")

    monkeypatch.setattr(program, "compile_request", never)
    monkeypatch.setattr(program.cache, "find", lambda key: None)


def constrained():
    return replace(
        NETWORK,
        layers=tuple(
            replace(layer, constrained=True) if isinstance(layer, MaxPool2D) else layer
            for layer in NETWORK
        ),
    )


IMAGES = random_images(NETWORK, 2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"images": np.ones((2, 3))}, "images must have the shape"),
        ({"images": IMAGES * np.nan}, "NaN"),
        ({"images": -IMAGES}, "negative"),
        ({"images": IMAGES[:0]}, "empty"),
        ({"images": IMAGES * 1e300, "dt": 1 * ms / 2**21}, "choose a longer dt"),
        ({"record": ("conv9",)}, r"record names \['conv9'\].*firing layers are \['conv1'"),
        ({"record": "conv1"}, "record must be a tuple of layer names, got 'conv1'"),
        ({"record": ("output",)}, "record names"),
        ({"dtype": "int32"}, "dtype must be float32 or float64, got 'int32'"),
        ({"dtype": "float16"}, "dtype must be float32 or float64"),
        ({"dtype": "foo"}, "dtype must be float32 or float64, got 'foo'"),
        ({"processes": 0}, "processes must be a whole number of 1 or more, got 0"),
        ({"processes": 1.5}, "processes must be"),
        ({"processes": True}, "processes must be"),
        ({"threads": 0}, "threads must be a whole number of 1 or more, got 0"),
        ({"window": "foo"}, "window must be"),
        ({"window": -1}, "window must be"),
        ({"window": {"conv9": 3}}, "window names"),
        ({"tick": "1 ms"}, "tick must be a time"),
        ({"tick": 0 * ms}, "tick must be finite"),
        ({"dt": 0.3 * ms}, "whole multiple"),
        ({"dt": 1 * ms / 10**12}, "too fine"),
        ({"progress": 3}, "progress must be a function"),
        ({"network": constrained()}, r"'pool1' has constrained max-pools.*explicit"),
        ({"network": "lenet.npz"}, r"tdsnn_brian\.load"),
        ({"network": replace(NETWORK, v_threshold=0.9)}, "out of reach"),
    ],
)
def test_what_is_impossible_is_refused_before_it_is_compiled(no_compiler, arguments, message):
    with pytest.raises(InvalidInputError, match=message):
        td.stream(**{"network": NETWORK, "images": IMAGES, **arguments})


def test_a_window_that_is_too_short(no_compiler):
    with pytest.raises(WindowTooShortError, match="conv1"):
        td.stream(NETWORK, IMAGES, window=2)


def test_nothing_is_left_in_the_cache_beside_programs(compiled):
    # another process of these tests may be building beside, and is done soon
    left, deadline = set(cache_directory().glob(".building-*")), time.monotonic() + 120
    while left and time.monotonic() < deadline:
        time.sleep(0.1)
        left &= set(cache_directory().glob(".building-*"))
    assert not left
    assert sorted(path.name for path in compiled.directory.iterdir()) == [
        "main",
        "manifest.json",
        "static_arrays",
    ]


def test_threads_change_no_bit():
    kernel = np.random.default_rng(0).normal(size=(3, 3, 8, 72))  # 73,728 neurons
    shape, padding = (32, 32, 8), ((1, 1), (1, 1))
    wide = Conv2D(name="wide", input_shape=shape, kernel=kernel, padding=padding)
    pool = MaxPool2D(name="pool", input_shape=(32, 32, 72), pool_size=(8, 8), strides=(8, 8))
    weights = np.random.default_rng(1).normal(size=(1152, 3))
    output = td.layers.Dense(name="output", input_shape=(1152,), weights=weights)
    network = td.SpikingNetwork(layers=(wide, pool, output), leak=3)
    image = random_images(network, 2)
    one, three = (
        program.simulate_by_program(network, image, dtype="float64", processes=1, threads=threads)
        for threads in (1, 3)
    )
    np.testing.assert_array_equal(one.potentials, three.potentials)
    for name, latencies in td.analyse(network, image).latencies.items():
        np.testing.assert_array_equal(one.latencies[name], latencies)
        np.testing.assert_array_equal(three.latencies[name], latencies)
