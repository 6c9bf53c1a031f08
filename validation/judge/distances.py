"""Distances between spike trains and between distributions of spike times, as the field has them.

Every neuron fires once an image at most, and the general definitions shrink to closed forms; a test
holds them against Elephant's. Times are in ticks, `nan` where a neuron is silent.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import ks_2samp, wasserstein_distance

COST_PER_TICK = 1.0
"""Of moving a spike, in the Victor-Purpura distance; to remove or to add one costs 1."""


def rmse(left: NDArray, right: NDArray) -> float | None:
    """Root of the mean squared difference, of neurons that fire in both; None if none does."""
    apart = left - right
    both = np.isfinite(apart)
    return float(np.sqrt(np.mean(apart[both] ** 2))) if both.any() else None


def victor_purpura(left: NDArray, right: NDArray, cost: float = COST_PER_TICK) -> NDArray:
    """Victor-Purpura distance of each pair of spike trains (Victor and Purpura, 1996).

    Parameters
    ----------
    left, right : ndarray
        Times of single spikes, of one shape.
    cost : float, optional
        Of moving a spike by a tick.

    Examples
    --------
    >>> victor_purpura(np.array([1.0, 1.0, np.nan]), np.array([1.5, np.nan, np.nan])).tolist()
    [0.5, 1.0, 0.0]
    """
    return _single_spikes(left, right, lambda apart: np.minimum(cost * apart, 2.0))


def van_rossum(left: NDArray, right: NDArray, time_constant: float) -> NDArray:
    """Van Rossum distance of each pair of spike trains (van Rossum, 2001).

    Normalised so that one spike more is a distance of 1; `time_constant` is that of the
    exponential kernel, in ticks.

    Examples
    --------
    >>> van_rossum(np.array([1.0, 1.0]), np.array([1.0, np.nan]), 5.0).tolist()
    [0.0, 1.0]
    """
    return _single_spikes(left, right, lambda apart: np.sqrt(2 * -np.expm1(-apart / time_constant)))


def _single_spikes(left, right, of_both) -> NDArray:
    silent = np.isnan(left), np.isnan(right)
    both = of_both(np.abs(np.where(silent[0] | silent[1], 0, left - right)))
    return np.where(silent[0] ^ silent[1], 1.0, np.where(silent[0] & silent[1], 0.0, both))


def kolmogorov_smirnov(left: NDArray, right: NDArray) -> float | None:
    """Largest difference of the distributions of all times; None if one is empty."""
    left, right = _fired(left), _fired(right)
    if not (left.size and right.size):
        return None
    return float(ks_2samp(left, right, method="asymp").statistic)


def wasserstein(left: NDArray, right: NDArray) -> float | None:
    """Mean distance in ticks that moves one distribution into the other; None if one is empty."""
    left, right = _fired(left), _fired(right)
    if not (left.size and right.size):
        return None
    return float(wasserstein_distance(left, right))


def _fired(times: NDArray) -> NDArray:
    return times[np.isfinite(times)]
