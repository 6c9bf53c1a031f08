import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import small_network
from tdsnn_brian.layers import AveragePool2D, Conv2D, Dense, MaxPool2D

pair = st.tuples(st.integers(1, 3), st.integers(1, 3))
paddings = st.tuples(
    st.tuples(st.integers(0, 2), st.integers(0, 1)), st.tuples(st.integers(0, 1), st.integers(0, 2))
)


@st.composite
def convolutions(draw):
    groups = draw(st.integers(1, 2))
    rows, columns = draw(st.integers(5, 7)), draw(st.integers(5, 6))
    kernel_shape = (*draw(pair), draw(st.integers(1, 3)), groups * draw(st.integers(1, 2)))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    return Conv2D(
        name="conv",
        input_shape=(rows, columns, kernel_shape[2] * groups),
        kernel=rng.normal(size=kernel_shape),
        strides=draw(pair),
        padding=draw(paddings),
        dilation=draw(st.tuples(st.integers(1, 2), st.integers(1, 2))),
        groups=groups,
    )


def convolve_by_definition(layer, values):
    out = np.zeros(layer.output_shape)
    inputs, outputs = layer.kernel.shape[2], layer.kernel.shape[3] // layer.groups
    for r, c, o in np.ndindex(*layer.output_shape):
        for kr, kc, i in np.ndindex(*layer.kernel.shape[:3]):
            row = r * layer.strides[0] + kr * layer.dilation[0] - layer.padding[0][0]
            column = c * layer.strides[1] + kc * layer.dilation[1] - layer.padding[1][0]
            if 0 <= row < layer.input_shape[0] and 0 <= column < layer.input_shape[1]:
                channel = o // outputs * inputs + i
                out[r, c, o] += layer.kernel[kr, kc, i, o] * values[row, column, channel]
    return out


def gather(layer, values):
    i, j, w = layer.projection.synapses()
    out = np.zeros(layer.n_neurons)
    np.add.at(out, j, w * values.ravel()[i])
    return out.reshape(layer.output_shape)


@settings(max_examples=60, deadline=None)
@given(convolutions())
def test_convolution_against_its_definition(layer):
    values = np.random.default_rng(0).random(layer.input_shape)
    expected = convolve_by_definition(layer, values)
    np.testing.assert_allclose(layer.projection.weighted_sum(values[None])[0], expected, atol=1e-12)
    np.testing.assert_allclose(gather(layer, values), expected, atol=1e-12)
    assert layer.projection.n_synapses == len(layer.projection.synapses().i)


@settings(max_examples=40, deadline=None)
@given(pair, pair, paddings, st.sampled_from([AveragePool2D, MaxPool2D]))
def test_pooling_against_its_definition(size, strides, padding, kind):
    padding = tuple((min(a, s - 1), min(b, s - 1)) for (a, b), s in zip(padding, size, strict=True))
    layer = kind(
        name="pool", input_shape=(6, 5, 2), pool_size=size, strides=strides, padding=padding
    )
    values = np.random.default_rng(0).integers(0, 9, layer.input_shape)
    padded = np.pad(values.astype(float), (*padding, (0, 0)), constant_values=np.nan)
    expected, counts = np.empty(layer.output_shape), np.empty(layer.output_shape)
    for r, c, k in np.ndindex(*layer.output_shape):
        window = padded[
            r * strides[0] : r * strides[0] + size[0], c * strides[1] : c * strides[1] + size[1], k
        ]
        expected[r, c, k] = np.nanmax(window) if kind is MaxPool2D else np.nanmean(window)
        counts[r, c, k] = np.isfinite(window).sum()
    result = (
        layer.projection.latest(values[None])[0]
        if kind is MaxPool2D
        else (layer.projection.weighted_sum(values[None].astype(float))[0])
    )
    np.testing.assert_allclose(result, expected)
    np.testing.assert_array_equal(layer.projection.fan_in, counts)
    i, j, _ = layer.projection.synapses()
    np.testing.assert_array_equal(np.bincount(j), counts.ravel())
    assert layer.projection.n_synapses == counts.sum() == len(i)
    if kind is AveragePool2D:
        np.testing.assert_allclose(gather(layer, values), expected)


def test_dense():
    layer = Dense(name="dense", input_shape=(2, 3), weights=np.arange(24.0).reshape(6, 4))
    values = np.random.default_rng(0).random((2, 3))
    np.testing.assert_allclose(gather(layer, values), values.ravel() @ layer.weights)
    assert layer.projection.n_synapses == 24


def test_synapses_are_sorted_and_unique():
    layer = Conv2D(
        name="conv", input_shape=(5, 5, 2), kernel=np.ones((3, 3, 2, 4)), padding=((1, 1), (1, 1))
    )
    i, j, _ = layer.projection.synapses()
    key = i.astype(np.int64) * layer.n_neurons + j
    assert (np.diff(key) > 0).all()


@pytest.mark.parametrize("shape", [(3, 3, 1, 1)])
def test_a_window_wider_than_its_input_has_no_neurons(shape):
    layer = Conv2D(name="conv", input_shape=(3, 3, 1), kernel=np.ones(shape))
    assert layer.output_shape == (1, 1, 1)


def test_fan_out_counts_synapses():
    for layer in small_network():
        projection = layer.projection
        counted = np.bincount(projection.synapses().i, minlength=layer.n_inputs)
        np.testing.assert_array_equal(projection.fan_out.ravel(), counted)
        assert projection.largest_fan_out >= counted.max()
        assert projection.unread == (counted == 0).any()
