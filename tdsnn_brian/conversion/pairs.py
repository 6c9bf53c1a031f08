"""Values of either sign as two neurons: ON fires for what is positive, OFF for what is negative.

A linear layer `(W, b)` becomes `([W, -W], [b, -b])`, and what reads it by `V` reads it by
`[V, -V]`. The two neurons of a value are neighbours, so that layers, groups of channels and shapes
stay what they are with twice the channels.
"""

from dataclasses import dataclass, replace
from math import prod

import numpy as np
from numpy.typing import NDArray

from ..image_pairs import doubled
from ..layers import AveragePool2D, Conv2D, Dense, MaxPool2D, Shape
from .graph import Arrangement, Concatenation, Neurons, Node, Passive, Reshaping, Sum, ZeroPadding
from .padding import NO_PADDING
from .weights import mean_as_convolution


@dataclass(frozen=True, kw_only=True, eq=False)
class Pairing(Node):
    """What is positive of each value, and beside it what is negative of it: the image as pairs."""

    @property
    def shape(self) -> Shape:
        return doubled(self.input_shape)


def with_pairs_behind(node: Neurons, slope: NDArray) -> Neurons | None:
    """The layer that gives pairs: its sums, and `-slope` times its sums; None if it cannot.

    `slope` is one number or one a channel.
    """
    mean = as_convolution(node)
    if mean is None or not mean.is_weighted:
        return None
    bias, border = mean.weighted.bias, mean.border
    weights = _both(mean.weights, slope)
    changes = {"weights": weights, "bias": None if bias is None else _both(bias, slope)}
    border = None if border is None else _both(border, slope)
    return replace(mean, border=border).with_layer(**changes)


def with_pairs_before(node: Neurons) -> Neurons | None:
    """The layer that takes pairs for values; None if it cannot."""
    if node.rebuild is not None:
        return None
    match node.layer:
        case Dense() | Conv2D():
            weights = node.weights
            both = np.stack([weights, -weights], axis=-2)
            both = both.reshape(*weights.shape[:-2], -1, weights.shape[-1])
            return node.with_layer(input_shape=doubled(node.input_shape), weights=both)
        case AveragePool2D(bias=None):
            return node.with_layer(input_shape=doubled(node.input_shape))
    return None


def with_pairs_through(node: Node) -> Node:
    """What does with both neurons of each value what `node` does with the value."""
    match node:
        case Passive():
            shape = doubled(node.input_shape)
            return replace(node, rebuild=replace(node.rebuild, input_shape=shape))
        case Reshaping():
            return replace(node, input_shape=doubled(node.input_shape), target=doubled(node.target))
        case ZeroPadding() | Concatenation() | Sum():
            return replace(node, input_shape=doubled(node.input_shape))
        case Arrangement():
            places = np.where(node.places < 0, -2, 2 * node.places)
            places = np.stack([places, places + 1], axis=-1).reshape(doubled(node.shape))
            places = np.maximum(places, -1)
            return replace(node, input_shape=doubled(node.input_shape), places=places)
        case Neurons(layer=MaxPool2D(), rebuild=None):
            least = getattr(node.layer, "minimum", ())
            minimum = (2 * c + (c not in least) for c in range(node.shape[-1]))
            return node.with_layer(
                input_shape=doubled(node.input_shape), minimum=tuple(sorted(minimum))
            )
    raise TypeError(f"{node.origin} ({type(node).__name__}) takes no pairs")


def as_convolution(node: Neurons) -> Neurons | None:
    """A mean as a convolution with constant weights; None where its windows differ in size."""
    layer = node.layer
    if not isinstance(layer, AveragePool2D) or node.rebuild is not None:
        return node
    if layer.padding != NO_PADDING:
        return None
    convolution = mean_as_convolution(layer, layer.scale / prod(layer.pool_size))
    return replace(node, layer=replace(convolution, bias=layer.bias))


def _both(values: NDArray, slope: NDArray) -> NDArray:
    """(..., channels) as (..., 2 channels): each number, and beside it `-slope` times it."""
    both = np.stack([values, -slope * values], axis=-1)
    return both.reshape(*values.shape[:-1], -1).astype(np.result_type(values, np.float32))
