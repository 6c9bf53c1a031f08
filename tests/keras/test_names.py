"""Names: equal ones, those that `adapt` gives itself, and those of other alphabets."""

import keras
import numpy as np
import pytest
from keras import layers as kl

from keras_models import assert_adapted_as_analysed, assert_same_function, randomized, sequential
from tdsnn_brian.keras import adapt, convert


def nested(name, shape, *layers):
    return keras.Sequential([keras.Input(shape), *layers], name=name)


def test_equal_names_in_nested_models_get_the_models_names():
    model = randomized(
        keras.Sequential(
            [
                keras.Input((8,)),
                nested(
                    "body",
                    (8,),
                    kl.Dense(16, activation="relu", name="dense"),
                    kl.Dropout(0.1, name="d"),
                ),
                nested("head", (16,), kl.Dropout(0.1, name="d"), kl.Dense(4, name="dense")),
            ]
        )
    )
    network = assert_same_function(model)
    assert [layer.name for layer in network] == ["body_dense", "head_dense"]
    assert_adapted_as_analysed(model, {"scale": 3, "compensate": True})


def test_equal_names_deep_inside_and_outside():
    inner = nested("inner", (8,), kl.Dense(8, activation="relu", name="dense"))
    outer = nested("outer", (8,), inner, kl.Dense(8, activation="relu", name="inner_dense"))
    model = randomized(
        keras.Sequential(
            [
                keras.Input((8,)),
                outer,
                kl.Dense(4, activation="relu", name="dense"),
                kl.Dense(3, name="output"),
            ]
        )
    )
    network = assert_same_function(model)
    names = [layer.name for layer in network]
    assert names[:3] == ["outer_inner_dense", "inner_dense", "dense"]


@pytest.mark.parametrize(
    "name",
    [
        "input",
        "input_layer",
        "image",
        "input_scale",
        "conv_coding",
        "conv_padding",
        "conv_border",
        "conv_activation",
        "conv_reshape",
        "mean_correction",
        "output_reshape",
        "scale",
        "scale_scale",
    ],
)
def test_names_that_adapt_gives_itself(name):
    inputs = keras.Input((6, 6, 2), name="image" if name != "image" else "other")
    values = kl.Rescaling(2, -0.5, name="scale" if name != "scale" else "other")(inputs)
    values = kl.Conv2D(4, 3, padding="same", activation="relu", name="conv")(values)
    values = kl.AveragePooling2D(2, name="mean")(values)
    values = kl.Conv2D(3, 2, activation="relu", name=name if name != "conv" else "x")(values)
    model = randomized(keras.Model(inputs, kl.Dense(3, name="output")(kl.Flatten()(values))))
    network = assert_same_function(model)
    assert [layer.name for layer in network] == ["conv", "mean", name, "output"]
    assert_adapted_as_analysed(model, {"scale": 3, "compensate": True})


def test_names_of_other_alphabets(tmp_path):
    model = sequential((8,), kl.Dense(6, activation="relu", name="слой"), kl.Dense(3, name="出力"))
    adapted = adapt(model, 5)
    assert [layer.name for layer in convert(adapted)] == ["слой", "出力"]
    adapted.save(tmp_path / "adapted.keras")
    again = keras.models.load_model(tmp_path / "adapted.keras")
    np.testing.assert_array_equal(
        convert(again).layers[0].weights, convert(adapted).layers[0].weights
    )


def test_a_layer_without_weights_may_stand_at_several_places():
    inputs = keras.Input((9, 9, 1))
    relu, pool = kl.ReLU(name="relu"), kl.MaxPooling2D(2, name="pool")
    values = pool(relu(kl.Conv2D(3, 2, name="one")(inputs)))
    values = pool(relu(kl.Conv2D(4, 2, name="two")(values)))
    model = randomized(keras.Model(inputs, kl.Dense(3, name="output")(kl.Flatten()(values))))
    network = assert_same_function(model)
    assert [layer.name for layer in network] == ["one", "pool", "two", "pool_2", "output"]


def test_pools_of_each_branch_leave_a_later_pool_its_name():
    """As `max_pooling2d_1` is by default, behind a `max_pooling2d` over two branches."""
    image = keras.Input((8, 8, 2))
    branches = [kl.Conv2D(2, 3, activation="relu", name=name)(image) for name in ("one", "two")]
    values = kl.MaxPooling2D(2, name="pool")(kl.Concatenate(name="both")(branches))
    values = kl.Conv2D(3, 1, activation="relu", name="conv")(values)
    values = kl.MaxPooling2D(2, 1, name="pool_1")(values)
    model = randomized(keras.Model(image, kl.Dense(3, name="output")(kl.Flatten()(values))))
    names = [layer.name for layer in assert_same_function(model)]
    assert names == ["one", "two", "pool_0", "pool_1_2", "conv", "pool_1", "output"]


@pytest.mark.parametrize("name", ["a_off", "a_fall", "a_activation", "a_values", "a_pairs"])
@pytest.mark.parametrize("activation", ["elu", "silu"])
def test_names_that_pairs_of_populations_have(activation, name):
    layers = kl.Dense(8, activation, name="a"), kl.Dropout(0.1, name=name), kl.Dense(3, name="b")
    assert_same_function(sequential((6,), *layers))
