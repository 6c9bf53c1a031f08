"""ON and OFF: two neighbours for a value of either sign, of which one at most fires late."""

import numpy as np
from numpy.typing import NDArray

from .layers import Shape


def doubled(shape: Shape) -> Shape:
    """Of the neurons of values of `shape`."""
    return (*shape[:-1], 2 * shape[-1])


def halved(shape: Shape) -> Shape:
    """Of the values that neurons of `shape` are pairs of."""
    return (*shape[:-1], shape[-1] // 2)


def as_pairs(values: NDArray) -> NDArray:
    """Each value as what is positive of it, and beside it what is negative of it.

    Examples
    --------
    >>> as_pairs(np.array([[0.5, -2.0, 0.0]])).tolist()
    [[0.5, 0.0, 0.0, 2.0, 0.0, 0.0]]
    """
    both = np.stack([np.maximum(values, 0), np.maximum(-values, 0)], axis=-1)
    return both.reshape(doubled(values.shape))
