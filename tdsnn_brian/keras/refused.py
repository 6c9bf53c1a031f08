"""Layers that have no spiking counterpart, each with the reason and what to do."""

import keras
from keras import layers as kl
from keras.src.ops import numpy as array_ops

from .registry import READERS

_STATISTICS = (
    "divides by a deviation that it takes from the very values, which no weight stands for; use "
    "BatchNormalization, which conversion folds into weights, and train the model again"
)
_ATTENTION = (
    "weighs values by a softmax of their products, which no neurons carry; use convolutions, Dense "
    "layers or gates (Multiply by a sigmoid) in its place, and train the model again"
)
_MATRIX = (
    "multiplies matrices of values by each other; use Multiply, which takes them value by value, "
    "and train the model again"
)
_LOOP = (
    "feeds its values back in time, and every neuron of a network fires once an image; use "
    "Conv1D over the sequence, and train the model again"
)
_LARGEST = (
    "takes the larger or smaller of several values, and a max-pool's window reads one layer; use "
    "Add or Concatenate in its place, and train the model again"
)


def _classes(*names: str) -> list[type]:
    """Layers of these names that this version of Keras has."""
    return [getattr(kl, name) for name in names if hasattr(kl, name)]


_REASONS: tuple[tuple[list[type], str], ...] = (
    (
        _classes(
            "LayerNormalization",
            "GroupNormalization",
            "RMSNormalization",
            "UnitNormalization",
            "SpectralNormalization",
        ),
        _STATISTICS,
    ),
    (
        _classes("Attention", "AdditiveAttention", "MultiHeadAttention", "GroupQueryAttention"),
        _ATTENTION,
    ),
    (_classes("RNN", "SimpleRNN", "LSTM", "GRU", "ConvLSTM2D", "Bidirectional"), _LOOP),
    (_classes("Dot"), _MATRIX),
    ([*_classes("Maximum", "Minimum"), array_ops.Maximum, array_ops.Minimum], _LARGEST),
)


def why_not(layer: keras.Operation) -> str:
    """Why a layer or operation that nothing reads is refused, and what to do."""
    for classes, reason in _REASONS:
        if isinstance(layer, tuple(classes)):
            return reason
    if not isinstance(layer, kl.Layer):
        return "is an operation, not a layer; use the Keras layer for it"
    known = ", ".join(sorted(cls.__name__ for cls in READERS if issubclass(cls, kl.Layer)))
    return f"is not supported; use one of {known}, or add it with tdsnn_brian.keras.register"
