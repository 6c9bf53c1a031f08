"""Firing times that follow from the spikes that really reached a layer: what all judges go by."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike, NDArray

from tdsnn_brian.firing_times import SILENT, gain, tie_tolerance
from tdsnn_brian.layers import Kind
from tdsnn_brian.population import Population


@dataclass(frozen=True)
class Expected:
    """Firing times of a layer, and how near each is to another one.

    Attributes
    ----------
    times : ndarray
        (n_images, *shape) in ticks, `SILENT` where silent.
    distance : ndarray
        Of `real` from the nearest jump of the ceiling, in ticks; `inf` for a max-pool.
    real : ndarray or None
        What is rounded up: `L ln(phi(A) + 1)`, for ReLU going on below 0 by its tangent there, less
        half a tick where the network rounds to the nearest; None for a max-pool.
    """

    times: NDArray
    distance: NDArray
    real: NDArray | None


def expected_times(
    population: Population, presynaptic: Sequence[NDArray], window: float | None = None
) -> Expected:
    """What a population should do with its input.

    Parameters
    ----------
    population : Population
        One that fires.
    presynaptic : sequence of ndarray
        For each of its sources (n_images, ...) firing times in ticks, not necessarily whole,
        `SILENT` where silent.
    window : float, optional
        Fixed inhibitory period in ticks; if not given, until the last spike of each image.
    """
    if population.kind is not Kind.TICKED:
        last = population.latest(*presynaptic).astype(np.float64)
        if not population.silent_zeros:  # it waits for ever for an input that is lost
            lost = presynaptic[0] == SILENT
            last[population.latest(np.where(lost, np.inf, 0.0)) == np.inf] = SILENT
        return Expected(last, np.full(last.shape, np.inf), None)
    total = population.activation(presynaptic)
    if window is None:
        inhibited = population.last_presynaptic(presynaptic)
    else:
        inhibited = np.full(len(total), window)
    times = population.latencies(total, inhibited)
    total = population.without_threshold(total, inhibited)
    real = population.schedule.continuous(total) - population.schedule.early
    # The ceiling jumps a tie's width above every integer that is not negative.
    if population.transfer.is_relu:
        real = np.where(total < 0, population.leak * total, real)
    from_jump = real - tie_tolerance(real.dtype)
    distance = np.abs(from_jump - np.maximum(np.rint(from_jump), 0))
    return Expected(times.astype(np.float64), distance, real)


def rounding(population: Population, presynaptic: Sequence[NDArray], dtype: DTypeLike) -> NDArray:
    """How far, in ticks, sums in `dtype` may move `L ln(phi(A) + 1)`, (n_images, *shape).

    `_ROUNDINGS` standard deviations, or so, of a sum's random rounding error.
    """
    gains = [gain(times, population.leak) for times in presynaptic]
    eps = np.finfo(dtype).eps
    error, total = 0.0, population.activation(presynaptic)
    for projection, values in zip(population.projections, gains, strict=True):
        absolute = projection.sizes().weighted_sum(values).reshape(total.shape)
        fan_in = projection.fan_in.reshape(population.shape)
        error = error + _ROUNDINGS * np.sqrt(fan_in) * eps * absolute
    exact = population.schedule.continuous(total)
    if population.transfer.is_relu:
        moved = population.leak * error / (np.maximum(total, 0) + 1)
    else:
        away = [population.schedule.continuous(total + sign * error) for sign in (-1, 1)]
        moved = np.max(np.abs(np.subtract(away, exact)), axis=0)
    return moved + tie_tolerance(np.dtype(dtype)) + exact * eps


_ROUNDINGS = 4.0
