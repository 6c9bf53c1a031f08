"""Ctrl-C while reports and evaluations are made: an exception, and nobody works on."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import endless
import numpy as np
import pytest

from reports import tiny_network
from tdsnn_brian import validation
from tdsnn_brian.brian.explicit.perturbed_settings import Setting
from tdsnn_brian.validation.sweeps import grids, programs
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


def test_an_interrupted_report_leaves_no_page_and_goes_on(tmp_path, few_runs, monkeypatch):
    images, original, runs = np.random.default_rng(0).random((2, 6)), programs.run_interpreted, []

    def run(*of):
        runs.append(of)
        if len(runs) == 2:
            signal.raise_signal(signal.SIGINT)
        return original(*of)

    def make_report():
        return validation.report(
            tiny_network(), images, output=tmp_path, device="numpy", parts=["ticks"]
        )

    monkeypatch.setattr(grids, "TICKS", (1, 2))
    monkeypatch.setattr(programs, "run_interpreted", run)
    with pytest.raises(KeyboardInterrupt):
        make_report()
    assert {path.name for path in tmp_path.iterdir()} == {"sweeps"}
    summary = make_report()
    assert len(runs) == 3  # the first was kept
    assert json.loads((tmp_path / "summary.json").read_text()) == summary


def of_the_test(mark):
    """Processes that inherited a variable of the environment."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if mark.encode() in path.read_bytes() and works(path.parent.name):
                found.append(path.parent.name)
    return found


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked up in /proc")
@pytest.mark.parametrize("after", np.random.default_rng(0).uniform(0, 8, 3).round(2))
def test_an_interrupted_evaluation_ends_its_cluster(tmp_path, after):
    pytest.importorskip("distributed")
    noises = [part for k in range(90) for part in ("--noise", f"0.{k}")]
    command = ["-m", "tdsnn_brian.validation", "evaluate", "--engine", "discrete", *noises]
    mark = f"TDSNN_TEST_MARK={tmp_path}"
    evaluation = subprocess.Popen(
        [sys.executable, *command, "--output", str(tmp_path / "out")],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "TDSNN_TEST_MARK": str(tmp_path)},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    until = time.monotonic() + 120
    while len(of_the_test(mark)) < 3:  # its cluster is being made
        assert time.monotonic() < until
        time.sleep(0.1)
    time.sleep(after)
    evaluation.send_signal(signal.SIGINT)
    assert evaluation.wait(timeout=60) == 130
    until = time.monotonic() + 10
    while of_the_test(mark):
        assert time.monotonic() < until, "some work on"
        time.sleep(0.1)
    assert not list((tmp_path / "out").iterdir())


def test_a_builder_that_is_ended_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(programs, "build", endless.be_ended)
    with pytest.raises(programs.ProgramError, match=r"could not be built.*terminated abruptly"):
        run_sweeps(tmp_path)
