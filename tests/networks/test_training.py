import keras
import numpy as np
import pytest
from keras import layers

from networks.models.lenet import lenet
from networks.registry import NETWORKS, entry
from networks.training.augmentation import Augmentation, AugmentedBatches
from networks.training.recipe import Recipe, predict, train
from tdsnn_brian.errors import InvalidInputError

NOTHING = Augmentation(shift_pixels=0, rotation_degrees=0, zoom=0, shear=0)


def test_lenet_has_the_size_of_the_paper():
    model = lenet()
    assert model.count_params() == 431_080
    assert [layer.name for layer in model.layers if layer.weights] == [
        "conv1", "conv2", "dense1", "dense2",
    ]  # fmt: skip
    assert model.output_shape == (None, 10)


def test_no_deviation_leaves_images_as_they_are():
    images = np.random.default_rng(0).random((3, 9, 7, 2), dtype=np.float32)
    np.testing.assert_allclose(NOTHING(images, np.random.default_rng(0)), images, atol=1e-5)


def test_deviations_keep_the_centre_of_mass_close():
    dot = np.zeros((200, 15, 15, 1), np.float32)
    dot[:, 7, 7] = 1
    moved = Augmentation(shift_pixels=2)(dot, np.random.default_rng(0))[..., 0]
    rows, columns = np.indices((15, 15))
    for place in (rows, columns):
        centre = (moved * place).sum((1, 2)) / moved.sum((1, 2)) - 7
        assert 1 < np.abs(centre).max() < 2.8
        assert abs(centre.mean()) < 0.3


def test_rotation_is_about_the_centre():
    line = np.zeros((50, 21, 21, 1), np.float32)
    line[:, 10, :] = 1
    turned = Augmentation(shift_pixels=0, rotation_degrees=30, zoom=0, shear=0)(
        line, np.random.default_rng(0)
    )
    np.testing.assert_allclose(turned[:, 10, 10], 1, atol=1e-5)
    assert turned[:, 10, 0].min() == 0
    assert turned.min() >= 0


def test_every_image_comes_once_an_epoch_in_a_new_order():
    images = np.arange(10, dtype=np.float32).reshape(10, 1, 1, 1)
    batches = AugmentedBatches(images, np.arange(10), batch_size=4, augmentation=None)
    orders = []
    for _ in range(2):
        pairs = [batches[i] for i in range(len(batches))]
        order = np.concatenate([labels for _, labels in pairs])
        np.testing.assert_array_equal(np.concatenate([x for x, _ in pairs]).ravel(), order)
        assert sorted(order) == list(range(10))
        orders.append(order.tolist())
        batches.on_epoch_end()
    assert orders[0] != orders[1]


def test_training_learns_and_leaves_held_out_images_alone():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 400)
    images = rng.random((400, 4, 4, 1), dtype=np.float32) + labels[:, None, None, None]
    images[360:, 0, 0] = 5
    labels[360:] = 2  # a class that only training on the held-out images could teach
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((4, 4, 1)), layers.Flatten(), layers.Dense(3)])
    recipe = Recipe(epochs=20, learning_rate=0.05, batch_size=50, held_out=40, augmentation=None)
    train(model, images, labels, recipe)
    predictions = predict(model, images)
    np.testing.assert_array_equal(predictions[:360], labels[:360])
    assert predictions[360:].max() < 2


def test_registry():
    assert entry("lenet") is NETWORKS["lenet"]
    with pytest.raises(InvalidInputError, match=r"'resnet' is not known; choose from .*lenet"):
        entry("resnet")
