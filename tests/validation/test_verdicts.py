"""Two verdicts: the second passes, fails, or says that the images are too few."""

import json

import keras
import numpy as np
import pytest
from keras import layers as kl
from typer.testing import CliRunner

import tdsnn_brian as td
from tdsnn_brian import validation
from tdsnn_brian.errors import InvalidInputError
from tdsnn_brian.validation.__main__ import app
from tdsnn_brian.validation.dnn import logits
from tdsnn_brian.validation.judge.verdicts import dnn_verdict, loss_interval
from tdsnn_brian.validation.parts.beside_dnn import calibration, confusions

LABELS = np.arange(1000) % 10


def answers(wrong):
    return np.where(np.isin(np.arange(1000), list(wrong)), (LABELS + 1) % 10, LABELS)


@pytest.mark.parametrize(
    ("dnn", "network", "status", "chance"),
    [
        ((), (), "pass", False),
        (range(20), range(20), "pass", False),
        (range(20), range(10), "pass", False),
        ((), (1,), "pass", False),
        ((), (1, 2), "undecided", True),
        (range(20), range(10, 31), "undecided", True),
        ((), range(100), "fail", False),
        (range(20), range(200), "fail", False),
    ],
)
def test_a_loss_passes_where_it_is_surely_small(dnn, network, status, chance):
    dnn, network = answers(dnn), answers(network)
    verdict = dnn_verdict(dnn, network, LABELS)
    assert (verdict["status"], verdict["may_be_chance"]) == (status, chance)
    points = 100 * (np.mean(dnn == LABELS) - np.mean(network == LABELS))
    assert (f"{abs(points):.2f} ±" in verdict["says"]) == (points != 0)


def test_other_answers_are_not_faithful_however_many_are_right():
    dnn, network = answers(range(300)), answers(range(700, 1000))
    assert dnn_verdict(dnn, network, LABELS)["status"] == "fail"
    # nor where hardly any answer of the DNN was right, so that any other may differ
    assert dnn_verdict(answers(range(900)), answers(range(50)), LABELS)["status"] == "fail"
    network = np.where(np.arange(1000) < 300, (LABELS + 2) % 10, LABELS)
    assert dnn_verdict(dnn, network, LABELS)["status"] == "pass"


def test_without_labels_every_answer_counts():
    assert dnn_verdict(answers(()), answers(()), None)["status"] == "pass"
    assert dnn_verdict(answers(()), answers((3,)), None)["status"] == "undecided"
    assert dnn_verdict(answers(()), answers(range(20)), None)["status"] == "fail"
    assert dnn_verdict(None, answers(()), None)["status"] == "missing"


@pytest.mark.parametrize("labels", [LABELS[:100], None])
def test_few_images_without_a_difference_do_not_tell(labels):
    verdict = dnn_verdict(LABELS[:100], LABELS[:100], labels)
    assert verdict["status"] == "undecided"
    assert "too few images to tell" in verdict["says"]


@pytest.mark.parametrize(("lost", "gained"), [(0.001, 0.001), (0.02, 0.02), (0.03, 0.01)])
def test_the_interval_holds_the_true_loss_as_often_as_it_says(lost, gained):
    n, rng = 1000, np.random.default_rng(0)
    held = []
    for _ in range(1000):
        kind = rng.choice(3, n, p=[lost, gained, 1 - lost - gained])
        low, high = loss_interval(kind == 1, kind == 0, np.zeros(n, bool))
        held.append(low <= lost - gained <= high)
    assert 0.93 <= np.mean(held) <= 1


def test_confusions_count_both():
    rows = confusions(answers((0,)), answers((0, 10, 20)), LABELS)
    assert rows == [{"label": 0, "answer": 1, "by_dnn": 1, "by_network": 3}]


def test_calibration_of_a_network_that_is_too_sure():
    values = np.where(np.eye(10)[answers(range(500))] > 0, 20.0, 0.0)
    found = calibration("it", values, LABELS)
    assert found["confidence"] == pytest.approx(1, abs=1e-6)
    assert found["calibration_error"] == pytest.approx(0.5, abs=1e-6)


def bytes_model(ending=None):
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            kl.Rescaling(1 / 255),
            kl.Conv2D(4, 3, activation="relu"),
            kl.Flatten(),
            kl.Dense(4, activation=ending),
        ]
    )


IMAGES = np.random.default_rng(0).integers(0, 256, (40, 6, 6, 1), dtype=np.uint8)


@pytest.mark.parametrize("ending", [None, "softmax", "sigmoid"])
def test_logits_are_those_before_the_ending(ending):
    plain, model = bytes_model(), bytes_model(ending)
    network = td.convert(td.adapt(model, leak=50, compensate=True, scale=10))
    found = logits(model, network, IMAGES)
    np.testing.assert_array_equal(found.argmax(-1), np.asarray(plain.predict(IMAGES)).argmax(-1))
    assert (found < 0).any()


def test_refuses_another_model():
    network = td.convert(td.adapt(bytes_model(), leak=5))
    other = keras.Sequential([keras.Input((5, 5, 1)), kl.Flatten(), kl.Dense(4)])
    with pytest.raises(InvalidInputError, match="takes images of the shape"):
        logits(other, network, IMAGES)
    wider = keras.Sequential([keras.Input((6, 6, 1)), kl.Flatten(), kl.Dense(5)])
    with pytest.raises(InvalidInputError, match="gives outputs of the shape"):
        logits(wider, network, IMAGES)


@pytest.mark.parametrize(("leak", "status"), [(60, "undecided"), (0.3, "fail")])
def test_a_model_that_scales_bytes_itself(tmp_path, leak, status):
    model = bytes_model("softmax")
    model.save(tmp_path / "own.keras")
    labels = np.asarray(model.predict(IMAGES, verbose=0)).argmax(-1)
    network = td.convert(td.adapt(model, leak=leak, compensate=True, scale=20 if leak > 1 else 1))
    network.save(tmp_path / "own.npz")
    np.savez(tmp_path / "images.npz", images=IMAGES, labels=labels)
    result = CliRunner().invoke(
        app,
        [
            "report",
            str(tmp_path / "own.npz"),
            *("--images", str(tmp_path / "images.npz")),
            *("--model", str(tmp_path / "own.keras")),
            *("--device", "numpy", "--simulate", "5", "--part", "answers"),
            *("--output", str(tmp_path / "out")),
        ],
    )
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["verdicts"]["analysis"]["status"] == "pass"
    assert summary["verdicts"]["dnn"]["status"] == status
    assert result.exit_code == (status == "fail"), result.output
    assert summary["images"] == 5
    rows = {row["name"]: row for row in summary["sample"]}
    assert rows["DNN"]["accuracy"] == 1
    assert rows["discrete SNN"]["images"] == 40
    assert (rows["discrete SNN"]["accuracy"] == 1) == (status == "undecided")
    page = (tmp_path / "out" / "index.html").read_text()
    assert ("Not faithful to the DNN" in page) == (status == "fail")
    assert 'href="summary.json"' in page
    assert validation.failed(summary) == []
