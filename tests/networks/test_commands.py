import os
import subprocess
import sys
from dataclasses import replace

import keras
import numpy as np
import pytest
from keras import layers as kl
from typer.testing import CliRunner

from tdsnn_brian.errors import InvalidInputError, NetworkFileError
from tdsnn_brian.networks import load_adapted, load_model, load_network
from tdsnn_brian.networks.cli import app
from tdsnn_brian.networks.files import MissingFileError
from tdsnn_brian.networks.models.vgg16 import vgg16
from tdsnn_brian.networks.registry import NETWORKS, Entry, entry
from tdsnn_brian.networks.training.augmentation import AugmentedBatches
from tdsnn_brian.networks.training.recipe import Recipe

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
        "adapt", "lenet", "--leak", 4, "--scale", 2, "--epochs", 1, "--noise", 0.5,
        "--weights", out, "--output", out,
    )  # fmt: skip
    assert "retrained" in output
    assert "noise of 0.5 ticks" in output
    assert {path.name for path in out.iterdir()} == FILES
    assert load_network("lenet", out).leak == 4
    assert load_network("lenet", out).input_scale == 2

    output = run("evaluate", "lenet", "--weights", out)
    for stage in ("DNN", "adapted DNN", "discrete SNN"):
        assert stage in output
    assert [layer.noise for layer in load_adapted("lenet", out).layers if coded(layer)] == [
        *(0, 0.5, 0.5, 0.5)
    ]


def coded(layer):
    return type(layer).__name__ == "ReverseCoding"


@pytest.mark.parametrize(
    "arguments", [["lenet", "--no-retrain"], ["vgg16-cifar10"]], ids=["not retrained", "head alone"]
)
def test_noise_that_nothing_would_be_trained_against_is_refused(arguments):
    with pytest.raises(InvalidInputError, match=r"--noise 0\.5 would have no effect"):
        CliRunner().invoke(app, ["adapt", *arguments, "--noise", "0.5"], catch_exceptions=False)


@pytest.fixture
def on_cifar100(tmp_path, monkeypatch):
    """Calls a command with a small network in place of vgg-bn, trained on few random pictures."""
    rng = np.random.default_rng(0)
    arrays = {
        f"{kind}_{part}": values
        for part, n in (("train", 30), ("test", 10))
        for kind, values in (
            ("x", rng.integers(256, size=(n, 32, 32, 3)).astype(np.uint8)),
            ("y", rng.integers(100, size=(n, 1))),
        )
    }
    np.savez(tmp_path / "cifar100.npz", **arrays)
    recipe = Recipe(epochs=2, learning_rate=0.1)
    small = replace(NETWORKS["vgg-bn"], build=_flat, training=recipe, retraining=recipe)
    monkeypatch.setitem(NETWORKS, "vgg-bn", small)
    common = ["vgg-bn", "--dataset", "cifar100", "--data", str(tmp_path)]

    def run(command, *arguments):
        arguments = [command, *common, *arguments]
        result = CliRunner().invoke(app, arguments, catch_exceptions=False)
        assert result.exit_code == 0, result.output

    run("train", "--output", str(tmp_path))
    return run


def test_another_data_set_than_that_of_the_recipe(on_cifar100, tmp_path):
    there = ["--weights", str(tmp_path), "--output", str(tmp_path)]
    on_cifar100("adapt", "--no-retrain", "--rounding", "nearest", *there)
    on_cifar100("evaluate", *there[:2])
    assert (tmp_path / "vgg-bn-on-cifar100-adapted.keras").is_file()
    network = load_network("vgg-bn-on-cifar100", tmp_path)
    assert network.output.n_neurons == 100
    assert network.rounding == "nearest"
    with pytest.raises(MissingFileError, match=r"train vgg-bn --dataset cifar10$"):
        load_model("vgg-bn-on-cifar10", tmp_path)
    with pytest.raises(InvalidInputError, match="not made for data set 'cifar100'; it takes mnist"):
        entry("lenet", "cifar100")


class StopError(Exception):
    pass


def test_retraining_goes_on_where_it_was_interrupted(on_cifar100, tmp_path, monkeypatch):
    start, started = AugmentedBatches.start, []

    def stop_once(self, epoch):
        started.append(epoch)
        if started == [0, 0, 1]:  # the first when they are made
            raise StopError
        start(self, epoch)

    monkeypatch.setattr(AugmentedBatches, "start", stop_once)
    arguments = ["adapt", "--weights", str(tmp_path), "--output", str(tmp_path / "out")]
    with pytest.raises(StopError):
        on_cifar100(*arguments)
    on_cifar100(*arguments, "--leak", "7")
    assert started[3:] == [0, 0, 1]  # another one
    on_cifar100(*arguments)
    assert started[6:] == [0, 1]
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"vgg-bn-on-cifar100-adapted.keras", "vgg-bn-on-cifar100.npz"}


def _flat(classes=10):
    return keras.Sequential(
        [keras.Input((32, 32, 3)), kl.Flatten(), kl.Dense(classes)], name="flat"
    )


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


@pytest.fixture
def large(monkeypatch):
    """Definitions of the large networks, small enough to be loaded here."""
    small = {
        "vgg16": Entry(build=lambda: vgg16((32, 32, 3), classes=3, dense=(5,))),
        "vgg16-cifar10": replace(
            NETWORKS["vgg16-cifar10"],
            dataset="mnist",
            build=lambda: keras.Sequential(
                [
                    keras.Input((28, 28, 1)),
                    kl.Flatten(),
                    kl.Dense(7, "relu"),
                    kl.Dense(10),
                ]
            ),
        ),
    }
    for name, known in small.items():
        monkeypatch.setitem(NETWORKS, name, known)


@pytest.mark.parametrize("suffix", [".weights.h5", ".npz"])
def test_weights_of_ones_own(large, tmp_path, suffix):
    keras.utils.set_random_seed(3)
    own = NETWORKS["vgg16"].build()
    file, images = tmp_path / f"mine{suffix}", tmp_path / "images.npy"
    if suffix == ".npz":
        np.savez(file, *own.get_weights())
    else:
        own.save_weights(file)
    np.save(images, np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), np.uint8))
    out = tmp_path / "out"
    call("load", "vgg16", file, "--output", out)
    for mine, loaded in zip(own.get_weights(), load_model("vgg16", out).get_weights(), strict=True):
        np.testing.assert_array_equal(mine, loaded)
    call(
        "adapt",
        "vgg16",
        "--no-retrain",
        "--leak",
        10,
        "--scale",
        3,
        "--silent-zeros",
        "--input-steps",
        4,
        "--calibration-images",
        images,
        "--weights",
        out,
        "--output",
        out,
    )
    network = load_network("vgg16", out)
    assert (network.leak, network.silent_zeros, network.input_steps) == (10, True, 4)


def call(*arguments):
    result = CliRunner().invoke(app, [*map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ([np.zeros((3, 3, 3, 64))], r"1 arrays where 30 weights.*conv1_1/bias.*wanted \(64,\)"),
        ([np.zeros((3, 3, 1, 64))], r"differs first at .*conv1_1/kernel.*got \(3, 3, 1, 64\)"),
        (b"PK nothing", "cannot be read as weights of 'vgg16'"),
    ],
)
def test_weights_that_do_not_fit_are_refused(large, tmp_path, arrays, message):
    file = tmp_path / "mine.npz"
    if isinstance(arrays, bytes):
        file.write_bytes(arrays)
    else:
        np.savez(file, *arrays)
    with pytest.raises(NetworkFileError, match=message):
        call("load", "vgg16", file, "--output", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("train", "vgg16"),
        ("adapt", "vgg16"),
        ("evaluate", "vgg16"),
        ("adapt", "vgg16", "--no-retrain", "--calibration", 5),
    ],
)
def test_networks_without_data_say_what_to_do(large, arguments):
    with pytest.raises(InvalidInputError, match=r"no data set here.*load vgg16 FILE.*--no-retrain"):
        call(*arguments)


def test_where_the_output_layer_is_trained_it_alone_is_kept(large, run, tmp_path, monkeypatch):
    out = tmp_path / "out"
    keras.utils.set_random_seed(0)
    model = NETWORKS["vgg16-cifar10"].build()
    monkeypatch.setitem(
        NETWORKS, "vgg16-cifar10", replace(NETWORKS["vgg16-cifar10"], build=lambda: model)
    )
    run("train", "vgg16-cifar10", "--epochs", 2, "--output", out)
    assert {path.name for path in out.iterdir()} == {"vgg16-cifar10-head.npz"}
    trained = model.layers[-1].get_weights()
    model.layers[-1].set_weights([0 * part for part in trained])
    for kept, part in zip(
        load_model("vgg16-cifar10", out).layers[-1].get_weights(), trained, strict=True
    ):
        np.testing.assert_array_equal(kept, part)
    run("adapt", "vgg16-cifar10", "--epochs", 1, "--weights", out, "--output", out)
    run("evaluate", "vgg16-cifar10", "--weights", out)


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
        [sys.executable, "-m", "tdsnn_brian.networks", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": root},
    )
    assert result.returncode == 2
    assert result.stderr.startswith("error: ")
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert list(tmp_path.iterdir()) == []
