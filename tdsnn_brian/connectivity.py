"""The synapses of a layer as lists: presynaptic index, postsynaptic index, weight.

Indices count neurons in C order of the layers' shapes. A padded position has no neuron and
therefore no synapse.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .propagation import window_counts
from .spec import AveragePool2D, Conv2D, Dense, Layer


class Connections(NamedTuple):
    """`i`, `j` (int32) and `w` (dtype of the weights), one entry a synapse, sorted by `i`, `j`."""

    i: NDArray
    j: NDArray
    w: NDArray


def _taps(layer: Layer):
    """For each position of the window: its index, and which input meets which output position.

    Yields ``(row, column), source, target`` where source and target are flat indices of input
    and output positions (without channels).
    """
    rows, columns = layer.input_shape[:2]
    out_rows, out_columns = layer.output_shape[:2]

    def line(tap, axis, size, out_size):
        out = np.arange(out_size)
        at = out * layer.strides[axis] + tap * layer.dilation[axis] - layer.padding[axis][0]
        inside = (at >= 0) & (at < size)
        return at[inside], out[inside]

    for row in range(layer.window_shape[0]):
        source_rows, target_rows = line(row, 0, rows, out_rows)
        for column in range(layer.window_shape[1]):
            source_columns, target_columns = line(column, 1, columns, out_columns)
            source = source_rows[:, None] * columns + source_columns
            target = target_rows[:, None] * out_columns + target_columns
            yield (row, column), source.ravel(), target.ravel()


def _sliding_connections(layer: Layer, channel_pairs, weight) -> Connections:
    """Join the taps; `channel_pairs` are (input channel, output channel), flat and parallel."""
    channels_in, channels_out = channel_pairs
    n_in, n_out = layer.input_shape[2], layer.output_shape[2]
    parts = []
    for tap, source, target in _taps(layer):
        i = (source[:, None] * n_in + channels_in).ravel()
        j = (target[:, None] * n_out + channels_out).ravel()
        parts.append((i, j, weight(tap, target).ravel()))
    i, j, w = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.lexsort((j, i))
    return Connections(i[order].astype(np.int32), j[order].astype(np.int32), w[order])


def _conv_connections(layer: Conv2D) -> Connections:
    inputs, outputs = layer.kernel.shape[2], layer.kernel.shape[3] // layer.groups
    group, c_in, c_out = (
        grid.ravel() for grid in np.meshgrid(*map(np.arange, (layer.groups, inputs, outputs)),
                                             indexing="ij")
    )
    output_channel = group * outputs + c_out
    return _sliding_connections(
        layer,
        (group * inputs + c_in, output_channel),
        lambda tap, target: np.broadcast_to(
            layer.kernel[tap][c_in, output_channel], (len(target), len(c_in))
        ),
    )


def _pool_connections(layer: Layer) -> Connections:
    channels = np.arange(layer.input_shape[2])
    if isinstance(layer, AveragePool2D):
        weights = layer.scale / window_counts(layer).reshape(-1, len(channels))
    else:
        weights = np.ones((np.prod(layer.output_shape[:2]), len(channels)))
    return _sliding_connections(layer, (channels, channels), lambda tap, target: weights[target])


def connections(layer: Layer) -> Connections:
    """All synapses between a layer and the one before it.

    Parameters
    ----------
    layer : Layer
        Dense, convolution or pooling; a max-pool's weights are 1.

    Returns
    -------
    Connections
        ``i`` below `layer.n_inputs`, ``j`` below `layer.n_neurons`, ``w`` not negated.
    """
    if isinstance(layer, Dense):
        n_in, n_out = layer.weights.shape
        i, j = np.divmod(np.arange(n_in * n_out, dtype=np.int32), np.int32(n_out))
        return Connections(i, j, layer.weights.ravel())
    return _conv_connections(layer) if isinstance(layer, Conv2D) else _pool_connections(layer)


def n_synapses(layer: Layer) -> int:
    """Number of entries that `connections` would give, without making them."""
    if isinstance(layer, Dense):
        return layer.weights.size
    inside = sum(len(source) for _, source, _ in _taps(layer))
    if isinstance(layer, Conv2D):
        return inside * layer.kernel.shape[2] * layer.kernel.shape[3]
    return inside * layer.input_shape[2]


def fan_out(layer: Layer) -> NDArray[np.int64]:
    """Synapses of each input neuron, shape `layer.input_shape`."""
    if isinstance(layer, Dense):
        return np.full(layer.input_shape, layer.n_neurons)
    rows, columns, _ = layer.input_shape
    positions = np.zeros(rows * columns, np.int64)
    for _, source, _ in _taps(layer):
        positions += np.bincount(source, minlength=rows * columns)
    each = layer.n_channels // layer.groups if isinstance(layer, Conv2D) else 1
    return np.broadcast_to(positions.reshape(rows, columns, 1) * each, layer.input_shape)
