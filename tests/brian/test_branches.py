"""Networks whose layers have several sources: each one's spikes count from its own origin."""

import numpy as np
import pytest
from event_driven_networks import assert_as_analysed, ran
from hypothesis import given, settings
from hypothesis import strategies as st
from test_population import residual

import tdsnn_brian as td
from helpers import random_images
from tdsnn_brian.brian.event_driven.integrator import Integrator
from tdsnn_brian.brian.event_driven.ticked_layer import TickedLayer
from tdsnn_brian.layers import Conv2D, Dense, MaxPool2D, Sum

SHAPE = (3, 3, 2)
SAME = ((1, 1), (1, 1))


pytestmark = pytest.mark.usefixtures("numpy_target")


@pytest.mark.parametrize("window", ["dynamic", "fixed", 25])
@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("silent_zeros", [False, True])
def test_a_residual_block(window, steps, silent_zeros):
    network = residual(silent_zeros=silent_zeros)
    assert_as_analysed(ran(network, random_images(network), window=window, steps=steps))


@st.composite
def graphs(draw):
    """Convolutions, max-pools behind each other and sums over any layers before them."""
    rng = np.random.default_rng(draw(st.integers(0, 9999)))

    def conv(name, source=None):
        return Conv2D(
            name=name,
            input_shape=SHAPE,
            kernel=rng.normal(0, 0.4, (3, 3, 2, 2)),
            padding=SAME,
            bias=None if draw(st.booleans()) else rng.normal(0, 0.3, 2),
            source=source,
            leak=draw(st.sampled_from([None, None, 2.0, 7.5])),
        )

    layers = [conv("layer0")]
    for k in range(1, draw(st.integers(2, 7))):
        name, before = f"layer{k}", [layer.name for layer in layers]
        kind = draw(st.sampled_from(["conv", "pool", "sum", "sum"]))
        source = draw(st.sampled_from(before))
        if kind == "conv":
            layers.append(conv(name, source))
        elif kind == "pool":
            layers.append(
                MaxPool2D(
                    name=name,
                    input_shape=SHAPE,
                    pool_size=(2, 2),
                    padding=((0, 1), (1, 0)),
                    source=source,
                    minimum=draw(st.sampled_from([(), (1,)])),
                )
            )
        else:
            sources = draw(st.lists(st.sampled_from(before), min_size=2, max_size=3))
            layers.append(
                Sum(
                    name=name,
                    leak=draw(st.sampled_from([None, 3.0])),
                    terms=tuple(conv(f"{name}_{i}", each) for i, each in enumerate(sources)),
                )
            )
    layers.append(Dense(name="output", input_shape=(18,), weights=rng.normal(size=(18, 3))))
    return td.SpikingNetwork(
        layers=tuple(layers),
        leak=5,
        silent_zeros=draw(st.booleans()),
        input_steps=1 if layers[0].source else draw(st.sampled_from([1, 2])),
    )


@settings(max_examples=60, deadline=None)
@given(graphs(), st.sampled_from(["dynamic", "fixed"]), st.integers(1, 2))
def test_random_graphs(network, window, steps):
    images = random_images(network, 2)
    assert_as_analysed(ran(network, images, window=window, steps=steps * network.input_steps))


def test_origins_matter(monkeypatch):
    """A source's spikes counted from the origin of another one would be noticed."""
    original = Integrator.effects

    def effects(self, index):
        return original(self, len(self.sources) - 1)

    monkeypatch.setattr(Integrator, "effects", effects)
    network = residual()
    with pytest.raises((AssertionError, td.TDSNNError)):
        assert_as_analysed(ran(network, random_images(network)))


@pytest.mark.parametrize("window", ["dynamic", "fixed"])
@pytest.mark.parametrize("v_threshold", [0.001, -0.01])
def test_thresholds_where_branches_meet(window, v_threshold):
    network = residual(v_threshold=v_threshold)
    assert_as_analysed(ran(network, random_images(network), window=window, steps=3))


def _late_skip():
    """An early layer fires later after its release than the layer behind it after its own."""
    rng = np.random.default_rng(0)

    def dense(name, weights, source=None):
        return Dense(name=name, input_shape=(6,), weights=weights, source=source)

    layers = (
        dense("first", rng.uniform(1, 4, (6, 6))),
        dense("second", np.full((6, 6), 0.004)),
        Sum(
            name="block",
            terms=(
                dense("near", rng.normal(0.5, 1, (6, 6)), "second"),
                dense("skip", rng.normal(0.2, 0.2, (6, 6)), "first"),
            ),
            v_threshold=-0.1,
        ),
        dense("output", np.eye(6)),
    )
    return td.SpikingNetwork(layers=layers, leak=5.0)


def test_with_a_threshold_a_window_waits_as_if_early_spikes_did():
    network = _late_skip()
    images = random_images(network, 4)
    last = {name: times.max() for name, times in td.analyse(network, images).latencies.items()}
    assert last["first"] > last["second"] + 10
    assert_as_analysed(ran(network, images, steps=3))


def test_a_window_that_does_not_wait_would_be_noticed(monkeypatch):
    monkeypatch.setattr(TickedLayer, "_watch", lambda self, s, now: None)
    network = _late_skip()
    with pytest.raises((AssertionError, td.TDSNNError)):
        assert_as_analysed(ran(network, random_images(network, 4)))
