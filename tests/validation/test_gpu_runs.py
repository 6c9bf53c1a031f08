"""The script of all runs on a card, as far as it goes without one."""

import json
import sys
from dataclasses import replace

import numpy as np
import pytest

import tdsnn_brian as td
from benchmarks import gpu
from helpers import random_images, small_network
from tdsnn_brian.validation import devices


@pytest.fixture
def small(monkeypatch, numpy_target):
    """A small network in place of LeNet: its analysis, and a simulation of it."""
    network = small_network()
    images = random_images(network, 4)
    monkeypatch.setattr(gpu, "subject", lambda run: (network, images[: run.images]))
    return td.analyse(network, images), td.simulate(network, images, projection="shared")


RUN = gpu.Run(name="one", images=4, repeats=2)


def test_names_are_those_of_files():
    assert len({run.name for run in gpu.RUNS}) == len(gpu.RUNS)
    assert {run.device for run in gpu.RUNS} == set(gpu.KINDS) == set(gpu.PACKAGES)


def test_results_come_back_as_files(small, tmp_path, monkeypatch):
    analysis, result = small
    changed = {**result.latencies, "dense1": result.latencies["dense1"] + 1}
    moved = replace(result, latencies=changed)

    def pretend(run, out, capability):
        return gpu.measured(run, [2.0, 4.0], [5.0, 5.0]) | gpu.compared(
            run, out, analysis, [result, moved]
        )

    def fail(run, out, capability):
        raise td.UnsupportedDeviceError("no such card")

    other = replace(RUN, name="two", device="genn")
    monkeypatch.setattr(gpu, "RUNS", [RUN, other])
    monkeypatch.setattr(gpu, "KINDS", {"cuda_standalone": pretend, "genn": fail})
    for run in gpu.RUNS:
        gpu.child(run, tmp_path, None, "a card")
    found = json.loads((tmp_path / "one.json").read_text())
    assert found["ms_per_image"] == 750
    assert found["different_from_analysis"] == found["moved_between_runs"]["most"] == 40
    gpu.judge(tmp_path)
    assert json.loads((tmp_path / "one.json").read_text())["unexplained"] == 0
    table = (tmp_path / "results.md").read_text()
    assert "| one | a card | float32 | 4, 1 at once | 750 |" in table
    assert "UnsupportedDeviceError: no such card" in table


def test_the_judge_finds_what_is_not_explained(small, tmp_path, monkeypatch):
    analysis, result = small
    wrong = {**result.latencies, "dense1": result.latencies["dense1"] + 1}
    monkeypatch.setattr(gpu, "RUNS", [RUN])
    figures = gpu.compared(RUN, tmp_path, analysis, [replace(result, latencies=wrong)])
    (tmp_path / "one.json").write_text(json.dumps(figures))
    gpu.judge(tmp_path)
    assert json.loads((tmp_path / "one.json").read_text())["unexplained"] > 0


def test_large_networks_have_drawn_weights_and_pictures():
    network, picture = gpu.subject(gpu.Run(name="x", network="alexnet", images=1))
    assert picture.shape == (1, 224, 224, 3)
    assert np.ptp(picture) > 0.9
    assert network.populations[0].projection.weights.shape == (11, 11, 3, 64)


@pytest.mark.parametrize(
    ("device", "package", "how"),
    [
        ("cuda", "brian2cuda", r"Brian2CUDA.*tdsnn-brian\[cuda,"),
        ("genn", "brian2genn", r"Brian2GeNN.*tdsnn-brian\[genn,"),
        ("genn-gpu", "brian2genn", r"Brian2GeNN.*tdsnn-brian\[genn,"),
    ],
)
def test_a_device_whose_package_is_missing(device, package, how, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.setattr(devices, "find_compiler", lambda: "g++")
    with pytest.raises(td.InvalidInputError, match=how):
        devices.choose_device(device)
