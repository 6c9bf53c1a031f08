"""Adapted models that were saved are loaded by Keras alone, whatever was imported first.

Files of Keras 2 are read.
"""

import json
import subprocess
import sys
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from keras import layers as kl

from keras_models import images_for, run, sequential, turned
from tdsnn_brian.errors import InvalidInputError
from tdsnn_brian.keras import adapt, convert, read_model
from tdsnn_brian.keras.min_max_pooling import MinMaxPooling2D
from tdsnn_brian.provenance import digest

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """An adapted model with all layers of this package, saved, and what it gives."""
    model = turned(
        sequential(
            (8, 8, 2),
            kl.Rescaling(1, -0.3),
            kl.Conv2D(4, 3, padding="same", activation="relu"),
            kl.BatchNormalization(),
            kl.MaxPooling2D(name="pool"),
            kl.Flatten(),
            kl.Dense(3),
        )
    )
    adapted = adapt(model, 5, scale=3, compensate=True)
    path = tmp_path_factory.mktemp("models") / "adapted.keras"
    adapted.save(path)
    return path, adapted


def test_it_is_the_same_network(saved):
    path, adapted = saved
    again = keras.models.load_model(path)
    images = images_for(adapted)
    np.testing.assert_allclose(run(again, images), run(adapted, images), rtol=1e-6)
    assert again.get_layer("pool").minimum == (1, 3)
    assert digest(convert(again)) == digest(convert(adapted))


@pytest.mark.parametrize(
    "start",
    [
        "import tdsnn_brian, keras",
        "import keras, tdsnn_brian",
        "import tdsnn_brian; import keras.models",
        "import importlib.util, tdsnn_brian; importlib.util.find_spec('keras'); import keras",
    ],
)
def test_load_model_knows_the_layers(saved, start):
    path, adapted = saved
    code = f"{start}; print(len(keras.models.load_model({str(path)!r}).layers))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert result.stdout.strip() == str(len(adapted.layers)), result.stderr


def test_keras_is_left_as_it_was():
    code = (
        "import sys; before = list(sys.meta_path); import tdsnn_brian, keras; "
        "print(sys.meta_path == before, keras.__spec__.loader is keras.__loader__, "
        "type(keras.__loader__).__name__)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert result.stdout.split()[1:] == ["True", "SourceFileLoader"], result.stderr
    assert "tdsnn_brian" not in result.stdout


def test_minima_and_maxima_of_a_window():
    values = np.random.default_rng(0).normal(size=(2, 5, 5, 3)).astype(np.float32)
    for padding in ("valid", "same"):
        pool = MinMaxPooling2D(2, padding=padding, minimum=[1], data_format="channels_last")
        largest = kl.MaxPooling2D(2, padding=padding, data_format="channels_last")
        found = keras.ops.convert_to_numpy(pool(values))
        np.testing.assert_array_equal(found[..., [0, 2]], largest(values)[..., [0, 2]])
        np.testing.assert_array_equal(found[..., 1], -np.asarray(largest(-values))[..., 1])


@pytest.fixture
def of_keras_2(tmp_path):
    """Writes a model as Keras 2 did, which said `groups` of layers that have none."""

    def write(groups):
        model = sequential(
            (6, 6, 2),
            kl.DepthwiseConv2D(3, activation="relu", name="depthwise"),
            kl.SeparableConv2D(3, 2, activation="relu", name="separable"),
            kl.Flatten(),
            kl.Dense(3),
        )
        path = tmp_path / "model.h5"
        model.save(path)
        with h5py.File(path, "a") as file:
            config = json.loads(file.attrs["model_config"])
            for layer in config["config"]["layers"]:
                if layer["config"]["name"] in ("depthwise", "separable"):
                    layer["config"]["groups"] = groups
            file.attrs["model_config"] = json.dumps(config)
        return path, model

    return write


def test_a_file_of_keras_2_is_read(of_keras_2):
    path, model = of_keras_2(groups=1)
    again = read_model(path)
    assert [type(layer) for layer in again.layers] == [type(layer) for layer in model.layers]
    images = images_for(model)
    np.testing.assert_array_equal(run(again, images), run(model, images))
    adapt(again, 5)


def test_groups_that_mean_something_are_refused(of_keras_2):
    path, _ = of_keras_2(groups=2)
    with pytest.raises(InvalidInputError, match="'depthwise' has groups=2"):
        read_model(path)
