"""The converters of the Keras layers that have neurons."""

from dataclasses import replace

import keras
import numpy as np
from keras import layers as kl

from .. import spec
from ..errors import UnsupportedLayerError
from .chain import Role, describe
from .padding import NO_PADDING, add_padding, border_contribution, same_padding
from .registry import Site, register
from .weights import weights_of


def _window_padding(layer, site: Site, window: spec.Pair, dilation: spec.Pair) -> spec.Padding:
    """All padding of a layer with a sliding window: that before it and its own."""
    if layer.padding == "valid":
        return site.padding
    own = tuple(
        same_padding(
            site.input_shape[axis] + sum(site.padding[axis]),
            window[axis],
            layer.strides[axis],
            dilation[axis],
        )
        for axis in range(2)
    )
    return add_padding(site.padding, own)


@register(kl.Conv2D)
def _conv2d(layer: kl.Conv2D, site: Site) -> spec.Conv2D:
    kernel, bias = weights_of(layer)
    strides, dilation = tuple(layer.strides), tuple(layer.dilation_rate)
    result = spec.Conv2D(
        name=site.name,
        input_shape=site.input_shape,
        strides=strides,
        padding=_window_padding(layer, site, kernel.shape[:2], dilation),
        dilation=dilation,
        kernel=kernel,
        bias=bias,
        groups=layer.groups,
    )
    return _with_border(result, site)


def _with_border(layer: spec.Conv2D, site: Site) -> spec.Conv2D:
    """Padded positions that spike are no neurons: their constant sum becomes part of the bias."""
    if site.padded_spikes == NO_PADDING:
        return layer
    border = border_contribution(
        layer.kernel,
        layer.input_shape,
        site.padded_spikes,
        layer.padding,
        layer.strides,
        layer.dilation,
        layer.output_shape,
    )
    return replace(layer, bias=border if layer.bias is None else border + layer.bias)


@register(kl.Dense)
def _dense(layer: kl.Dense, site: Site) -> spec.Dense:
    if len(site.input_shape) != 1:
        raise UnsupportedLayerError(
            f"{describe(layer)} gets inputs of shape {site.input_shape} and would run over their "
            "last axis alone; put a Flatten layer before it"
        )
    weights, bias = weights_of(layer)
    return spec.Dense(name=site.name, input_shape=site.input_shape, weights=weights, bias=bias)


@register(kl.AveragePooling2D, Role.MEAN)
def _average_pooling(layer: kl.AveragePooling2D, site: Site) -> spec.AveragePool2D | spec.Conv2D:
    pool_size = tuple(layer.pool_size)
    padding = _window_padding(layer, site, pool_size, (1, 1))
    common = {"name": site.name, "input_shape": site.input_shape, "strides": tuple(layer.strides)}
    if site.padding == NO_PADDING:
        _refuse_replicated_border(layer, padding)
        # The padding of padding='same' does not count in the mean, in Keras and in the spec.
        return spec.AveragePool2D(**common, padding=padding, pool_size=pool_size)
    if padding != site.padding:
        raise UnsupportedLayerError(
            f"{describe(layer)} has padding='same' behind zero padding of its own; use one of them"
        )
    # Positions of a ZeroPadding2D do count: a convolution with constant weights, per channel.
    channels = site.input_shape[2]
    kernel = np.full((*pool_size, 1, channels), 1 / np.prod(pool_size))
    return _with_border(
        spec.Conv2D(**common, padding=padding, kernel=kernel, groups=channels), site
    )


def _refuse_replicated_border(layer: kl.AveragePooling2D, padding: spec.Padding) -> None:
    """Keras on torch pads an uneven 'same' with copies of the edge, which count in the mean."""
    uneven = any(before != after for before, after in padding)
    if uneven and keras.backend.backend() == "torch":
        raise UnsupportedLayerError(
            f"{describe(layer)} has padding='same' that is uneven here ({padding}); Keras on torch "
            "then counts copies of the edge in the mean, as no other backend does: use "
            "padding='valid', an input size that the strides divide, or another backend"
        )


@register(kl.MaxPooling2D, Role.POOLING)
def _max_pooling(layer: kl.MaxPooling2D, site: Site) -> spec.MaxPool2D:
    pool_size = tuple(layer.pool_size)
    padding = _window_padding(layer, site, pool_size, (1, 1))
    if any(max(amounts) >= size for amounts, size in zip(padding, pool_size, strict=True)):
        raise UnsupportedLayerError(
            f"{describe(layer)} has windows that hold padding alone ({padding} around a pool of "
            f"{pool_size}), and no neuron would make them fire; pad less than the pool size"
        )
    return spec.MaxPool2D(
        name=site.name,
        input_shape=site.input_shape,
        strides=tuple(layer.strides),
        padding=padding,
        pool_size=pool_size,
    )
