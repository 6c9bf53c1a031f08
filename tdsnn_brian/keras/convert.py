"""From an adapted Keras model to a `SpikingNetwork`."""

from dataclasses import replace

import keras
import numpy as np
from keras import layers as kl

from .. import spec
from ..errors import InvalidInputError
from . import converters  # noqa: F401  (fills the registry)
from .chain import SYNAPSE_BASED, Role, input_shape_of, layers_of, scale_and_offset
from .order import check_order, normalization_behind
from .padding import add_padding
from .primitives import as_primitives
from .registry import CONVERTERS, Site
from .weights import fold_normalization, to_numpy


def convert(adapted: keras.Model, *, max_pool: str = "simplified") -> spec.SpikingNetwork:
    """The spiking network that computes what an adapted Keras model computes.

    Weights keep the precision of the Keras model (narrower than float32 becomes float32); where
    batch normalisation or a coded border is folded in, the result is float64.

    Parameters
    ----------
    adapted : keras.Model
        From `tdsnn_brian.adapt`, retrained or not, or any chain with a `ReverseCoding` layer
        before every synapse-based layer.
    max_pool : {"simplified", "constrained"}, optional
        Max-pool neurons that wait for their last input, or ones that leak and obey the paper's
        constraints (12) to (14), which have solutions for small latencies only: see
        `tdsnn_brian.pooling`.

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
    if max_pool not in ("simplified", "constrained"):
        raise InvalidInputError(
            f"max_pool must be 'simplified' or 'constrained', got {max_pool!r}"
        )
    layers, shape = as_primitives(layers_of(adapted), input_shape_of(adapted))
    roles = check_order(layers, adapted=True)
    image_shape = shape
    coding = layers[roles.index(Role.CODING)]
    converted: list[spec.Layer] = []
    input_scale = 1.0
    site = Site(name="", input_shape=shape)
    coded = False
    for place, (layer, role) in enumerate(zip(layers, roles, strict=True)):
        shape = tuple(layer.compute_output_shape((None, *shape))[1:])
        if role is Role.CODING:
            coded = True
        elif role is Role.PADDING:
            site = _padded(site, layer, spiking=not (coded or coding.silent_zeros))
        elif role in SYNAPSE_BASED or role is Role.POOLING:
            result = CONVERTERS[type(layer)](layer, replace(site, name=layer.name))
            if role in SYNAPSE_BASED:
                result = _normalized(result, normalization_behind(layers, roles, place))
                coded = False
            if isinstance(result, spec.MaxPool2D) and max_pool == "constrained":
                result = replace(result, constrained=True)
            converted.append(result)
            site = Site(name="", input_shape=shape)
        elif role is Role.BIAS:
            converted[-1] = _biased(converted[-1], to_numpy(layer.bias))
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
        input_steps=coding.steps,
        silent_zeros=coding.silent_zeros,
        name=adapted.name,
        image_shape=None if image_shape == converted[0].input_shape else image_shape,
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


def _biased(layer: spec.Layer, bias: np.ndarray) -> spec.Layer:
    bias = bias.astype(np.float64)
    return replace(layer, bias=bias if layer.bias is None else layer.bias + bias)


def _rescaled(layer: spec.Layer, rescaling: kl.Rescaling) -> spec.Layer:
    """A mean with the Rescaling behind it, whether it is an average pool or a convolution."""
    scale, offset = scale_and_offset(rescaling)
    bias = (0.0 if layer.bias is None else layer.bias * scale) + np.full(layer.n_channels, offset)
    if isinstance(layer, spec.Conv2D):
        return replace(layer, kernel=layer.kernel * scale, bias=bias)
    return replace(layer, scale=layer.scale * scale, bias=bias if np.any(bias) else None)
