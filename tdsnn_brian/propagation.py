"""What a layer computes on arrays: weighted sums of gains, maxima of latencies.

Arrays carry the image axis first and are channels last.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from .coding import SILENT
from .spec import AveragePool2D, Conv2D, Dense, Layer, MaxPool2D


def _windows(layer: Layer, values: NDArray, fill: float) -> NDArray:
    """Views (n, rows, columns, channels, window rows, window columns) of the padded input."""
    values = values.reshape(len(values), *layer.input_shape)
    if any(map(any, layer.padding)):
        values = np.pad(values, ((0, 0), *layer.padding, (0, 0)), constant_values=fill)
    reach = [(size - 1) * d + 1 for size, d in zip(layer.window_shape, layer.dilation, strict=True)]
    views = sliding_window_view(values, reach, axis=(1, 2))
    (row_step, column_step), (row_gap, column_gap) = layer.strides, layer.dilation
    return views[:, ::row_step, ::column_step, :, ::row_gap, ::column_gap]


def window_counts(layer: Layer) -> NDArray:
    """How many positions of each window are no padding, (rows, columns, channels)."""
    ones = np.ones((1, *layer.input_shape[:2], 1))
    single = _windows(layer, ones, 0) if layer.input_shape[2] == 1 else _windows(
        _one_channel(layer), ones, 0
    )
    counts = single.sum(axis=(4, 5))[0].astype(np.int64)
    return np.broadcast_to(counts, layer.output_shape)


def _one_channel(layer: Layer) -> Layer:
    from dataclasses import replace

    return replace(layer, input_shape=(*layer.input_shape[:2], 1))


def _convolve(layer: Conv2D, values: NDArray) -> NDArray:
    windows = _windows(layer, values, 0)
    kernel = layer.kernel.astype(values.dtype, copy=False)
    inputs, outputs = kernel.shape[2], kernel.shape[3] // layer.groups
    parts = [
        np.tensordot(
            windows[:, :, :, g * inputs : (g + 1) * inputs],
            kernel[..., g * outputs : (g + 1) * outputs],
            axes=((3, 4, 5), (2, 0, 1)),
        )
        for g in range(layer.groups)
    ]
    return parts[0] if layer.groups == 1 else np.concatenate(parts, axis=-1)


def weighted_sum(layer: Layer, values: NDArray) -> NDArray:
    """`sum_i w_i x_i` of a synapse-based layer, without its bias.

    Parameters
    ----------
    layer : Dense, Conv2D or AveragePool2D
    values : ndarray
        (n_images, ...) with `layer.n_inputs` values an image, in C order.

    Returns
    -------
    ndarray
        (n_images, *layer.output_shape), in the dtype of `values`.
    """
    match layer:
        case Dense():
            return values.reshape(len(values), -1) @ layer.weights.astype(values.dtype, copy=False)
        case Conv2D():
            return _convolve(layer, values)
        case AveragePool2D():
            sums = _windows(layer, values, 0).sum(axis=(4, 5))
            return sums * (layer.scale / window_counts(layer)).astype(values.dtype)
    raise TypeError(f"layer {layer.name!r} ({type(layer).__name__}) has no weights")


def activation(layer: Layer, gains: NDArray) -> NDArray:
    """`A = sum_i w_i G(x_i) + bias` before the ReLU; shapes as in `weighted_sum`."""
    total = weighted_sum(layer, gains)
    return total if layer.bias is None else total + layer.bias.astype(total.dtype, copy=False)


def latest(layer: MaxPool2D, latencies: NDArray) -> NDArray:
    """Latency of each max-pool neuron: that of the last neuron in its window.

    In the channels of `layer.minimum` it is that of the first one, and `SILENT` where any neuron
    of the window is. Padding never counts.
    """
    last = _windows(layer, latencies, SILENT).max(axis=(4, 5))
    if layer.minimum:
        channels = list(layer.minimum)
        never = np.inf if latencies.dtype.kind == "f" else np.iinfo(latencies.dtype).max
        last[..., channels] = _windows(layer, latencies, never)[:, :, :, channels].min(axis=(4, 5))
    return last
