"""Inputs that fire between ticks, from `adapt` to the analysis of what `convert` gives."""

import keras
import numpy as np
import pytest
from keras import layers as kl

from keras_models import (
    assert_same_latencies,
    assert_same_logits,
    images_for,
    layer_output,
    sequential,
)
from tdsnn_brian import reverse_coding
from tdsnn_brian.errors import InvalidInputError, UnsupportedLayerError
from tdsnn_brian.keras import ReverseCoding, adapt, convert


def small_model():
    return sequential(
        (12, 12, 3),
        kl.Conv2D(5, 3, padding="same", activation="relu", name="conv"),
        kl.MaxPooling2D(2, name="pool"),
        kl.Flatten(name="flatten"),
        kl.Dense(20, activation="relu", name="dense"),
        kl.Dense(4, name="output"),
    )


def test_the_layer_equals_the_function():
    values = np.random.default_rng(0).normal(0, 3, (50, 40)).astype(np.float32)
    layer = ReverseCoding(2, steps=6)
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(layer(values)), reverse_coding(values, 2, steps=6), rtol=2e-6
    )
    assert ReverseCoding.from_config(layer.get_config()).steps == 6


def test_files_from_before_there_were_steps_are_read():
    config = ReverseCoding(2).get_config()
    config.pop("steps")
    assert ReverseCoding.from_config(config).steps == 1


def test_the_input_alone_is_coded_finer():
    adapted = adapt(small_model(), leak=5, input_steps=4)
    codings = [layer for layer in adapted.layers if isinstance(layer, ReverseCoding)]
    assert [layer.steps for layer in codings] == [4, 1, 1]
    assert {layer.leak for layer in codings} == {5.0}


def test_compensation_knows_the_finer_ceiling():
    """With so many steps there is no ceiling, hence nothing to shrink the first kernel for."""
    model = small_model()
    kernels = [
        adapt(model, leak=1, compensate=True, input_steps=steps).get_layer("conv").get_weights()[0]
        for steps in (1, 1000)
    ]
    trained = model.get_layer("conv").get_weights()[0]
    np.testing.assert_allclose(kernels[0], trained * np.exp(-0.5), rtol=1e-5)
    np.testing.assert_allclose(kernels[1], trained, rtol=1e-3)


@pytest.mark.parametrize("calibrate", [False, True])
@pytest.mark.parametrize("silent_zeros", [False, True])
def test_the_converted_network_computes_what_the_adapted_model_computes(silent_zeros, calibrate):
    model = small_model()
    images = images_for(model, n=6)
    adapted = adapt(
        model,
        leak=3,
        scale=10,
        compensate=True,
        input_steps=8,
        silent_zeros=silent_zeros,
        calibration=images if calibrate else None,
    )
    network = convert(adapted)
    assert network.input_steps == 8
    assert_same_logits(network, adapted, images)
    assert_same_latencies(network, adapted, images)


def test_it_brings_the_first_layer_closer_to_the_trained_one():
    model = small_model()
    images = images_for(model, n=6)
    wanted = layer_output(model, "conv", images)
    errors = []
    for steps in (1, 4, 16):
        adapted = adapt(model, leak=2, compensate=True, input_steps=steps)
        found = layer_output(adapted, "conv", images)
        errors.append(np.abs(found - wanted).mean())
    assert errors[0] > 2 * errors[1] > 6 * errors[2]


def test_a_layer_that_fires_between_ticks_is_refused():
    model = sequential(
        (6,),
        ReverseCoding(5, steps=2),
        kl.Dense(5, activation="relu"),
        ReverseCoding(5, steps=2, name="late"),
        kl.Dense(3),
    )
    with pytest.raises(UnsupportedLayerError, match=r"late.*steps=2.*use steps=1"):
        convert(model)


def test_impossible_steps_are_refused():
    for steps in (0, 1.5, "2", True):
        with pytest.raises(InvalidInputError, match=r"input_steps must be .*input_steps=4"):
            adapt(small_model(), leak=5, input_steps=steps)
        with pytest.raises(InvalidInputError, match=r"steps must be .*steps=4"):
            ReverseCoding(5, steps=steps)
