"""From an adapted Keras model to a `SpikingNetwork`; a registry from Keras layer to spec layer."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import keras
import numpy as np
from keras import layers as kl

from .. import spec
from ..errors import InvalidInputError, UnsupportedLayerError
from .chain import (
    ROLES,
    SYNAPSE_BASED,
    Role,
    describe,
    input_shape_of,
    layers_of,
    scale_and_offset,
)
from .order import check_order, normalization_behind
from .padding import NO_PADDING, add_padding, border_contribution, same_padding
from .weights import fold_normalization, weights_of


@dataclass(frozen=True, kw_only=True)
class Site:
    """Where a layer stands: what a converter needs to know beyond the layer itself.

    Parameters
    ----------
    name : str
        Of the Keras layer, and of the neurons.
    input_shape : tuple of int
        Of one image's values, channels last, without the zero padding below.
    padding : pair of pairs of int
        Zero padding by layers before this one, rows then columns, before and after.
    padded_spikes : pair of pairs of int
        The innermost part of `padding`, added before `ReverseCoding`: its positions have the
        constant activation ``G(0) = 1``. The rest contributes 0.
    """

    name: str
    input_shape: spec.Shape
    padding: spec.Padding = NO_PADDING
    padded_spikes: spec.Padding = NO_PADDING


Converter = Callable[[keras.layers.Layer, Site], spec.Layer]
_CONVERTERS: dict[type, Converter] = {}


def register(
    keras_layer: type[keras.layers.Layer], role: Role = Role.SYNAPTIC
) -> Callable[[Converter], Converter]:
    """Decorator: teach `adapt` and `convert` another Keras layer.

    Parameters
    ----------
    keras_layer : type
        The class; subclasses do not count, for they may compute something else.
    role : Role, optional
        `Role.SYNAPTIC` for a layer with weights (needs `ReverseCoding` before and a ReLU after
        it), `Role.POOLING` for one that commutes with every increasing function.

    Returns
    -------
    callable
        To be put above a function ``(layer, site) -> tdsnn_brian.spec.Layer``. The layer's
        activation is not its business.

    Examples
    --------
    >>> @register(MyDense)
    ... def convert_my_dense(layer, site):
    ...     return spec.Dense(name=site.name, input_shape=site.input_shape,
    ...                       weights=np.asarray(layer.matrix))
    """
    if role not in (*SYNAPSE_BASED, Role.POOLING):
        raise InvalidInputError(
            f"role {role} has no neurons; register layers as Role.SYNAPTIC or Role.POOLING"
        )

    def decorate(function: Converter) -> Converter:
        _CONVERTERS[keras_layer] = function
        ROLES[keras_layer] = role
        return function

    return decorate


def convert(adapted: keras.Model) -> spec.SpikingNetwork:
    """The spiking network that computes what an adapted Keras model computes.

    Weights keep the precision of the Keras model (narrower than float32 becomes float32); where
    batch normalisation or a coded border is folded in, the result is float64.

    Parameters
    ----------
    adapted : keras.Model
        From `tdsnn_brian.adapt`, retrained or not, or any chain with a `ReverseCoding` layer
        before every synapse-based layer.

    Returns
    -------
    SpikingNetwork
        Layers carry the names of the Keras layers that have neurons. Logits are the output before
        a softmax.

    Raises
    ------
    NotAdaptedError
        If a synapse-based layer has no `ReverseCoding` before it.
    UnsupportedLayerError
        If a layer, or its place, has no spiking counterpart; it says which one and what to do.
    InvalidInputError
        If the model's input shape is open.
    """
    layers = layers_of(adapted)
    roles = check_order(layers, adapted=True)
    coding = layers[roles.index(Role.CODING)]
    converted: list[spec.Layer] = []
    input_scale = 1.0
    shape = input_shape_of(adapted)
    site = Site(name="", input_shape=shape)
    coded = False
    for place, (layer, role) in enumerate(zip(layers, roles, strict=True)):
        shape = tuple(layer.compute_output_shape((None, *shape))[1:])
        if role is Role.CODING:
            coded = True
        elif role is Role.PADDING:
            site = _padded(site, layer, spiking=not (coded or coding.silent_zeros))
        elif role in SYNAPSE_BASED or role is Role.POOLING:
            result = _CONVERTERS[type(layer)](layer, replace(site, name=layer.name))
            if role in SYNAPSE_BASED:
                result = _normalized(result, normalization_behind(layers, roles, place))
                coded = False
            converted.append(result)
            site = Site(name="", input_shape=shape)
        elif role is Role.SCALING and converted:
            converted[-1] = _rescaled(converted[-1], layer)
        elif role is Role.SCALING:
            input_scale *= scale_and_offset(layer)[0]
        elif role is Role.RESHAPING:
            site = replace(site, input_shape=shape)
    return spec.SpikingNetwork(
        layers=tuple(converted),
        leak=coding.leak,
        input_scale=input_scale,
        silent_zeros=coding.silent_zeros,
        name=adapted.name,
    )


def _padded(site: Site, layer: kl.ZeroPadding2D, *, spiking: bool) -> Site:
    padding = add_padding(site.padding, tuple(map(tuple, layer.padding)))
    return replace(site, padding=padding, padded_spikes=padding if spiking else site.padded_spikes)


def _normalized(layer: spec.Layer, normalization: kl.BatchNormalization | None) -> spec.Layer:
    if normalization is None:
        return layer
    name = "kernel" if isinstance(layer, spec.Conv2D) else "weights"
    weights, bias = fold_normalization((getattr(layer, name), layer.bias), normalization)
    return replace(layer, **{name: weights, "bias": bias})


def _rescaled(layer: spec.Layer, rescaling: kl.Rescaling) -> spec.Layer:
    """A mean with the Rescaling behind it, whether it is an average pool or a convolution."""
    scale, offset = scale_and_offset(rescaling)
    bias = (0.0 if layer.bias is None else layer.bias * scale) + np.full(layer.n_channels, offset)
    if isinstance(layer, spec.Conv2D):
        return replace(layer, kernel=layer.kernel * scale, bias=bias)
    return replace(layer, scale=layer.scale * scale, bias=bias if np.any(bias) else None)


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
