"""Shared projections beside lists of synapses, on every geometry, and beside `Synapses`."""

import numpy as np
import pytest
from brian2 import (
    Network,
    NeuronGroup,
    SpikeGeneratorGroup,
    SpikeMonitor,
    Synapses,
    ms,
    prefs,
)
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tdsnn_brian.brian import SharedProjection
from tdsnn_brian.errors import InvalidInputError
from tdsnn_brian.layers import AveragePool2D, Conv2D, Dense, MaxPool2D, Window

RNG = np.random.default_rng(3)
LAYERS = [
    Dense(name="dense", input_shape=(7,), weights=RNG.normal(size=(7, 5))),
    Conv2D(name="valid", input_shape=(5, 6, 2), kernel=RNG.normal(size=(3, 2, 2, 3))),
    Conv2D(
        name="padded",
        input_shape=(5, 6, 2),
        kernel=RNG.normal(size=(3, 3, 2, 3)),
        padding=((1, 1), (2, 0)),
    ),
    Conv2D(
        name="strided",
        input_shape=(7, 8, 2),
        kernel=RNG.normal(size=(3, 2, 2, 3)),
        strides=(2, 3),
        padding=((1, 0), (0, 1)),
    ),
    Conv2D(
        name="dilated",
        input_shape=(7, 8, 2),
        kernel=RNG.normal(size=(3, 2, 2, 3)),
        dilation=(2, 3),
        padding=((0, 1), (1, 2)),
    ),
    Conv2D(name="grouped", input_shape=(5, 5, 4), kernel=RNG.normal(size=(2, 2, 2, 6)), groups=2),
    Conv2D(
        name="depthwise",
        input_shape=(5, 5, 3),
        kernel=RNG.normal(size=(3, 3, 1, 6)),
        groups=3,
        padding=((1, 1), (1, 1)),
    ),
    Conv2D(
        name="over_one_position",
        input_shape=(1, 1, 3),
        kernel=RNG.normal(size=(3, 3, 3, 4)),
        padding=((1, 1), (1, 1)),
    ),
    AveragePool2D(
        name="average",
        input_shape=(5, 6, 3),
        pool_size=(3, 2),
        strides=(2, 2),
        padding=((1, 1), (0, 1)),
        scale=1.5,
    ),
    AveragePool2D(
        name="one_mean",
        input_shape=(1, 1, 3),
        pool_size=(2, 2),
        padding=((0, 1), (1, 0)),
        scale=0.5,
    ),
    MaxPool2D(name="maximum", input_shape=(5, 6, 3), pool_size=(3, 3), strides=(2, 1)),
    Conv2D(name="whole_numbers", input_shape=(4, 4, 1), kernel=RNG.integers(0, 9, (3, 3, 1, 2))),
]


pytestmark = pytest.mark.usefixtures("numpy_target")


def spikes_of(layer, seed=0):
    rng = np.random.default_rng(seed)
    neurons = np.flatnonzero(rng.random(layer.n_inputs) < 0.6)
    return neurons, rng.integers(0, 3, len(neurons))


def run_shared(layer, neurons, steps, **kwargs):
    source = SpikeGeneratorGroup(layer.n_inputs, neurons, steps * ms, dt=1 * ms)
    target = NeuronGroup(
        layer.n_neurons, "v : 1\nn : integer (shared)", dt=1 * ms, namespace={"tau": 2 * ms}
    )
    projection = SharedProjection(source, target, layer, **kwargs)
    net = Network(source, target, projection)
    net.run(4 * ms)
    return np.array(target.v[:]), int(target.n[:].item()), projection


def expected(layer, neurons, gains):
    values = np.zeros(layer.n_inputs)
    values[neurons] = gains
    i, j, w = layer.projection.synapses()
    return np.bincount(j, w * values[i], layer.n_neurons)


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.name)
def test_every_geometry_equals_the_list_of_synapses(layer):
    neurons, steps = spikes_of(layer)
    v, _, _ = run_shared(layer, neurons, steps)
    np.testing.assert_allclose(v, expected(layer, neurons, 1), atol=1e-13)


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_random_convolutions(data):
    def pair(low, high):
        return tuple(data.draw(st.integers(low, high)) for _ in range(2))

    groups = data.draw(st.sampled_from([1, 1, 2]))
    window, dilation, padding = pair(1, 3), pair(1, 2), (pair(0, 2), pair(0, 2))
    reach = [(size - 1) * gap + 1 for size, gap in zip(window, dilation, strict=True)]
    rows, columns = (
        max(size - sum(pad), 1) + data.draw(st.integers(0, 4))
        for size, pad in zip(reach, padding, strict=True)
    )
    inputs, outputs = data.draw(st.integers(1, 2)), data.draw(st.integers(1, 3))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    drawn = {"padding": padding, "dilation": dilation, "strides": pair(1, 3)}
    shape = (rows, columns, groups * inputs)
    wanted = Window(
        input_shape=shape, size=window, groups=groups, n_channels=groups * outputs, **drawn
    )
    assume(wanted.counts.any())  # a layer without any synapse is refused
    layer = Conv2D(
        name="random",
        input_shape=shape,
        groups=groups,
        kernel=rng.normal(size=(*window, inputs, groups * outputs)),
        **drawn,
    )
    spikes = np.arange(layer.n_inputs)
    v = np.zeros(layer.n_neurons)
    source = SpikeGeneratorGroup(layer.n_inputs, [], [] * ms)
    target = NeuronGroup(layer.n_neurons, "v : 1")
    SharedProjection(source, target, layer).scatter(spikes, 1.0, v)
    np.testing.assert_allclose(v, expected(layer, spikes, 1), atol=1e-12)


def test_factor_sign_and_counter():
    layer = LAYERS[2]
    neurons, steps = spikes_of(layer)
    v, n, _ = run_shared(layer, neurons, steps, sign=-2, factor="exp(t / tau)", counter="n")
    np.testing.assert_allclose(v, expected(layer, neurons, -2 * np.exp(steps / 2)), rtol=1e-12)
    assert n == len(neurons)


def test_it_acts_like_a_synapses_object():
    layer = LAYERS[1]
    neurons, steps = spikes_of(layer)
    source = SpikeGeneratorGroup(layer.n_inputs, neurons, steps * ms, dt=1 * ms)
    targets = [
        NeuronGroup(
            layer.n_neurons,
            "dv/dt = -v / (3*ms) : 1",
            threshold="v > 0.5",
            reset="v = 0",
            method="exact",
            dt=1 * ms,
        )
        for _ in range(2)
    ]
    synapses = Synapses(source, targets[0], "w : 1", on_pre="v_post += w")
    i, j, w = layer.projection.synapses()
    synapses.connect(i=i, j=j)
    synapses.w = w
    projection = SharedProjection(source, targets[1], layer, name="mine")
    monitors = [SpikeMonitor(target) for target in targets]
    net = Network(source, targets, synapses, projection, monitors)
    net.run(5 * ms)
    assert net["mine"] is projection
    assert (projection.when, projection.order) == (synapses.pre.when, synapses.pre.order)
    np.testing.assert_allclose(targets[0].v[:], targets[1].v[:], atol=1e-13)
    np.testing.assert_array_equal(monitors[0].i[:], monitors[1].i[:])
    np.testing.assert_array_equal(monitors[0].t_[:], monitors[1].t_[:])
    assert monitors[0].num_spikes > 0


def test_an_inactive_one_does_nothing():
    layer = LAYERS[0]
    source = SpikeGeneratorGroup(7, range(7), [0] * 7 * ms, dt=1 * ms)
    target = NeuronGroup(5, "v : 1", dt=1 * ms)
    projection = SharedProjection(source, target, layer)
    projection.active = False
    Network(source, target, projection).run(2 * ms)
    assert not target.v[:].any()


def test_parts_of_groups():
    layer = LAYERS[0]
    source = NeuronGroup(12, "on : 1", threshold="on > 0", reset="on = 0", dt=1 * ms)
    source.on[[1, 4, 11]] = 1
    target = NeuronGroup(9, "v : 1", dt=1 * ms)
    Network(source, target, SharedProjection(source[3:10], target[2:7], layer)).run(1 * ms)
    np.testing.assert_allclose(target.v[2:7], layer.weights[1])
    assert not target.v[:2].any()
    assert not target.v[7:].any()


def test_single_precision(monkeypatch):
    monkeypatch.setitem(prefs, "core.default_float_dtype", np.float32)
    layer = LAYERS[3]
    neurons, steps = spikes_of(layer)
    v, _, projection = run_shared(layer, neurons, steps)
    assert v.dtype == projection.packed.dtype == np.float32
    np.testing.assert_allclose(v, expected(layer, neurons, 1), atol=1e-5)


def test_weights_are_stored_once():
    layer = Conv2D(name="wide", input_shape=(50, 50, 2), kernel=np.ones((3, 3, 2, 4)))
    source = SpikeGeneratorGroup(layer.n_inputs, [], [] * ms)
    projection = SharedProjection(source, NeuronGroup(layer.n_neurons, "v : 1"), layer)
    assert projection.packed.size == layer.kernel.size


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"source": 6}, "source .* 6 neurons .* ask for 7"),
        ({"target": 6}, "target .* 6 neurons .* ask for 5"),
        ({"variable": "u"}, "no state variable 'u'"),
        ({"variable": "k"}, "floating"),
        ({"counter": "m"}, "no state variable 'm'"),
    ],
)
def test_refusals(change, message):
    source = SpikeGeneratorGroup(change.pop("source", 7), [], [] * ms)
    target = NeuronGroup(change.pop("target", 5), "v : 1\nk : integer")
    with pytest.raises(InvalidInputError, match=message):
        SharedProjection(source, target, LAYERS[0], **change)


def test_a_source_must_spike():
    quiet = NeuronGroup(7, "v : 1")
    with pytest.raises(InvalidInputError, match=r"no event 'spike'; give it a threshold"):
        SharedProjection(quiet, NeuronGroup(5, "v : 1"), LAYERS[0])
