"""The 40 networks of `keras.applications`: each converts, or is refused for an operation."""

import inspect
import os

import keras
import numpy as np
import pytest

from keras_models import run
from tdsnn_brian import UnsupportedLayerError, analyse
from tdsnn_brian.keras import adapt, convert

pytestmark = pytest.mark.slow

NAMES = sorted(name for name, make in vars(keras.applications).items() if inspect.isfunction(make))
SIZES = {"InceptionResNetV2": 75, "InceptionV3": 75, "Xception": 71}
REFUSED = {
    "ConvNeXt": "LayerNormalization",
}
"""By how a name begins: the operation that errors name."""


def application(name):
    """With random weights; where activations know a scale, as ReLU6 does, of usual size."""
    keras.utils.set_random_seed(1)
    size = SIZES.get(name, 32)
    make = getattr(keras.applications, name)
    model = make(weights=None, input_shape=(size, size, 3), classes=5, classifier_activation=None)
    rng = np.random.default_rng(0)
    know_a_scale = name.startswith(("MobileNet", "EfficientNet"))
    for weight in model.trainable_weights if know_a_scale else ():
        if weight.path.endswith("kernel"):
            inputs = weight.shape[:2] if "depthwise" in weight.path else weight.shape[:-1]
            weight.assign(rng.normal(0, np.sqrt(2 / np.prod(inputs)), weight.shape))
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            shape = layer.moving_mean.shape
            layer.moving_mean.assign(rng.normal(0, 0.1, shape))
            layer.moving_variance.assign(rng.uniform(1, 2, shape))
    return model


FEW = ("ConvNeXtTiny", "MobileNet", "MobileNetV3Small", "ResNet50", "VGG16")
ALL = "TDSNN_APPLICATIONS"


@pytest.mark.parametrize("name", NAMES)
def test_it_converts_or_is_refused_for_an_operation(name):
    if name not in FEW and os.environ.get(ALL) != "all":
        pytest.skip(f"takes minutes and gigabytes; {ALL}=all runs all 40")
    model = application(name)
    operation = next((x for start, x in REFUSED.items() if name.startswith(start)), None)
    if operation is not None:
        with pytest.raises(UnsupportedLayerError, match=operation):
            adapt(model, 5)
        return
    fine = adapt(model, 200, scale=100)
    network = convert(fine)
    images = np.random.default_rng(1).random((2, *model.input_shape[1:])).astype(np.float32)
    if network.image_range is not None:
        images *= network.image_range[1]
    expected = run(model, images).astype(np.float64)
    logits = analyse(network, images).logits
    assert root_mean_square(logits - expected) < 0.02 * expected.std()
    assert root_mean_square(logits - run(fine, images)) < 0.02 * expected.std()


def root_mean_square(values):
    return np.sqrt(np.mean(np.square(values)))
