"""What a list of spikes adds to the target, in numpy; in C++ it is ``templates/scatter.h``."""

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ...layers import Projection


def pack(projection: Projection, sign: float, dtype: DTypeLike) -> NDArray:
    """The weights as the inner loop reads them.

    Returns
    -------
    ndarray
        (tap rows, input channels, tap columns, outputs of a group). Tap columns run backwards, for
        the targets of one spike then run forwards.
    """
    window = projection.window
    kernel = projection.weights[:, ::-1].astype(dtype)
    kernel *= sign
    kernel = kernel.reshape(*window.size, window.group_inputs, window.groups, window.group_outputs)
    return np.ascontiguousarray(kernel.transpose(0, 3, 2, 1, 4)).reshape(
        window.size[0], window.input_shape[2], window.size[1], window.group_outputs
    )


def scatter(
    projection: Projection, packed: NDArray, spikes: NDArray, factor: float, target: NDArray
) -> None:
    """Add the weights of `spikes`, times `factor`, to `target`.

    Parameters
    ----------
    projection : Projection
    packed : ndarray
        See `pack`.
    spikes : ndarray of int
        Input neurons of the projection.
    factor : float
    target : ndarray
        (n_outputs,)
    """
    window = projection.window
    if projection.reads is not None:
        spikes = projection.reads.shown(spikes)
    _, columns, channels = window.input_shape
    out_rows, out_columns, out_channels = window.output_shape
    position, channel = np.divmod(spikes, channels)
    if _is_dense(projection):
        target += factor * packed[0, channel, 0].sum(axis=0)
        return
    row, column = np.divmod(position, columns)
    group = channel // window.group_inputs
    within_group = np.arange(window.group_outputs)
    for tap_row in range(window.size[0]):
        at_row = row + window.padding[0][0] - tap_row * window.dilation[0]
        out_row, row_hit = _hits(at_row, window.strides[0], out_rows)
        for tap in range(window.size[1]):
            gap = (window.size[1] - 1 - tap) * window.dilation[1]
            at = column + window.padding[1][0] - gap
            out_column, column_hit = _hits(at, window.strides[1], out_columns)
            hit = row_hit & column_hit
            gain = np.full(hit.sum(), float(factor))
            if projection.share is not None:
                gain *= projection.share[out_row[hit], out_column[hit]]
            added = gain[:, None] * packed[tap_row, channel[hit], tap]
            first = (out_row[hit] * out_columns + out_column[hit]) * out_channels
            first += group[hit] * window.group_outputs
            np.add.at(target, first[:, None] + within_group, added.astype(target.dtype))


def _is_dense(projection: Projection) -> bool:
    """Whether each input reaches each output by one weight."""
    window = projection.window
    return (
        window.size == window.input_shape[:2] == window.output_shape[:2] == (1, 1)
        and window.groups == 1
        and projection.share is None
        and bool(window.counts.all())
    )


def _hits(at: NDArray, step: int, size: int) -> tuple[NDArray, NDArray]:
    """Output positions, and whether the tap meets one."""
    out, rest = np.divmod(at, step)
    return out, (rest == 0) & (out >= 0) & (out < size)
