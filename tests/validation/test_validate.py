"""`python -m validation validate` end to end, on a few images."""

import json
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from tdsnn_brian.layers import Conv2D, Dense, MaxPool2D
from tdsnn_brian.network import SpikingNetwork
from tdsnn_brian.networks import sample_digits
from tdsnn_brian.validation import devices
from tdsnn_brian.validation.__main__ import app


@pytest.fixture
def digit_network(tmp_path):
    """A small network for 28 x 28 digits, with a name that must not become markup."""
    rng = np.random.default_rng(0)
    layers = (
        Conv2D(
            name="conv",
            input_shape=(28, 28, 1),
            kernel=rng.normal(0, 0.4, (5, 5, 1, 2)),
            bias=rng.normal(0, 0.3, 2),
            strides=(3, 3),
        ),
        MaxPool2D(name="pool <b>", input_shape=(8, 8, 2), pool_size=(2, 2), strides=(2, 2)),
        Dense(
            name="dense",
            input_shape=(4, 4, 2),
            weights=rng.normal(0, 0.3, (32, 12)),
            bias=rng.normal(0, 0.3, 12),
        ),
        Dense(name="out", input_shape=(12,), weights=rng.normal(0, 1, (12, 10)), bias=None),
    )
    path = tmp_path / "network.npz"
    SpikingNetwork(layers=layers, leak=5, name="<i>digits</i>", image_range=(0, 1)).save(path)
    return path


def run(*arguments):
    return CliRunner().invoke(app, ["validate", *map(str, arguments)])


@pytest.mark.parametrize("window", ["fixed", "dynamic", "25"])
def test_writes_summary_and_page(digit_network, tmp_path, window):
    output = tmp_path / "report"
    result = run(
        "--network",
        digit_network,
        "--simulate",
        3,
        "--device",
        "numpy",
        "--window",
        window,
        "--dt-per-tick",
        2,
        "--output",
        output,
    )
    assert result.exit_code == 0, result.output
    summary = json.loads((output / "summary.json").read_text())
    assert summary["device"] == "numpy"
    assert (summary["images"], summary["leak"], summary["dt_per_tick"]) == (3, 5, 2)
    assert [row["name"] for row in summary["layers"]] == ["conv", "pool <b>", "dense"]
    assert [row["neurons"] for row in summary["layers"]] == [128, 32, 12]
    assert all(row["identical"] == 1 and row["unexplained"] == 0 for row in summary["layers"])
    assert all(row["max_difference_ticks"] == 0 for row in summary["layers"])
    assert summary["accuracy"]["dnn"] is None
    assert summary["agreement"]["discrete_brian2"] == 1
    assert set(summary["seconds"]) == {"compile", "run_per_image"}
    page = (output / "index.html").read_text()
    assert "<i>digits" not in page
    assert "pool <b>" not in page
    assert "pool &lt;b&gt;" in page


def test_counts_correct_answers(digit_network, tmp_path):
    from tdsnn_brian import analyse, load

    output = tmp_path / "report"
    assert (
        run(
            "--network", digit_network, "--simulate", 20, "--device", "numpy", "--output", output
        ).exit_code
        == 0
    )
    images, labels = sample_digits(20)
    right = np.mean(analyse(load(digit_network), images).predictions == labels)
    assert json.loads((output / "summary.json").read_text())["accuracy"]["brian2"] == right


def test_digits_are_given_as_the_network_takes_them(digit_network, tmp_path):
    from tdsnn_brian import load

    shown = {}
    for name, image_range in (("unit", (0, 1)), ("bytes", (0, 255))):
        path = tmp_path / f"{name}.npz"
        network = load(digit_network)
        scale = network.input_scale / image_range[1]
        replace(network, image_range=image_range, input_scale=scale).save(path)
        output = tmp_path / name
        options = ("--simulate", 3, "--device", "numpy", "--output", output)
        assert run("--network", path, *options).exit_code == 0
        shown[name] = np.load(output / "latencies.npz")["conv.simulated"]
    np.testing.assert_array_equal(shown["bytes"], shown["unit"])


def test_refuses_digits_for_a_network_of_an_unknown_range(digit_network, tmp_path):
    from tdsnn_brian import load

    replace(load(digit_network), image_range=None).save(tmp_path / "unknown.npz")
    options = ("--network", tmp_path / "unknown.npz", "--simulate", 3, "--device", "numpy")
    result = run(*options, "--output", tmp_path / "report")
    assert "--image-range" in str(result.exception)
    assert not (tmp_path / "report").exists()
    result = run(*options, "--image-range", 0, 1, "--output", tmp_path / "report")
    assert result.exit_code == 0, result.output


def test_falls_back_to_numpy_without_a_compiler(digit_network, tmp_path, monkeypatch):
    monkeypatch.setattr(devices.shutil, "which", lambda name: None)
    output = tmp_path / "report"
    result = run("--network", digit_network, "--simulate", 1, "--output", output)
    assert result.exit_code == 0, result.output
    assert "no C++ compiler" in result.output
    summary = json.loads((output / "summary.json").read_text())
    assert summary["device"] == "numpy"
    assert any("no C++ compiler" in note for note in summary["notes"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--window", "soon"), "window must be fixed, dynamic or a number"),
        (("--device", "abacus"), "device 'abacus' is not known"),
        (("--window", "1"), "ends before the last presynaptic spike"),
    ],
)
def test_refuses_bad_arguments(digit_network, tmp_path, arguments, message):
    result = run(
        "--network", digit_network, "--simulate", 1, "--output", tmp_path / "report", *arguments
    )
    assert result.exit_code != 0
    assert message in str(result.exception)
    assert not list(tmp_path.glob("report/*.*"))
