"""AlexNet and VGG-16: sizes, conversion, the output layer alone."""

import numpy as np
import pytest

from tdsnn_brian import adapt, analyse, convert
from tdsnn_brian.analysis.operations import count_dnn, total
from tdsnn_brian.errors import InvalidInputError
from tdsnn_brian.networks.data.imagenet import load_convolutions
from tdsnn_brian.networks.models.alexnet import alexnet
from tdsnn_brian.networks.models.vgg16 import vgg16
from tdsnn_brian.networks.training.output_layer import fit_output_layer


def test_alexnets_have_the_known_sizes():
    """Parameters as published: Krizhevsky's network without normalisation, torchvision's."""
    grouped, ungrouped = alexnet(dense=()), alexnet(dense=(), grouped=False)
    dense = 9216 * 4096 + 4096 + 4096 * 4096 + 4096 + 4096 * 1000 + 1000
    without = 9216 * 1000 + 1000
    assert grouped.count_params() - without + dense == 60_965_224
    assert ungrouped.count_params() - without + dense == 61_100_840


@pytest.mark.slow
def test_operations_at_full_size():
    counted = {
        name: total(count_dnn(convert(adapt(model, 5))))
        for name, model in (("alexnet", alexnet()), ("vgg16", vgg16()))
    }
    assert counted["alexnet"].multiplications == pytest.approx(724.4e6, rel=1e-3)
    assert counted["alexnet"].additions == pytest.approx(724.7e6, rel=1e-3)
    assert counted["vgg16"].multiplications == pytest.approx(15_470e6, rel=1e-3)
    assert counted["vgg16"].additions == pytest.approx(15_461e6, rel=1e-3)


def test_a_small_vgg16_converts_with_its_normalised_input():
    model = vgg16((32, 32, 3), classes=3, dense=())
    rng = np.random.default_rng(0)
    for layer in model.layers:  # of a variance that keeps values from fading with depth
        if layer.weights and hasattr(layer, "kernel"):
            shape = layer.kernel.shape
            kernel = rng.normal(0, (2 / np.prod(shape[:-1])) ** 0.5, shape)
            layer.set_weights([kernel, rng.normal(0, 0.1, shape[-1])])
    images = rng.random((2, 32, 32, 3)).astype(np.float32)
    network = convert(adapt(model, 50, scale=30, compensate=True))
    expected = model.predict(images, verbose=0)
    logits = analyse(network, images, dtype=np.float32).logits
    np.testing.assert_allclose(logits, expected, atol=0.05 * np.abs(expected).max())


def test_convolutions_of_another_network_are_refused():
    model = vgg16((32, 32, 3), classes=3, dense=())
    before = model.get_weights()
    with pytest.raises(InvalidInputError, match="13 convolutions, the file 1"):
        load_convolutions(model, [(np.zeros((3, 3, 3, 4)), np.zeros(4))])
    wrong = [(np.zeros((1, 1, 3, 4)), np.zeros(4))] * 13
    with pytest.raises(InvalidInputError, match="'conv1_1' has a kernel"):
        load_convolutions(model, wrong)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_the_output_layer_alone_is_fitted():
    import keras
    from keras import layers as kl

    rng = np.random.default_rng(0)
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((6,)),
            kl.Dense(12, activation="relu", name="hidden"),
            kl.Dense(2, name="out"),
        ]
    )
    hidden = model.get_layer("hidden").get_weights()
    images = rng.random((400, 6)).astype(np.float32)
    labels = (images[:, 0] > images[:, 1]).astype(np.int64)
    fit_output_layer(model, images, labels, epochs=60, weight_decay=0.0)
    assert (model.predict(images, verbose=0).argmax(1) == labels).mean() > 0.85
    for old, new in zip(hidden, model.get_layer("hidden").get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
