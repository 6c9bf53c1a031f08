import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tdsnn_brian import InvalidInputError, latency
from tdsnn_brian.ticking import firing_latency, leak_factor, release_potential, tick_weight

leaks = st.floats(0.5, 20)
windows = st.integers(0, 40)
activations = st.floats(-5, 50)


def count_ticks(potential, leak, w_tick, v_threshold=0.0, limit=10_000):
    """Eq. (5) with its sum from 1: the ticks that a leaking neuron needs."""
    ticks = 0
    while potential < v_threshold and ticks < limit:
        potential = potential * np.exp(-1 / leak) + w_tick
        ticks += 1
    return ticks


def far_from_a_tie(potential, leak, w_tick, v_threshold=0.0):
    scale = w_tick * 1e-6
    return count_ticks(potential - scale, leak, w_tick, v_threshold) == count_ticks(
        potential + scale, leak, w_tick, v_threshold
    )


@given(activations, leaks, windows)
def test_the_closed_form_counts_ticks(a, leak, window):
    potential, w_tick = release_potential(a, leak, window), tick_weight(leak, window)
    assume(far_from_a_tie(potential, leak, w_tick))
    assert firing_latency(potential, leak, w_tick) == count_ticks(potential, leak, w_tick)


@given(activations, leaks, windows)
def test_latency_does_not_depend_on_the_window(a, leak, window):
    potential, w_tick = release_potential(a, leak, window), tick_weight(leak, window)
    assume(far_from_a_tie(potential, leak, w_tick))
    assert firing_latency(potential, leak, w_tick) == latency(a, leak)


@given(st.floats(-3, 1), leaks, st.floats(0.01, 1), st.floats(-0.5, 0.9))
def test_any_threshold(potential, leak, w_tick, share):
    v_threshold = share * w_tick / leak_factor(leak)
    assume(v_threshold >= 0 or potential >= v_threshold)  # below 0 a decay alone may cross it
    assume(far_from_a_tie(potential, leak, w_tick, v_threshold))
    assert firing_latency(potential, leak, w_tick, v_threshold) == count_ticks(
        potential, leak, w_tick, v_threshold
    )


def test_a_threshold_out_of_reach_is_refused():
    w_tick = tick_weight(5, 3)
    limit = w_tick / leak_factor(5)
    assert firing_latency(-1.0, 5, w_tick, 0.99 * limit) > 0
    with pytest.raises(InvalidInputError, match=r"v_threshold=.* is out of reach"):
        firing_latency(-1.0, 5, w_tick, 1.01 * limit)
    assert firing_latency(2 * limit, 5, w_tick, 1.01 * limit) == 0


def test_float32():
    a = np.linspace(-1, 30, 500, dtype=np.float32)
    assert (np.abs(firing_latency(-a, 5, np.float32(leak_factor(5))) - latency(a, 5)) <= 1).all()
    assert (firing_latency(-a, 5, np.float32(leak_factor(5))) == latency(a, 5)).mean() > 0.99
