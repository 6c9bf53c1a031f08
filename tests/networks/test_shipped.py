"""What the trained networks in `networks/weights` claim, on the sample of digits."""

import os
from dataclasses import fields

import numpy as np
import pytest

import tdsnn_brian as td
from tdsnn_brian.networks import load_adapted, load_model, load_network, sample_digits
from tdsnn_brian.networks.data import load_dataset
from tdsnn_brian.networks.files import SHIPPED, adapted_path, converted_path, plain_path
from tdsnn_brian.networks.training.recipe import predict


@pytest.fixture(scope="module")
def digits():
    return sample_digits()


@pytest.fixture(scope="module")
def plain_predictions(digits):
    return predict(load_model("lenet"), digits[0])


@pytest.fixture(scope="module")
def adapted():
    return load_adapted("lenet")


@pytest.fixture(scope="module")
def adapted_predictions(adapted, digits):
    return predict(adapted, digits[0])


def test_files_are_small():
    for path in (plain_path("lenet"), adapted_path("lenet"), converted_path("lenet")):
        assert path.stat().st_size < 2 * 2**20
    assert all(path.stat().st_size < 4 * 2**20 for path in SHIPPED.iterdir())


def test_at_most_1_in_100_of_the_sample_is_wrong(plain_predictions, adapted_predictions, digits):
    for predictions in (plain_predictions, adapted_predictions):
        assert np.mean(predictions != digits[1]) <= 0.01


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get("TDSNN_DATA"), reason="TDSNN_DATA names no data directory")
def test_errors_on_the_full_test_set(adapted):
    data = load_dataset("mnist")
    plain = predict(load_model("lenet"), data.x_test)
    coded = predict(adapted, data.x_test)
    plain_error, coded_error = (np.mean(p != data.y_test) for p in (plain, coded))
    assert plain_error <= 0.006
    assert coded_error <= plain_error + 0.0005
    analysis = td.analyse(load_network("lenet"), data.x_test)
    np.testing.assert_array_equal(analysis.predictions, coded)


def test_adaptation_changes_few_classes(plain_predictions, adapted_predictions):
    assert np.mean(plain_predictions == adapted_predictions) >= 0.99


def test_the_adapted_network_is_coded_with_leak_5(adapted):
    codings = [layer for layer in adapted.layers if isinstance(layer, td.ReverseCoding)]
    assert [layer.leak for layer in codings] == [5] * 4
    assert load_network("lenet").leak == 5


def test_the_converted_file_is_the_adapted_one_converted(adapted):
    fresh, shipped = td.convert(adapted), load_network("lenet")
    assert fresh.input_scale == shipped.input_scale
    for expected, layer in zip(fresh, shipped, strict=True):
        assert type(layer) is type(expected)
        for field in fields(expected):
            np.testing.assert_array_equal(getattr(layer, field.name), getattr(expected, field.name))


def test_discrete_analysis_predicts_what_the_adapted_network_does(adapted_predictions, digits):
    analysis = td.analyse(load_network("lenet"), digits[0])
    np.testing.assert_array_equal(analysis.predictions, adapted_predictions)


def test_without_retraining_a_scale_of_3_is_enough(plain_predictions, digits):
    untrained = td.adapt(load_model("lenet"), leak=2, scale=3, compensate=True)
    predictions = predict(untrained, digits[0])
    assert np.sum(predictions != digits[1]) <= np.sum(plain_predictions != digits[1]) + 2
