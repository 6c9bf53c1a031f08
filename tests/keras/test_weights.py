"""Which weights are taken: those that Keras computes with, or none."""

import keras
import numpy as np
import pytest
from keras import layers as kl

from keras_models import (
    CODINGS,
    assert_adapted_as_analysed,
    assert_same_function,
    assert_same_logits,
    images_for,
    randomized,
    refusal,
    run,
    sequential,
)
from tdsnn_brian import analyse
from tdsnn_brian.keras import ReverseCoding, adapt, convert


def dense_model():
    return sequential(
        (8,), kl.Dense(16, activation="relu", name="hidden"), kl.Dense(4, name="output")
    )


@pytest.mark.parametrize("mode", ["int8", "int4", "float8"])
def test_quantised_weights_are_refused(mode):
    model = dense_model()
    adapted = adapt(model, 5)
    adapted.quantize(mode)
    model.quantize(mode)
    for function, arguments in ((adapt, (model, 5)), (convert, (adapted,))):
        message = refusal(function, *arguments)
        assert "'hidden' (Dense) is quantised" in message
        assert "as it was before quantize()" in message


def with_lora(model):
    rng = np.random.default_rng(1)
    for layer in model.layers:
        if isinstance(layer, kl.Dense | kl.Conv2D):
            layer.enable_lora(2)
            for part in (layer.lora_kernel_a, layer.lora_kernel_b):
                part.assign(rng.normal(0, 0.5, part.shape))
    return model


def test_lora_is_part_of_the_weights():
    def model():
        return sequential((6, 6, 2), kl.Conv2D(3, 3, activation="relu"), kl.Flatten(), kl.Dense(3))

    images = images_for(model())
    before, after = with_lora(model()), with_lora(adapt(model(), 5))
    assert np.abs(run(before, images) - run(model(), images)).max() > 0.1
    assert_same_function(before)
    assert_same_logits(convert(after), after, images)


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize(
    "layer",
    [
        kl.Dense(8, name="bad", activation="relu"),
        kl.BatchNormalization(name="bad"),
        kl.Rescaling(1.0, name="bad"),
        kl.Normalization(name="bad"),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_nan_and_infinite_weights_are_refused(layer, value):
    layer = type(layer).from_config(layer.get_config())
    model = sequential((8,), layer, kl.Dense(3))
    if isinstance(layer, kl.Rescaling):
        layer.scale = value
    else:
        weight = layer.weights[0]
        broken = np.asarray(keras.ops.convert_to_numpy(weight)).copy()
        broken.ravel()[1] = value
        weight.assign(broken)
    if isinstance(layer, kl.Normalization):
        layer.finalize_state()
    message = refusal(adapt, model, 5)
    assert "layer 'bad'" in message
    assert "NaN or infinite" in message


@pytest.mark.parametrize("kind", ["batch", "features"])
def test_a_negative_variance_is_called_so(kind):
    if kind == "batch":
        layers = [kl.Dense(4), kl.BatchNormalization(name="bad"), kl.ReLU()]
    else:
        layers = [kl.Normalization(mean=[0.5] * 8, variance=[-1.0] * 8, name="bad")]
    model = sequential((8,), *layers, kl.Dense(2))
    if kind == "batch":
        model.get_layer("bad").moving_variance.assign([-5.0] * 4)
    message = refusal(adapt, model, 5)
    assert "layer 'bad'" in message
    assert "has negative values in its" in message


def test_nan_that_came_with_retraining_is_refused_too():
    adapted = adapt(dense_model(), 5)
    bias = adapted.get_layer("output").bias
    bias.assign(np.full(4, np.nan))
    assert "layer 'output' (Dense) has 4 NaN or infinite values" in refusal(convert, adapted)


def test_a_negative_variance_is_refused():
    model = sequential((8,), kl.Dense(4), kl.BatchNormalization(name="bn"), kl.ReLU(), kl.Dense(3))
    model.get_layer("bn").moving_variance.assign([-1.0, 1, 1, 1])
    with np.errstate(invalid="ignore"):
        assert "layer 'bn'" in refusal(adapt, model, 5)


@pytest.fixture(params=["mixed_float16", "mixed_bfloat16", "bfloat16"])
def narrow(request):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(request.param)
    yield request.param
    keras.config.set_dtype_policy(before)


def narrow_model():
    return sequential(
        (12, 12, 1),
        kl.Rescaling(1.0),
        kl.Conv2D(8, 5, activation="relu"),
        kl.BatchNormalization(),
        kl.MaxPooling2D(),
        kl.Dropout(0.1),
        kl.Flatten(),
        kl.Dense(16, activation="relu"),
        kl.Dense(10),
    )


def test_models_of_narrow_types_are_adapted_in_float32(narrow):
    model = narrow_model()
    images = images_for(model, 30)
    adapted = adapt(model, 5, scale=10, compensate=True)  # while the policy holds for all of Keras
    assert {layer.compute_dtype for layer in adapted.layers[1:]} == {"float32"}
    assert adapted.inputs[0].dtype == "float32"
    assert_same_logits(convert(adapted), adapted, images)
    assert_adapted_as_analysed(model, {"calibration": images, **CODINGS["compensated"]})
    expected = np.asarray(run(model, images), np.float32)
    fine = convert(adapt(model, 2000, scale=100, compensate=True))
    error = np.abs(analyse(fine, images).logits - expected).max()
    assert error < 0.05 * np.abs(expected).max()


def test_an_adapted_model_of_a_narrow_type_is_refused(narrow):
    model = sequential((8,), ReverseCoding(5, name="coding"), kl.Dense(3))
    message = refusal(convert, model)
    assert "layer 'coding' (ReverseCoding) computes in" in message


def test_images_of_bytes():
    images = np.random.default_rng(0).integers(0, 256, (4, 6, 6, 1), np.uint8)
    for scaling in ([kl.Rescaling(1 / 255)], []):
        model = randomized(
            keras.Sequential(
                [
                    keras.Input((6, 6, 1), dtype="uint8"),
                    *scaling,
                    kl.Conv2D(3, 3, activation="relu"),
                    kl.Flatten(),
                    kl.Dense(3),
                ]
            )
        )
        adapted = adapt(model, 5)
        expected = run(adapted, images)
        np.testing.assert_allclose(
            analyse(convert(adapted), images).logits, expected, rtol=1e-3, atol=1e-3
        )
