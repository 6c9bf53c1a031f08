"""The benchmark's parts, small: what they measure and how they judge."""

import errno
import json
import os
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure
from typer.testing import CliRunner

import tdsnn_brian as td
from helpers import random_images, small_network
from tdsnn_brian.errors import InvalidInputError
from tdsnn_brian.layers import Conv2D, Dense, Sum
from tdsnn_brian.networks.data import DataNotFoundError
from tdsnn_brian.networks.models.large import large_network, plain_layers
from tdsnn_brian.validation import kept
from tdsnn_brian.validation.__main__ import app
from tdsnn_brian.validation.judge.one_image import judge_image
from tdsnn_brian.validation.speed import benchmark
from tdsnn_brian.validation.speed.growth import TITLES, growth_figure
from tdsnn_brian.validation.speed.history import commit, ratios, read, remember
from tdsnn_brian.validation.speed.residual import shown_to_residual
from tdsnn_brian.validation.speed.table import table
from tdsnn_brian.validation.speed.timing import alternate, ratio


def small_convolutions(name):
    rng = np.random.default_rng(0)
    sizes = (4, 4, 6, 6, 6, 6, 6, 8, 8, 8, 8, 8, 8) if name == "vgg16" else (4, 6, 6, 6, 6)
    windows = (3,) * 13 if name == "vgg16" else (11, 5, 3, 3, 3)
    channels, result = 3, []
    for size, window in zip(sizes, windows, strict=True):
        kernel = rng.normal(
            0, (2 / (window**2 * channels)) ** 0.5, (window, window, channels, size)
        ).astype(np.float32)
        result.append((kernel, rng.normal(0, 0.1, size).astype(np.float32)))
        channels = size
    return result


@pytest.mark.parametrize(("name", "side"), [("vgg16", 32), ("alexnet", 67)])
def test_large_networks_compute_what_the_dnn_does(name, side):
    options = {"convolutions": small_convolutions(name), "side": side, "dense": (12, 10, 5)}
    image = np.random.default_rng(1).random((1, side, side, 3), np.float32)
    network = large_network(name, leak=200, scale=100, **options)
    from tdsnn_brian.networks.data.imagenet import MEAN, STD

    x = (image - np.float32(MEAN)) / np.float32(STD)
    plain = td.SpikingNetwork(layers=tuple(plain_layers(name, **options)), leak=1)
    for population in plain.populations:
        if not population.kind.integrates:
            x = population.latest(x)
            continue
        x = population.weighted_sum([x]) + population.bias_values.reshape(population.shape)
        x = np.maximum(x, 0) if population.fires else x
    logits = td.analyse(network, image).logits
    np.testing.assert_allclose(logits, x, atol=0.05 * np.abs(x).max())


def test_silent_zeros_leave_the_constant_out():
    options = {"convolutions": small_convolutions("vgg16"), "side": 32, "dense": (12, 10, 5)}
    image = np.random.default_rng(1).random((1, 32, 32, 3), np.float32)
    logits = [
        td.analyse(
            large_network("vgg16", leak=200, scale=1000, silent_zeros=silent, **options), image
        ).logits
        for silent in (False, True)
    ]
    np.testing.assert_allclose(*logits, atol=0.05 * np.abs(logits[0]).max())


def test_only_two_networks_are_large():
    with pytest.raises(InvalidInputError, match="alexnet, vgg16"):
        large_network("resnet50")


def simulated(network, images):
    analysis = td.analyse(network, images)
    return td.Simulation(
        latencies={name: value.astype(float) for name, value in analysis.latencies.items()},
        potentials=analysis.potentials,
        windows={},
        ticks={},
        spikes={},
    )


@pytest.mark.parametrize("silent_zeros", [False, True])
def test_layers_are_judged_by_what_reached_them(silent_zeros):
    network = small_network(silent_zeros=silent_zeros)
    images = random_images(network, 1)
    simulation = simulated(network, images)
    judged = judge_image(network, images, simulation, "float32")
    assert judged.identical
    assert judged.neurons == sum(layer.n_neurons for layer in network.firing_layers)
    wrong = {name: value.copy() for name, value in simulation.latencies.items()}
    wrong["dense1"][0, wrong["dense1"].argmax()] += 1
    judged = judge_image(network, images, replace(simulation, latencies=wrong), "float32")
    assert (judged.disagreements, judged.unexplained) == (1, 1)
    wrong["dense1"][0, wrong["dense1"].argmax()] = td.SILENT  # lost altogether
    judged = judge_image(network, images, replace(simulation, latencies=wrong), "float32")
    assert (judged.disagreements, judged.unexplained) == (1, 1)


def test_rounding_explains_what_is_at_a_jump():
    network = small_network()
    images = random_images(network, 1)
    simulation = simulated(network, images)
    # shift the bias so that one neuron is just above a tick that it would round up from
    total = td.analyse(network, images, continuous=True)
    real = total.continuous["dense1"][0, 0]
    tick = np.ceil(real)
    target = np.expm1((tick + 2e-9) / network.leak)
    layers = list(network.layers)
    bias = np.zeros(10)
    bias[0] = target - np.expm1(real / network.leak)
    layers[4] = replace(layers[4], bias=bias)
    shifted = replace(network, layers=tuple(layers))
    assert td.analyse(shifted, images).latencies["dense1"][0, 0] == tick + 1
    judged = judge_image(shifted, images, simulation, "float32")
    assert (judged.disagreements, judged.unexplained) == (1, 0)
    assert judge_image(shifted, images, simulation, "float64").unexplained == 1


def test_contenders_take_turns():
    calls = []
    contenders = {
        name: (lambda name=name: calls.append(name) or float(len(calls))) for name in "ab"
    }
    seconds = alternate(contenders, 2)
    assert calls == ["a", "b"] * 3
    assert seconds == {"a": [3, 5], "b": [4, 6]}
    assert ratio([2, 8, 3], [1, 2, 3]) == 2


def test_the_table_takes_what_is_there():
    row = {
        "seconds_per_image": 1.5,
        "peak_gib": 0.5,
        "compile_seconds": 9.0,
        "unexplained": 0,
        "ratio_to_torch": 3.0,
    }
    assert table({"alexnet": row, "vgg16": None}).row_count == 1
    assert table({}).row_count == 0


@pytest.fixture
def measured(monkeypatch, tmp_path):
    """Runs the command with parts that take no time; gives the summary and what was measured."""
    calls = []

    def part(name):
        return lambda *_: calls.append(name) or {"number": len(calls)}

    for name in ("lenet", "mnist", "large", "residual", "growth"):
        monkeypatch.setattr(benchmark, name, part(name))
    monkeypatch.setattr(benchmark, "shown_to", lambda name: name)
    monkeypatch.delenv("TDSNN_DATA", raising=False)
    monkeypatch.setattr(benchmark, "table", lambda summary: "")
    monkeypatch.setattr(benchmark, "growth_figure", lambda rows: Figure())

    def run(*arguments):
        calls.clear()
        result = CliRunner().invoke(
            app, ["benchmark", "--output", str(tmp_path), *arguments], catch_exceptions=False
        )
        assert result.exit_code == 0, result.output
        return json.loads((tmp_path / "summary.json").read_text()), list(calls)

    return run


PARTS = {"lenet", "mnist_10k", "alexnet", "vgg16", "resnet20", "growth"}


def test_the_other_parts_are_kept(measured):
    first, calls = measured()
    assert set(first) == {"machine", "notes", *PARTS}
    assert len(calls) == 6
    second, calls = measured("--only", "growth")
    assert calls == ["growth"]
    assert second == {**first, "growth": {"number": 1}}
    assert measured()[1] == ["lenet", "mnist", "large", "large", "residual", "growth"]


def test_figures_of_another_machine_or_code_are_not_shown(measured, monkeypatch):
    first, _ = measured()
    here = benchmark.machine()
    monkeypatch.setattr(benchmark, "machine", lambda: {**here, "processor": "another"})
    other, _ = measured("--only", "growth")
    assert set(other) == {"machine", "notes", "growth"}
    assert other["machine"]["processor"] == "another"
    monkeypatch.setattr(benchmark, "machine", lambda: here)
    again, _ = measured("--only", "growth")
    assert set(again) == set(first)  # nothing was lost meanwhile
    code = {**kept.environment(), "tdsnn_brian": "another commit"}
    monkeypatch.setattr(kept, "environment", lambda: code)
    assert set(measured("--only", "growth")[0]) == {"machine", "notes", "growth"}


def test_figures_of_other_settings_or_data_are_not_shown(measured, monkeypatch):
    measured()
    shown, _ = measured("--only", "growth", "--rounds", "3")
    assert set(shown) == {"machine", "notes", "mnist_10k", "growth"}
    monkeypatch.setattr(benchmark, "shown_to", lambda name: f"another {name}")
    shown, _ = measured("--only", "growth")
    assert set(shown) == {"machine", "notes", "lenet", "mnist_10k", "resnet20", "growth"}
    monkeypatch.setattr(benchmark, "_shipped", lambda name: "another network")
    shown, _ = measured("--only", "growth")
    assert set(shown) == {"machine", "notes", "resnet20", "growth"}


def test_a_full_disk_leaves_what_was_measured(measured, monkeypatch, tmp_path):
    first, _ = measured()
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*") if path.is_file()}

    def full(handle):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left on device"):
            measured("--only", "growth")
    assert {path: path.read_bytes() for path in before} == before
    assert {path for path in tmp_path.rglob("*.*") if path.is_file()} == set(before)
    assert measured("--only", "growth")[0] == {**first, "growth": {"number": 1}}


def test_what_has_no_data_is_left_out_by_name(measured, monkeypatch):
    def missing(name):
        raise DataNotFoundError(f"{name}.ckpt is missing")

    monkeypatch.setattr(benchmark, "shown_to", missing)
    summary, _ = measured()
    assert summary["vgg16"] is None
    assert "vgg16 was left out: vgg16.ckpt is missing" in summary["notes"]


def test_history_is_kept_by_commit_and_machine(tmp_path):
    path, here = tmp_path / "history.jsonl", {"processor": "this"}
    first = {"seconds_per_image": 2.0, "torch": {"ms_per_image": 4.0}, "accuracy": 0.5}
    assert remember(path, "vgg16", first, here) is None
    assert remember(path, "vgg16", first, {"processor": "another"}) is None
    assert remember(path, "lenet", {}, here) is None
    path.write_text(path.read_text() + "half a li")
    faster = {"seconds_per_image": 1.0, "torch": {"ms_per_image": 5.0}, "peak_gib": 1.0}
    before = remember(path, "vgg16", faster, here)
    assert before["figures"] == first
    assert before["commit"] == commit()
    assert ratios(faster, before["figures"]) == {
        "seconds_per_image": 0.5,
        "torch.ms_per_image": 1.25,
    }
    assert len(read(path)) == 4


def test_growth_is_drawn():
    rows = {
        axis: [{axis: n, "ms_per_image": n**2, "peak_mib": 5 * n} for n in (3, 1, 2)]
        for axis in TITLES
    }
    figure = growth_figure(rows)
    assert len(figure.axes) == 2 * len(TITLES)
    for ax in figure.axes:
        (line,) = ax.lines
        np.testing.assert_array_equal(line.get_xdata(), [1, 2, 3])
    np.testing.assert_array_equal(figure.axes[0].lines[0].get_ydata(), [1, 4, 9])
    np.testing.assert_array_equal(figure.axes[-1].lines[0].get_ydata(), [5, 10, 15])


def test_pictures_for_a_residual_network(monkeypatch, tmp_path):
    monkeypatch.delenv("TDSNN_DATA", raising=False)
    images, labels = shown_to_residual(None, 3)
    assert images.shape == (3, 32, 32, 3)
    assert labels is None
    with pytest.raises(DataNotFoundError, match="cifar10-jpeg"):
        shown_to_residual(tmp_path, 3)


def residual_network():
    rng = np.random.default_rng(0)
    padding = ((1, 1), (1, 1))
    first = Conv2D(
        name="conv", input_shape=(4, 4, 1), kernel=rng.normal(size=(3, 3, 1, 2)), padding=padding
    )
    branch = Conv2D(
        name="branch",
        input_shape=(4, 4, 2),
        kernel=rng.normal(size=(3, 3, 2, 2)),
        bias=rng.normal(size=2),
        padding=padding,
    )
    skip = Conv2D(
        name="skip", input_shape=(4, 4, 2), kernel=np.ones((1, 1, 1, 2)), groups=2, source="conv"
    )
    joined = Sum(name="joined", terms=(branch, skip))
    output = Dense(
        name="output", input_shape=(4, 4, 2), weights=rng.normal(size=(32, 3)), bias=np.ones(3)
    )
    return td.SpikingNetwork(layers=(first, joined, output), leak=5)


@pytest.mark.parametrize("even", [False, True])
@pytest.mark.parametrize("make", [small_network, residual_network])
def test_torch_computes_what_the_network_was_converted_from(make, even):
    torch = pytest.importorskip("torch")
    from tdsnn_brian.validation.speed.as_torch import AsTorch, batch

    network = make()
    images = random_images(network, 3)
    values = {network.input: images}
    for population in network.populations:
        sources = [values[source] for source in population.sources]
        if not population.kind.integrates:
            values[population] = population.latest(*sources)
            continue
        x = population.weighted_sum(sources)
        if population.bias is not None:
            x = x + population.bias_values.reshape(population.shape)
        values[population] = np.maximum(x, 0) if population.fires else x
    with torch.inference_mode():
        logits = AsTorch(network, even=even).eval()(batch(images)).numpy()
    np.testing.assert_allclose(logits, values[network.output], rtol=1e-4, atol=1e-5)
