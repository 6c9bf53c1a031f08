"""Refusals of whole models, of arguments, and of models that are adapted by hand."""

import re
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers as kl

from keras_models import refusal, sequential
from tdsnn_brian.errors import InvalidInputError, NotAdaptedError, UnsupportedLayerError
from tdsnn_brian.keras import ReverseCoding, adapt, convert

IMAGE = (8, 8, 2)


def conv():
    return kl.Conv2D(3, 3, activation="relu", name="conv")


def head():
    return kl.Flatten(), kl.Dense(3, name="output")


def test_several_inputs_are_refused():
    inputs = [keras.Input((4,)), keras.Input((4,))]
    model = keras.Model(inputs, kl.Dense(3)(kl.Add()(inputs)), name="twins")
    with pytest.raises(UnsupportedLayerError, match="'twins' has 2 inputs, and a network has one"):
        adapt(model, leak=5)


def _products(x):
    one = kl.Dense(4, activation="relu")(x)
    yield 1 / one, "divides by values"
    yield x / one, "divides by values"
    yield kl.Dot(1, name="it")([x, one]), "multiplies matrices"
    yield kl.Maximum(name="it")([x, one]), "takes the larger"
    yield kl.Attention(name="it")([x, one]), "weighs values by a softmax"
    yield kl.MultiHeadAttention(1, 2, name="it")(x, one), "weighs values by a softmax"
    yield kl.Concatenate(axis=0, name="it")([x, one]), "puts images behind each other"
    yield kl.Embedding(3, 2, name="it")(x), "is not supported"


@pytest.mark.parametrize("number", range(8))
def test_what_no_sum_of_spikes_computes_is_refused(number):
    image = keras.Input((6, 4))
    value, cause = list(_products(image))[number]
    model = keras.Model(image, kl.Dense(2)(value))
    assert re.search(rf"layer '.*' \(.*\) {cause}", refusal(adapt, model, 5))


def test_operations_are_refused():
    inputs = keras.Input((4,))
    model = keras.Model(inputs, kl.Dense(3)(keras.ops.sin(inputs)))
    with pytest.raises(UnsupportedLayerError, match=r"\(Sin\) is an operation, not a layer"):
        adapt(model, leak=5)


def test_whole_numbers_made_of_values_are_refused():
    inputs = keras.Input((4,))
    model = keras.Model(inputs, kl.Dense(3)(keras.ops.cast(inputs, "int32")))
    assert re.search(r"\(Cast\) makes int32 of values", refusal(adapt, model, 5))


@pytest.mark.filterwarnings("ignore:divide", "ignore:invalid")
@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda x: x * np.nan, "NaN or infinite values"),
        (lambda x: x / 0.0, "NaN or infinite values"),
        (lambda x: x - np.array([1, np.inf, 0, 0], np.float32), "NaN or infinite values"),
        (
            lambda x: kl.Normalization(axis=None, mean=0.0, variance=-1.0)(x),
            "negative values in its variance",
        ),
    ],
)
def test_numbers_that_are_none_are_refused_where_they_stand(change, what):
    inputs = keras.Input((4,))
    model = keras.Model(inputs, kl.Dense(3, name="output")(change(inputs)))
    message = refusal(adapt, model, 5)
    assert what in message
    assert "output" not in message


@pytest.mark.filterwarnings("ignore:overflow")
def test_what_no_network_can_be_is_refused_before_retraining():
    """What shows only when the network is put together."""
    model = sequential(IMAGE, kl.MaxPooling2D(name="pool"), conv(), *head())
    assert "'pool'" in refusal(adapt, model, 5, input_steps=4)
    model = sequential((4,), kl.Dense(3, activation="relu", name="hidden"), kl.Dense(2))
    assert "'hidden'" in refusal(adapt, model, 5, scale=1e300)


def test_a_subclassed_model_is_refused():
    class Mine(keras.Model):
        def call(self, inputs):
            return inputs

    with pytest.raises(UnsupportedLayerError, match="neither Sequential nor functional"):
        adapt(Mine(name="mine"), leak=5)


def test_models_without_a_definite_input_are_refused():
    with pytest.raises(InvalidInputError, match=r"no input shape yet; start it with keras\.Input"):
        adapt(keras.Sequential([kl.Dense(3)]), leak=5)
    with pytest.raises(InvalidInputError, match=r"open input shape \(None, 8, 1\)"):
        adapt(keras.Sequential([keras.Input((None, 8, 1)), kl.Conv2D(3, 3)]), leak=5)
    with pytest.raises(InvalidInputError, match=r"without an axis.*keras\.Input\(\(1,\)\)"):
        adapt(keras.Sequential([keras.Input(()), kl.Reshape((1,)), kl.Dense(3)]), leak=5)
    with pytest.raises(InvalidInputError, match="must be a Keras model, got str"):
        adapt("lenet", leak=5)


def test_adapt_refuses_an_adapted_model():
    adapted = adapt(sequential((4,), kl.Dense(3, name="output")), leak=5)
    with pytest.raises(UnsupportedLayerError, match=r"'output_coding' .* is there already"):
        adapt(adapted, leak=5)


def test_convert_wants_an_adapted_model():
    model = sequential((4,), kl.Dense(5, activation="relu", name="hidden"), kl.Dense(3))
    with pytest.raises(NotAdaptedError, match=r"'hidden' \(Dense\) .*adapt\(model, leak=5\) first"):
        convert(model)


def test_convert_wants_the_coding_before_every_layer():
    model = sequential(
        (4,), ReverseCoding(5), kl.Dense(5, activation="relu"), kl.Dense(3, name="output")
    )
    with pytest.raises(NotAdaptedError, match=r"'output' \(Dense\) has no ReverseCoding"):
        convert(model)


@pytest.mark.parametrize("second", [ReverseCoding(3, name="b"), ReverseCoding(5, True, name="b")])
def test_convert_wants_one_coding_for_all(second):
    model = sequential((4,), ReverseCoding(5), kl.Dense(5, activation="relu"), second, kl.Dense(3))
    with pytest.raises(UnsupportedLayerError, match=r"'b' \(ReverseCoding\) has leak=.*one leak"):
        convert(model)


def test_convert_wants_the_coding_once():
    model = sequential((4,), ReverseCoding(5, name="a"), ReverseCoding(5, name="b"), kl.Dense(3))
    with pytest.raises(UnsupportedLayerError, match=r"'b' .*follows 'a' without"):
        convert(model)


def test_convert_wants_a_relu():
    model = sequential(
        (4,), ReverseCoding(5), kl.Dense(5, name="hidden"), ReverseCoding(5), kl.Dense(3)
    )
    with pytest.raises(UnsupportedLayerError, match=r"'hidden' \(Dense\) has no ReLU"):
        convert(model)


def test_pools_of_padding_alone_are_refused():
    model = sequential(IMAGE, kl.ZeroPadding2D(2), kl.MaxPooling2D(2, name="pool"), conv(), *head())
    assert re.search("'pool' .*windows that hold padding alone", refusal(adapt, model, 5))


def test_an_average_over_two_kinds_of_padding_is_refused():
    model = sequential(
        IMAGE,
        kl.ZeroPadding2D(1, name="pad"),
        kl.AveragePooling2D(3, 2, "same", name="mean"),
        *head(),
    )
    assert re.search("'mean' .*'pad'.*use one of them", refusal(adapt, model, 5))


def test_a_scaling_that_adapt_has_not_folded_is_refused():
    model = sequential(
        (4,),
        ReverseCoding(5),
        kl.Dense(5, activation="relu"),
        kl.BatchNormalization(name="norm"),
        ReverseCoding(5, name="late"),
        kl.Dense(3),
    )
    assert re.search("'norm' .*before layer 'late'.*tdsnn_brian.adapt", refusal(convert, model))
    model = sequential(
        (4,), kl.Rescaling(2, -1, name="scale"), ReverseCoding(5, name="first"), kl.Dense(3)
    )
    assert re.search("'scale' .*before layer 'first'.*tdsnn_brian.adapt", refusal(convert, model))


def test_a_model_that_does_nothing_is_refused():
    inputs = keras.Input((4,))
    assert "gives out what comes in" in refusal(adapt, keras.Model(inputs, inputs), 5)


def network():
    return convert(adapt(sequential((4,), kl.Dense(3)), 5))


@pytest.mark.parametrize(
    ("argument", "remedy"),
    [
        (network, r"converted already, so pass it to tdsnn_brian\.simulate"),
        (lambda: "lenet.keras", r"load it first: {}\(keras\.models\.load_model\('lenet\.keras'\)"),
        (lambda: Path("lenet.keras"), r"load it first: {}\(keras\.models\.load_model"),
        (lambda: 5, r"call tdsnn_brian\.{}\("),
        (lambda: None, r"call tdsnn_brian\.{}\("),
        (lambda: kl.Dense(3), r"call tdsnn_brian\.{}\("),
    ],
)
def test_what_is_no_model_says_what_to_call(argument, remedy):
    for function, others in ((adapt, (5,)), (convert, ())):
        message = refusal(function, argument(), *others)
        assert re.search(remedy.format(function.__name__), message), message


def test_swapped_arguments():
    model = sequential((4,), kl.Dense(3))
    assert "got int; call tdsnn_brian.adapt(model, leak)" in refusal(adapt, 5, model)
    assert "leak must be a number" in refusal(adapt, model, model)


@pytest.mark.parametrize(
    "images",
    [
        "images.npy",
        np.zeros((0, 4)),
        np.full((3, 4), np.nan),
        np.full((3, 4), -1.0),
        [["a"] * 4],
    ],
)
def test_impossible_calibration_images(images):
    model = sequential((4,), kl.Dense(3))
    assert "calibration must be " in refusal(adapt, model, 5, calibration=images)


def test_errors_are_the_usual_ones_too():
    with pytest.raises(ValueError, match="leak"):
        adapt(sequential((4,), kl.Dense(3)), leak=np.nan)
