"""Correct each channel of an adapted network on a few images, instead of retraining it.

The ceiling of the coding adds an error to every sum that compensation does not know: its mean is
not zero where the inputs are few or pooled, and deep in a network it grows. Per channel, the line
that brings the adapted sums closest to the trained ones (least squares over images and positions)
and the shift that equates the means behind the ReLU go into kernel and bias.
"""

from dataclasses import replace

import keras
import numpy as np
from numpy.typing import NDArray

from ..conversion.graph import Graph, Neurons, Node
from .building import Builder, Tensor


def correct_channels(trained: Graph, adapted: Graph, images: NDArray, scale: float) -> Graph:
    """`adapted` with other weights, found from the first layer to the output layer.

    Parameters
    ----------
    trained : Graph
        The network as trained, folded.
    adapted : Graph
        The same with reverse coding, its layers of the same names.
    images : ndarray
        (n_images, ...), as the networks take them; a few hundred are enough.
    scale : float
        What the activations of `adapted` are multiplied by.
    """
    wanted, coded = _Pass(trained, images), _Pass(adapted, images)
    while wanted.to_sum() and coded.to_sum():
        if coded.is_last:
            coded.apply(*_mean_shift(coded.values, wanted.values))
            break
        coded.apply(*_line(coded.values, wanted.values, scale))
        wanted.rectify()
        coded.rectify()
    return coded.graph


def _mean_shift(values: Tensor, wanted: Tensor) -> tuple[NDArray, NDArray]:
    """For logits: the shift that equates their means."""
    values, wanted = _by_channel(values), _by_channel(wanted)
    return np.ones(values.shape[1]), wanted.mean(axis=0) - values.mean(axis=0)


def _by_channel(values: Tensor) -> NDArray[np.float64]:
    values = np.asarray(keras.ops.convert_to_numpy(values), np.float64)
    return values.reshape(-1, values.shape[-1])


def _line(values: Tensor, wanted: Tensor, scale: float) -> tuple[NDArray, NDArray]:
    """Per channel: slope by least squares, shift that equates the means behind a ReLU."""
    values, wanted = _by_channel(values), _by_channel(wanted) * scale
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
    """Images on their way through a network, stopping at every weighted sum."""

    def __init__(self, graph: Graph, images: NDArray) -> None:
        self._graph, self._builder = graph, Builder(graph)
        self._nodes: list[Node] = list(graph)
        self._next = 1  # behind the input
        self.values = keras.ops.convert_to_tensor(images, dtype=graph.dtype)

    @property
    def graph(self) -> Graph:
        """The network with all weights as they are now."""
        return replace(self._graph, nodes=tuple(self._nodes))

    @property
    def is_last(self) -> bool:
        """Whether the sum is that of the output layer."""
        return self._graph.is_output(self._summing)

    def to_sum(self) -> bool:
        """Go on to the next sum; False if there is none (a network may end in a mean)."""
        while self._next < len(self._nodes):
            node = self._nodes[self._next]
            self._next += 1
            if isinstance(node, Neurons) and node.is_weighted:
                self._summing = node
                self.values = self._builder.sums(node, self.values)
                return True
            self.values = self._builder.run(node, self.values)
        return False

    def apply(self, slope: NDArray, shift: NDArray) -> None:
        """Put a line into the weights of the last sum, and the values through it."""
        node = self._summing
        weights, bias, border = node.weights, node.weighted.bias, node.border
        dtype = weights.dtype
        if border is not None:
            border = (border * slope).astype(dtype)
        self._nodes[self._next - 1] = replace(node, border=border).with_layer(
            weights=(weights * slope).astype(dtype), bias=(bias * slope + shift).astype(dtype)
        )
        ops = keras.ops
        slope, shift = (ops.convert_to_tensor(part.astype(dtype)) for part in (slope, shift))
        self.values = ops.add(ops.multiply(self.values, slope), shift)

    def rectify(self) -> None:
        self.values = keras.ops.stop_gradient(keras.ops.relu(self.values))
