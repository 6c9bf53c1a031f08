"""Correct each channel of an adapted model on a few images, instead of retraining it.

The ceiling of the coding adds an error to every sum that compensation does not know: its mean is
not zero where the inputs are few or pooled, and deep in a network it grows. Per channel, the line
that brings the adapted sums closest to the trained ones (least squares over images and positions)
and the shift that equates the means behind the ReLU go into kernel and bias.
"""

from collections.abc import Sequence

import keras
import numpy as np
from keras import layers as kl
from numpy.typing import NDArray

from .chain import SYNAPSE_BASED, Role, role_of
from .weights import to_numpy

_BEHIND_A_SUM = (Role.BIAS, Role.NORMALIZATION, Role.NOTHING)


def correct_channels(
    trained: Sequence[keras.layers.Layer],
    adapted: Sequence[keras.layers.Layer],
    images: NDArray,
    scale: float,
) -> None:
    """Change the weights of `adapted` in place, from the first layer to the output layer.

    Parameters
    ----------
    trained : sequence of keras.layers.Layer
        The chain as trained.
    adapted : sequence of keras.layers.Layer
        The same chain with reverse coding, its layers of the same names.
    images : ndarray
        (n_images, ...), as the chains take them; a few hundred are enough.
    scale : float
        What the activations of `adapted` are multiplied by.
    """
    wanted, coded = _Pass(trained, images), _Pass(adapted, images)
    while True:
        if not (wanted.to_sum() and coded.to_sum()):
            return
        if coded.is_last:
            coded.apply(*_mean_shift(coded.values, wanted.values))
            return
        slope, shift = _line(coded.values, wanted.values, scale)
        coded.apply(slope, shift)
        wanted.rectify()
        coded.rectify()


def _mean_shift(values, wanted) -> tuple[NDArray, NDArray]:
    """For logits: the shift that equates their means."""
    mean = [
        np.asarray(keras.ops.convert_to_numpy(part), np.float64).reshape(-1, part.shape[-1]).mean(0)
        for part in (values, wanted)
    ]
    return np.ones_like(mean[0]), mean[1] - mean[0]


def _line(values, wanted, scale) -> tuple[NDArray, NDArray]:
    """Per channel: slope by least squares, shift that equates the means behind a ReLU."""
    values, wanted = (
        np.asarray(keras.ops.convert_to_numpy(part), np.float64).reshape(-1, part.shape[-1])
        for part in (values, wanted)
    )
    wanted = wanted * scale
    centred = values - values.mean(axis=0)
    variance = (centred**2).mean(axis=0)
    covariance = (centred * (wanted - wanted.mean(axis=0))).mean(axis=0)
    slope = np.where(variance > 1e-12, covariance / np.maximum(variance, 1e-12), 1.0)
    slope = np.clip(slope, 0.25, 4.0)
    values = values * slope
    shift = wanted.mean(axis=0) - values.mean(axis=0)
    target = np.maximum(wanted, 0).mean(axis=0)
    for _ in range(10):
        shift = shift + target - np.maximum(values + shift, 0).mean(axis=0)
    return slope, shift


class _Pass:
    """Images on their way through a chain, stopping at every sum that a ReLU follows."""

    def __init__(self, layers: Sequence[keras.layers.Layer], images: NDArray):
        self._layers = [layer for layer in layers if not isinstance(layer, kl.InputLayer)]
        self._roles = [role_of(layer) for layer in self._layers]
        self._last = max(k for k, role in enumerate(self._roles) if role in SYNAPSE_BASED)
        self._next = 0
        self.values = keras.ops.convert_to_tensor(images)

    def to_sum(self) -> bool:
        """Go on to the next sum; False if there is none (a network may end in a mean)."""
        while self._next < len(self._roles) and self._roles[self._next] is not Role.SYNAPTIC:
            self._step()
        if self._next == len(self._roles):
            return False
        self.summing = self._layers[self._next]
        self.is_last = self._next == self._last
        function, self.summing.activation = self.summing.activation, keras.activations.linear
        try:
            self.values = self.summing(self.values)
        finally:
            self.summing.activation = function
        self._next += 1
        self._biases = []
        while self._next < len(self._roles) and self._roles[self._next] in _BEHIND_A_SUM:
            if self._roles[self._next] is Role.BIAS:
                self._biases.append(self._layers[self._next])
            self._step()
        return True

    def _step(self) -> None:
        layer, role = self._layers[self._next], self._roles[self._next]
        if role is Role.NORMALIZATION:
            self.values = layer(self.values, training=False)
        elif role is not Role.NOTHING:
            self.values = layer(self.values)
        self._next += 1

    def apply(self, slope: NDArray, shift: NDArray) -> None:
        """Put a line into the weights of the last sum, and the values through it."""
        layer = self.summing
        if not layer.use_bias:
            raise AssertionError(f"layer {layer.name!r} was adapted without a bias")
        kernel, bias = to_numpy(layer.kernel), to_numpy(layer.bias)
        dtype = kernel.dtype
        layer.set_weights([(kernel * slope).astype(dtype), (bias * slope + shift).astype(dtype)])
        for own in self._biases:
            own.set_weights([to_numpy(own.bias) * slope.astype(dtype)])
        ops = keras.ops
        slope, shift = (ops.convert_to_tensor(part.astype(dtype)) for part in (slope, shift))
        self.values = ops.add(ops.multiply(self.values, slope), shift)

    def rectify(self) -> None:
        self.values = keras.ops.stop_gradient(keras.ops.relu(self.values))
