"""The networks of MLPerf Tiny, where their files are: trained by others, in files of Keras 2."""

import numpy as np
import pytest

import tdsnn_brian as td
from tdsnn_brian.errors import InvalidInputError
from tdsnn_brian.networks.data import DataNotFoundError
from tdsnn_brian.networks.models.mlperf_tiny import MLPERF_TINY, mlperf_tiny

LARGEST = {"resnet8": 255, "autoencoder": 30}
"""Of the values that a network takes; 1 of the others."""


@pytest.mark.usefixtures("numpy_target")
@pytest.mark.parametrize(
    "name",
    [pytest.param(x, marks=pytest.mark.slow if x == "mobilenet" else ()) for x in MLPERF_TINY],
)
def test_it_converts_and_runs_spike_by_spike(name):
    try:
        model = mlperf_tiny(name)
    except DataNotFoundError as error:
        pytest.skip(str(error))
    rng = np.random.default_rng(0)
    images = LARGEST.get(name, 1) * rng.random((2, *model.input_shape[1:]))
    network = td.convert(td.adapt(model, 200, scale=100, rounding="nearest"))
    answers = td.analyse(network, images).logits
    expected = logits(model).predict(images, verbose=0)
    assert np.abs(answers - expected).max() < 0.05 * expected.std()
    coarse = td.convert(td.adapt(model, 5, scale=3))
    assert td.simulate(coarse, images[:1]).compare(td.analyse(coarse, images[:1]))


def logits(model):
    import keras

    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    copy.layers[-1].activation = keras.activations.linear
    return copy


def test_what_is_missing_or_unknown_is_named(tmp_path, monkeypatch):
    monkeypatch.delenv("TDSNN_DATA", raising=False)
    with pytest.raises(InvalidInputError, match="'resnet9'; choose from resnet8"):
        mlperf_tiny("resnet9")
    with pytest.raises(DataNotFoundError, match=r"resnet8-cifar10\.h5"):
        mlperf_tiny("resnet8", tmp_path)
