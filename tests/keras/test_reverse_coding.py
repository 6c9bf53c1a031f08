import keras
import numpy as np
import pytest
from keras import layers as kl

import tdsnn_brian.coding as coding
from tdsnn_brian.errors import InvalidInputError
from tdsnn_brian.keras import ReverseCoding


def run(layer, values):
    return np.asarray(keras.ops.convert_to_numpy(layer(values)))


@pytest.mark.parametrize("leak", [0.5, 1, 3, 5, 20])
@pytest.mark.parametrize("silent_zeros", [False, True])
def test_equals_the_function(leak, silent_zeros):
    values = np.random.default_rng(0).normal(0, 3, (50, 40)).astype(np.float32)
    values[:, :5] = 0
    expected = coding.reverse_coding(values, leak, silent_zeros=silent_zeros)
    np.testing.assert_allclose(run(ReverseCoding(leak, silent_zeros), values), expected, rtol=2e-6)


@pytest.mark.parametrize("leak", [1.0, 5.0, 10.0])
def test_a_value_just_above_the_jump_keeps_the_earlier_tick(leak):
    ticks = np.arange(1, 9)
    tie = np.expm1((ticks + 6e-6) / leak).astype(np.float32)
    later = np.expm1((ticks + 5e-5) / leak).astype(np.float32)
    np.testing.assert_allclose(run(ReverseCoding(leak), tie), np.exp(ticks / leak), rtol=1e-5)
    np.testing.assert_allclose(
        run(ReverseCoding(leak), later), np.exp((ticks + 1) / leak), rtol=1e-5
    )


def test_zeros_and_negative_values_are_one_or_silent():
    values = np.array([-2.0, 0.0, 0.1], np.float32)
    assert run(ReverseCoding(5), values)[:2].tolist() == [1, 1]
    assert run(ReverseCoding(5, silent_zeros=True), values)[:2].tolist() == [0, 0]
    assert run(ReverseCoding(5, silent_zeros=True), values)[2] > 1


@pytest.mark.parametrize("leak", [0, -1, np.nan, np.inf, "5", None])
def test_refuses_an_impossible_leak(leak):
    with pytest.raises(InvalidInputError, match="leak must be"):
        ReverseCoding(leak)


def test_survives_a_keras_file(tmp_path):
    inputs = keras.Input((4,))
    model = keras.Model(inputs, ReverseCoding(3, silent_zeros=True, name="coding")(inputs))
    model.save(tmp_path / "model.keras")
    layer = keras.models.load_model(tmp_path / "model.keras").get_layer("coding")
    assert isinstance(layer, ReverseCoding)
    assert (layer.leak, layer.silent_zeros, layer.name) == (3.0, True, "coding")


@pytest.mark.parametrize("silent_zeros", [False, True])
def test_gradient_is_straight_through(silent_zeros):
    """One step of SGD on the mean output moves each weight by the gradient of max(w x, 0)."""
    start = np.array([[-1.0, 0.3, 2.0]], np.float32)
    inputs = keras.Input((1,))
    dense = kl.Dense(3, use_bias=False)
    model = keras.Model(inputs, ReverseCoding(5, silent_zeros)(dense(inputs)))
    dense.set_weights([start])
    model.compile(keras.optimizers.SGD(1.0), loss=lambda y, z: keras.ops.mean(z, axis=-1))
    model.fit(np.full((1, 1), 0.5, np.float32), np.zeros((1, 3)), verbose=0)
    moved = start - dense.get_weights()[0]
    np.testing.assert_allclose(moved, [[0, 0.5 / 3, 0.5 / 3]], atol=1e-6)
