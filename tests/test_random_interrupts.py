"""Ctrl-C at any moment: an exception or the whole result, and files that are old or new."""

import shutil
import signal
import sys
import time
from collections import Counter

import numpy as np
import pytest

import tdsnn_brian as td
from helpers import assert_same, random_images
from tdsnn_brian.layers import Dense


def network(seed):
    layers = [
        Dense(name=f"layer{k}", input_shape=(6,), weights=values, bias=np.ones(6))
        for k, values in enumerate(np.random.default_rng(seed).normal(size=(2, 6, 6)))
    ]
    return td.SpikingNetwork(layers=tuple(layers), leak=3)


OLD, NEW = network(0), network(1)


@pytest.fixture
def tried(monkeypatch):
    """How often something ended, or was interrupted after a share of its time drawn at random."""

    def interrupt(*_):
        signal.raise_signal(signal.SIGINT)

    def tried(act, check, times, longest=1.2):
        act()
        start = time.perf_counter()
        act()
        usual = time.perf_counter() - start
        counts = Counter()
        for delay in np.random.default_rng(0).uniform(1e-5, longest * usual, times):
            try:
                signal.setitimer(signal.ITIMER_REAL, delay)
                act()
                signal.setitimer(signal.ITIMER_REAL, 0)
                outcome = "right"
            except KeyboardInterrupt:
                outcome = "interrupted"
            counts[check(outcome)] += 1
        print(dict(counts))
        return counts

    # Python drops what is raised in a finalizer: the run then goes on to its end. Pytest would note
    # it by parsing source text, which Python cannot do in the midst of doing so (3.11).
    monkeypatch.setattr(sys, "unraisablehook", lambda dropped: None)
    before = [
        signal.signal(signal.SIGINT, signal.default_int_handler),
        signal.signal(signal.SIGALRM, interrupt),
    ]
    yield tried
    signal.setitimer(signal.ITIMER_REAL, 0)
    for which, handler in zip((signal.SIGINT, signal.SIGALRM), before, strict=True):
        signal.signal(which, handler)


def test_a_file_is_old_or_new(tmp_path, tried):
    path = tmp_path / "network.npz"

    def write():
        OLD.save(path)
        NEW.save(path)

    def check(outcome):
        weights = td.load(path).layers[0].weights
        is_new = np.array_equal(weights, NEW.layers[0].weights)
        assert is_new or np.array_equal(weights, OLD.layers[0].weights)
        assert is_new or outcome == "interrupted"
        left = [x for x in tmp_path.iterdir() if x != path]
        for folder in left:  # when the interrupt came while it was made or removed
            shutil.rmtree(folder)
        return ", ".join([outcome, "new" if is_new else "old", *["left"] * len(left)])

    counts = tried(write, check, 200)
    assert counts.total() == 200
    assert sum(n for outcome, n in counts.items() if "left" in outcome) < 20


@pytest.mark.usefixtures("numpy_target")
def test_results_are_whole(tried):
    images = random_images(NEW, 2)
    results, analysis = [], td.analyse(NEW, images)

    def check(outcome):
        for result in results:
            assert_same(result, analysis)
        assert bool(results) == (outcome == "right")
        results.clear()
        return outcome

    def run():
        results.clear()
        results.append(td.simulate(NEW, images, projection="shared"))

    counts = tried(run, check, 20)
    assert counts["interrupted"] > 2
