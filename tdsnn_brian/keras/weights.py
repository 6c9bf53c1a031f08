"""Weights of Keras layers as numpy arrays: those that the layer computes with, or a refusal."""

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from ..errors import UnsupportedLayerError


def describe(layer: keras.layers.Layer) -> str:
    return f"layer {layer.name!r} ({type(layer).__name__})"


def to_numpy(variable: Any) -> NDArray:
    """A Keras variable as an array of float32 (also for narrower types) or float64."""
    values = np.asarray(keras.ops.convert_to_numpy(variable))
    return values if values.dtype == np.float64 else values.astype(np.float32)


def array_of(layer: keras.layers.Layer, what: str) -> NDArray:
    """The variable `what` of a layer, with LoRA's update in it.

    Raises
    ------
    UnsupportedLayerError
        If it holds NaN or infinite values.
    """
    values = to_numpy(getattr(layer, what))
    check_finite(layer, what, values)
    return values


def check_finite(layer: keras.layers.Layer, what: str, values: NDArray) -> None:
    if not np.isfinite(values).all():
        count = int((~np.isfinite(values)).sum())
        raise UnsupportedLayerError(
            f"{describe(layer)} has {count} NaN or infinite values of {values.size} in its {what}; "
            "its training has diverged, so train it again with a lower learning rate, or go back "
            "to weights from before"
        )


def check_quantization(layer: keras.layers.Layer) -> None:
    """Refuse a layer that rounds its inputs and weights to a few bits as it computes."""
    mode = getattr(layer, "quantization_mode", None)
    if mode is not None:
        raise UnsupportedLayerError(
            f"{describe(layer)} is quantised ({mode}): it computes with rounded inputs and "
            "weights, as no synapse does; take the model as it was before quantize()"
        )
