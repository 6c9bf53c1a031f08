r"""Reverse coding: the stronger the stimulus, the later the single spike.

.. math::
    T(x) = \lceil L \ln(x + 1) \rceil \quad (x \ge 0), \qquad T(x) = 0 \quad (x < 0)  \qquad (10)

    G(x) = e^{T(x) / L}  \qquad (11)

How firing times are rounded, and what silence is, stands in `tdsnn_brian.firing_times`.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .arguments import MOST, is_count, is_real
from .errors import InvalidInputError
from .firing_times import gain, round_up, silence_zeros

LEAST_LEAK = 1 / 700
"""Ticks; with less, the gain of a spike one tick later is beyond float64."""


def check_leak(leak: float) -> float:
    """Return `leak` as a float; raise `InvalidInputError` unless `LEAST_LEAK <= leak <= MOST`."""
    if not is_real(leak):
        raise InvalidInputError(
            f"leak must be a number of ticks, got {leak!r:.80}; pass for example leak=5"
        )
    if not LEAST_LEAK <= leak <= MOST:
        raise InvalidInputError(
            f"leak must be finite and greater than 0 ({LEAST_LEAK:.2g} to {MOST}), got "
            f"{leak!r:.80}; it is the membrane time constant in ticks, for example leak=5"
        )
    return float(leak)


def check_steps(steps: int, name: str = "steps") -> int:
    """Return `steps` a tick as an int; raise `InvalidInputError` unless it is one and positive."""
    if not is_count(steps):
        raise InvalidInputError(
            f"{name} must be a whole number of steps a tick, 1 or more, got {steps!r:.80}; "
            f"pass for example {name}=4"
        )
    return int(steps)


def _floating(values: ArrayLike) -> NDArray:
    values = np.asarray(values)
    return values if np.issubdtype(values.dtype, np.floating) else values.astype(np.float64)


def continuous_latency(values: ArrayLike, leak: float) -> NDArray:
    """`L ln(x + 1)`: the latency in ticks before it is rounded up, 0 for negative values.

    Parameters
    ----------
    values : array_like
        Activations, any shape. Integers are taken as float64.
    leak : float
        Membrane time constant in ticks.

    Returns
    -------
    ndarray
        Same shape and floating type as `values`, in ticks.
    """
    return check_leak(leak) * np.log1p(np.maximum(_floating(values), 0))


def latency(
    values: ArrayLike, leak: float, *, silent_zeros: bool = False, steps: int = 1
) -> NDArray:
    """Firing time `T(x)` in ticks after release (Eq. 10).

    Parameters
    ----------
    values : array_like
        Activations, any shape.
    leak : float
        Membrane time constant in ticks.
    silent_zeros : bool, optional
        Give `SILENT` instead of 0 where a value is not positive.
    steps : int, optional
        Round up to whole multiples of ``1 / steps`` ticks, ``T(x) = ceil(steps L ln(x + 1)) /
        steps``, for neurons that no ticking neuron drives.

    Returns
    -------
    ndarray of int32
        Same shape as `values`; of float64 if there is more than one step a tick.

    Raises
    ------
    InvalidInputError
        If `leak` is not finite and positive, or `steps` no whole number of 1 or more.

    Examples
    --------
    >>> latency([-1.0, 0.0, 0.5, 1.0], leak=5).tolist()
    [0, 0, 3, 4]
    >>> latency([0.5, 1.0], leak=5, steps=4).tolist()
    [2.25, 3.5]
    """
    steps = check_steps(steps)
    latencies: NDArray = round_up(continuous_latency(values, check_leak(leak) * steps))
    if steps > 1:
        latencies = latencies / steps
    return silence_zeros(latencies) if silent_zeros else latencies


def reverse_coding(
    values: ArrayLike, leak: float, *, silent_zeros: bool = False, steps: int = 1
) -> NDArray:
    """Activation `G(x) = exp(T(x) / L)` that a spike time stands for (Eq. 11).

    Parameters
    ----------
    values : array_like
        Activations, any shape.
    leak : float
        Membrane time constant in ticks.
    silent_zeros : bool, optional
        Give 0 instead of 1 where a value is not positive.
    steps : int, optional
        See `latency`.

    Returns
    -------
    ndarray
        Same shape and floating type as `values`; 1 where they are not positive, else between
        ``x + 1`` and ``(x + 1) * exp(1 / (steps * leak))``.
    """
    values = _floating(values)
    latencies = latency(values, leak, silent_zeros=silent_zeros, steps=steps)
    return gain(latencies, leak, values.dtype)
