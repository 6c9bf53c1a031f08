"""Work spread over processes: same outcome as a loop, whoever dies."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import numpy as np
import pytest

import tdsnn_brian as td
from helpers import random_images, small_network
from tdsnn_brian.errors import InvalidInputError, RunError

pytest.importorskip("distributed")

from tdsnn_brian.validation import distribution
from tdsnn_brian.validation.accuracy import compiled
from tdsnn_brian.validation.accuracy.evaluate import ONE_ROW, networks_in, parse_flaw
from tdsnn_brian.validation.accuracy.tasks import accuracies, correct, make_tasks
from tdsnn_brian.validation.distribution import connected, spread
from tdsnn_brian.validation.sweeps.flaws import seeds_of
from tdsnn_brian.validation.sweeps.jobs import Runner
from tdsnn_brian.validation.sweeps.trends import over_seeds


def square(x):
    return x * x


def fail_on_three(x):
    if x == 3:
        raise ValueError("three")
    return x


def die_once(task):
    """Kills its own worker the first time, after others have had time to finish."""
    number, marker = task
    if number == 2 and not Path(marker).exists():
        Path(marker).write_text("was here")
        time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGKILL)
    return number, os.getpid()


@pytest.fixture(scope="module")
def client():
    with connected(workers=2) as client:
        yield client


def test_without_a_cluster_it_is_a_loop():
    shares = []
    assert spread(square, [3, 1, 2], progress=shares.append) == [9, 1, 4]
    assert shares == pytest.approx([1 / 3, 2 / 3, 1])


def test_results_keep_the_order_of_the_tasks(client):
    shares = []
    assert spread(square, range(20), client=client, progress=shares.append) == [
        k * k for k in range(20)
    ]
    assert len(shares) == 20
    assert shares[-1] == 1


def test_an_error_of_a_task_is_raised(client):
    with pytest.raises(ValueError, match="three"):
        spread(fail_on_three, range(6), client=client)


@pytest.mark.slow
def test_a_killed_worker_loses_nothing(tmp_path):
    marker = tmp_path / "marker"
    with connected(workers=2) as client:
        results = spread(die_once, [(k, str(marker)) for k in range(8)], client=client)
    assert marker.exists()
    assert [number for number, _ in results] == list(range(8))
    assert os.getpid() not in {process for _, process in results}


def wait_a_little(task):
    time.sleep(0.3)
    return task


def test_an_interrupt_is_raised_and_nothing_is_worked_on_any_more(client):
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
        with pytest.raises(KeyboardInterrupt):
            spread(wait_a_little, range(200), client=client)
    finally:
        signal.signal(signal.SIGINT, before)
    until = time.monotonic() + 10
    while any(client.processing().values()):
        assert time.monotonic() < until, "some is worked on"
        time.sleep(0.05)
    assert spread(square, [2], client=client) == [4]


def test_an_evaluation_equals_the_serial_one(client):
    network = small_network()
    images = random_images(network, 9)
    labels = np.arange(9) % 3
    tasks = make_tasks({"small": network}, images, labels, [0.0, 0.3], engine="discrete", part=4)
    assert len(tasks) == 6
    serial = accuracies(tasks, spread(correct, tasks))
    assert accuracies(tasks, spread(correct, tasks, client=client)) == serial
    assert [(row["noise"], row["images"]) for row in serial] == [(0.0, 9), (0.3, 9)]


def test_flaws_are_spread_too(client):
    network = small_network()
    images = random_images(network, 4)
    labels = td.analyse(network, images).predictions
    tasks = make_tasks(
        {"small": network},
        images,
        labels,
        [0.0],
        part=2,
        flaws=[("threshold", 0.0, 4), ("weight_noise", 5.0, 4)],
    )
    rows = accuracies(tasks, spread(correct, tasks, client=client))
    assert rows == accuracies(tasks, spread(correct, tasks))
    assert [(row["flaw"], row["images"]) for row in rows] == [("threshold", 4), ("weight_noise", 4)]
    assert rows[0]["accuracy"] == 1 > rows[1]["accuracy"]


def test_flaws_on_this_machine_are_runs_of_one_program_a_network(tmp_path, monkeypatch):
    ran = []

    class Counted(Runner):
        def run(self, jobs, bases):
            ran.append([self._programs[job.program].living for job in jobs])
            self._advance(1.0)
            return [job.key | {"accuracy": job.setting.seed / 10, "moved": 0.0} for job in jobs]

    monkeypatch.setattr(compiled, "Runner", Counted)
    network = small_network()
    images = random_images(network, 4)
    drawn = [("jitter", 0.5), ("threshold_spread", 1.0), ("threshold", 1.0), ("jitter", 0.0)]
    shares = []
    rows = compiled.compiled_rows(
        networks={"one": network, "other": network},
        images=images,
        labels=np.zeros(4),
        noises=[0.0],
        flaws=[(*flaw, seed) for flaw in drawn for seed in seeds_of(*flaw, (4, 5))],
        directory=tmp_path,
        workers=1,
        progress=shares.append,
    )
    assert shares == [1.0]
    assert ran == [12 * [True]]
    means = over_seeds(rows, by=ONE_ROW)
    assert [(row["network"], row["accuracy"], row["seeds"]) for row in means] == [
        (name, pytest.approx(accuracy), seeds)
        for name in ("one", "other")
        for accuracy, seeds in ((0.45, 2), (0.45, 2), (0.4, 1), (0.4, 1))
    ]


def test_a_leak_is_not_for_networks_in_files(tmp_path):
    with pytest.raises(InvalidInputError, match=r"--leak 3 is for the LeNet that ships"):
        networks_in([tmp_path / "some.npz"], [3.0])


@pytest.mark.parametrize("text", ["gremlins=1", "jitter", "jitter=lots"])
def test_a_flaw_is_a_kind_and_a_strength(text):
    with pytest.raises(InvalidInputError, match=r"is not KIND=STRENGTH.*jitter \(ticks"):
        parse_flaw(text)
    assert parse_flaw("jitter=0.5") == ("jitter", 0.5)


def test_nobody_at_the_address():
    with (
        pytest.raises(InvalidInputError, match=r"no Dask scheduler.*tcp://127.0.0.1:9"),
        connected("tcp://127.0.0.1:9"),
    ):
        pass


def test_nobody_else_may_send_work_to_the_local_cluster(client):
    assert client.scheduler.address.startswith("tls://127.0.0.1:")
    assert client.security.require_encryption
    for page in ("status", "info/main/workers.html", "json/counts.json"):
        port = client.cluster.scheduler.http_server.port
        with pytest.raises(HTTPError, match="404"):
            urlopen(f"http://127.0.0.1:{port}/{page}", timeout=5)


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(distribution, "PATIENCE", 1)


def listening(kind):
    if kind == "deaf":
        port = socket.create_server(("127.0.0.1", 0))
        return port, port.getsockname()[1]
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.socket, server.server_port


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("kind", ["deaf", "web"])
def test_what_is_no_scheduler_is_named(kind):
    held, port = listening(kind)
    with held:
        with pytest.raises(InvalidInputError, match=f"no Dask scheduler answers at .*:{port}"):
            with connected(f"tcp://127.0.0.1:{port}"):
                pass


@pytest.mark.usefixtures("impatient")
def test_a_scheduler_without_workers_is_named():
    from distributed import LocalCluster

    with LocalCluster(1, dashboard_address=None, processes=False, protocol="tcp") as cluster:
        cluster.scale(0)
        while cluster.scheduler.workers:
            time.sleep(0.05)
        with pytest.raises(InvalidInputError, match="has no workers; start some with: dask work"):
            with connected(cluster.scheduler_address):
                pass


def die(task):
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.slow
def test_a_task_that_ends_its_workers_is_named():
    with (
        connected(workers=2) as client,
        pytest.raises(RunError, match="a task ended every Dask worker"),
    ):
        spread(die, range(2), client=client)


@pytest.mark.slow
def test_a_scheduler_that_is_gone_is_named(tmp_path):
    file = tmp_path / "scheduler.json"
    programs = [
        subprocess.Popen(
            [
                sys.executable,
                "-m",
                f"distributed.cli.dask_{what}",
                "--scheduler-file",
                file,
                *options,
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        for what, options in (
            ("scheduler", ["--host", "127.0.0.1", "--port", "0", "--no-dashboard"]),
            ("worker", ["--nworkers", "1", "--no-dashboard", "--no-nanny"]),
        )
    ]
    try:
        until = time.monotonic() + 60
        while not file.exists():
            assert time.monotonic() < until
            time.sleep(0.1)
        with connected(json.loads(file.read_text())["address"]) as client:
            threading.Timer(2, programs[0].kill).start()
            with pytest.raises(RunError, match="scheduler is gone"):
                spread(wait_a_little, range(200), client=client)
    finally:
        for program in programs:
            program.kill()
            program.wait()
