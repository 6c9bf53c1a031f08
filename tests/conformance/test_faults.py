"""The comparison can fail: a fault planted into each engine is seen."""

from dataclasses import replace
from itertools import repeat

import numpy as np
import pytest

pytest.importorskip("brian2")
from brian2 import ms

import tdsnn_brian as td
from features import feature
from runs import RUNS
from tdsnn_brian import schedule
from tdsnn_brian.analysis import algorithm_1
from tdsnn_brian.brian import levels
from tdsnn_brian.brian.event_driven.readout import Readout
from tdsnn_brian.brian.event_driven.ticked_layer import TickedLayer
from tdsnn_brian.brian.explicit import models, perturbed_network, pipeline, read
from tdsnn_brian.brian.explicit.models import Cells

FASTER_LEAK = Cells(equations="dv/dt = -1.02 * v / tau_mem : 1", new_image="v = 0")


def of(engine, monkeypatch):
    """Plant a fault."""
    if engine == "explicit":
        late = replace(
            models.LEAKY,
            gate=replace(models.LEAKY.gate, fires="drive > 0 and fired == 0 and v >= 0.3 * drive"),
        )
        simulate = td.simulate
        monkeypatch.setattr(
            td, "simulate", lambda *args, **more: simulate(*args, **more, model=late)
        )
    elif engine == "event-driven":
        _larger_thresholds(monkeypatch)
    elif engine == "pipeline":
        monkeypatch.setattr(pipeline, "_TICK", "v_post += 1.1 * drive_post")
    elif engine == "deployment":
        monkeypatch.setattr("tdsnn_brian.brian.deployment.MEMBRANE", FASTER_LEAK)
    elif engine == "perturbed":
        wrong = replace(perturbed_network.PERTURBED, weighted="v_post += 0.9 * w")
        monkeypatch.setattr(perturbed_network, "PERTURBED", wrong)


@pytest.mark.usefixtures("numpy_target")
@pytest.mark.parametrize("engine", RUNS)
def test_of_a_simulation(engine, monkeypatch):
    network, images = feature("plain").network, feature("plain").images
    expected = td.analyse(network, images)
    of(engine, monkeypatch)
    try:
        found = RUNS[engine][0](network, images, "fixed", 1 * ms)
    except td.WindowTooShortError:
        return  # spikes that come too late are a fault that is seen even earlier
    assert not found.compare(expected)


def test_of_algorithm_1(monkeypatch):
    network, images = feature("plain").network, feature("plain").images
    monkeypatch.setattr(
        algorithm_1, "tick_weight", lambda leak, window: 1.1 * np.exp(-window / leak)
    )
    assert not td.run_algorithm_1(network, images).compare(td.analyse(network, images))


def test_of_the_closed_form(monkeypatch):
    network, images = feature("plain").network, feature("plain").images
    expected = td.run_algorithm_1(network, images)
    monkeypatch.setattr(schedule, "round_up", lambda real: np.floor(real).astype(np.int32))
    assert not td.analyse(network, images).compare(expected)


GRAPH = "branches of several max-pools, skips from the image"


def _constant_ticks(monkeypatch):
    monkeypatch.setattr(models, "SHARES", {**models.SHARES, "ticks": models.TICKS["ticks"]})


def _no_first_tick(monkeypatch):
    release = models.TICKS_DYNAMIC["release"]
    monkeypatch.setattr(models, "SHARES_DYNAMIC", {**models.SHARES_DYNAMIC, "release": release})


def _larger_thresholds(monkeypatch):
    made = TickedLayer.__init__

    def init(self, population, place):
        made(self, population, place)
        self.thresholds = 1.2 * self.thresholds

    monkeypatch.setattr(TickedLayer, "__init__", init)


def _constant_ticks_of_a_pipeline(monkeypatch):
    monkeypatch.setattr(pipeline, "_SHARED_TICK", pipeline._TICK)


def _waits_for_no_max_pool(monkeypatch):
    monkeypatch.setattr(levels.Levels, "waits", lambda self, source, population: 0)


def _outputs_that_wait_for_none(monkeypatch):
    monkeypatch.setattr(read.Recordings, "_waits", lambda self, source, population: 0)


def _no_output_is_awaited(monkeypatch):
    step = Readout.step

    def stepped(self, s, now):
        self.awaited = [group for group in self.awaited if not isinstance(group, Readout)]
        step(self, s, now)

    monkeypatch.setattr(Readout, "step", stepped)


@pytest.mark.parametrize(
    ("engine", "name", "window", "plant"),
    [
        ("explicit", "several outputs", "dynamic", _outputs_that_wait_for_none),
        ("event-driven", "several outputs", "dynamic", _no_output_is_awaited),
        ("explicit", "transfers", "fixed", _constant_ticks),
        ("explicit", "nearest", "dynamic", _no_first_tick),
        ("explicit", GRAPH, "dynamic", _waits_for_no_max_pool),
        ("event-driven", "transfers", "dynamic", _larger_thresholds),
        ("pipeline", "transfers", "fixed", _constant_ticks_of_a_pipeline),
        ("pipeline", GRAPH, "dynamic", _waits_for_no_max_pool),
    ],
)
def test_of_a_feature(engine, name, window, plant, monkeypatch, numpy_target):
    network, images = feature(name).network, feature(name).images
    expected = td.analyse(network, images)
    plant(monkeypatch)
    try:
        found = RUNS[engine][0](network, images, window, 1 * ms / network.input_steps)
    except td.WindowTooShortError:
        return
    assert not found.compare(expected)


def test_of_the_ticks_of_algorithm_1(monkeypatch):
    network, images = feature("transfers").network, feature("transfers").images
    monkeypatch.setattr(algorithm_1, "_tick_shares", lambda population: repeat(1.0))
    assert not td.run_algorithm_1(network, images).compare(td.analyse(network, images))
