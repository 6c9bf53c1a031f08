import keras
import numpy as np
import pytest
from keras import layers as kl

import tdsnn_brian.coding as coding
from tdsnn_brian.analysis import analyse
from tdsnn_brian.errors import InvalidInputError, UnsupportedLayerError
from tdsnn_brian.keras import ReverseCoding, convert
from tdsnn_brian.schedule import Schedule
from tdsnn_brian.transfer import FUNCTIONS, Transfer


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


@pytest.mark.parametrize("silent_zeros", [False, True])
@pytest.mark.parametrize("steps", [1, 4])
def test_rounds_to_the_nearest(silent_zeros, steps):
    values = np.random.default_rng(0).normal(0, 3, (50, 40)).astype(np.float32)
    settings = {"silent_zeros": silent_zeros, "steps": steps, "rounding": "nearest"}
    expected = coding.reverse_coding(values, 5, **settings)
    np.testing.assert_allclose(run(ReverseCoding(5, **settings), values), expected, rtol=2e-6)
    with pytest.raises(InvalidInputError, match="'up' or 'nearest'"):
        ReverseCoding(5, rounding="down")


@pytest.mark.parametrize("rounding", ["up", "nearest"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_codes_what_a_transfer_makes_of_sums(name, rounding):
    """Forward as the neurons of that transfer fire, away from the jumps."""
    transfer = Transfer(name=name, scale=3.0, max_value=4.0 if name == "relu" else None)
    schedule = Schedule(leak=5.0, transfer=transfer, rounding=rounding)
    sums = np.random.default_rng(0).normal(0, 8, (1, 5000)).astype(np.float32)
    real = schedule.continuous(sums.astype(np.float64)) - schedule.early
    clear = np.abs(real - np.rint(real)) > 1e-4
    expected = np.exp(schedule.latencies(sums.astype(np.float64)) / 5)
    found = run(ReverseCoding(5, rounding=rounding, transfer=transfer), sums)
    np.testing.assert_allclose(found[clear], expected[clear], rtol=2e-6)
    assert clear.mean() > 0.3


@pytest.mark.parametrize("name", FUNCTIONS)
def test_gradient_is_that_of_the_transfer(name):
    """One step of SGD moves each weight by `phi'(w x) x`, cap and all."""
    transfer = Transfer(name=name, scale=2.0, max_value=1.0 if name == "relu" else None)
    start = np.array([[-3.0, -1.0, 0.7, 9.0]], np.float32)
    inputs = keras.Input((1,))
    dense = kl.Dense(4, use_bias=False)
    model = keras.Model(inputs, ReverseCoding(5, transfer=transfer)(dense(inputs)))
    dense.set_weights([start])
    model.compile(keras.optimizers.SGD(1.0), loss=lambda y, z: keras.ops.mean(z, axis=-1))
    model.fit(np.full((1, 1), 0.5, np.float32), np.zeros((1, 4)), verbose=0)
    moved = start - dense.get_weights()[0]
    sums, step = 0.5 * start.astype(np.float64), 1e-5
    slope = (transfer.values(sums + step) - transfer.values(sums - step)) / (2 * step)
    np.testing.assert_allclose(moved, 0.5 * slope / 4, atol=1e-5)


def test_a_transfer_survives_a_keras_file_and_is_converted(tmp_path):
    inputs = keras.Input((4,))
    coded = ReverseCoding(3, rounding="nearest")(inputs)
    transfer = Transfer(name="sigmoid", scale=2.0)
    coding_layer = ReverseCoding(3, rounding="nearest", transfer=transfer, name="coding")
    model = keras.Model(inputs, kl.Dense(2)(coding_layer(kl.Dense(3)(coded))))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    layer = loaded.get_layer("coding")
    assert (layer.rounding, layer.transfer) == ("nearest", transfer)
    network = convert(loaded)
    assert network.layers[0].transfer == transfer
    images = np.random.default_rng(0).random((20, 4)).astype(np.float32)
    np.testing.assert_allclose(analyse(network, images).logits, run(loaded, images), atol=1e-5)
    inputs = keras.Input((4,))
    model = keras.Model(inputs, kl.Dense(2)(ReverseCoding(3, transfer=transfer)(inputs)))
    with pytest.raises(UnsupportedLayerError, match="is not folded into a layer"):
        convert(model)


def test_impossible_transfers_are_refused():
    with pytest.raises(InvalidInputError, match=r"transfer must be a tdsnn_brian\.Transfer"):
        ReverseCoding(5, transfer="sigmoid")


def test_noise_is_of_the_ticks_and_in_training_alone():
    values = np.linspace(-5, 1000, 20_000, dtype=np.float32)
    noisy, plain = ReverseCoding(5, noise=2.0, seed=1), ReverseCoding(5)
    expected = run(plain, values)
    np.testing.assert_array_equal(run(noisy, values), expected)
    np.testing.assert_array_equal(noisy(values, training=False), expected)
    np.testing.assert_array_equal(plain(values, training=True), expected)
    found = np.asarray(keras.ops.convert_to_numpy(noisy(values, training=True)))
    assert (found[values <= 0] == 1).all()
    far = values > 10
    errors = 5 * np.log(found[far] / (values[far] + 1))
    assert errors.mean() == pytest.approx(0.5, abs=0.1)  # rounded up
    assert errors.std() == pytest.approx(np.hypot(2, 12**-0.5), rel=0.05)
    assert np.allclose(5 * np.log(found) % 1 % (1 - 1e-3), 0, atol=1e-3)  # whole ticks


@pytest.mark.parametrize("noise", [-1, np.nan, "1", None, True])
def test_impossible_noise_is_refused(noise):
    with pytest.raises(InvalidInputError, match="noise must be a finite number of ticks"):
        ReverseCoding(5, noise=noise)


def test_noise_survives_a_keras_file_and_the_converted_network_ignores_it(tmp_path):
    inputs = keras.Input((4,))
    coded = ReverseCoding(3, noise=0.5, seed=7, name="coding")(inputs)
    model = keras.Model(inputs, kl.Dense(2)(coded))
    images = np.random.default_rng(0).random((20, 4)).astype(np.float32)
    before = np.asarray(model.predict(images, verbose=0))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    layer = loaded.get_layer("coding")
    assert (layer.noise, layer.seed) == (0.5, 7)
    np.testing.assert_array_equal(loaded.predict(images, verbose=0), before)
    network = convert(loaded)
    np.testing.assert_allclose(analyse(network, images).logits, before, atol=1e-5)
    config = layer.get_config()
    del config["noise"], config["seed"]  # as in files from before there was noise
    assert ReverseCoding.from_config(config).noise == 0


def test_the_same_seed_trains_the_same():
    def weights(seed):
        dense = kl.Dense(3, kernel_initializer="ones")
        model = keras.Sequential([keras.Input((4,)), ReverseCoding(5, noise=1, seed=seed), dense])
        model.compile(keras.optimizers.SGD(0.01), loss="mse")
        model.fit(np.full((8, 4), 2.0), np.zeros((8, 3)), verbose=0)
        return dense.get_weights()[0]

    np.testing.assert_array_equal(weights(1), weights(1))
    assert np.abs(weights(1) - weights(2)).max() > 1e-4
