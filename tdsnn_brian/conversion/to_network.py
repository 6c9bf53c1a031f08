"""From the graph of an adapted network to the `SpikingNetwork`."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..layers import AveragePool2D, Conv2D, Dense, Layer, MaxPool2D, Padding, Shape
from ..network import SpikingNetwork
from .graph import Coding, Graph, Neurons, Scaling, ZeroPadding
from .padding import NO_PADDING, add_padding, less_padding
from .weights import sums_over_positions


@dataclass(frozen=True)
class _Border:
    """Zero padding on the way to a layer; the `spiking` part, the inner one, has the gain 1."""

    padding: Padding = NO_PADDING
    spiking: Padding = NO_PADDING
    coded: bool = False

    def padded(self, more: Padding, *, silent: bool) -> "_Border":
        padding = add_padding(self.padding, more)
        spikes = not (self.coded or silent)
        return replace(self, padding=padding, spiking=padding if spikes else self.spiking)

    def without(self, shape: Shape) -> Shape:
        """The shape of an input without the padding."""
        rows, columns, channels = shape
        return rows - sum(self.padding[0]), columns - sum(self.padding[1]), channels

    def spikes(self, shape: Shape) -> NDArray[np.float64]:
        """1 where the padding spikes, 0 elsewhere: (rows, columns) of the padded input."""
        positions = np.zeros(shape[:2])
        positions[_inside(shape, less_padding(self.padding, self.spiking))] = 1
        positions[_inside(shape, self.padding)] = 0
        return positions


def _inside(shape: Shape, margin: Padding) -> tuple[slice, slice]:
    (top, bottom), (left, right) = margin
    return slice(top, shape[0] - bottom), slice(left, shape[1] - right)


def to_network(graph: Graph, *, max_pool: str = "simplified") -> SpikingNetwork:
    """The spiking network that computes what an adapted network computes.

    Parameters
    ----------
    graph : Graph
        Folded, with reverse coding, and passed by both checks of `rules`.
    max_pool : {"simplified", "constrained"}, optional
        See `tdsnn_brian.convert`.
    """
    coding = graph.codings[0]
    layers: list[Layer] = []
    border, input_scale = _Border(), 1.0
    for node in graph:
        match node:
            case Scaling():
                input_scale *= float(node.affine.factor)
            case Coding():
                border = replace(border, coded=True)
            case ZeroPadding():
                border = border.padded(node.padding, silent=coding.silent_zeros)
            case Neurons():
                layers.append(_layer(node, border, max_pool))
                border = _Border(coded=border.coded and not node.is_synaptic)
    image_shape, output_shape = graph.image_shape, graph.output_shape
    return SpikingNetwork(
        layers=tuple(layers),
        leak=coding.leak,
        input_scale=input_scale,
        input_steps=coding.steps,
        rounding=coding.rounding,
        silent_zeros=coding.silent_zeros,
        name=graph.name,
        image_range=graph.image_range,
        image_shape=None if image_shape == layers[0].input_shape else image_shape,
        output_shape=None if output_shape == layers[-1].output_shape else output_shape,
    )


def _layer(node: Neurons, border: _Border, max_pool: str) -> Layer:
    layer = node.layer
    if node.rebuild is None:  # others have taken the padding into account themselves
        layer = _with_padding(layer, border)
    if isinstance(layer, MaxPool2D) and max_pool == "constrained":
        layer = replace(layer, constrained=True)
    if node.border is not None and isinstance(layer, Dense | Conv2D):
        bias = node.border.astype(np.float64)
        layer = replace(layer, bias=bias if layer.bias is None else layer.bias + bias)
    return layer


def _with_padding(layer: Layer, border: _Border) -> Layer:
    """The layer on its input without zero padding, which becomes its own."""
    if border.padding == NO_PADDING:
        return layer
    if isinstance(layer, AveragePool2D):
        return _mean_over_zeros(layer, border)
    if isinstance(layer, Conv2D):
        return _convolution_over_zeros(layer, border)
    if isinstance(layer, MaxPool2D):
        padding = add_padding(border.padding, layer.padding)
        return replace(layer, input_shape=border.without(layer.input_shape), padding=padding)
    raise TypeError(f"layer {layer.name!r} ({type(layer).__name__}) takes no padding")


def _convolution_over_zeros(layer: Conv2D, border: _Border) -> Conv2D:
    """Padded positions that spike are no neurons: their constant sum becomes part of the bias."""
    bias = layer.bias
    if border.spiking != NO_PADDING:
        summed = layer.kernel.sum(axis=2, keepdims=True, dtype=np.float64)
        spikes = sums_over_positions(layer, summed, border.spikes(layer.input_shape))
        bias = spikes if bias is None else spikes + bias
    return replace(
        layer,
        input_shape=border.without(layer.input_shape),
        padding=add_padding(border.padding, layer.padding),
        bias=bias,
    )


def _mean_over_zeros(layer: AveragePool2D, border: _Border) -> Conv2D:
    """Positions of a ZeroPadding2D count in the mean: a convolution with constant weights."""
    channels = layer.n_channels
    kernel = np.full((*layer.pool_size, 1, channels), 1 / np.prod(layer.pool_size))
    mean = Conv2D(
        name=layer.name,
        input_shape=layer.input_shape,
        strides=layer.strides,
        kernel=kernel,
        groups=channels,
    )
    mean = _convolution_over_zeros(mean, border)
    if layer.scale == 1 and layer.bias is None:
        return mean
    own = np.zeros(channels) if layer.bias is None else layer.bias
    bias = own if mean.bias is None else mean.bias * layer.scale + own
    return replace(mean, kernel=kernel * layer.scale, bias=bias)
