import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tdsnn_brian import InvalidInputError, continuous_latency, latency, reverse_coding
from tdsnn_brian.firing_times import SILENT, gain, tie_tolerance

leaks = st.floats(0.3, 50)
activations = st.floats(-100, 1e6)


@given(activations, leaks)
def test_the_gain_brackets_the_activation(x, leak):
    g = float(reverse_coding(x, leak))
    if x <= 0:
        assert g == 1
    else:
        assert (x + 1) * (1 - 1e-8) <= g < (x + 1) * np.exp(1 / leak)


@given(st.lists(activations, min_size=2, max_size=20), leaks)
def test_latency_grows_with_the_activation(values, leak):
    assert (np.diff(latency(np.sort(values), leak)) >= 0).all()


@given(st.integers(1, 200), leaks)
def test_latency_is_the_first_tick_that_reaches_the_activation(k, leak):
    edge = np.expm1(k / leak)
    assert latency(edge * (1 - 1e-6), leak) <= k
    assert latency(edge + np.exp(k / leak) * 1e-6, leak) == k + 1


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("leak", [1, 2, 5, 20])
def test_a_tie_counts_as_the_integer(dtype, leak):
    k = np.arange(0, 3 * leak)
    exact = np.expm1(k.astype(np.float64) / leak).astype(dtype)
    for nudged in (exact, np.nextafter(exact, dtype(np.inf)), np.nextafter(exact, dtype(0))):
        np.testing.assert_array_equal(latency(nudged, leak), k)


def test_the_tie_tolerance_is_small():
    just_above = np.expm1((7 + 10 * tie_tolerance(np.float64)) / 5)
    assert latency(just_above, 5) == 8


def test_values_and_types():
    assert latency([-3.0, 0.0, 1.0, 10.0], 5).tolist() == [0, 0, 4, 12]
    assert reverse_coding(np.float32([1.0]), 5).dtype == np.float32
    assert reverse_coding(1, 5) == pytest.approx(np.exp(0.8))
    assert continuous_latency(np.expm1(1.0), 5) == pytest.approx(5)


def test_silent_zeros():
    assert latency([-1.0, 0.0, 1.0], 5, silent_zeros=True).tolist() == [SILENT, SILENT, 4]
    assert reverse_coding([-1.0, 0.0, 1.0], 5, silent_zeros=True)[:2].tolist() == [0, 0]
    assert gain([SILENT, 0, 5], 5).tolist() == [0, 1, np.exp(1)]


@pytest.mark.parametrize("leak", [0, -1, np.nan, np.inf, "5", None, True])
def test_an_impossible_leak_is_refused(leak):
    with pytest.raises(InvalidInputError, match=r"leak must be .*leak=5"):
        latency([1.0], leak)
