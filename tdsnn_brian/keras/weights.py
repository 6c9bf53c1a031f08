"""Kernel and bias of a Keras layer as numpy arrays, batch normalisation folded in."""

import keras
import numpy as np
from numpy.typing import NDArray

Weights = tuple[NDArray, NDArray | None]


def to_numpy(variable) -> NDArray:
    """A Keras variable as an array of float32 (also for narrower types) or float64."""
    values = np.asarray(keras.ops.convert_to_numpy(variable))
    return values if values.dtype == np.float64 else values.astype(np.float32)


def weights_of(layer: keras.layers.Layer) -> Weights:
    """Kernel and bias (None without one) of a Conv2D or Dense layer, in the layer's precision."""
    return to_numpy(layer.kernel), to_numpy(layer.bias) if layer.use_bias else None


def fold_normalization(weights: Weights, layer: keras.layers.BatchNormalization) -> Weights:
    """Weights that do what `weights` and the batch normalisation behind them do, in float64.

    The output channels are the last axis of the kernel.
    """
    kernel, bias = weights
    mean = to_numpy(layer.moving_mean).astype(np.float64)
    factor = 1 / np.sqrt(to_numpy(layer.moving_variance).astype(np.float64) + layer.epsilon)
    if layer.scale:
        factor = factor * to_numpy(layer.gamma)
    shifted = (0.0 if bias is None else bias) - mean
    beta = to_numpy(layer.beta) if layer.center else 0.0
    return kernel * factor, shifted * factor + beta
