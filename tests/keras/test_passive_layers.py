"""Layers that do nothing at inference pass; those that only seem to do not."""

import keras
import numpy as np
import pytest
from keras import layers as kl

from keras_models import assert_adapted_as_analysed, assert_same_function, refusal, sequential
from tdsnn_brian.keras import adapt
from tdsnn_brian.keras.registry import READERS

ARGUMENTS = {
    "RandomBrightness": (0.1,),
    "RandomColorDegeneration": (0.1,),
    "RandomContrast": (0.1,),
    "RandomHue": (0.1,),
    "RandomPosterization": (4,),
    "RandomRotation": (0.1,),
    "RandomSaturation": (0.1,),
    "RandomSharpness": (0.1,),
    "RandomTranslation": (0.1, 0.1),
    "RandomZoom": (0.1,),
    "Dropout": (0.3,),
    "AlphaDropout": (0.3,),
    "GaussianDropout": (0.3,),
    "GaussianNoise": (0.3,),
    "SpatialDropout1D": (0.3,),
    "SpatialDropout2D": (0.3,),
    "SpatialDropout3D": (0.3,),
}
SHAPE = (8, 8, 3)


def made(name):
    return getattr(kl, name)(*ARGUMENTS.get(name, ()), name="idle")


def read_by(function):
    return sorted(cls.__name__ for cls, reader in READERS.items() if reader.__name__ == function)


def tail():
    return [kl.Conv2D(4, 3, activation="relu"), kl.GlobalAveragePooling2D(), kl.Dense(3)]


def test_every_augmentation_does_nothing_at_inference():
    """What the package takes for granted of the version of Keras at hand."""
    images = (255 * np.random.default_rng(0).random((3, *SHAPE))).astype(np.float32)
    names = read_by("_augmentation")
    assert len(names) > 8
    for name in names:
        given = made(name)(images, training=False)
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(given), images, err_msg=name)


def test_augmentation_stays_in_front_for_retraining():
    model = sequential(
        SHAPE,
        *(getattr(kl, name)(*ARGUMENTS.get(name, ())) for name in read_by("_augmentation")),
        kl.Rescaling(1 / 255, name="scale"),
        *tail(),
    )
    assert_adapted_as_analysed(model, {"scale": 3, "compensate": True})
    names = [layer.name for layer in adapt(model, 5, scale=3).layers]
    assert names.index("scale") == len(read_by("_augmentation")) + 1


@pytest.mark.parametrize(
    "name",
    [
        "Dropout",
        "AlphaDropout",
        "GaussianDropout",
        "GaussianNoise",
        "SpatialDropout2D",
        "Identity",
        "ActivityRegularization",
    ],
)
def test_regularisation_passes(name):
    model = sequential(
        SHAPE,
        made(name),
        kl.Conv2D(4, 3, activation="relu"),
        getattr(kl, name)(*ARGUMENTS.get(name, ())),
        kl.GlobalAveragePooling2D(),
        kl.Dense(3),
    )
    assert_same_function(model)


def test_dropout_of_lines_and_volumes():
    line = sequential(
        (9, 3),
        made("SpatialDropout1D"),
        kl.Conv1D(4, 3, activation="relu"),
        kl.SpatialDropout1D(0.2),
        kl.Flatten(),
        kl.Dense(3),
    )
    assert_adapted_as_analysed(line, {"compensate": True})
    volume = sequential((2, 3, 4, 5), made("SpatialDropout3D"), kl.Flatten(), kl.Dense(3))
    assert_adapted_as_analysed(volume, {"compensate": True})


@pytest.mark.parametrize(
    "layer",
    [
        lambda size: kl.Resizing(size, 8, name="size"),
        lambda size: kl.CenterCrop(size, 8, name="size"),
        lambda size: kl.RandomCrop(size, 8, name="size"),
    ],
)
def test_resizing_passes_where_the_size_stays(layer):
    assert_same_function(sequential(SHAPE, layer(8), *tail()))
    message = refusal(adapt, sequential(SHAPE, layer(6), *tail()), 5)
    assert "'size'" in message
    assert "(6, 8, 3) out of (8, 8, 3)" in message


@pytest.mark.skipif(not hasattr(kl, "Pipeline"), reason="this Keras has no Pipeline")
def test_a_pipeline_is_opened_up():
    pipeline = kl.Pipeline([kl.RandomFlip(), kl.Rescaling(1 / 255)])
    images = (255 * np.random.default_rng(0).random((3, *SHAPE))).astype(np.float32)
    assert_same_function(sequential(SHAPE, pipeline, *tail()), images)


@pytest.mark.parametrize(
    "name",
    [
        "UnitNormalization",
        "LayerNormalization",
        "Masking",
        "Equalization",
        "AutoContrast",
        "Solarization",
    ],
)
def test_what_acts_at_inference_is_refused(name):
    if not hasattr(kl, name):
        pytest.skip(f"this Keras has no {name}")
    model = sequential(SHAPE, getattr(kl, name)(name="busy"), *tail())
    message = refusal(adapt, model, 5)
    assert f"layer 'busy' ({name}) " in message
    assert "is not supported" in message or "use BatchNormalization" in message
