import keras
import numpy as np
import pytest
from keras import layers as kl

from keras_models import images_for, randomized, run, sequential
from tdsnn_brian.coding import reverse_coding
from tdsnn_brian.errors import InvalidInputError
from tdsnn_brian.keras import ReverseCoding, adapt


def small_model(padding="same", **conv):
    return sequential(
        (13, 12, 2),
        kl.Conv2D(6, 3, padding=padding, name="conv", **conv),
        kl.BatchNormalization(name="norm"),
        kl.ReLU(name="relu"),
        kl.MaxPooling2D(2, name="pool"),
        kl.Conv2D(5, 2, padding=padding, activation="relu", name="conv2"),
        kl.AveragePooling2D(2, padding="same", name="mean"),
        kl.Flatten(name="flatten"),
        kl.Dropout(0.5, name="dropout"),
        kl.Dense(12, activation="relu", name="dense"),
        kl.Dense(4, name="output"),
    )


def test_coding_stands_right_before_every_synapse_based_layer():
    model = small_model()
    adapted = adapt(model, leak=5, compensate=False)
    names = [layer.name for layer in adapted.layers][1:]
    assert names == [
        "conv_coding",
        "conv",
        "relu",
        "pool",
        "conv2_coding",
        "conv2",
        "mean_coding",
        "mean",
        "flatten",
        "dropout",
        "dense_coding",
        "dense",
        "output_coding",
        "output",
    ]
    codings = [layer for layer in adapted.layers if isinstance(layer, ReverseCoding)]
    assert {layer.leak for layer in codings} == {5.0}


def test_the_model_stays_as_it_is():
    model = small_model()
    before = [weights.copy() for weights in model.get_weights()]
    names = [layer.name for layer in model.layers]
    images = images_for(model)
    output = run(model, images)
    adapt(model, leak=2, scale=3, compensate=True)
    assert [layer.name for layer in model.layers] == names
    for now, then in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)
    np.testing.assert_array_equal(run(model, images), output)


def test_plain_adaptation_is_the_paper_formula():
    model = sequential((6,), kl.Dense(5, activation="relu"), kl.Dense(3))
    first, second = model.layers
    images = images_for(model)
    (w1, b1), (w2, b2) = first.get_weights(), second.get_weights()
    hidden = reverse_coding(images, 3) @ w1 + b1
    expected = reverse_coding(hidden, 3) @ w2 + b2
    adapted = adapt(model, leak=3, compensate=False)
    np.testing.assert_allclose(run(adapted, images), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("silent_zeros", [False, True])
def test_without_ceiling_compensation_gives_back_the_model(padding, silent_zeros):
    """For a large leak G(x) = x + 1 (or x, silent), so that compensation leaves no error."""
    model = small_model(padding=padding, strides=2)
    images = images_for(model)
    leak, scale = (20_000, 3) if not silent_zeros else (20_000, 3000)
    adapted = adapt(model, leak, scale=scale, compensate=True, silent_zeros=silent_zeros)
    expected = run(model, images)
    error = np.abs(run(adapted, images) - expected).max() / np.abs(expected).max()
    assert error < 2e-3


def test_scale_shrinks_the_error_of_the_coding():
    model = small_model()
    images = images_for(model, n=16)
    expected = run(model, images)

    def error(**options):
        return np.abs(run(adapt(model, **options), images) - expected).mean()

    plain = error(leak=5, compensate=False)
    compensated = error(leak=5)
    scaled = error(leak=5, scale=10)
    assert compensated < plain / 2
    assert scaled < compensated
    assert scaled < 0.15 * np.abs(expected).mean()


@pytest.mark.parametrize("size", [6, 7])
@pytest.mark.parametrize("kernel", [1, 2, 3, 4])
@pytest.mark.parametrize("conv", [{"strides": 1}, {"strides": 2}, {"dilation_rate": 2}])
def test_explicit_padding_equals_same_padding(size, kernel, conv):
    model = sequential(
        (size, size + 1, 2),
        kl.Conv2D(3, (kernel, 3), padding="same", activation="relu", name="conv", **conv),
        kl.Flatten(),
        kl.Dense(3),
    )
    adapted = adapt(model, 20_000, compensate=True, scale=3)
    images = images_for(model)
    np.testing.assert_allclose(run(adapted, images), run(model, images), atol=2e-3)


def test_a_black_image_stays_black_under_compensation():
    """Without biases the sum over zeros is exactly 0, not a rounding error that fires late."""
    model = sequential(
        (8, 8, 3),
        kl.Conv2D(16, 3, padding="same", use_bias=False, activation="relu", name="conv"),
        kl.AveragePooling2D(3, padding="same", name="mean"),
        kl.Flatten(),
        kl.Dense(4),
    )
    adapted = adapt(model, leak=5, scale=3, compensate=True)
    coded = keras.Model(adapted.inputs[0], adapted.get_layer("mean_coding").output)
    assert (run(coded, np.zeros((1, 8, 8, 3), np.float32)) == 1).all()


def test_rescaling_of_the_model_and_scale_become_one_layer():
    model = sequential((4,), kl.Rescaling(1 / 255, name="pixels"), kl.Dense(3))
    adapted = adapt(model, leak=5, scale=3)
    rescalings = [layer for layer in adapted.layers if isinstance(layer, kl.Rescaling)]
    assert [layer.name for layer in rescalings] == ["pixels"]
    assert rescalings[0].scale == pytest.approx(3 / 255)


def test_functional_models_and_nested_ones():
    inputs = keras.Input((6, 6, 1))
    inner = keras.Sequential([keras.Input((6, 6, 1)), kl.Conv2D(3, 3, name="conv"), kl.ReLU()])
    values = kl.Flatten()(inner(inputs))
    outputs = kl.Activation("softmax")(kl.Dense(3, name="output")(values))
    model = randomized(keras.Model(inputs, outputs))
    adapted = adapt(model, 2_000, compensate=True, scale=3)
    images = images_for(model)
    np.testing.assert_allclose(run(adapted, images), run(model, images), atol=0.02)


def test_the_adapted_model_can_be_retrained_and_kept_in_a_file(tmp_path):
    model = sequential(
        (5,), kl.Dense(8, activation="relu"), kl.Dropout(0.2), kl.Dense(3, activation="softmax")
    )
    adapted = adapt(model, leak=2)
    before = adapted.get_weights()
    adapted.compile("adam", "sparse_categorical_crossentropy")
    adapted.fit(images_for(model, 32), np.arange(32) % 3, verbose=0)
    changed = [(a != b).any() for a, b in zip(before, adapted.get_weights(), strict=True)]
    assert all(changed)
    adapted.save(tmp_path / "adapted.keras")
    again = keras.models.load_model(tmp_path / "adapted.keras")
    images = images_for(model)
    np.testing.assert_allclose(run(again, images), run(adapted, images), rtol=1e-6)


@pytest.mark.parametrize("scale", [0, -1, np.inf, np.nan, True, "3"])
def test_refuses_an_impossible_scale(scale):
    with pytest.raises(InvalidInputError, match="scale must be finite and greater than 0"):
        adapt(sequential((4,), kl.Dense(3)), 5, scale=scale)


@pytest.mark.parametrize("leak", [0, -2, np.inf, np.nan])
def test_refuses_an_impossible_leak(leak):
    with pytest.raises(InvalidInputError, match="leak must be finite"):
        adapt(sequential((4,), kl.Dense(3)), leak)


@pytest.mark.parametrize("value", [None, 1, "no", np.zeros(2)])
@pytest.mark.parametrize("name", ["compensate", "silent_zeros"])
def test_flags_are_true_or_false(name, value):
    with pytest.raises(InvalidInputError, match=f"{name} must be True or False"):
        adapt(sequential((4,), kl.Dense(3)), leak=5, **{name: value})
