r"""The ticking neuron in closed form: tick weight and latency (Eqs. 4 to 9).

A layer that sums up to :math:`A` (its activation, weights as trained) has the potential
:math:`P = -A e^{-T_{il}/L}` when its inhibition is lifted (8). From then on each tick adds
`w_tick`; the k-th tick arrives k ticks after release, so the sum of Eq. (5) runs over
``t = 1 .. T_o`` (as printed, from 0, it contradicts the closed forms 6, 7 and 10).
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .coding import check_leak
from .errors import InvalidInputError
from .firing_times import round_up


def leak_factor(leak: float) -> float:
    """`1 - exp(-1 / L)`: the share of a potential that leaks in one tick."""
    return float(-np.expm1(-1.0 / check_leak(leak)))


def tick_weight(leak: float, window: float) -> float:
    r"""Weight of one tick, `(1 - exp(-1/L)) exp(-T_il / L)` (Eq. 9).

    Parameters
    ----------
    leak : float
        Membrane time constant in ticks.
    window : float
        Length of the inhibitory period `T_il` in ticks.

    Returns
    -------
    float
        In the unit of the potential.
    """
    return leak_factor(leak) * float(np.exp(-window / leak))


def release_potential(activation: ArrayLike, leak: float, window: float) -> NDArray:
    """Potential `P = -A exp(-T_il / L)` at the end of the inhibitory period (Eq. 8)."""
    return -np.asarray(activation) * np.exp(-window / check_leak(leak))


def effective_activation(
    activation: ArrayLike,
    leak: float,
    window: ArrayLike,
    v_threshold: float,
    name: str | None = None,
) -> NDArray:
    r"""The activation that has the same latency at threshold 0.

    Eq. (6) with (8) and (9) is :math:`T_o = \lceil L \ln(A' + 1) \rceil` where

    .. math:: A' = \frac{A + \varphi}{1 - \varphi}, \qquad \varphi = \theta e^{T_{il}/L}

    Parameters
    ----------
    activation : array_like
        `A`, any shape.
    leak : float
        Membrane time constant in ticks.
    window : array_like
        Inhibitory period in ticks, to be broadcast against `activation`.
    v_threshold : float
        Firing threshold.
    name : str, optional
        Of the layer, for the error.

    Returns
    -------
    ndarray
        Shape and floating type of `activation`, which it is for a threshold of 0.

    Raises
    ------
    InvalidInputError
        If the ticks can never lift a neuron to the threshold.
    """
    activation = np.asarray(activation)
    if not v_threshold:
        return activation
    window = np.asarray(window, np.float64)
    longest = float(window.max(initial=0))
    require_reachable(v_threshold, leak, tick_weight(leak, longest), name)
    share = (v_threshold * np.exp(window / leak)).astype(activation.dtype)
    return (activation + share) / (1 - share)


def continuous_firing_latency(
    potential: ArrayLike, leak: float, w_tick: float, v_threshold: float = 0.0
) -> NDArray:
    r"""The argument of the ceiling in Eq. (6), in ticks; 0 at or above threshold, `inf` for never.

    .. math::
        L \ln \frac{-P (1 - e^{-1/L}) + w_{tick}}{w_{tick} - \theta (1 - e^{-1/L})}
    """
    potential = np.asarray(potential)
    if not np.issubdtype(potential.dtype, np.floating):
        potential = potential.astype(np.float64)
    c = potential.dtype.type(leak_factor(leak))
    headroom = w_tick - v_threshold * c
    if not headroom > 0:
        return np.where(potential >= v_threshold, 0.0, np.inf).astype(potential.dtype)
    excess = np.maximum(c * (v_threshold - potential), 0) / headroom
    return leak * np.log1p(excess)


def firing_latency(
    potential: ArrayLike, leak: float, w_tick: float, v_threshold: float = 0.0
) -> NDArray[np.int32]:
    """First tick after release at which the potential reaches the threshold (Eqs. 6 and 7).

    Parameters
    ----------
    potential : array_like
        Potentials at release, any shape, in the unit of `v_threshold`.
    leak : float
        Membrane time constant in ticks.
    w_tick : float
        What each tick adds to the potential.
    v_threshold : float, optional
        Firing threshold.

    Returns
    -------
    ndarray of int32
        Latency in ticks; 0 where the potential already is at threshold.

    Raises
    ------
    InvalidInputError
        If the ticks can never lift a neuron to the threshold, that is unless
        ``w_tick > v_threshold * (1 - exp(-1/leak))``.
    """
    continuous = continuous_firing_latency(potential, leak, w_tick, v_threshold)
    if np.isinf(continuous).any():
        require_reachable(v_threshold, leak, w_tick)
    return round_up(continuous)


def require_reachable(
    v_threshold: float, leak: float, w_tick: float, name: str | None = None
) -> None:
    """Raise `InvalidInputError` unless ``w_tick > v_threshold * (1 - exp(-1/leak))``."""
    if w_tick - v_threshold * leak_factor(leak) > 0:
        return
    layer = "" if name is None else f"layer {name!r}: "
    raise InvalidInputError(
        f"{layer}v_threshold={v_threshold:g} is out of reach: ticks of weight {w_tick:g} lift a "
        f"leaking neuron (leak={leak:g}) to at most {w_tick / leak_factor(leak):g}; "
        "lower v_threshold, or shorten the window so that the tick weight grows"
    )
