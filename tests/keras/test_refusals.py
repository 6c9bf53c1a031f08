"""Every refusal, by the message that names the layer, the cause and the remedy."""

import keras
import numpy as np
import pytest
from keras import layers as kl

from keras_models import sequential
from tdsnn_brian.errors import InvalidInputError, NotAdaptedError, UnsupportedLayerError
from tdsnn_brian.keras import ReverseCoding, adapt, convert

IMAGE = (8, 8, 2)


def conv(activation="relu", **options):
    return kl.Conv2D(3, 3, activation=activation, name="conv", **options)


def head():
    return kl.Flatten(), kl.Dense(3, name="output")


REFUSED = {
    "unsupported layer": (
        [conv(), kl.LayerNormalization(name="norm"), *head()],
        r"layer 'norm' \(LayerNormalization\) is not supported; use one of .*Conv2D.*register",
    ),
    "subclass of a supported layer": (
        [conv(), kl.Flatten(), type("Sparse", (kl.Dense,), {})(3, name="mine")],
        r"layer 'mine' \(Sparse\) is not supported",
    ),
    "activation": (
        [conv("tanh"), *head()],
        r"layer 'conv' \(Conv2D\) has the activation 'tanh'.*use 'relu'",
    ),
    "activation layer": (
        [conv(None), kl.Activation("gelu", name="act"), *head()],
        r"layer 'act' \(Activation\) has the activation 'gelu'",
    ),
    "leaky ReLU": (
        [conv(None), kl.LeakyReLU(name="leaky"), *head()],
        r"layer 'leaky' \(LeakyReLU\) is not supported",
    ),
    "ReLU with a slope": (
        [conv(None), kl.ReLU(negative_slope=0.1, name="act"), *head()],
        r"layer 'act' \(ReLU\) has max_value, negative_slope or threshold set.*use ReLU\(\)",
    ),
    "ReLU6": (
        [conv(None), kl.ReLU(max_value=6, name="act"), *head()],
        r"layer 'act' \(ReLU\) has max_value",
    ),
    "missing ReLU": (
        [conv(None), *head()],
        r"layer 'conv' \(Conv2D\) has no ReLU before the next.*give it activation='relu'",
    ),
    "missing ReLU behind a normalisation and a pool": (
        [conv(None), kl.BatchNormalization(), kl.MaxPooling2D(), *head()],
        r"layer 'conv' \(Conv2D\) has no ReLU",
    ),
    "ReLU after the average": (
        [conv(None), kl.AveragePooling2D(2), kl.ReLU(), *head()],
        r"layer 'conv' \(Conv2D\) has no ReLU",
    ),
    "normalisation after an activation": (
        [conv(), kl.BatchNormalization(name="norm"), *head()],
        r"layer 'norm' \(BatchNormalization\) stands after layer 'conv' .*move it there",
    ),
    "normalisation after a pool": (
        [
            conv(None),
            kl.MaxPooling2D(name="pool"),
            kl.BatchNormalization(name="norm"),
            kl.ReLU(),
            *head(),
        ],
        r"layer 'norm' .* stands after layer 'pool' \(MaxPooling2D\).*move it there",
    ),
    "normalisation at the input": (
        [kl.BatchNormalization(name="norm"), conv(), *head()],
        r"layer 'norm' \(BatchNormalization\) stands at the input",
    ),
    "second normalisation": (
        [
            conv(None),
            kl.BatchNormalization(name="one"),
            kl.BatchNormalization(name="two"),
            kl.ReLU(),
            *head(),
        ],
        r"layer 'two' .* stands after layer 'one'",
    ),
    "normalisation of rows": (
        [conv(None), kl.BatchNormalization(axis=1, name="norm"), kl.ReLU(), *head()],
        r"layer 'norm' .*runs over axis 1.*use axis=-1",
    ),
    "softmax in the middle": (
        [conv("softmax"), *head()],
        r"layer 'conv' \(Conv2D\) has a softmax in the middle",
    ),
    "softmax layer in the middle": (
        [conv(None), kl.Softmax(name="soft"), *head()],
        r"layer 'soft' \(Softmax\) is a softmax in the middle",
    ),
    "softmax over another axis": (
        [conv(), kl.Flatten(), kl.Reshape((4, 27)), kl.Softmax(axis=1, name="soft")],
        r"layer 'soft' .*runs over axis 1.*use Softmax\(\)",
    ),
    "ReLU of the output layer": (
        [kl.Flatten(), kl.Dense(3, activation="relu", name="output")],
        r"layer 'output' \(Dense\) is the output layer and has a ReLU.*remove it",
    ),
    "ReLU after the output layer": (
        [*head(), kl.ReLU(name="act")],
        r"layer 'act' \(ReLU\) follows the output layer 'output'",
    ),
    "pool after the output layer": (
        [conv(None), kl.MaxPooling2D(name="pool")],
        r"layer 'pool' \(MaxPooling2D\) follows the output layer 'conv'.*add a Dense layer",
    ),
    "no synapses": (
        [kl.Flatten()],
        r"the model has no synapse-based layer .*add a Dense layer at the end",
    ),
    "channels first": (
        [kl.MaxPooling2D(data_format="channels_first", name="pool"), conv(), *head()],
        r"layer 'conv' .*data_format='channels_first'.*rebuild",
    ),
    "rescaling in the middle": (
        [conv(), kl.Rescaling(0.5, name="scale"), *head()],
        r"layer 'scale' \(Rescaling\) stands behind another layer.*fold it",
    ),
    "negative rescaling": (
        [kl.Rescaling(-2, name="scale"), conv(), *head()],
        r"layer 'scale' \(Rescaling\) has scale -2.*use a positive scale",
    ),
    "padding before a dense layer": (
        [conv(), kl.ZeroPadding2D(1, name="pad"), *head()],
        r"layer 'pad' \(ZeroPadding2D\) is followed by layer .*\(Flatten\).*move or remove it",
    ),
}


@pytest.mark.parametrize(("layers", "message"), REFUSED.values(), ids=REFUSED)
def test_adapt_refuses(layers, message):
    model = keras.Sequential([keras.Input(IMAGE), *layers])
    with pytest.raises(UnsupportedLayerError, match=message):
        adapt(model, leak=5)


def branches():
    inputs = keras.Input(IMAGE)
    one = kl.Conv2D(3, 1, activation="relu", name="left")(inputs)
    other = kl.Conv2D(3, 1, activation="relu", name="right")(inputs)
    values = kl.Add(name="sum")([one, other])
    return keras.Model(inputs, kl.Dense(3)(kl.Flatten()(values)))


def test_branches_are_refused_by_name():
    with pytest.raises(UnsupportedLayerError, match=r"'sum' \(Add\) joins .*'left', 'right'"):
        adapt(branches(), leak=5)


def test_several_outputs_are_refused():
    inputs = keras.Input((4,))
    model = keras.Model(inputs, [kl.Dense(3)(inputs), kl.Dense(2)(inputs)], name="twins")
    with pytest.raises(UnsupportedLayerError, match="'twins' has 1 inputs and 2 outputs"):
        adapt(model, leak=5)


def test_a_layer_used_twice_is_refused():
    inputs = keras.Input((4,))
    shared = kl.Dense(4, activation="relu", name="shared")
    with pytest.raises(UnsupportedLayerError, match=r"'shared' \(Dense\) is used more than once"):
        adapt(keras.Model(inputs, shared(shared(inputs))), leak=5)


def test_operations_are_refused():
    inputs = keras.Input((4,))
    model = keras.Model(inputs, kl.Dense(3)(keras.ops.tanh(inputs)))
    with pytest.raises(UnsupportedLayerError, match=r"\(Tanh\) is an operation, not a layer"):
        adapt(model, leak=5)


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


def test_convert_wants_flat_inputs_of_dense_layers():
    adapted = adapt(
        sequential((4, 5), kl.Dense(3, activation="relu", name="dense"), *head()), leak=5
    )
    with pytest.raises(UnsupportedLayerError, match=r"'dense' .*shape \(4, 5\).*Flatten"):
        convert(adapted)


def test_convert_refuses_pools_of_padding_alone():
    adapted = adapt(
        sequential(IMAGE, kl.ZeroPadding2D(2), kl.MaxPooling2D(2, name="pool"), *head()), leak=5
    )
    with pytest.raises(UnsupportedLayerError, match=r"'pool' .*windows that hold padding alone"):
        convert(adapted)


def test_an_average_over_two_kinds_of_padding_is_refused():
    adapted = adapt(
        sequential(
            IMAGE, kl.ZeroPadding2D(1), kl.AveragePooling2D(3, 2, "same", name="mean"), *head()
        ),
        leak=5,
    )
    with pytest.raises(UnsupportedLayerError, match=r"'mean' .*use one of them"):
        convert(adapted)


def test_errors_are_the_usual_ones_too():
    with pytest.raises(ValueError, match="leak"):
        adapt(sequential((4,), kl.Dense(3)), leak=np.nan)
