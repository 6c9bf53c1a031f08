r"""Reverse coding: the stronger the stimulus, the later the single spike.

.. math::
    T(x) = \lceil L \ln(x + 1) \rceil \quad (x \ge 0), \qquad T(x) = 0 \quad (x < 0)  \qquad (10)

    G(x) = e^{T(x) / L}  \qquad (11)

That is rounding up. To the nearest tick, :math:`T(x) = \lceil L \ln(x + 1) - 1/2 \rceil`, 0 where
that is negative: `G(x)` then is `x + 1` on average, where rounding up gives :math:`e^{1/2L}` times
as much, and is 1 for all `x` up to :math:`e^{1/2L} - 1`.

What a tie is, and what silence is, stands in `tdsnn_brian.firing_times`.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .arguments import MOST, check_choice, is_count, is_number, is_real, real_array
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


def check_offset(offset: float, name: str = "input_offset") -> float:
    """Return what is added to images as a float; raise `InvalidInputError` if it is negative."""
    if not (is_number(offset) and offset >= 0):
        raise InvalidInputError(
            f"{name} must be a finite number >= 0, got {offset!r:.80}; 1 is for images with values "
            "from -1 on"
        )
    return float(offset)


def check_noise(noise: float) -> float:
    """Return the noise on firing times as a float; raise `InvalidInputError` if it is negative."""
    if not (is_number(noise) and noise >= 0):
        raise InvalidInputError(
            f"noise must be a finite number of ticks >= 0, got {noise!r:.80}; 0 trains without, "
            "0.5 against firing times that are half a tick off"
        )
    return float(noise)


ROUNDINGS = {"up": 0.0, "nearest": 0.5}
"""How latencies become whole, and how many ticks are taken off before they are rounded up."""


def check_rounding(rounding: str) -> str:
    """Return `rounding`; raise `InvalidInputError` unless it is one of `ROUNDINGS`."""
    check_choice("rounding", rounding, ROUNDINGS)
    return rounding


def early(rounding: str) -> float:
    """Ticks that are taken off a latency before it is rounded up, by the name of a rounding."""
    return ROUNDINGS[check_rounding(rounding)]


def _floating(values: ArrayLike) -> NDArray:
    values = real_array("values", values)
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

    Examples
    --------
    >>> continuous_latency([-1.0, 0.0, 1.0], leak=5).round(3).tolist()
    [0.0, 0.0, 3.466]
    """
    return check_leak(leak) * np.log1p(np.maximum(_floating(values), 0))


def latency(
    values: ArrayLike,
    leak: float,
    *,
    silent_zeros: bool = False,
    steps: int = 1,
    rounding: str = "up",
) -> NDArray:
    """Firing time `T(x)` in ticks after release (Eq. 10).

    Parameters
    ----------
    values : array_like
        Activations, any shape.
    leak : float
        Membrane time constant in ticks.
    silent_zeros : bool, optional
        Give `SILENT` instead of the latency 0.
    steps : int, optional
        Round up to whole multiples of ``1 / steps`` ticks, ``T(x) = ceil(steps L ln(x + 1)) /
        steps``, for neurons that no ticking neuron drives.
    rounding : {"up", "nearest"}, optional
        Whether latencies are rounded up, as in the paper, or to the nearest tick or step.

    Returns
    -------
    ndarray of int32
        Same shape as `values`; of float64 if there is more than one step a tick.

    Raises
    ------
    InvalidInputError
        If `leak` is not finite and positive, `steps` no whole number of 1 or more, or `rounding`
        another word.

    Examples
    --------
    >>> latency([-1.0, 0.0, 0.5, 1.0], leak=5).tolist()
    [0, 0, 3, 4]
    >>> latency([-1.0, 0.0, 0.5, 1.0], leak=5, rounding="nearest").tolist()
    [0, 0, 2, 3]
    >>> latency([0.5, 1.0], leak=5, steps=4).tolist()
    [2.25, 3.5]
    """
    steps = check_steps(steps)
    continuous = continuous_latency(values, check_leak(leak) * steps)
    latencies: NDArray = round_up(continuous - early(rounding))
    if steps > 1:
        latencies = latencies / steps
    return silence_zeros(latencies) if silent_zeros else latencies


def reverse_coding(
    values: ArrayLike,
    leak: float,
    *,
    silent_zeros: bool = False,
    steps: int = 1,
    rounding: str = "up",
) -> NDArray:
    """Activation `G(x) = exp(T(x) / L)` that a spike time stands for (Eq. 11).

    Parameters
    ----------
    values : array_like
        Activations, any shape.
    leak : float
        Membrane time constant in ticks.
    silent_zeros : bool, optional
        Give 0 instead of 1 where the latency is 0.
    steps, rounding : optional
        See `latency`.

    Returns
    -------
    ndarray
        Same shape and floating type as `values`; 1 where they are not positive, else between
        ``x + 1`` and ``(x + 1) * exp(1 / (steps * leak))``, or within a factor of
        ``exp(0.5 / (steps * leak))`` of ``x + 1`` where latencies are rounded to the nearest.

    Examples
    --------
    >>> reverse_coding([-1.0, 0.0, 1.0], leak=5).round(3).tolist()
    [1.0, 1.0, 2.226]
    """
    values = _floating(values)
    latencies = latency(values, leak, silent_zeros=silent_zeros, steps=steps, rounding=rounding)
    return gain(latencies, leak, values.dtype)
