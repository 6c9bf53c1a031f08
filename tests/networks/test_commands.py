import os
import subprocess
import sys

import numpy as np
import pytest
from typer.testing import CliRunner

from networks import load_adapted, load_model, load_network
from networks.cli import app

FILES = {"lenet.keras", "lenet-adapted.keras", "lenet.npz"}


@pytest.fixture
def run(tiny_mnist, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")

    def run(*arguments):
        result = CliRunner().invoke(
            app, [*map(str, arguments), "--data", str(tiny_mnist)], catch_exceptions=False
        )
        assert result.exit_code == 0, result.output
        return result.output

    return run


def test_train_adapt_evaluate(run, tmp_path):
    out = tmp_path / "out"
    output = run("train", "lenet", "--epochs", 1, "--output", out)
    assert "50 test images" in output
    assert {path.name for path in out.iterdir()} == {"lenet.keras"}

    output = run(
        "adapt", "lenet", "--leak", 4, "--scale", 2, "--epochs", 1,
        "--weights", out, "--output", out,
    )  # fmt: skip
    assert "retrained" in output
    assert {path.name for path in out.iterdir()} == FILES
    assert load_network("lenet", out).leak == 4
    assert load_network("lenet", out).input_scale == 2

    output = run("evaluate", "lenet", "--weights", out)
    for stage in ("DNN", "adapted DNN", "discrete SNN"):
        assert stage in output


def test_adapting_without_retraining_keeps_the_given_weights(run, tmp_path):
    run("adapt", "lenet", "--no-retrain", "--no-compensate", "--output", tmp_path / "out")
    plain = load_model("lenet").get_weights()
    for before, after in zip(
        plain, load_adapted("lenet", tmp_path / "out").get_weights(), strict=True
    ):
        np.testing.assert_array_equal(before, after)


def test_calibration_moves_biases(run, tmp_path):
    for images in (0, 50):
        run("adapt", "lenet", "--no-retrain", "--calibration", images, "--output",
            tmp_path / str(images))  # fmt: skip
    before, after = (load_adapted("lenet", tmp_path / n).get_weights()[1] for n in ("0", "50"))
    assert np.abs(before - after).max() > 1e-3


def test_the_same_seed_gives_the_same_start(run, tmp_path):
    first, second, other = (tmp_path / name for name in ("first", "second", "other"))
    run("train", "lenet", "--epochs", 1, "--output", first)
    run("train", "lenet", "--epochs", 1, "--output", second)
    run("train", "lenet", "--epochs", 1, "--output", other, "--seed", 1)
    kernel, again, different = (
        load_model("lenet", path).get_weights()[0] for path in (first, second, other)
    )
    np.testing.assert_allclose(kernel, again, atol=1e-3)
    assert np.abs(kernel - different).max() > 0.01


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "resnet"], "'resnet' is not known; choose from"),
        (["adapt", "lenet", "--leak", "0"], "leak must be finite and greater than 0"),
        (["adapt", "lenet", "--scale", "-1"], "scale must be finite and greater than 0"),
        (["evaluate", "lenet", "--weights", "nowhere"], "lenet.keras does not exist"),
        (["evaluate", "lenet", "--data", "nowhere"], "--data names 'nowhere'"),
    ],
)
def test_errors_are_one_message_without_traceback(tmp_path, arguments, message):
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    result = subprocess.run(
        [sys.executable, "-m", "networks", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": root},
    )
    assert result.returncode == 1
    assert result.stderr.startswith("error: ")
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert list(tmp_path.iterdir()) == []
