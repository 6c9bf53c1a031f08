"""Zero padding as Keras counts it, and what padded positions contribute once they are coded."""

import numpy as np
from numpy.typing import NDArray

from ..spec import Padding, Pair

NO_PADDING: Padding = ((0, 0), (0, 0))


def same_padding(size: int, window: int, stride: int, dilation: int = 1) -> Pair:
    """Positions that padding='same' adds before and after an axis of `size` positions."""
    reach = (window - 1) * dilation + 1
    total = max((-(-size // stride) - 1) * stride + reach - size, 0)
    return total // 2, total - total // 2


def add_padding(first: Padding, second: Padding) -> Padding:
    return tuple(
        (before + more_before, after + more_after)
        for (before, after), (more_before, more_after) in zip(first, second, strict=True)
    )


def _inside(
    size: int,
    low: int,
    high: int,
    start: int,
    window: int,
    stride: int,
    dilation: int,
    n_windows: int,
) -> NDArray[np.bool_]:
    """(n_windows, window): whether a position lies in ``-low .. size + high``.

    Windows begin at ``-start``.
    """
    positions = (np.arange(n_windows)[:, None] * stride + np.arange(window) * dilation) - start
    return (positions >= -low) & (positions < size + high)


def border_contribution(
    kernel: NDArray,
    input_shape: tuple[int, ...],
    ones: Padding,
    padding: Padding,
    strides: Pair,
    dilation: Pair,
    output_shape: tuple[int, ...],
) -> NDArray[np.float64]:
    """What padded positions of value 1 add to every neuron of a convolution.

    Parameters
    ----------
    kernel : ndarray
        (rows, columns, input channels / groups, output channels).
    input_shape : tuple of int
        (rows, columns, channels) without any padding.
    ones : pair of pairs
        The innermost padding, whose positions hold 1.
    padding : pair of pairs
        All padding; positions of it beyond `ones` hold 0.
    strides, dilation : pair of int
        Of rows and columns.
    output_shape : tuple of int
        (rows, columns, channels).

    Returns
    -------
    ndarray
        Shape `output_shape`.
    """
    real, coded = (
        [
            _inside(
                input_shape[axis],
                *bounds[axis],
                padding[axis][0],
                kernel.shape[axis],
                strides[axis],
                dilation[axis],
                output_shape[axis],
            )
            for axis in range(2)
        ]
        for bounds in (NO_PADDING, ones)
    )
    is_one = np.einsum("ra,cb->rcab", *coded) & ~np.einsum("ra,cb->rcab", *real)
    per_position = kernel.sum(axis=2, dtype=np.float64)
    return np.tensordot(is_one.astype(np.float64), per_position, axes=2)
