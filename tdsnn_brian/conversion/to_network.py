"""From the graph of an adapted network to the `SpikingNetwork`."""

from dataclasses import dataclass, replace

import numpy as np

from ..layers import AveragePool2D, Conv2D, Layer, MaxPool2D, Padding
from ..network import SpikingNetwork
from .graph import Coding, Graph, Neurons, Scaling, ZeroPadding
from .padding import NO_PADDING, add_padding
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
    image_shape = graph.image_shape
    return SpikingNetwork(
        layers=tuple(layers),
        leak=coding.leak,
        input_scale=input_scale,
        input_steps=coding.steps,
        silent_zeros=coding.silent_zeros,
        name=graph.name,
        image_shape=None if image_shape == layers[0].input_shape else image_shape,
    )


def _layer(node: Neurons, border: _Border, max_pool: str) -> Layer:
    if node.rebuild is not None:  # has taken the padding into account itself
        layer = node.layer
    else:
        layer = _with_padding(node.layer, border)
    if isinstance(layer, MaxPool2D) and max_pool == "constrained":
        layer = replace(layer, constrained=True)
    if node.border is not None:
        bias = node.border.astype(np.float64)
        layer = replace(layer, bias=bias if layer.bias is None else layer.bias + bias)
    return layer


def _with_padding(layer: Layer, border: _Border) -> Layer:
    """The layer on its input without zero padding, which becomes its own.

    Padded positions that spike are no neurons: their constant sum becomes part of the bias.
    """
    if border.padding == NO_PADDING:
        return layer
    if isinstance(layer, AveragePool2D):
        return _mean_over_zeros(layer, border)
    bare = tuple(
        size - sum(more) for size, more in zip(layer.input_shape[:2], border.padding, strict=True)
    )
    changes = {
        "input_shape": (*bare, layer.input_shape[2]),
        "padding": add_padding(border.padding, layer.padding),
    }
    if isinstance(layer, Conv2D) and border.spiking != NO_PADDING:
        summed = layer.kernel.sum(axis=2, keepdims=True, dtype=np.float64)
        spikes = sums_over_positions(layer, summed, _spiking_positions(layer, border))
        changes["bias"] = spikes if layer.bias is None else spikes + layer.bias
    return replace(layer, **changes)


def _mean_over_zeros(layer: AveragePool2D, border: _Border) -> Layer:
    """Positions of a ZeroPadding2D count in the mean: a convolution with constant weights."""
    channels = layer.n_channels
    mean = _with_padding(
        Conv2D(
            name=layer.name,
            input_shape=layer.input_shape,
            strides=layer.strides,
            kernel=np.full((*layer.pool_size, 1, channels), 1 / np.prod(layer.pool_size)),
            groups=channels,
        ),
        border,
    )
    if layer.scale == 1 and layer.bias is None:
        return mean
    own = np.zeros(channels) if layer.bias is None else layer.bias
    bias = own if mean.bias is None else mean.bias * layer.scale + own
    return replace(mean, kernel=mean.kernel * layer.scale, bias=bias)


def _spiking_positions(layer: Conv2D, border: _Border) -> np.ndarray:
    """1 where zero padding spikes, 0 elsewhere: (rows, columns) of the padded input."""

    def inside(margin: Padding) -> tuple[slice, ...]:
        return tuple(
            slice(before, size - after)
            for (before, after), size in zip(margin, layer.input_shape[:2], strict=True)
        )

    silent = add_padding(border.padding, tuple((-a, -b) for a, b in border.spiking))
    positions = np.zeros(layer.input_shape[:2])
    positions[inside(silent)] = 1
    positions[inside(border.padding)] = 0
    return positions
