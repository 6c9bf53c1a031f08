import numpy as np
import pytest

from tdsnn_brian.validation.sweeps.fit import fit_order


@pytest.mark.parametrize("order", [1, 2, 4])
def test_finds_the_order_of_a_power(order):
    steps = np.array([1, 0.5, 0.2, 0.1])
    fit = fit_order(steps, 3 * steps**order)
    assert fit.order == pytest.approx(order)
    assert fit.residual == pytest.approx(0, abs=1e-12)
    assert fit.points == 4


def test_the_residual_tells_what_is_no_power():
    assert fit_order([1, 0.5, 0.2, 0.1], [1, 1e-3, 1, 1e-3]).residual > 0.5


def test_leaves_out_rounding_and_says_when_too_little_is_left():
    steps = np.array([1, 0.1, 0.01, 0.001])
    fit = fit_order(steps, steps**4 + 1e-7, floor=2e-7)
    assert (fit.order, fit.points) == (None, 2)
