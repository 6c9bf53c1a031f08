"""Ctrl-C and programs that are ended: an exception, and never a result of fewer images."""

import os
import signal
import sys
import threading
import time
from pathlib import Path

import brian2
import numpy as np
import pytest
from brian2 import Network, device, prefs, set_device
from brian2.codegen.runtime.numpy_rt.numpy_rt import NumpyCodeObject

import tdsnn_brian as td
from helpers import assert_same, random_images
from tdsnn_brian.brian.event_driven.image_input import ImageInput
from tdsnn_brian.brian.explicit.pipeline import run_pipeline
from tdsnn_brian.layers import Dense

pytestmark = pytest.mark.skipif(
    "core.stop_on_keyboard_interrupt" not in prefs,
    reason="this Brian2, older than 2.9, turns interrupts into stops in another way",
)
WEIGHTS = np.random.default_rng(0).normal(size=(3, 6, 6))
NETWORK = td.SpikingNetwork(
    leak=3,
    layers=tuple(
        Dense(name=f"layer{k}", input_shape=(6,), weights=weights, bias=np.ones(6))
        for k, weights in enumerate(WEIGHTS)
    ),
)
IMAGES = random_images(NETWORK, 3)

RUNS = {
    "explicit": lambda: td.simulate(NETWORK, IMAGES, projection="explicit"),
    "dynamic": lambda: td.simulate(NETWORK, IMAGES, projection="explicit", window="dynamic"),
    "shared": lambda: td.simulate(NETWORK, IMAGES, projection="shared"),
    "deployment": lambda: td.deploy(NETWORK, IMAGES),
    "pipeline": lambda: run_pipeline(NETWORK, IMAGES),
}


@pytest.fixture(autouse=True)
def interrupts_arrive():
    """A shell ignores them in what it starts in the background, and its children inherit that."""
    handler = getattr(brian2, "_InterruptHandler", lambda previous: previous)
    before = signal.signal(signal.SIGINT, handler(signal.default_int_handler))
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def after(monkeypatch):
    """Do something in the middle of a run, after so many calls of what runs its objects."""

    def after(n, act):
        calls = 0

        def counted(original):
            def call(self, *args):
                nonlocal calls
                if getattr(Network, "_globally_running", True):
                    calls += 1
                    if calls == n:
                        act()
                return original(self, *args)

            return call

        for owner, name in ((NumpyCodeObject, "run_block"), (ImageInput, "step")):
            monkeypatch.setattr(owner, name, counted(getattr(owner, name)))

    return after


@pytest.mark.usefixtures("numpy_target")
@pytest.mark.parametrize("kind", RUNS)
@pytest.mark.parametrize("n", np.random.default_rng(0).integers(5, 90, 3).tolist())
def test_an_interrupt_is_raised(after, kind, n):
    after(n, lambda: os.kill(os.getpid(), signal.SIGINT))
    before = prefs.core.stop_on_keyboard_interrupt
    with pytest.raises(KeyboardInterrupt):
        RUNS[kind]()
    assert prefs.core.stop_on_keyboard_interrupt == before
    assert_same(RUNS["shared"](), td.analyse(NETWORK, IMAGES))  # the next one is not harmed


class InterruptedInItsEnd:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.usefixtures("numpy_target")
@pytest.mark.parametrize("kind", RUNS)
def test_an_interrupt_that_python_drops_is_raised(monkeypatch, after, kind):
    dropped = []
    monkeypatch.setattr(sys, "unraisablehook", lambda what: dropped.append(what.exc_type))
    after(40, InterruptedInItsEnd)
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        RUNS[kind]()
    assert dropped == [KeyboardInterrupt]
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.usefixtures("numpy_target")
@pytest.mark.parametrize("kind", RUNS)
def test_a_run_that_somebody_stops_is_named(after, kind):
    after(40, lambda: setattr(Network, "_globally_stopped", True))
    with pytest.raises(td.RunError, match=r"was stopped at .* before its end"):
        RUNS[kind]()


@pytest.mark.usefixtures("numpy_target")
@pytest.mark.parametrize("projection", ["explicit", "shared"])
def test_a_network_that_brian2_stopped_is_not_read(after, projection):
    """In a script of one's own Ctrl-C is a stop, as Brian2 has it."""
    net = td.build_network(NETWORK, IMAGES, projection=projection)
    after(40, lambda: os.kill(os.getpid(), signal.SIGINT))
    net.run(net.duration)
    with pytest.raises(td.RunError, match=r"has run for .* its 3 images take net.duration"):
        td.read_results(net)


@pytest.mark.slow
@pytest.mark.standalone
@pytest.mark.skipif(not Path("/proc/self").exists(), reason="programs are looked up in /proc")
@pytest.mark.parametrize("who", ["the program", "everybody"])
def test_a_standalone_program_that_is_interrupted(tmp_path, monkeypatch, who):
    monkeypatch.setitem(prefs, "devices.cpp_standalone.extra_make_args_unix", ["-j2"])
    rng = np.random.default_rng(0)
    output = Dense(name="output", input_shape=(40,), weights=rng.normal(size=(40, 10)))
    network = td.SpikingNetwork(layers=(output,), leak=50)  # it runs for some seconds

    def interrupt():
        while not (pids := running(tmp_path)):
            time.sleep(0.02)
        time.sleep(0.3)
        os.kill(pids[0], signal.SIGINT)
        if who == "everybody":
            os.kill(os.getpid(), signal.SIGINT)

    set_device("cpp_standalone", directory=str(tmp_path))
    threading.Thread(target=interrupt, daemon=True).start()
    expected = KeyboardInterrupt if who == "everybody" else td.RunError
    try:
        with pytest.raises(expected):
            td.simulate(network, rng.random((60_000, 40)), projection="explicit")
    finally:
        device.reinit()
        set_device("runtime")
    assert not running(tmp_path)


def running(directory):
    found = []
    for path in Path("/proc").glob("[0-9]*/cwd"):
        try:
            of = path.with_name("cmdline").read_bytes().split(b"\0")[0]
            if os.readlink(path) == str(directory) and of == b"./main":
                found.append(int(path.parent.name))
        except OSError:
            continue  # it has ended
    return found


@pytest.mark.standalone
@pytest.mark.parametrize(
    ("status", "raised"),
    [(signal.SIGINT, KeyboardInterrupt), (130 << 8, KeyboardInterrupt), (2 << 8, td.RunError)],
)
def test_an_interrupt_that_ends_the_compilers_is_one(monkeypatch, tmp_path, status, raised):
    """What `os.system` says of make: ended by Ctrl-C, as a shell tells it, or failed."""
    network = td.SpikingNetwork(layers=NETWORK.layers[:1], leak=3)
    monkeypatch.setattr(os, "system", lambda command: int(status))
    set_device("cpp_standalone", directory=str(tmp_path), with_output=False)
    try:
        with pytest.raises(raised):
            td.simulate(network, IMAGES[:1], projection="explicit")
    finally:
        device.reinit()
        set_device("runtime")
