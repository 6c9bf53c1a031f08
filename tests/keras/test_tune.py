import sys

import keras
import numpy as np
import pytest
from keras import layers as kl
from matplotlib.figure import Figure

from keras_models import images_for, run, sequential
from tdsnn_brian import analyse
from tdsnn_brian.conversion.correction import Correction
from tdsnn_brian.errors import InvalidInputError
from tdsnn_brian.keras import adapt, convert, tune
from tdsnn_brian.keras.adapt import adapted_graph
from tdsnn_brian.keras.building import build
from tdsnn_brian.keras.reader import read
from tdsnn_brian.provenance import digest
from tdsnn_brian.results import predict
from tdsnn_brian.settings import Setting

MODULE = sys.modules["tdsnn_brian.keras.tune"]  # the function has its name
COARSE_AND_FINE = [Setting(leak=1), Setting(leak=8, scale=10, input_steps=4)]


@pytest.fixture(scope="module")
def model():
    return sequential(
        (8,), kl.Rescaling(2.0), kl.Dense(12, activation="relu"), kl.Dense(4, activation="softmax")
    )


@pytest.fixture(scope="module")
def images(model):
    return images_for(model, n=2400)


@pytest.fixture(scope="module")
def labels(model, images):
    """A tenth of the model's answers is wrong."""
    answers = predict(run(model, images))
    return np.where(np.arange(len(answers)) % 10, answers, (answers + 1) % 4)


@pytest.fixture(scope="module")
def tuned(model, images, labels):
    return tune(model, images, labels, max_loss=0.02)


def test_a_search_keeps_within_the_loss_on_images_that_did_not_choose(tuned, model):
    assert tuned.chosen.loss.value <= 0.02
    assert tuned.validated.loss.value - tuned.validated.loss.error <= 0.02
    assert tuned.validated.images == tuned.chosen.images == 1136
    assert tuned.model_accuracy.value == pytest.approx(0.9, abs=0.03)
    assert not tuned.shortfall


def test_the_search_tries_every_kind_of_setting(tuned):
    tried = [one.setting for one in tuned.candidates]
    assert len(set(tried)) == len(tried) > 10
    assert len({setting.leak for setting in tried}) > 1
    assert tuned.chosen in tuned.candidates
    assert set(tuned.frontier) <= set(tuned.candidates)


def test_the_adapted_model_is_that_of_the_setting(tuned, images):
    network = convert(tuned.adapted)
    some = images[:20]
    np.testing.assert_array_equal(
        analyse(network, some).potentials, analyse(tuned.network, some).potentials
    )
    assert network.leak == tuned.setting.leak
    assert network.input_steps == tuned.setting.input_steps


def test_what_is_tried_is_what_would_be_converted(model, images):
    """Without a Keras model in between: weights, codings and ranges are the same."""
    graph, correction = read(model), Correction(leak=3, scale=3, needs_bias=True)
    adapted, tried = adapted_graph(graph, correction, images[:50].astype(np.float32))
    converted = convert(build(adapted))
    assert digest(tried) == digest(converted)
    assert digest(convert(adapt(model, 3, scale=3, calibration=images[:50]))) == digest(tried)


def test_a_budget_takes_what_loses_least(model, images, labels):
    tuned = tune(model, images, labels, max_ticks=30, settings=COARSE_AND_FINE)
    assert tuned.setting == COARSE_AND_FINE[0]
    assert tuned.validated.ticks <= 30
    tuned = tune(model, images, labels, max_operations=1e9, settings=COARSE_AND_FINE)
    assert tuned.setting == COARSE_AND_FINE[1]


def test_without_labels_a_loss_is_an_answer_that_changes(model, images):
    tuned = tune(model, images, max_loss=0.05, settings=COARSE_AND_FINE)
    assert tuned.setting == COARSE_AND_FINE[1]
    assert tuned.validated.accuracy is None
    assert tuned.validated.loss.value == pytest.approx(1 - tuned.validated.agreement.value)
    assert tuned.model_accuracy is None


def test_the_images_that_choose_calibrate_and_validate_are_others():
    marked = np.arange(100, dtype=float)[:, None]
    calibrating, choosing, held_back = MODULE._split(marked, np.arange(100), np.arange(100), 0)
    parts = [calibrating, choosing.images, held_back.images]
    assert [len(part) for part in parts] == [25, 37, 38]
    assert sorted(np.concatenate(parts).ravel()) == list(range(100))
    np.testing.assert_array_equal(choosing.images.ravel(), choosing.labels)


def test_a_choice_that_does_not_hold_is_told(model, images, labels, monkeypatch):
    monkeypatch.setattr(MODULE.Limits, "choose", lambda self, candidates: candidates[0])
    with pytest.warns(UserWarning, match="was chosen to lose at most 0.5 %, and loses"):
        tuned = tune(model, images, labels, settings=[Setting(leak=0.3)])
    assert tuned.shortfall


@pytest.mark.parametrize("behind", [[], [kl.Reshape((1,))]])
def test_one_sigmoid_answers_by_its_half(images, behind):
    last = kl.Dense(1, activation="sigmoid")
    model = sequential((8,), kl.Dense(6, activation="relu"), last, *behind)
    weights, bias = last.get_weights()
    middle = np.median(run(model, images))
    last.set_weights([weights, bias - np.log(middle / (1 - middle))])
    tuned = tune(model, images, max_loss=0.1, settings=[Setting(leak=100, scale=100)])
    assert tuned.validated.agreement.value > 0.95
    assert run(model, images).round().mean() == 0.5


def test_the_frontier_prints_and_plots(tuned):
    text = str(tuned)
    assert "->" in text
    assert "on 1136 images that did not choose" in text
    assert "4.6 pJ a MAC" in text
    assert f"{tuned.validated.loss.percent(2)} " in text
    assert max(map(len, text.splitlines())) <= 100
    assert "<table>" in tuned._repr_html_()
    assert len(repr(tuned)) < 150
    axes = Figure().add_subplot()
    assert tuned.plot(axes) is axes
    assert axes.get_xlabel() == "ticks until the answer"
    assert "max_loss" in [text.get_text() for text in axes.get_legend().get_texts()]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"images": np.zeros((100, 7))}, r"images must be \(n_images, 8\), 40 or more"),
        ({"images": np.zeros((9, 8))}, "40 or more"),
        ({"labels": np.zeros(9)}, r"one number for each of the 2400 images, got shape \(9,\)"),
        ({"labels": 3}, "one number for each of the 2400 images"),
        ({"labels": ["one"] * 2400}, "labels must be an array of real numbers"),
        ({"labels": np.zeros((2400, 4))}, "labels.argmax"),
        ({"max_loss": 50}, "max_loss=0.005"),
        ({"settings": []}, "settings is empty"),
        ({"settings": [{"leak": 5}]}, "settings must hold tdsnn_brian.Setting"),
        ({"max_ticks": 1, "settings": [Setting(leak=5)]}, "no setting that was tried"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(model, images, labels, arguments, message):
    given = {"images": images, "labels": labels, **arguments}
    with pytest.raises(InvalidInputError, match=message):
        tune(model, given.pop("images"), given.pop("labels"), **given)


def test_what_is_no_model_is_refused():
    with pytest.raises(InvalidInputError, match=r"tune"):
        tune("lenet.keras", np.zeros((50, 8)))


def test_a_layer_that_cannot_be_adapted_is_named():
    model = keras.Sequential([keras.Input((8,)), kl.Dense(3, "softsign")])
    with pytest.raises(ValueError, match="softsign"):
        tune(model, np.zeros((50, 8)))
