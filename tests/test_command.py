"""The command `tdsnn`: what it does, prints and exits with."""

import json
import re
import sys
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from types import NoneType
from typing import get_args, get_type_hints

import numpy as np
import pytest

import tdsnn_brian as td
from helpers import random_images, small_network
from tdsnn_brian import analyse, load
from tdsnn_brian.cli import main

pytest.importorskip("typer")


@pytest.fixture
def run(monkeypatch, capsys):
    """Exit status, output and errors of a command line."""
    monkeypatch.setenv("PYTHONSAFEPATH", "1")  # or it would stay set

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["tdsnn", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            main()
        printed = capsys.readouterr()
        return stopped.value.code or 0, printed.out, printed.err

    return run


@pytest.fixture
def network_file(tmp_path):
    network = small_network(image_range=(0, 1))
    network.save(tmp_path / "small.npz")
    images = random_images(network, 6)
    labels = analyse(network, images).predictions
    labels[0] = (labels[0] + 1) % 3
    np.savez(tmp_path / "images.npz", images=images, labels=labels)
    np.save(tmp_path / "alone.npy", images)
    return tmp_path / "small.npz"


def test_the_version_is_that_of_the_package(run):
    from tdsnn_brian import __version__

    assert run("--version") == (0, f"tdsnn-brian {__version__}\n", "")


def test_info_prints_the_layers(run, network_file):
    status, out, _ = run("info", network_file)
    assert status == 0
    assert re.search(r"^conv2 +Conv2D +3 x 3 x 6", out, re.MULTILINE)


def test_evaluate_says_accuracy_and_error(run, network_file):
    folder = network_file.parent
    status, out, _ = run("evaluate", network_file, "--images", folder / "images.npz")
    assert (status, out) == (0, "83.33 ± 16.67 % of 6 images\n")
    status, _, err = run("evaluate", network_file, "--images", folder / "alone.npy")
    assert status == 2
    assert "holds no labels" in err


@pytest.mark.parametrize(
    "arguments",
    [
        ["info", "nowhere.npz"],
        ["evaluate"],
        ["nothing"],
        ["tune", "{file}", "--images", "{file}"],
        ["report", "{file}", "--images", "{file}"],
    ],
)
def test_an_error_of_the_user_exits_with_2(run, network_file, arguments):
    status, _, err = run(*(x.format(file=network_file) for x in arguments))
    assert status == 2
    assert "Traceback" not in err
    assert err


def test_a_model_is_converted_and_tuned(run, tmp_path):
    keras = pytest.importorskip("keras")
    layers = [keras.layers.Dense(8, activation="relu"), keras.layers.Dense(3)]
    model = keras.Sequential([keras.Input((6,)), keras.layers.Rescaling(1 / 255), *layers])
    model.save(tmp_path / "own.keras")
    images = np.random.default_rng(0).integers(0, 256, (60, 6), np.uint8)
    labels = model.predict(images, verbose=0).argmax(axis=1)
    np.savez(tmp_path / "images.npz", images=images, labels=labels)
    status, out, _ = run("convert", tmp_path / "own.keras", "--leak", 6)
    assert status == 0
    assert f"wrote {tmp_path / 'own.npz'}" in out
    assert load(tmp_path / "own.npz").leak == 6
    status, out, _ = run(
        *("tune", tmp_path / "own.keras", "--images", tmp_path / "images.npz"),
        *("--max-ticks", 60, "--plot", tmp_path / "frontier.png"),
        *("--adapted", tmp_path / "adapted.keras", "--output", tmp_path / "tuned.npz"),
    )
    assert status == 0
    assert "images that did not choose" in out
    assert (tmp_path / "frontier.png").stat().st_size > 1000
    status, _, _ = run("convert", tmp_path / "adapted.keras", "--output", tmp_path / "again.npz")
    again, tuned = load(tmp_path / "again.npz"), load(tmp_path / "tuned.npz")
    assert (again.leak, again.input_scale) == (tuned.leak, tuned.input_scale)


def test_an_option_means_the_same_in_all_commands():
    from tdsnn_brian.cli.app import app
    from tdsnn_brian.validation.__main__ import app as validation

    kinds = defaultdict(set)
    for command in (*app.registered_commands, *validation.registered_commands):
        for name, hint in get_type_hints(command.callback).items():
            kinds[name] |= {kind for kind in get_args(hint) or (hint,) if kind is not NoneType}
    differ = {name for name, found in kinds.items() if len(found) > 1}
    assert kinds["images"] == {Path}
    # one or several leaks and networks; names of measurements
    assert differ <= {"leak", "network", "only"}


def test_images_below_zero_take_an_offset(run, tmp_path, monkeypatch):
    keras = pytest.importorskip("keras")
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(3, name="output")])
    model.save(tmp_path / "own.keras")
    np.save(tmp_path / "images.npy", np.random.default_rng(0).uniform(-1, 1, (40, 6)))
    status, _, err = run("convert", tmp_path / "own.keras", "--input-offset", 1)
    assert status == 0, err
    assert load(tmp_path / "own.npz").input_offset == 1
    assert run("convert", tmp_path / "own.keras", "--input-pairs")[0] == 0
    assert load(tmp_path / "own.npz").input_pairs
    status, _, err = run("convert", tmp_path / "own.keras", "--input-offset", -1)
    assert status == 2
    assert "--input-offset" in err

    def tuned(*arguments, input_offset, input_pairs, **options):
        raise td.InvalidInputError(f"tuned at {input_offset}, {input_pairs}")

    monkeypatch.setattr(td, "tune", tuned)
    images = ("--images", tmp_path / "images.npy", "--input-offset", 1)
    assert "tuned at 1.0, False" in run("tune", tmp_path / "own.keras", *images)[2]
    pairs = ("--images", tmp_path / "images.npy", "--input-pairs")
    assert "tuned at 0.0, True" in run("tune", tmp_path / "own.keras", *pairs)[2]


def test_evaluate_takes_one_output(run, network_file):
    network = load(network_file)
    last = replace(network.layers[-1], source="dense1")
    layers = (*network.layers[:-1], replace(last, name="other"), last)
    heads = replace(network, layers=layers, output_names=("other", "output"))
    heads.save(network_file)
    status, _, err = run("evaluate", network_file, "--images", network_file.parent / "images.npz")
    assert status == 2
    assert "layer 'other' has several outputs: a report or evaluation has one accuracy" in " ".join(
        err.split()
    )


def test_progress_is_told_in_lines(monkeypatch, capsys):
    from tdsnn_brian.cli import progress

    monkeypatch.setattr(progress, "PERIOD", 0.0)
    with progress.progress_lines() as advance:
        advance("tune", 0.5)
    assert capsys.readouterr().err.startswith("tune: 50 %, ")


def test_what_a_file_says_is_shown_and_never_obeyed(run, network_file):
    """Neither what it holds nor an error's words make a terminal do something."""
    evil = "\x1b[31mred\x07\n\ud800\x9b2J"
    small_network(metadata={evil: evil}).save(network_file)
    status, out, _ = run("info", network_file)
    assert status == 0
    assert out.splitlines()[-1] == r": ".join([r"\x1b[31mred\x07\n\ud800\x9b2J"] * 2)
    with np.load(network_file) as archive:
        arrays = dict(archive)
    header = json.loads(arrays["header"].tobytes())
    header["network"][evil] = 1
    np.savez(network_file, **{**arrays, "header": np.frombuffer(json.dumps(header).encode(), "u1")})
    status, _, err = run("info", network_file)
    assert status == 2
    assert r"unexpected keyword argument '\x1b[31mred\x07\n\ud800\x9b2J'" in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ("error", "status", "told"),
    [
        (OSError(28, "No space left on device", "report"), 2, "error: .*No space left.*'report'\n"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_what_stops_a_command_is_told_without_a_traceback(run, monkeypatch, error, status, told):
    from tdsnn_brian.cli import app

    def stop(path):
        raise error

    monkeypatch.setattr(app, "load", stop)
    stopped, _, err = run("info", __file__)
    assert stopped == status
    assert re.fullmatch(told, err)
