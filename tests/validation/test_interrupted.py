"""Ctrl-C while reports and evaluations are made: an exception, and nobody works on."""

import os
import signal
import threading
import time
from pathlib import Path

import endless
import pytest

from tdsnn_brian.brian.explicit.perturbed_settings import Setting
from tdsnn_brian.validation.sweeps import programs
from tdsnn_brian.validation.sweeps.jobs import Job, Runner


@pytest.fixture(autouse=True)
def interrupts_arrive():
    """A shell ignores them in what it starts in the background, and its children inherit that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def works(process):
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def run_sweeps(folder):
    job = Job(program="one", setting=Setting(), key={}, evaluate=lambda *_: {}, labels=None)
    runner = Runner(
        {"one": "a program", "other": "another"},
        folder,
        compiled=True,
        workers=2,
        advance=lambda share: None,
    )
    return runner.run([job, Job(**{**vars(job), "program": "other"})], {})


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked up in /proc")
@pytest.mark.parametrize(
    ("build", "run"),
    [
        (endless.build_without_end, programs.run),
        (endless.build_at_once, endless.run_without_end),
    ],
)
def test_an_interrupt_ends_builders_compilers_and_programs(tmp_path, monkeypatch, build, run):
    monkeypatch.setattr(programs, "build", build)
    monkeypatch.setattr(programs, "run", run)
    found = []

    def interrupt():
        until = time.monotonic() + 60
        while len(told := list(tmp_path.glob("program-*/processes"))) < 2:
            if time.monotonic() > until:
                break
            time.sleep(0.02)
        found.extend(int(x) for file in told for x in file.read_text().split())
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        run_sweeps(tmp_path)
    assert len(found) == (4 if build is endless.build_without_end else 2)
    until = time.monotonic() + 10
    while any(map(works, found)):
        assert time.monotonic() < until, "some work on"
        time.sleep(0.02)
    assert not list(tmp_path.glob("run-*"))


def test_a_builder_that_is_ended_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(programs, "build", endless.be_ended)
    with pytest.raises(programs.ProgramError, match=r"could not be built.*terminated abruptly"):
        run_sweeps(tmp_path)
