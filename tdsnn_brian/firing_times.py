r"""Firing times as numbers: silence, ties, gains, the last spike. Each is decided here alone.

A firing time is a number of ticks after the release of its neuron's layer; a neuron that does not
fire has `SILENT`, in integer and floating arrays alike.

**Ties.** Where :math:`L \ln(x+1)` is an integer, ``ceil`` of a rounded logarithm would let the
last bit decide. Everywhere in this package a value that exceeds an integer by no more than
`tie_tolerance` ticks counts as that integer: the closed forms subtract the tolerance before they
round up, and the Brian2 neurons fire at a potential that lies as little below the threshold.
"""

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from .errors import InvalidInputError

SILENT = -1
"""Firing time of a neuron that does not fire; its gain is 0."""

_LARGEST = np.iinfo(np.int32).max


def tie_tolerance(dtype: DTypeLike) -> float:
    """Excess over an integer, in ticks, that still counts as that integer.

    It stands well above the rounding of a weighted sum in `dtype` and well below anything that a
    simulation could resolve: 1e-9 for float64, 1e-5 for float32 and narrower types.
    """
    return 1e-9 if np.dtype(dtype).itemsize >= 8 else 1e-5


def round_up(continuous: NDArray) -> NDArray[np.int32]:
    """Latencies in whole ticks from continuous ones, with the tie convention of this module.

    Raises
    ------
    InvalidInputError
        If one is not finite, or larger than an int32 holds.
    """
    rounded = np.maximum(np.ceil(continuous - tie_tolerance(continuous.dtype)), 0)
    largest = rounded.max(initial=0)
    if not largest <= _LARGEST:
        raise InvalidInputError(
            f"a firing time of {largest:g} ticks is out of range (at most {_LARGEST}); choose a "
            "smaller leak or scale, or look for weights that are too large"
        )
    return rounded.astype(np.int32)


def silence_zeros(latencies: NDArray) -> NDArray:
    """`latencies` with `SILENT` in place of 0: what silent zeros make of them."""
    return np.where(latencies > 0, latencies, latencies.dtype.type(SILENT))


def gain(latencies: ArrayLike, leak: float, dtype: DTypeLike = np.float64) -> NDArray:
    """`exp(T / L)`: what a spike `T` ticks into a window weighs at its end, relative to one at 0.

    `SILENT` neurons have gain 0. Latencies need not be whole.
    """
    latencies = np.asarray(latencies)
    if latencies.dtype.kind == "f" or latencies.max(initial=0) >= latencies.size:
        return np.where(latencies == SILENT, 0, np.exp(latencies / leak)).astype(dtype)
    table = np.exp(np.arange(latencies.max(initial=0) + 2) / leak).astype(dtype)
    table[SILENT] = 0
    return table[latencies]


def last_spike(latencies: NDArray) -> NDArray:
    """Latest firing time of each image, (n_images,); `SILENT` where no neuron fires."""
    return latencies.reshape(len(latencies), -1).max(axis=1)


def in_steps(ticks: ArrayLike, steps_per_tick: int) -> NDArray[np.int64]:
    """Times in ticks, which need not be whole, as whole integration steps; `SILENT` stays."""
    ticks = np.asarray(ticks, np.float64)  # an int32 would overflow
    return np.where(ticks == SILENT, SILENT, np.rint(ticks * steps_per_tick)).astype(np.int64)


def in_ticks(steps: NDArray, steps_per_tick: int) -> NDArray[np.float64]:
    """Times in integration steps, `nan` for none, as times in ticks, `SILENT` for none.

    A neuron that fires exactly ``-SILENT`` ticks early stays one that fires: its time is moved by
    the last bit.
    """
    ticks = steps / steps_per_tick
    ticks = np.where(ticks == SILENT, np.nextafter(SILENT, 0), ticks)
    return np.where(np.isnan(ticks), SILENT, ticks)


def with_nan(latencies: ArrayLike) -> NDArray[np.float64]:
    """Firing times as statistics and plots take them: `nan` for silence."""
    latencies = np.asarray(latencies)
    return np.where(latencies == SILENT, np.nan, latencies)
