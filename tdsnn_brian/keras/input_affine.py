"""Fold Rescaling and Normalization at the input into the first layer.

Coded values must not be negative, so only a positive factor stays at the input; what differs
between channels, and every offset, goes into the weights and biases behind it. A position of zero
padding carries no offset, so that neurons near the border get a bias of their own.
"""

from dataclasses import dataclass

import keras
import numpy as np
from keras import layers as kl
from numpy.typing import NDArray

from ..errors import UnsupportedLayerError
from .chain import Role, activation_of, describe, role_of
from .neuron_bias import NeuronBias
from .weights import fold_normalization, to_numpy, weights_of

_SCALINGS = (kl.Rescaling, kl.Normalization)
_BETWEEN = (Role.NOTHING, Role.RESHAPING, Role.POOLING, Role.PADDING)


@dataclass(frozen=True)
class _Affine:
    """`factor * x + offset`, each one value or one a channel."""

    factor: NDArray
    offset: NDArray

    @property
    def is_plain(self) -> bool:
        return self.factor.size == 1 and not self.offset.any()


def fold_input(
    layers: list[keras.layers.Layer], input_shape: tuple[int, ...]
) -> list[keras.layers.Layer]:
    """The chain with at most one Rescaling at its input, without offset.

    Parameters
    ----------
    layers : list of keras.layers.Layer
        From `tdsnn_brian.keras.primitives.as_primitives`; they stay as they are.
    input_shape : tuple of int

    Returns
    -------
    list of keras.layers.Layer

    Raises
    ------
    UnsupportedLayerError
        If a factor is not positive, or the layers between do not let an offset through.
    """
    count = 0
    while count < len(layers) and (
        isinstance(layers[count], _SCALINGS) or _is_idle(layers[count])
    ):
        count += 1
    scalings = [layer for layer in layers[:count] if isinstance(layer, _SCALINGS)]
    if not scalings:
        return layers
    affine = _Affine(np.ones(1), np.zeros(1))
    for layer in scalings:
        factor, offset = _numbers(layer)
        affine = _Affine(factor * affine.factor, factor * affine.offset + offset)
    if affine.is_plain and not any(isinstance(layer, kl.Normalization) for layer in scalings):
        return layers
    shared = float(affine.factor.mean())
    rescaling = kl.Rescaling(shared, name=scalings[0].name)
    rest = layers[count:]
    if affine.is_plain:
        return [rescaling, *rest]
    channels = input_shape[-1]
    factor = np.broadcast_to(affine.factor / shared, (channels,))
    offset = np.broadcast_to(affine.offset, (channels,))
    return [rescaling, *_into_first(rest, input_shape, factor, offset, scalings[-1])]


def _is_idle(layer) -> bool:
    return isinstance(layer, kl.Dropout | kl.GaussianNoise | kl.GaussianDropout)


def _numbers(layer) -> tuple[NDArray, NDArray]:
    if isinstance(layer, kl.Rescaling):
        factor, offset = (np.atleast_1d(np.asarray(part, np.float64)).ravel()
                          for part in (layer.scale, layer.offset))
    else:
        if getattr(layer, "invert", False):
            raise UnsupportedLayerError(f"{describe(layer)} has invert=True; leave it out")
        if layer.axis not in ((), (-1,), (len(layer._build_input_shape) - 1,), None):
            raise UnsupportedLayerError(
                f"{describe(layer)} runs over axis {layer.axis}; only one number or one a channel "
                "can be folded into the first layer, use axis=-1 or axis=None"
            )
        mean, variance = (to_numpy(part).astype(np.float64).ravel()
                          for part in (layer.mean, layer.variance))
        factor = 1 / np.maximum(np.sqrt(variance), keras.config.epsilon())
        offset = -mean * factor
    if not (factor > 0).all():
        raise UnsupportedLayerError(
            f"{describe(layer)} has scale {factor.min():g}; values must stay >= 0, use a positive "
            "scale"
        )
    return factor, offset


def _into_first(layers, input_shape, factor, offset, scaling) -> list:
    shape, start = input_shape, np.broadcast_to(offset, input_shape)
    for place, layer in enumerate(layers):  # noqa: B007
        if type(layer) in (kl.Conv2D, kl.Dense):
            break
        if role_of(layer) not in _BETWEEN:
            _refuse(scaling, layer, "stands between them")
        if isinstance(layer, kl.MaxPooling2D) and layer.padding != "valid":
            _refuse(scaling, layer, "pads between them")
        after = tuple(layer.compute_output_shape((None, *shape))[1:])
        if after[-1] != shape[-1] and role_of(layer) is Role.RESHAPING:
            factor = np.broadcast_to(factor, shape).reshape(-1, after[-1])
            if (factor != factor[0]).any() or isinstance(layer, kl.Flatten):
                factor = factor.ravel()
            else:
                factor = factor[0]
        shape = after
    else:
        _refuse(scaling, layers[-1], "ends the model without one")
    before, after = layers[:place], layers[place + 1 :]
    kernel, bias = (None if part is None else part.astype(np.float64)
                    for part in weights_of(layer))
    function = layer.activation
    idle = [x for x in after[:1] if isinstance(x, kl.BatchNormalization)]
    if idle and activation_of(layer) == "linear":
        kernel, bias = fold_normalization((kernel, bias), idle[0])
        after = after[1:]
    bias = np.zeros(kernel.shape[-1]) if bias is None else bias
    border = _offset_sums(layer, kernel, before, start, shape)
    weights = kernel * _per_input(layer, kernel, factor)
    config = {**layer.get_config(), "use_bias": True}
    is_padded = getattr(layer, "padding", "valid") == "same" or any(
        isinstance(x, kl.ZeroPadding2D) for x in before
    )
    if not is_padded:  # the same sum everywhere
        bias = bias + border.reshape(-1, kernel.shape[-1])[0]
        return [*before, _rebuilt(layer, config, shape, [weights, bias]), *after]
    own = NeuronBias(name=f"{layer.name}_border")
    own.build((None, *border.shape))
    own.set_weights([border])
    rectifier = kl.Activation(function, name=f"{layer.name}_activation")
    config["activation"] = None
    return [
        *before, _rebuilt(layer, config, shape, [weights, bias]), own,
        *([] if function is keras.activations.linear else [rectifier]), *after,
    ]


def _per_input(layer, kernel: NDArray, factor: NDArray) -> NDArray:
    """Factors of the inputs that meet each weight; in a group, an output sees its own inputs."""
    groups = getattr(layer, "groups", 1)
    of_group = np.repeat(np.arange(groups), kernel.shape[-1] // groups)
    return factor.reshape(groups, -1)[of_group].T


def _rebuilt(layer, config, shape, weights):
    new = type(layer).from_config(config)
    new.build((None, *shape))
    new.set_weights(weights)
    return new


def _offset_sums(layer, kernel, before, offset_image, shape) -> NDArray:
    """What the offsets of the input add to each neuron, shape of the layer's output."""
    values = keras.ops.convert_to_tensor(offset_image[None].astype(np.float32))
    for earlier in before:
        values = earlier(values)
    config = {**layer.get_config(), "use_bias": False, "activation": None}
    summing = _rebuilt(layer, config, shape, [kernel])
    return np.asarray(keras.ops.convert_to_numpy(summing(values)))[0]


def _refuse(scaling, layer, why):
    raise UnsupportedLayerError(
        f"{describe(scaling)} shifts the input or scales channels differently, which only a "
        f"convolution or dense layer behind it can take up, but {describe(layer)} {why}; rescale "
        "the images before the model instead"
    )
