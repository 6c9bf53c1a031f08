"""Arithmetic on the weights of layers: what stands before and behind them moves into them."""

from dataclasses import replace
from math import prod

import numpy as np
from numpy.typing import NDArray

from ..layers import AveragePool2D, Conv2D, Dense, Layer, MaxPool2D, Shape
from .affine import Affine, compact
from .graph import Neurons, Role
from .padding import NO_PADDING
from .planes import as_plane


def of_inputs(layer: Dense | Conv2D, values: NDArray) -> NDArray:
    """One number, or one an input channel, as factors of the weights that meet the inputs.

    In a grouped convolution an output channel meets the input channels of its own group.
    """
    if values.ndim == 0:
        return values
    if isinstance(layer, Dense):
        return values[:, None]
    group = np.repeat(np.arange(layer.groups), layer.n_channels // layer.groups)
    return values.reshape(layer.groups, -1)[group].T


def constant_sums(layer: Dense | Conv2D, values: NDArray) -> NDArray[np.float64]:
    """What constant inputs add to the sums: one number a channel, or one a neuron.

    Parameters
    ----------
    layer : Dense or Conv2D
    values : ndarray
        One number, one a channel, or one an input.
    """
    if isinstance(layer, Dense):
        weights = layer.weights * of_inputs(layer, values)
        return weights.sum(axis=0, dtype=np.float64)
    if values.ndim < 2:
        kernel = layer.kernel * of_inputs(layer, values)
        if layer.padding == NO_PADDING:
            return kernel.sum(axis=(0, 1, 2), dtype=np.float64)
        kernel = kernel.sum(axis=2, keepdims=True, dtype=np.float64)
        return sums_over_positions(layer, kernel, np.ones(layer.input_shape[:2]))
    kernel = layer.kernel.astype(np.float64)
    whole = np.broadcast_to(values, layer.input_shape)[None]
    return compact(replace(layer, kernel=kernel).projection.weighted_sum(whole)[0])


def constant_means(layer: AveragePool2D, values: NDArray) -> NDArray:
    """What a mean makes of constant inputs, one an input: one number a channel, or one a neuron."""
    whole = np.broadcast_to(values, layer.input_shape)[None]
    return compact(layer.projection.weighted_sum(whole)[0])


def sums_over_positions(layer: Conv2D, kernel: NDArray, positions: NDArray) -> NDArray:
    """Sums of a `kernel` over one channel, shape `layer.output_shape`; `positions` are its input.

    The input has the size of that of `layer`.
    """
    single = replace(layer, input_shape=(*positions.shape, 1), kernel=kernel, bias=None, groups=1)
    return single.projection.weighted_sum(positions[None, :, :, None])[0]


def take_inputs(node: Neurons, affine: Affine) -> Neurons | None:
    """The node that computes from `x` what `node` computes from `affine` of `x`.

    None where a convolution would need another kernel at each position.
    """
    factor, shift = affine.factor, affine.shift
    layer = node.weighted
    if factor.ndim > 1:
        return None
    sums = constant_sums(layer, shift) if shift.any() else None
    if not (factor.ndim == 0 and factor == 1):
        node = node.with_layer(weights=node.weights * of_inputs(layer, factor))
    return node if sums is None else add_to_bias(node, sums)


def add_to_bias(node: Neurons, values: NDArray) -> Neurons:
    """`values`, one a channel or one a neuron, added to what the node computes."""
    if values.ndim > 1:
        return replace(node, border=values if node.border is None else node.border + values)
    bias = node.weighted.bias
    return node.with_layer(bias=values if bias is None else bias + values)


def take_outputs(node: Neurons, affine: Affine) -> Neurons | None:
    """The node that gives `affine` of what `node` gives; None where it cannot."""
    if isinstance(node.layer, AveragePool2D):
        return _scaled_mean(node, node.layer, affine)
    if not node.is_weighted or affine.factor.ndim > 1:
        return None
    layer, weights, border = node.weighted, node.weights, node.border
    bias = layer.bias
    if not affine.is_shift:
        weights = weights * affine.factor
        border = None if border is None else border * affine.factor
    if max(affine.offset.ndim, affine.centre.ndim) > 1:
        bias = None if bias is None else bias * affine.factor
        node = replace(node, border=border).with_layer(weights=weights, bias=bias)
        return add_to_bias(node, affine.shift)
    if affine.is_shift:
        bias = affine.offset if bias is None else bias + affine.offset
    else:
        bias = ((0.0 if bias is None else bias) - affine.centre) * affine.factor + affine.offset
    bias = np.broadcast_to(bias, (layer.output_shape[-1],)).copy()
    return replace(node, border=border).with_layer(weights=weights, bias=bias)


def _scaled_mean(node: Neurons, layer: AveragePool2D, affine: Affine) -> Neurons | None:
    if affine.factor.ndim or affine.shift.ndim > 1:
        return None
    bias = np.broadcast_to(affine.shift, (layer.n_channels,))
    if layer.bias is not None:
        bias = layer.bias * affine.factor + bias
    return node.with_layer(
        scale=layer.scale * float(affine.factor), bias=bias if bias.any() else None
    )


def turn_pool(node: Neurons, channels: NDArray[np.bool_]) -> Neurons:
    """The max-pool that passes on minima where it passed on maxima, and back, in some channels."""
    turned = np.broadcast_to(channels, node.shape[-1:]).nonzero()[0].tolist()
    minimum = getattr(node.layer, "minimum", ())
    return node.with_layer(minimum=tuple(sorted({*minimum} ^ {*turned})))


def mean_as_convolution(layer: AveragePool2D, weight: float) -> Conv2D:
    """The windows of a mean as a convolution, all weights alike, without its scale and bias."""
    channels = layer.n_channels
    return Conv2D(
        name=layer.name,
        input_shape=layer.input_shape,
        strides=layer.strides,
        kernel=np.full((*layer.pool_size, 1, channels), weight),
        groups=channels,
    )


def is_max_pool(node: Neurons) -> bool:
    return isinstance(node.layer, MaxPool2D) and node.rebuild is None


def one_to_one(name: str, shape: Shape, affine: Affine, *, each: bool = False) -> Conv2D:
    """One neuron for each of the values of `shape`, whose sum is `affine` of it.

    Where `each` is true, or `affine` differs from place to place, each value has a channel.
    """
    plane = as_plane(shape)
    if each or len(shape) == 1 or not affine.is_channelwise:
        plane = (1, 1, prod(shape))  # each value a channel of its own
    channels = plane[-1]
    factor, shift = (
        np.broadcast_to(part, shape).reshape(-1)[-channels:]
        for part in (affine.factor, affine.shift)
    )
    return Conv2D(
        name=name, input_shape=plane, kernel=factor[None, None, None], bias=shift, groups=channels
    )


def merged(first: Neurons, second: Neurons) -> Neurons | None:
    """One layer for two linear ones in a row, with the name of `second`.

    None unless both are dense, or one of them is a 1 x 1 convolution whose partner is a
    convolution or a mean.
    """
    if not first.is_weighted or first.border is not None or second.rebuild is not None:
        return None
    layer = _product(first.weighted, second.layer)
    if layer is None:
        return None
    node = replace(second, layer=layer, role=Role.SYNAPTIC, inputs=first.inputs)
    bias = first.weighted.bias
    if bias is None:
        return node
    if isinstance(second.layer, AveragePool2D):
        return add_to_bias(node, bias * second.layer.scale)
    return add_to_bias(node, constant_sums(second.weighted, bias))


def _product(first: Dense | Conv2D, second: Layer) -> Dense | Conv2D | None:
    """The layer with the weights of both; its bias is that of `second`."""
    if isinstance(first, Dense) and isinstance(second, Dense):
        weights = first.weights.astype(np.float64) @ second.weights
        return replace(second, input_shape=first.input_shape, weights=weights)
    if not isinstance(first, Conv2D) or first.groups > 1:
        return None
    if second.input_shape != first.output_shape or not isinstance(second, Conv2D | AveragePool2D):
        return None
    if _is_pointwise(first) and first.strides == (1, 1):
        return _behind_pointwise(first, second)
    if isinstance(second, Conv2D) and _is_pointwise(second):
        return _before_pointwise(first, second)
    return None


def _is_pointwise(layer: Conv2D) -> bool:
    return layer.window_shape == (1, 1) and layer.groups == 1 and layer.padding == NO_PADDING


def _behind_pointwise(first: Conv2D, second: Conv2D | AveragePool2D) -> Conv2D | None:
    mixing = first.kernel[0, 0].astype(np.float64)
    if isinstance(second, Conv2D):
        if second.groups > 1:
            return None
        kernel = np.einsum("io,rcom->rcim", mixing, second.kernel)
        return replace(second, input_shape=first.input_shape, kernel=kernel)
    if second.padding != NO_PADDING:  # its windows count differently at the border
        return None
    size = second.pool_size
    return Conv2D(
        name=second.name,
        input_shape=first.input_shape,
        strides=second.strides,
        bias=second.bias,
        kernel=np.tile(mixing * (second.scale / np.prod(size)), (*size, 1, 1)),
    )


def _before_pointwise(first: Conv2D, second: Conv2D) -> Conv2D | None:
    (rows, columns), (row_steps, column_steps) = first.strides, second.strides
    if max(first.dilation) > 1 and max(second.strides) > 1:  # no Keras layer has both
        return None
    return replace(
        first,
        name=second.name,
        bias=second.bias,
        kernel=first.kernel.astype(np.float64) @ second.kernel[0, 0],
        strides=(rows * row_steps, columns * column_steps),
    )
