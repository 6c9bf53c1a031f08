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

from ..conversion.correction import Correction
from ..conversion.graph import Graph, Neurons, Node, Rectifier, Sum
from ..transfer import RELU, Transfer
from .building import Builder, Tensor


def correct_channels(
    trained: Graph, adapted: Graph, images: NDArray, correction: Correction
) -> Graph:
    """`adapted` with other weights, found from the first layer to the output layers.

    Parameters
    ----------
    trained : Graph
        The network as trained, folded.
    adapted : Graph
        The same with reverse coding, its layers of the same names.
    images : ndarray
        (n_images, ...), as the networks take them; a few hundred are enough.
    correction : Correction
        What `adapted` was made by.
    """
    wanted, coded = _Pass(trained, images + correction.input_offset), _Pass(adapted, images)
    while wanted.to_sum() and coded.to_sum():
        if coded.is_read_out:
            coded.apply(*_mean_shift(coded.values, wanted.values))
            continue
        coded.apply(*_line(coded.values, wanted.values, correction.scale, coded.transfer))
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


def _line(
    values: Tensor, wanted: Tensor, scale: float, transfer: Transfer
) -> tuple[NDArray, NDArray]:
    """Per channel: slope by least squares, shift that equates the means behind the transfer."""
    values, wanted = _by_channel(values), _by_channel(wanted) * scale
    centred = values - values.mean(axis=0)
    variance = (centred**2).mean(axis=0)
    covariance = (centred * (wanted - wanted.mean(axis=0))).mean(axis=0)
    slope = np.where(variance > 1e-12, covariance / np.maximum(variance, 1e-12), 1.0)
    slope = np.clip(slope, 0.25, 4.0)
    values = values * slope
    shift = wanted.mean(axis=0) - values.mean(axis=0)
    target = transfer.values(wanted).mean(axis=0)
    step = 1e-3 * transfer.scale
    for _ in range(10):  # Newton's steps where the transfer is steep, or they would overshoot
        mean = transfer.values(values + shift).mean(axis=0)
        steepness = 1.0
        if not transfer.is_relu:  # which is no steeper
            steepness = (transfer.values(values + shift + step).mean(axis=0) - mean) / step
        shift = shift + (target - mean) / np.maximum(steepness, 1)
    return slope, shift


class _Pass:
    """Images on their way through a network, stopping at every sum whose weights may change."""

    def __init__(self, graph: Graph, images: NDArray) -> None:
        self._graph, self._builder = graph, Builder(graph)
        self._nodes: dict[str, Node] = {node.name: node for node in graph}
        first, *others = graph
        self._waiting = list(reversed(others))
        self._values = {
            first.name: keras.ops.convert_to_tensor(images, dtype=graph.dtype),
        }
        self._unread = {name: len(readers) for name, readers in graph.readers.items()}
        self._summing: Node = first

    @property
    def graph(self) -> Graph:
        """The network with all weights as they are now."""
        return replace(self._graph, nodes=tuple(self._nodes.values()))

    @property
    def values(self) -> Tensor:
        """Of the sum."""
        return self._values[self._summing.name]

    @property
    def transfer(self) -> Transfer:
        """What neurons make of the sum; the first, if it is carried by several."""
        readers = self._graph.readers[self._summing.name]
        return next((x.transfer for x in readers if isinstance(x, Rectifier)), RELU)

    @property
    def is_read_out(self) -> bool:
        """Whether the sum is that of an output layer."""
        return self._graph.is_output(self._summing)

    def to_sum(self) -> bool:
        """Go on to the next sum; False if there is none (a network may end in a mean)."""
        while self._waiting:
            node = self._waiting.pop()
            sources = [self._values[name] for name in node.inputs]
            if isinstance(node, Neurons) and node.is_weighted:
                self._values[node.name] = self._builder.sums(node, *sources)
            else:
                self._values[node.name] = self._builder.run(node, *sources)
            for name in node.inputs:
                self._unread[name] -= 1
                if not self._unread[name]:
                    del self._values[name]
            self._summing = node
            if self._changes(node):
                return True
        return False

    def _changes(self, node: Node) -> bool:
        """Whether it gives the whole sum of neurons whose weights may change."""
        if isinstance(node, Sum):
            return all(self._is_weighted(name) for name in node.inputs)
        readers = self._graph.readers[node.name]
        return self._is_weighted(node.name) and not any(isinstance(x, Sum) for x in readers)

    def _is_weighted(self, name: str) -> bool:
        node = self._nodes[name]
        return isinstance(node, Neurons) and node.is_weighted

    def apply(self, slope: NDArray, shift: NDArray) -> None:
        """Put a line into the weights of the last sum, and the values through it."""
        summing = self._summing
        names = summing.inputs if isinstance(summing, Sum) else (summing.name,)
        for number, name in enumerate(names):
            self._put_line(name, slope, shift if number == 0 else 0 * shift)
        ops, dtype = keras.ops, self._graph.dtype
        slope, shift = (ops.convert_to_tensor(part.astype(dtype)) for part in (slope, shift))
        self._values[summing.name] = ops.add(ops.multiply(self.values, slope), shift)

    def _put_line(self, name: str, slope: NDArray, shift: NDArray) -> None:
        node = self._nodes[name]
        if not isinstance(node, Neurons):
            raise TypeError(f"{node.origin} has no weights")
        weights, bias, border = node.weights, node.weighted.bias, node.border
        dtype = weights.dtype
        if border is not None:
            border = (border * slope).astype(dtype)
        self._nodes[name] = replace(node, border=border).with_layer(
            weights=(weights * slope).astype(dtype),
            bias=((0 if bias is None else bias) * slope + shift).astype(dtype),
        )

    def rectify(self) -> None:
        """Put a ReLU behind the sum, be it one inside the layer; other transfers stand apart."""
        if self.transfer.is_relu:
            values = keras.ops.stop_gradient(keras.ops.relu(self.values))
            self._values[self._summing.name] = values
