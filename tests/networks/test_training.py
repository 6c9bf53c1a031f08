import keras
import numpy as np
import pytest
from keras import layers

import tdsnn_brian as td
from tdsnn_brian.errors import InvalidInputError
from tdsnn_brian.networks.models.lenet import lenet
from tdsnn_brian.networks.models.vgg_bn import vgg_bn
from tdsnn_brian.networks.registry import NETWORKS, entry
from tdsnn_brian.networks.training.augmentation import Augmentation, AugmentedBatches, FlipsAndCrops
from tdsnn_brian.networks.training.recipe import Recipe, predict, train

NOTHING = Augmentation(shift_pixels=0, rotation_degrees=0, zoom=0, shear=0)


def test_lenet_has_the_size_of_the_paper():
    model = lenet()
    assert model.count_params() == 431_080
    assert [layer.name for layer in model.layers if layer.weights] == [
        "conv1", "conv2", "dense1", "dense2",
    ]  # fmt: skip
    assert model.output_shape == (None, 10)


def test_the_small_vgg_converts_and_its_weights_fit_into_4_mebibytes():
    model = vgg_bn(classes=7)
    assert 2 * model.count_params() < 3 * 2**20
    network = td.convert(td.adapt(model, 5))
    assert [layer.name for layer in network][:3] == ["conv1_1", "conv1_2", "pool1"]
    assert network.output.shape == (7,)


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
    for epoch in range(2):
        batches.start(epoch)
        pairs = [batches[i] for i in range(len(batches))]
        order = np.concatenate([labels for _, labels in pairs])
        np.testing.assert_array_equal(np.concatenate([x for x, _ in pairs]).ravel(), order)
        assert sorted(order) == list(range(10))
        orders.append(order.tolist())
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


def test_flips_and_crops_move_by_whole_pixels():
    images = np.random.default_rng(0).random((60, 6, 5, 2), dtype=np.float32)
    moved = FlipsAndCrops(margin=1)(images, np.random.default_rng(0))
    found = set()
    for image, after in zip(images, moved, strict=True):
        around = np.pad(image, ((1, 1), (1, 1), (0, 0)))
        ways = {
            (top, left, mirrored): around[top : top + 6, left : left + 5][
                :, :: -1 if mirrored else 1
            ]
            for top, left, mirrored in np.ndindex(3, 3, 2)
        }
        (way,) = [way for way, picture in ways.items() if np.array_equal(picture, after)]
        found.add(way)
    assert len(found) > 12


def test_a_hole_is_one_square_of_each_image_wherever_it_lies():
    images = np.ones((50, 7, 6, 2), np.float32)
    holes = FlipsAndCrops(margin=0, hole=3)(images, np.random.default_rng(0)) == 0
    places = set()
    for hole in holes:
        rows, columns = np.nonzero(hole[..., 0])
        top, left = rows.min(), columns.min()
        assert hole[top : top + 3, left : left + 3].all()
        assert hole.sum() == 3 * 3 * 2
        places.add((int(top), int(left)))
    assert {top for top, _ in places} == set(range(5))
    assert {left for _, left in places} == set(range(4))


def test_smoothed_labels_keep_a_network_from_being_certain():
    images = np.eye(2, dtype=np.float32).repeat(50, axis=0).reshape(100, 2, 1, 1)
    certain = {}
    for smoothing in (0.0, 0.4):
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((2, 1, 1)), layers.Flatten(), layers.Dense(2)])
        recipe = Recipe(
            epochs=40,
            learning_rate=0.5,
            weight_decay=0,
            batch_size=20,
            held_out=0,
            augmentation=None,
            label_smoothing=smoothing,
        )
        train(model, images, np.arange(2).repeat(50), recipe)
        certain[smoothing] = keras.ops.softmax(model(images)).max()
    assert certain[0.0] > 0.98
    np.testing.assert_allclose(certain[0.4], 1 - 0.4 / 2, atol=0.02)


def test_held_out_answers_that_are_not_finite_are_no_accuracy(capsys):
    images = np.ones((40, 2, 2, 1), np.float32)
    images[36:] = np.nan  # held out
    model = keras.Sequential([keras.Input((2, 2, 1)), layers.Flatten(), layers.Dense(2)])
    recipe = Recipe(epochs=1, learning_rate=0.01, batch_size=36, augmentation=None)
    train(model, images, np.zeros(40, int), recipe)
    assert "held-out answers are not finite" in " ".join(capsys.readouterr().out.split())


def test_residual_network_has_the_size_of_its_paper():
    model = entry("resnet20-cifar10").build()
    trained = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    assert trained == 272_474


@pytest.mark.parametrize("half_precision", [False, True])
def test_interrupted_training_goes_on_as_if_it_had_not_been(half_precision, tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    images, labels = rng.random((60, 8, 8, 1), dtype=np.float32), rng.integers(0, 3, 60)
    recipe = Recipe(
        epochs=3,
        learning_rate=0.05,
        batch_size=20,
        augmentation=FlipsAndCrops(margin=1),
        optimizer="SGD",
        half_precision=half_precision,
    )

    def fresh():
        keras.utils.set_random_seed(0)
        return keras.Sequential(
            [
                keras.Input((8, 8, 1)),
                layers.Conv2D(4, 3, use_bias=False),
                layers.BatchNormalization(),
                layers.ReLU(),
                layers.GlobalAveragePooling2D(),
                layers.Dense(3),
            ]
        )

    whole, first, second = fresh(), fresh(), fresh()
    train(whole, images, labels, recipe)
    start = AugmentedBatches.start

    def stop(self, epoch):
        if epoch == 2:
            raise KeyboardInterrupt
        start(self, epoch)

    with monkeypatch.context() as patch:
        patch.setattr(AugmentedBatches, "start", stop)
        with pytest.raises(KeyboardInterrupt):
            train(first, images, labels, recipe, backup=tmp_path / "backup")
    train(second, images, labels, recipe, backup=tmp_path / "backup")
    assert not (tmp_path / "backup").exists()
    for expected, found in zip(whole.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)
    assert not np.array_equal(whole.get_weights()[0], fresh().get_weights()[0])


def test_registry():
    assert entry("lenet") is NETWORKS["lenet"]
    with pytest.raises(InvalidInputError, match=r"'resnet' is not known; choose from .*lenet"):
        entry("resnet")
