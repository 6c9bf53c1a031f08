"""Observed orders: the slope of a line through logarithms, and how far from a line they are."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True, kw_only=True)
class Order:
    """`error ~ step ** order`.

    Attributes
    ----------
    order : float or None
        None where fewer than three errors stand above rounding.
    residual : float or None
        Root mean square distance of the errors from the line, in factors of ten.
    points : int
        Errors that the line was fitted to.
    """

    order: float | None
    residual: float | None
    points: int


def fit_order(steps: ArrayLike, errors: ArrayLike, *, floor: float = 0.0) -> Order:
    """Fit the order of convergence by least squares in logarithms.

    Parameters
    ----------
    steps, errors : array_like
        Of the same length; steps positive.
    floor : float, optional
        Errors up to it are rounding and left out.
    """
    steps, errors = np.asarray(steps, dtype=float), np.asarray(errors, dtype=float)
    used = np.isfinite(errors) & (errors > floor)
    if used.sum() < 3:
        return Order(order=None, residual=None, points=int(used.sum()))
    x, y = np.log10(steps[used]), np.log10(errors[used])
    slope, offset = np.polyfit(x, y, 1)
    residual = float(np.sqrt(np.mean((y - slope * x - offset) ** 2)))
    return Order(order=float(slope), residual=residual, points=int(used.sum()))
