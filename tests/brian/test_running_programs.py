"""Programs while they run: they end when they should, and say why."""

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from brian2 import ms

from helpers import random_images, small_network
from tdsnn_brian.brian import compile_program
from tdsnn_brian.brian.event_driven import stream
from tdsnn_brian.errors import InvalidInputError, ProgramError

pytestmark = [
    pytest.mark.standalone,
    pytest.mark.skipif(
        not Path("/proc/self/cmdline").exists(), reason="processes are looked up in /proc"
    ),
]
NETWORK = small_network(leak=3)
FOLDERS = [str(path) for path in Path(__file__).parents[:3]]
MANY = random_images(NETWORK, 2000)  # more than the pipes hold


@pytest.fixture(scope="module")
def program():
    return compile_program(NETWORK, dt=0.5 * ms, dtype="float64")


@pytest.fixture
def copied(program, tmp_path):
    """A copy that may be damaged after it was checked."""
    return replace(program, directory=Path(shutil.copytree(program.directory, tmp_path / "copy")))


def running(program):
    """Process ids, as Linux lists them."""
    main = str(program.directory / "main").encode()
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if path.read_bytes().split(b"\0")[0] == main:
                found.append(int(path.parent.name))
        except OSError:
            continue  # it has ended
    return found


def assert_running(program, n, seconds=10):
    """So many are, or will be: the system's list is not always of this moment."""
    until = time.monotonic() + seconds
    while len(running(program)) != n:
        assert time.monotonic() < until, f"{len(running(program))} run instead of {n}"
        time.sleep(0.05)


def test_stopping_early_ends_the_processes(program):
    results = program.stream(MANY, processes=2)
    try:
        next(results)
        assert_running(program, 2)
    finally:
        results.close()
    assert not running(program)


def test_one_that_dies_says_so(program):
    results = program.stream(MANY, processes=1)
    next(results)
    assert_running(program, 1)
    (pid,) = running(program)
    os.kill(pid, 9)
    with pytest.raises(ProgramError, match=r"ended too early.*-9"):
        list(results)


@pytest.mark.parametrize(
    "error",
    [InvalidInputError("image 65 holds NaN"), OSError("image 65 is gone"), MemoryError("full")],
)
def test_an_error_while_images_are_fed_comes_from_the_reader(program, monkeypatch, error):
    calls, original = [], stream.input_latencies

    def feed(network, images):
        calls.append(None)
        if len(calls) == 3:
            raise error
        return original(network, images)

    monkeypatch.setattr(stream, "input_latencies", feed)
    results = program.stream(MANY, processes=1)
    assert sum(1 for _ in zip(range(64), results, strict=False)) == 64
    with pytest.raises(type(error), match=str(error)):
        next(results)
    assert not running(program)


def test_one_that_cannot_be_started_is_named(copied):
    (copied.directory / "main").chmod(0o600)
    with pytest.raises(ProgramError, match=r"cannot be started: Permission denied.*TDSNN_CACHE"):
        next(copied.stream(MANY))


def fill(program, pattern, value):
    for path in program.directory.glob(pattern):
        path.write_bytes(np.full(path.stat().st_size // 8, value).tobytes())


def test_potentials_that_are_no_numbers_do_not_hang(copied):
    fill(copied, "static_arrays/*conv2_synapses_weights", np.nan)
    with pytest.raises(ProgramError, match=r"an image took more than \d+ steps: potentials"):
        list(copied.stream(MANY[:2]))


def test_output_potentials_that_are_no_numbers_are_named(copied):
    fill(copied, "static_arrays/*output_synapses_weights", np.nan)
    with pytest.raises(InvalidInputError, match="'output': its potentials are beyond the range"):
        list(copied.stream(MANY[:2]))


@pytest.mark.parametrize("size", [0, 8])
def test_arrays_that_were_cut_short_after_they_were_checked_are_noticed(copied, size):
    """A program takes for zeros what it does not find."""
    path = next(copied.directory.glob("static_arrays/*conv2_synapses_weights"))
    os.truncate(path, path.stat().st_size // 16 * size)
    with pytest.raises(ProgramError, match=r"something else than its results.*damaged"):
        next(copied.stream(MANY[:2]))
    assert not copied.directory.exists()


@pytest.mark.parametrize(
    "says",
    [
        "exec head -c 1000 /dev/zero",
        "echo Error opening static array; exec sleep 60",
        "exec yes",
        "exec head -c 100000 /dev/urandom",
    ],
)
def test_something_else_than_results_is_noticed(copied, says):
    main = copied.directory / "main"
    main.unlink()
    main.write_text(f"#!/bin/sh\n{says} 2>/dev/null")
    main.chmod(0o700)
    with pytest.raises(ProgramError, match=r"something else than its results|ended too early"):
        list(copied.stream(MANY[:3]))
    assert not running(copied)


def test_results_of_another_image_are_noticed(copied):
    results = copied.stream(MANY[:9])
    original = stream._Worker.read
    next(results)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stream._Worker, "read", lambda self, image: original(self, image + 1))
        with pytest.raises(ProgramError, match="something else than its results"):
            next(results)
    assert not copied.directory.exists()


SCRIPT = """
import sys, time
from dataclasses import replace
from pathlib import Path
import numpy as np
from brian2 import ms
from tdsnn_brian.brian import compile_program
from test_running_programs import MANY, NETWORK

program = compile_program(NETWORK, dt=0.5 * ms, dtype="float64")
program = replace(program, directory=Path(sys.argv[1]))
results = program.stream(np.tile(MANY, (1000, 1, 1, 1)), processes=2)
if sys.argv[2] == "endless":
    {endless}
print("first", next(results).n_images, flush=True)
try:
    seen = 1 + sum(1 for _ in results)
except KeyboardInterrupt:
    sys.exit("interrupted")
print("all", seen, flush=True)
"""
ENDLESS = "object.__setattr__(results._results.gi_frame.f_locals['showing'], 'most_steps', 2**60)"


def started(program, kind):
    script = f"import sys; sys.path[:0] = {FOLDERS!r}\n{SCRIPT.format(endless=ENDLESS)}"
    return subprocess.Popen(
        [sys.executable, "-c", script, str(program.directory), kind],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.mark.parametrize("kind", ["working", "endless"])
def test_programs_end_with_a_parent_that_was_killed(copied, kind):
    if kind == "endless":
        fill(copied, "static_arrays/*conv2_synapses_weights", np.nan)
    child = started(copied, kind)
    if kind == "working":
        assert child.stdout.readline() == b"first 1\n"
    else:
        assert_running(copied, 2, seconds=60)
    child.kill()
    child.communicate()
    assert_running(copied, 0)


def test_a_program_whose_pipe_somebody_else_holds_ends_with_its_parent(program, tmp_path):
    """As a forked process does; no end of file comes then."""
    read, write = os.pipe()
    script = (
        "import os, subprocess, sys, time\n"
        "subprocess.Popen(sys.argv[1:], stdin=0, stdout=subprocess.DEVNULL,\n"
        "    cwd=sys.argv[1][:-5], env={'TDSNN_PARENT': str(os.getpid())})\n"
        "print('started', flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            script,
            str(program.directory / "main"),
            "--results_dir",
            f"{tmp_path}/",
        ],
        stdin=read,
        stdout=subprocess.PIPE,
    )
    assert parent.stdout.readline() == b"started\n"
    parent.kill()
    parent.communicate()
    assert_running(program, 0)
    os.close(read)
    os.close(write)


@pytest.mark.parametrize("delay", [0.0, 0.05, 0.3])
def test_an_interrupt_is_raised_and_leaves_no_process(copied, delay):
    child = started(copied, "working")
    assert child.stdout.readline() == b"first 1\n"
    time.sleep(delay)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=30)
    assert err == b"interrupted\n"
    assert not out
    assert_running(copied, 0)


def test_an_interrupt_while_it_is_compiled_ends_the_compilers(tmp_path):
    """Those are a process group of their own."""
    cache = tmp_path / "cache"
    script = (
        f"import sys; sys.path[:0] = {FOLDERS!r}\n"
        "from test_running_programs import NETWORK, compile_program\n"
        "try:\n    compile_program(NETWORK, dtype='float32')\n"
        "except KeyboardInterrupt:\n    sys.exit('interrupted')"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", script],
        stderr=subprocess.PIPE,
        env={**os.environ, "TDSNN_CACHE": str(cache)},
    )

    def compilers():
        return [
            path
            for path in Path("/proc").glob("[0-9]*/cwd")
            if os.path.islink(path) and str(cache) in _link(path)
        ]

    until = time.monotonic() + 120
    while not list(cache.glob(".building-*/makefile")):
        assert time.monotonic() < until
        time.sleep(0.1)
    assert compilers()
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=30)
    assert err == b"interrupted\n"
    assert not list(cache.iterdir())
    assert not compilers()


def _link(path):
    try:
        return os.readlink(path)
    except OSError:
        return ""
