"""What a Keras model computes for an image, counted by hand: one loop over positions and taps."""

import keras
import numpy as np
import pytest
from keras import layers as kl

from keras_models import images_for, randomized, run
from tdsnn_brian.analysis.counted import Operations, total
from tdsnn_brian.errors import InvalidInputError, UnsupportedLayerError
from tdsnn_brian.keras.operations import COUNTS, count_model, measure_model
from tdsnn_brian.keras.registry import READERS
from tdsnn_brian.keras.scale_layer import CustomScaleLayer

SHAPE = (4, 5, 3)


def model():
    """A skip over a depthwise and a separable convolution, a join, pools, a dense layer."""
    x = keras.Input(SHAPE)
    y = kl.Conv2D(4, 2, padding="same", activation="relu", name="conv")(x)
    z = kl.DepthwiseConv2D(3, padding="same", name="depthwise")(y)
    z = kl.ReLU(name="relu")(kl.BatchNormalization()(z))
    z = kl.SeparableConv2D(4, 2, padding="same", name="separable")(z)
    z = kl.ReLU(name="sum")(kl.Add(name="add")([z, y]))
    z = kl.Concatenate(name="joined")([z, kl.AveragePooling2D(2, 1, "same", name="mean")(y)])
    z = kl.MaxPooling2D(2, name="max")(z)
    z = kl.GlobalAveragePooling2D(name="mean_of_all")(z)
    return randomized(keras.Model(x, kl.Dense(3, activation="softmax", name="dense")(z)))


def windows(active, size):
    """Number of ones in each window of a `same` padding, (rows, columns, channels)."""
    rows, columns, _ = active.shape
    before = (size - 1) // 2
    found = np.zeros(active.shape)
    for row, column in np.ndindex(rows, columns):
        for k, m in np.ndindex(size, size):
            at, beside = row - before + k, column - before + m
            if 0 <= at < rows and 0 <= beside < columns:
                found[row, column] += active[at, beside]
    return found


def expected(active):
    """(multiplications, additions) by layer; `active` gives ones for a layer's outputs."""
    image, conv, relu = active("image"), active("conv"), active("relu")
    depthwise = windows(relu, 2)
    mean = windows(conv, 2)
    macs = {
        "conv": 4 * windows(image, 2).sum(),
        "depthwise": windows(conv, 3).sum(),
        "separable": depthwise.sum() + 4 * (depthwise > 0).sum(),
        "dense": 3 * active("mean_of_all").sum(),
    }
    adding = {"add": active("separable") + conv, "mean": mean}
    adding["mean_of_all"] = active("max").sum(axis=(0, 1))
    means = ("mean", "mean_of_all")
    return {name: (count, count) for name, count in macs.items()} | {
        name: ((arrived > 0).sum() * (name in means), np.maximum(arrived - 1, 0).sum())
        for name, arrived in adding.items()
    }


def assert_counted(counted, wanted):
    for name, operations in counted.items():
        multiplications, additions = wanted.get(name, (0, 0))
        assert operations == Operations(
            multiplications=pytest.approx(multiplications), additions=pytest.approx(additions)
        ), name


def test_values_that_are_not_zero_are_counted():
    trained = model()
    images = images_for(trained, 3)
    names = ("conv", "relu", "separable", "max", "mean_of_all")
    values = keras.Model(trained.input, [trained.get_layer(name).output for name in names])
    found = {"image": images} | dict(zip(names, values.predict(images, verbose=0), strict=True))
    each = [
        expected(lambda name, k=k: (np.asarray(found[name][k]) != 0).astype(int)) for k in range(3)
    ]
    wanted = {name: np.mean([one[name] for one in each], axis=0) for name in each[0]}
    assert_counted(measure_model(trained, images, batch_size=2), wanted)
    assert total(measure_model(trained, images)).additions < total(count_model(trained)).additions


def test_without_images_every_value_is():
    trained = model()
    ones = {layer.name: np.ones(layer.output.shape[1:], int) for layer in trained.layers}
    ones["image"] = np.ones(SHAPE, int)
    assert_counted(count_model(trained), expected(ones.__getitem__))


def test_a_model_inside_another_and_a_layer_in_two_places():
    shared = kl.Dense(4, activation="relu", name="shared")
    inside = keras.Sequential([keras.Input((4,)), kl.Dense(4, name="inside")])
    x = keras.Input((4,))
    counted = count_model(keras.Model(x, inside(shared(shared(x)) - x)))
    assert counted["shared"].multiplications == 32
    assert counted["inside"].multiplications == 16
    assert total(counted).additions == 32 + 16 + 4


def test_products_of_values_are_multiplications():
    x = keras.Input((6,))
    a, b, c = (kl.Dense(8, "relu", name=name)(x) for name in "abc")
    y = kl.Multiply(name="gate")([a, b, c]) * a * 3.0
    y = CustomScaleLayer(0.5, name="scaled sum")([y, a])
    model = randomized(keras.Model(x, kl.Dense(2, name="dense")(y)))
    dense = Operations(additions=48.0, multiplications=48.0)
    counted = count_model(model)
    assert counted.pop("dense") == Operations(additions=16.0, multiplications=16.0)
    assert [counted.pop(name) for name in "abc"] == 3 * [dense]
    gate, by_values, by_number, added = counted.values()
    assert gate == Operations(multiplications=16.0)
    assert by_values == Operations(multiplications=8.0)
    assert by_number == Operations()
    assert added == Operations(additions=8.0)
    images = images_for(model, 1)
    on = [run(keras.Model(x, value), images) > 0 for value in (a, b, c)]
    assert not all(each.all() for each in on)
    assert measure_model(model, images)["gate"] == Operations(
        multiplications=float((on[0] & on[1]).sum() + (on[0] & on[1] & on[2]).sum())
    )


@keras.saving.register_keras_serializable("test_model_operations")
class Halves(kl.Layer):
    """A mean that somebody has registered; it has no weights, but sums."""

    def call(self, x):
        return (x[..., :2] + x[..., 2:]) / 2


def test_readers_from_outside_are_not_free(monkeypatch):
    monkeypatch.setitem(READERS, Halves, lambda layer, place: place.value)
    with pytest.raises(UnsupportedLayerError, match=r"'halves' .* not known here"):
        count_model(keras.Sequential([keras.Input((4,)), Halves(name="halves")]))


def test_every_reader_of_the_package_has_a_count():
    of_keras = {kind for kind in READERS if kind.__module__.startswith("keras.")}
    assert len(of_keras) > 80
    assert of_keras <= set(COUNTS)


@pytest.mark.parametrize("shape", [(0, 4), (2, 3), (4,)])
def test_images_that_do_not_fit_are_refused(shape):
    trained = keras.Sequential([keras.Input((4,)), kl.Dense(3, name="dense")])
    with pytest.raises(InvalidInputError, match=r"images must be \(n_images, 4\)"):
        measure_model(trained, np.ones(shape))


def test_an_open_shape_is_refused():
    trained = keras.Sequential([keras.Input((None, 4)), kl.Dense(3, name="dense")])
    with pytest.raises(InvalidInputError, match="open input shape"):
        count_model(trained)


def test_what_is_not_known_is_refused():
    attention = keras.Sequential([keras.Input((4, 2)), kl.LSTM(3, name="lstm")])
    with pytest.raises(UnsupportedLayerError, match="'lstm'"):
        count_model(attention)
