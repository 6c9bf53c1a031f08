"""Layers of one's own."""

import keras
import numpy as np
import pytest
from keras import layers as kl

from keras_models import assert_adapted_as_analysed, images_for, refusal, sequential
from tdsnn_brian import spec
from tdsnn_brian.errors import InvalidInputError, UnsupportedLayerError
from tdsnn_brian.keras import Role, adapt, convert, register
from tdsnn_brian.keras.registry import READERS


class Doubled(kl.Layer):
    def build(self, input_shape):
        self.matrix = self.add_weight(shape=(input_shape[-1], 4), name="matrix")

    def call(self, inputs):
        return 2 * keras.ops.matmul(inputs, self.matrix)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], 4)


class Crossed(kl.Layer):
    """A convolution whose window is a cross."""

    def build(self, input_shape):
        self.arms = self.add_weight(shape=(3, 3, input_shape[-1], 2), name="arms")

    @property
    def kernel(self):
        return self.arms * np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.float32)[..., None, None]

    def call(self, inputs):
        return keras.ops.conv(inputs, self.kernel, data_format="channels_last")

    def compute_output_shape(self, input_shape):
        return (input_shape[0], input_shape[1] - 2, input_shape[2] - 2, 2)


@pytest.fixture
def registered():
    """Registers converters for the time of a test."""
    known = dict(READERS)
    yield register
    READERS.clear()
    READERS.update(known)


def convert_doubled(layer, site):
    weights = 2 * keras.ops.convert_to_numpy(layer.matrix)
    return spec.Dense(name=site.name, input_shape=site.input_shape, weights=weights)


def test_a_registered_layer_takes_part(registered):
    registered(Doubled)(convert_doubled)
    model = sequential((6,), kl.Rescaling(0.5), Doubled(name="mine"), kl.ReLU(), kl.Dense(3))
    network = assert_adapted_as_analysed(model, {"compensate": False})
    assert network.layers[0].name == "mine"
    assert network.input_scale == 0.5
    plain = {"compensate": False}
    for options in (
        {},
        {"compensate": True},
        {"scale": 2, **plain},
        {"calibration": images_for(model), **plain},
    ):
        with pytest.raises(UnsupportedLayerError, match=r"'mine'.*pass compensate=False"):
            adapt(model, 5, **options)


@pytest.mark.parametrize("silent_zeros", [False, True])
def test_a_registered_layer_is_told_of_zero_padding(registered, silent_zeros):
    sites = []

    @registered(Crossed)
    def convert_crossed(layer, site):
        sites.append(site)
        kernel = np.asarray(keras.ops.convert_to_numpy(layer.kernel))
        spikes = np.zeros((1, 8, 8, 2))
        if site.padded_spikes != ((0, 0), (0, 0)):
            spikes[0] = 1
            spikes[0, 1:-1, 1:-1] = 0
        border = keras.ops.conv(spikes.astype("float32"), kernel, data_format="channels_last")
        return spec.Conv2D(
            name=site.name,
            input_shape=site.input_shape,
            kernel=kernel,
            padding=site.padding,
            bias=keras.ops.convert_to_numpy(border)[0],
        )

    model = sequential(
        (6, 6, 2), kl.ZeroPadding2D(1), Crossed(name="cross"), kl.ReLU(), kl.Flatten(), kl.Dense(3)
    )
    assert_adapted_as_analysed(model, {"silent_zeros": silent_zeros, "compensate": False})
    assert {(site.name, site.input_shape, site.padding) for site in sites} == {
        ("cross", (6, 6, 2), ((1, 1), (1, 1)))
    }
    spiking = ((0, 0), (0, 0)) if silent_zeros else ((1, 1), (1, 1))
    assert sites[-1].padded_spikes == spiking


def test_what_a_converter_cannot_do_is_refused_by_adapt(registered):
    @registered(Doubled)
    def fail(layer, site):
        raise UnsupportedLayerError(f"layer {site.name!r} is too new")

    model = sequential((6,), Doubled(name="mine"), kl.ReLU(), kl.Dense(3))
    assert "layer 'mine' is too new" in refusal(adapt, model, 5)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda layer, site: None, "converter of layer 'mine' .* returned NoneType"),
        (
            lambda layer, site: spec.Dense(name="other", input_shape=(6,), weights=np.ones((6, 4))),
            "converter of layer 'mine' .* a layer 'other' of 6 inputs and 4 neurons",
        ),
        (
            lambda layer, site: spec.Dense(name="mine", input_shape=(6,), weights=np.ones((6, 5))),
            "6 inputs and 5 neurons, where 'mine' has 6 and 4",
        ),
    ],
)
def test_what_a_converter_gives_has_to_fit(registered, wrong, message):
    registered(Doubled)(wrong)
    model = sequential((6,), Doubled(name="mine"), kl.ReLU(), kl.Dense(3))
    with pytest.raises(InvalidInputError, match=message):
        adapt(model, 5)


def test_a_registered_layer_takes_no_scaling_up(registered):
    registered(Doubled)(convert_doubled)
    model = sequential(
        (6,), kl.Rescaling(1, -0.5, name="scale"), Doubled(name="mine"), kl.ReLU(), kl.Dense(3)
    )
    assert "layer 'scale' (Rescaling)" in refusal(adapt, model, 5)
    model = sequential(
        (6,), Doubled(name="mine"), kl.BatchNormalization(name="bn"), kl.ReLU(), kl.Dense(3)
    )
    assert "layer 'bn' (BatchNormalization)" in refusal(adapt, model, 5)


def test_a_registered_pool(registered):
    class Largest(kl.Layer):
        def call(self, inputs):
            return keras.ops.max_pool(inputs, (2, 2), (2, 2), data_format="channels_last")

    @registered(Largest, Role.POOLING)
    def convert_largest(layer, site):
        return spec.MaxPool2D(
            name=site.name, input_shape=site.input_shape, pool_size=(2, 2), strides=(2, 2)
        )

    model = sequential(
        (6, 6, 2),
        kl.Conv2D(3, 3, activation="relu"),
        Largest(name="largest"),
        kl.Flatten(),
        kl.Dense(3),
    )
    assert_adapted_as_analysed(model, {"compensate": True})
    assert convert(adapt(model, 5), max_pool="constrained").layers[1].constrained


def test_only_layers_with_neurons_are_registered():
    with pytest.raises(InvalidInputError, match="has no neurons"):
        register(Doubled, "reshaping")
