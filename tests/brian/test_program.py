"""Compiled programs: what streams through them, and when they are compiled."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from brian2 import get_device, ms

import tdsnn_brian as td
from helpers import network_with_a_loose_end, random_images, small_network
from tdsnn_brian.brian import compile_program
from tdsnn_brian.brian import program as programs
from tdsnn_brian.brian.program import ProgramError
from tdsnn_brian.errors import InvalidInputError, WindowTooShortError

pytestmark = pytest.mark.standalone
NETWORK = small_network(leak=3)  # a whole number: it must not become one in C++


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    before = os.environ.get(programs.CACHE_VARIABLE)
    folder = tmp_path_factory.mktemp("programs")
    os.environ[programs.CACHE_VARIABLE] = str(folder)
    yield folder
    del os.environ[programs.CACHE_VARIABLE]
    if before is not None:
        os.environ[programs.CACHE_VARIABLE] = before


@pytest.fixture(scope="module")
def program(cache):
    return compile_program(NETWORK, dt=0.5 * ms, dtype="float64")


def running(program):
    """Process ids, as Linux lists them."""
    if not Path("/proc/self/cmdline").exists():
        pytest.skip("processes are looked up in /proc")
    main = str(program.directory / "main").encode()
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if path.read_bytes().split(b"\0")[0] == main:
                found.append(int(path.parent.name))
        except OSError:
            continue  # it has ended
    return found


def assert_same(results, images):
    analysis = td.analyse(NETWORK, images)
    assert len(results) == len(images)
    for index, result in enumerate(results):
        for name, expected in analysis.latencies.items():
            np.testing.assert_array_equal(result.latencies[name][0], expected[index])
        np.testing.assert_allclose(result.potentials[0], analysis.logits[index], rtol=1e-9)


@pytest.mark.parametrize("window", ["dynamic", "fixed", 30])
@pytest.mark.parametrize("processes", [1, 3])
def test_every_firing_time_is_that_of_the_analysis(program, window, processes):
    images = random_images(NETWORK, 7)
    shares = []
    results = program.stream(
        images, window=window, processes=processes, progress=shares.append
    )
    assert_same(list(results), images)
    assert shares[-1] == 1
    assert len(shares) == 7
    assert results.seconds > 0
    assert results.peak_bytes > 0


def test_a_network_is_compiled_once(program, cache):
    assert program.compile_seconds > 0
    again = compile_program(small_network(leak=3.0), dt=0.5 * ms, dtype="float64")
    assert again.compile_seconds == 0
    assert again.directory == program.directory
    assert [path.name for path in cache.iterdir()] == [program.directory.name]


def test_what_it_depends_on():
    def key(network=NETWORK, **change):
        return programs._key({"network": network, "dtype": "float64", "record": None, **change})

    assert key() == key()
    others = {
        key(), key(dtype="float32"), key(record=("conv1",)), key(small_network(leak=4)),
        key(small_network(seed=1, leak=3)),
        key(replace(NETWORK, silent_zeros=True)), key(replace(NETWORK, v_threshold=0.1)),
    }
    assert len(others) == 7


def test_simulate_uses_it_and_leaves_the_device_alone(program, cache):
    before = get_device()
    images = random_images(NETWORK, 3)
    results = list(td.stream(NETWORK, images, dt=0.5 * ms, dtype="float64"))
    assert_same(results, images)
    assert get_device() is before
    assert len(list(cache.iterdir())) == 1


def test_stopping_early_ends_the_processes(program):
    # more images than the pipes hold, so that neither process is done before it is looked for
    results = program.stream(random_images(NETWORK, 2000), processes=2)
    try:
        next(results)
        assert len(running(program)) == 2
    finally:
        results.close()
    assert not running(program)


def test_a_window_that_is_too_short(program):
    with pytest.raises(WindowTooShortError, match="conv1"):
        program.stream(random_images(NETWORK, 2), window=2)


def test_a_program_that_dies_says_so(program):
    images = random_images(NETWORK, 2000)
    results = program.stream(images)
    next(results)
    (pid,) = running(program)
    os.kill(pid, 9)
    with pytest.raises(ProgramError, match=r"ended too early.*-9"):
        list(results)


def test_a_layer_that_is_not_there(cache):
    with pytest.raises((ProgramError, InvalidInputError), match="conv9"):
        compile_program(NETWORK, record=("conv9",))
    assert not list(cache.glob(".building-*"))


@pytest.mark.parametrize("window", ["dynamic", "fixed"])
@pytest.mark.parametrize("changes", [
    {"silent_zeros": True}, {"v_threshold": 0.01}, {"silent_zeros": True, "v_threshold": -0.01},
])
def test_silent_zeros_and_thresholds(cache, changes, window):
    network = small_network(leak=5.0, **changes)
    images = np.concatenate([random_images(network, 3), np.zeros((1, *network.input_shape))])
    analysis = td.analyse(network, images, window=window)
    results = list(td.stream(network, images, dt=0.5 * ms, dtype="float64", window=window))
    for index, result in enumerate(results):
        for name, expected in analysis.latencies.items():
            expected = np.where(expected[index] == td.SILENT, np.nan, expected[index])
            np.testing.assert_array_equal(result.latencies[name][0], expected, err_msg=name)
        np.testing.assert_allclose(
            result.potentials[0], analysis.logits[index], rtol=1e-9, atol=1e-9
        )


def test_a_threshold_out_of_reach_is_refused(program):
    unreachable = replace(program, network=replace(NETWORK, v_threshold=0.9))
    with pytest.raises(InvalidInputError, match="out of reach"):
        unreachable.stream(random_images(NETWORK, 1))


@pytest.mark.parametrize("window", ["dynamic", "fixed"])
def test_neurons_that_nobody_listens_to_fire_too(cache, window):
    network, images = network_with_a_loose_end()
    analysis = td.analyse(network, images)
    for index, result in enumerate(td.stream(network, images, dtype="float64", window=window)):
        for name, expected in analysis.latencies.items():
            np.testing.assert_array_equal(result.latencies[name][0], expected[index], err_msg=name)
        np.testing.assert_allclose(result.potentials[0], analysis.logits[index], rtol=1e-9)
