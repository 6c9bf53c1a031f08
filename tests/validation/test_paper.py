"""The command `paper` on a small network that stands for all three."""

import base64
import json
from dataclasses import replace

import keras
import numpy as np
import pytest
from keras import layers as kl

import tdsnn_brian.validation.paper.command as command
import tdsnn_brian.validation.paper.further_subjects as further
import tdsnn_brian.validation.paper.plots as plots
import tdsnn_brian.validation.paper.report as report
import tdsnn_brian.validation.paper.runs as runs
import tdsnn_brian.validation.paper.simulated as simulated
import tdsnn_brian.validation.paper.subjects as known
import tdsnn_brian.validation.paper.work as work
from tdsnn_brian.errors import InvalidInputError
from tdsnn_brian.networks.data import DataNotFoundError
from tdsnn_brian.validation.paper.measure import judge, loss, measure
from tdsnn_brian.validation.paper.steps import Steps
from tdsnn_brian.validation.paper.subjects import Options, Subject


class Small(Subject):
    note = "A small network."
    n_calibration = 20
    made = 0

    def __init__(self, data):
        super().__init__(data)
        rng = np.random.default_rng(0)
        keras.utils.set_random_seed(0)
        self.images = rng.random((40, 6, 6, 1)).astype(np.float32)
        self.model = keras.Sequential(
            [
                keras.Input((6, 6, 1), name="image"),
                kl.Conv2D(3, 3, activation="relu", name="conv"),
                kl.MaxPooling2D(2, name="pool"),
                kl.Flatten(name="flatten"),
                kl.Dense(3, name="output"),
            ],
            name="small",
        )
        labels = self.model.predict(self.images, verbose=0).argmax(axis=1)
        self.train_set = self.test_set = (self.images, labels)

    model = train_set = test_set = None

    def show(self, images, labels):
        self.test_set = images, labels

    def retrain(self, adapted):
        type(self).made += 1


class SmallResidual(Small):
    """Small, and a network with a skip and values of either sign."""

    name = "resnet8"

    def __init__(self, data):
        super().__init__(data)
        x = keras.Input((6, 6, 1))
        y = kl.Conv2D(2, 3, padding="same", activation="relu", name="conv")(x)
        z = kl.Add(name="add")([y, kl.Conv2D(2, 1, name="linear")(y)])
        outputs = kl.Dense(3, name="output")(kl.Flatten(name="flat")(z))
        self.model = keras.Model(x, outputs, name="small_residual")


class WithoutData(Small):
    name = "resnet20"

    @property
    def test_set(self):
        raise DataNotFoundError("there is no such file")

    @test_set.setter
    def test_set(self, value):
        pass


@pytest.fixture
def small(monkeypatch):
    subjects = {}
    for name in ("lenet", "vgg16"):
        subjects[name] = type(name, (Small,), {"name": name})
    subjects["vgg16"].further_test_set = property(
        lambda self: (self.images[:5] + 0.1, np.zeros(5, int))
    )
    monkeypatch.setattr(known, "SUBJECTS", subjects)
    monkeypatch.setattr(runs, "LEAKS", (2, 5))
    monkeypatch.setattr(simulated, "find_compiler", lambda: None)
    conversions = [
        *(Options(leak, 10, calibrate=True) for leak in (2, 5)),
        Options(5, 10, input_steps=4, calibrate=True),
        *(Options(leak, 10, silent_zeros=True) for leak in (2, 5)),
    ]
    retrained = [Options(leak, 10, retrain=True) for leak in (2, 5)]
    monkeypatch.setattr(runs, "CONVERSIONS", dict.fromkeys(subjects, conversions))
    monkeypatch.setattr(runs, "RETRAINED", dict.fromkeys(subjects, retrained))

    monkeypatch.setattr(further, "FURTHER", {})

    def full_size(name, options):
        return Small(None).convert(options)

    monkeypatch.setattr(runs, "full_size", full_size)
    monkeypatch.setattr(runs, "full_size_content", lambda name: name)
    monkeypatch.setattr(runs, "photographs", lambda n, side: np.ones((n, 6, 6, 1), np.float32))
    return subjects


def run(folder, **options):
    defaults = {"only": None, "photographs": 1, "data": None, "fresh": False, "output": folder}
    command.paper(**{**defaults, **options})


def test_page_and_summary(tmp_path, small, monkeypatch):
    monkeypatch.setattr(further, "FURTHER", {"resnet8": SmallResidual, "resnet20": WithoutData})
    residual = [Options(5, 10, rounding="nearest"), Options(5, 10, silent_zeros=True)]
    monkeypatch.setattr(work, "CONVERSIONS", dict.fromkeys(("resnet8", "resnet20"), residual))
    run(tmp_path)
    summary = json.loads((tmp_path / "summary.json").read_text())
    table1 = summary["table1"]["lenet"]
    assert set(table1) == {"dnn_error", "snn_error", "snn_error_untrained"}
    assert table1["dnn_error"] == 0  # its own predictions are the labels
    for name in ("lenet", "alexnet", "vgg16"):
        for kind in ("all_fire", "silent_zeros"):
            row = summary["table2"][name][kind]
            assert {"dnn_mult", "dnn_add", "snn_mult", "snn_add", "total_ratio"} <= set(row)
            assert row["total_ratio"] == pytest.approx(
                (row["dnn_mult"] + row["dnn_add"]) / (row["snn_mult"] + row["snn_add"])
            )
    assert set(summary["figure4"]["vgg16"]["5"]) == {"retrained", "untrained"}
    assert {"L", "scale", "ticks", "accuracy", "total_ratio"} <= set(summary["frontier"][0])
    assert [row["input_steps"] for row in summary["input_steps"]] == [1, 4] * 2
    chosen = {(row["network"], row["kind"]): row for row in summary["chosen"]}
    assert chosen["lenet", "all_fire"]["further_loss"] is None
    assert chosen["vgg16", "all_fire"]["further_images"] == 5
    assert {"N", "L", "T_m"} == set(summary["max_pool"]["feasible"][0])
    assert [row["window"] for row in summary["figure3"]] == ["fixed", "dynamic"]
    assert all(row["identical"] for row in summary["figure3"])
    # a chain of two layers gains nothing; the means are over one interval less than images
    assert all(row["speedup"] == pytest.approx(1, rel=0.05) for row in summary["figure3"])
    (deployed,) = summary["figure6"]
    assert deployed["same_predictions"] == deployed["images"] == 40
    assert deployed["same_latencies"] == deployed["neurons"] == 40 * (4 * 4 + 2 * 2) * 3
    assert [(row["network"], row["silent_zeros"]) for row in summary["work"]] == [
        *((name, silent) for name in ("lenet", "vgg16", "resnet8") for silent in (False, True)),
    ]
    for row in summary["work"]:
        assert row["effective_macs"] < row["dense_macs"]
        assert row["ratio_effective"] < row["ratio_dense"]
        assert row["energy_ratio_effective"] < row["energy_ratio_dense"]
        assert row["spikes_per_neuron"] == 1 or row["silent_zeros"]
    residual = summary["work"][-2]
    assert residual["dense_macs"] == 256 * 2 + 72 * 2 + 72 * 3  # 3 x 3 same: 256 without padding
    assert residual["rounding"] == "nearest"
    assert any("resnet20 could not be measured: there is no" in x for x in summary["notes"])
    page = (tmp_path / "index.html").read_text()
    for section in (
        "goals",
        "table1",
        "figure4",
        "frontier",
        "input-steps",
        "table2",
        "work",
        "table3",
        "figure3",
        "figure6",
        "max-pool",
    ):
        assert f'<section id="{section}">' in page
    assert "python -m validation paper" in page


def test_axes_are_labelled_by_plain_numbers():
    """Mathematical text is off, as names of networks are to stay as they are."""
    rows = [
        {
            "network": "vgg16",
            "L": 5,
            "scale": 10,
            "input_steps": steps,
            "silent_zeros": False,
            "calibrated": True,
            "retrained": False,
            "ticks": 10**steps,
            "loss": loss,
            "total_ratio": 2,
        }
        for steps, loss in ((1, 0.2), (2, 0.03), (4, -0.002))
    ]
    summary = {"frontier": rows, "input_steps": rows, "figure4": {"vgg16": {}}}
    for draw in (plots.frontier, plots.input_steps):
        svg = base64.b64decode(draw(summary).source.split(",")[1]).decode()
        assert "mathdefault" not in svg
        assert "points lost" in svg


def test_answers_that_differ_are_counted(monkeypatch):
    from helpers import random_images, small_network

    network = small_network()
    images = random_images(network, 3)
    labels = np.zeros(3, int)
    monkeypatch.setattr(simulated, "find_compiler", lambda: None)
    same = simulated.deployment(network, images, labels)
    assert same["same_latencies"] == same["neurons"]
    wrong = replace(network, leak=network.leak + 1)
    monkeypatch.setattr(
        simulated,
        "deploy",
        lambda _, *args, original=simulated.deploy, **kw: original(wrong, *args, **kw),
    )
    other = simulated.deployment(network, images, labels)
    assert other["same_latencies"] < same["neurons"]


def test_what_was_measured_is_kept(tmp_path, small):
    run(tmp_path)
    first, made = (tmp_path / "summary.json").read_text(), small["lenet"].made
    run(tmp_path)
    assert (tmp_path / "summary.json").read_text() == first
    assert small["lenet"].made == made
    run(tmp_path, fresh=True)
    assert small["lenet"].made == 2 * made


def test_an_unknown_network_is_refused(tmp_path):
    with pytest.raises(InvalidInputError, match=r"nonsense is not known|nonsense"):
        run(tmp_path, only=["nonsense"])


def test_a_damaged_step_is_measured_again(tmp_path):
    steps = Steps(tmp_path)
    assert steps("a", {"x": 1}, "data", lambda: {"value": 1}) == {"value": 1}
    (file,) = tmp_path.glob("a-*.json")
    file.write_text("{")
    assert steps("a", {"x": 1}, "data", lambda: {"value": 2}) == {"value": 2}
    assert steps("a", {"x": 2}, "data", lambda: {"value": 3}) == {"value": 3}
    assert steps("a", {"x": 1}, "data", lambda: {"value": 4}) == {"value": 2}


CHANGES = {
    "weights": lambda small: small.model.set_weights(
        [0 * weight for weight in small.model.get_weights()]
    ),
    "images": lambda small: small.show(np.zeros_like(small.images), small.test_set[1]),
    "labels": lambda small: small.show(small.images, (small.test_set[1] + 1) % 3),
}


@pytest.mark.parametrize("change", CHANGES)
def test_nothing_is_kept_of_other_weights_or_data(tmp_path, small, change):
    def accuracies(change=lambda subject: None):
        subject = small["lenet"](None)
        change(subject)
        result = runs.run_subject(subject, Steps(tmp_path), lambda _: None)
        return result["dnn_accuracy"], [row["accuracy"] for row in result["rows"]]

    before = accuracies()
    assert before == accuracies()
    assert before[0] == 1  # its own predictions are the labels
    after = accuracies(CHANGES[change])
    assert after[0] < 0.8
    assert all(now != then for now, then in zip(after[1], before[1], strict=True))


def test_everything_that_a_subject_measures_on_is_its_content(small):
    def content(change=lambda subject: None):
        subject = small["vgg16"](None)
        change(subject)
        return subject.content

    def train(subject):
        subject.train_set = subject.images[1:], subject.train_set[1][1:]

    def calibrate(subject):
        subject.n_calibration = 10

    def confirm(subject):
        type(subject).further_test_set = property(lambda self: (self.images[:4], np.zeros(4, int)))

    changes = [*CHANGES.values(), train, calibrate, confirm]
    assert content() == content()
    assert len({content(), *map(content, changes)}) == 1 + len(changes)


def test_the_standard_error_of_a_loss_is_that_of_a_paired_difference():
    labels = np.zeros(40, int)
    before, after = np.zeros(40, int), np.zeros(40, int)
    before[:3], after[1:9] = 1, 1  # one is won, six are lost
    found = loss({"images": 40, **judge(before, labels)}, judge(after, labels))
    differences = (after != labels).astype(int) - (before != labels)
    assert found["loss"] == pytest.approx(differences.mean())
    assert found["loss_error"] == pytest.approx(differences.std() / 40**0.5)
    assert judge(after, labels)["accuracy"] == 0.8


def test_what_is_confirmed_elsewhere_is_chosen_with_a_margin():
    rows = [
        {
            "leak": 5,
            "silent_zeros": False,
            "loss": loss,
            "loss_error": 0.002,
            "accuracy": 1 - loss,
            "ratio_measured": ratio,
        }
        for loss, ratio in ((0.004, 1.9), (0.001, 1.8), (0.006, 2.0))
    ]
    for is_confirmed, ratio in ((False, 1.9), (True, 1.8)):
        result = {"rows": rows, "is_confirmed": is_confirmed}
        chosen = runs.choose(result, silent_zeros=False, goal=0.005)
        assert chosen["ratio_measured"] == ratio


def test_measure_adds_up_batches():
    from helpers import random_images, small_network

    network = small_network(silent_zeros=True)
    images = random_images(network, 4)
    labels = np.zeros(4, int)
    whole, parts = measure(network, images, labels), measure(network, images, labels, batch=2)
    assert parts["measured"] == pytest.approx(whole["measured"])
    assert (parts["ticks"], parts["accuracy"]) == (whole["ticks"], whole["accuracy"])
    assert sum(row["spikes_share"] for row in parts["layers"]) == pytest.approx(1)
    assert report.RATIO_GOALS["all_fire"]["vgg16"] == 1.85
