"""The rules of a chain that has a spiking counterpart: ReLU, coding, folding, the end."""

from collections.abc import Sequence

import keras
from keras import layers as kl

from ..errors import NotAdaptedError, UnsupportedLayerError
from .chain import SYNAPSE_BASED, Role, activation_of, describe, role_of, scale_and_offset


def check_order(layers: Sequence[keras.layers.Layer], *, adapted: bool) -> list[Role]:
    """Check that the layers stand in an order that has a spiking counterpart.

    Parameters
    ----------
    layers : sequence of keras.layers.Layer
        As `layers_of` gives them.
    adapted : bool
        Whether the chain must (or else must not) hold `ReverseCoding`.

    Returns
    -------
    list of Role
        One a layer.

    Raises
    ------
    UnsupportedLayerError, NotAdaptedError
        Naming the layer, what is wrong with it and the remedy.
    """
    roles = [role_of(layer) for layer in layers]
    based = [place for place, role in enumerate(roles) if role in SYNAPSE_BASED]
    if not based:
        raise UnsupportedLayerError(
            "the model has no synapse-based layer (Conv2D, Dense, AveragePooling2D) whose "
            "potentials could be read out; add a Dense layer at the end"
        )
    _check_end(layers[based[-1] :], roles[based[-1] :])
    unrectified = None  # the layer whose sum has not met a ReLU yet
    padded = None  # zero padding that waits for its layer
    for place, (layer, role) in enumerate(zip(layers, roles, strict=True)):
        before = roles[:place]
        if role in SYNAPSE_BASED:
            _check_rectified(unrectified)
            unrectified = None
            if role is Role.SYNAPTIC and activation_of(layer) == "linear":
                unrectified = layer
            elif activation_of(layer) == "softmax" and place != based[-1]:
                raise UnsupportedLayerError(
                    f"{describe(layer)} has a softmax in the middle of the model; only the "
                    "output layer may have one, use 'relu'"
                )
        elif role is Role.RECTIFIER:
            unrectified = None
        elif role is Role.BIAS and (not before or before[-1] is not Role.SYNAPTIC):
            raise UnsupportedLayerError(
                f"{describe(layer)} must stand directly behind a convolution or dense layer"
            )
        elif role is Role.NORMALIZATION:
            _check_normalization(layer, layers[:place], before, unrectified)
        elif role is Role.SOFTMAX and place < based[-1]:
            raise UnsupportedLayerError(
                f"{describe(layer)} is a softmax in the middle of the model; only the end may "
                "have one, use ReLU"
            )
        elif role is Role.SCALING:
            _check_scaling(layer, before, adapted)
        if role is Role.PADDING:
            padded = layer
        elif padded is not None and (role is Role.RESHAPING or isinstance(layer, kl.Dense)):
            raise UnsupportedLayerError(
                f"{describe(padded)} is followed by {describe(layer)}; zero padding is supported "
                "before a convolution or pooling layer only, move or remove it"
            )
        elif role in SYNAPSE_BASED or role is Role.POOLING:
            padded = None
    _check_coding(layers, roles, adapted)
    return roles


def normalization_behind(
    layers: Sequence[keras.layers.Layer], roles: Sequence[Role], place: int
) -> kl.BatchNormalization | None:
    """The batch normalisation that belongs to the synapse-based layer at `place`, if any."""
    for layer, role in zip(layers[place + 1 :], roles[place + 1 :], strict=True):
        if role is Role.NORMALIZATION:
            return layer
        if role is not Role.NOTHING:
            return None
    return None


def _check_rectified(layer: keras.layers.Layer | None) -> None:
    if layer is not None:
        raise UnsupportedLayerError(
            f"{describe(layer)} has no ReLU before the next synapse-based layer; a neuron cannot "
            "fire for a negative sum, so give it activation='relu' or put ReLU() after it"
        )


def _check_end(layers: Sequence[keras.layers.Layer], roles: Sequence[Role]) -> None:
    output = layers[0]
    if roles[0] is Role.SYNAPTIC and activation_of(output) == "relu":
        raise UnsupportedLayerError(
            f"{describe(output)} is the output layer and has a ReLU, but output neurons are read "
            "out without firing; remove it, or add a Dense layer at the end"
        )
    for layer, role in zip(layers[1:], roles[1:], strict=True):
        if role in (Role.RECTIFIER, Role.POOLING, Role.PADDING, Role.CODING):
            raise UnsupportedLayerError(
                f"{describe(layer)} follows the output layer {output.name!r}, whose neurons are "
                "read out without firing; remove it, or add a Dense layer at the end"
            )


def _check_normalization(layer, layers, roles, unrectified) -> None:
    while roles and roles[-1] is Role.NOTHING:
        layers, roles = layers[:-1], roles[:-1]
    directly = roles and roles[-1] is Role.SYNAPTIC and layers[-1] is unrectified
    if not directly:
        place = f"after {describe(layers[-1])}" if layers else "at the input"
        raise UnsupportedLayerError(
            f"{describe(layer)} stands {place}; only directly after a Conv2D or Dense layer "
            "without activation can it be folded into the weights: move it there, and the ReLU "
            "behind it"
        )
    if layer.axis not in (-1, 3 if isinstance(layers[-1], kl.Conv2D) else 1):
        raise UnsupportedLayerError(
            f"{describe(layer)} runs over axis {layer.axis}; only the last axis holds the "
            "channels, use axis=-1"
        )


def _check_scaling(layer, before, adapted) -> None:
    _, offset = scale_and_offset(layer)
    after_mean = bool(before) and before[-1] is Role.MEAN
    if adapted and after_mean:
        return
    if any(role in SYNAPSE_BASED or role in (Role.CODING, Role.POOLING) for role in before):
        raise UnsupportedLayerError(
            f"{describe(layer)} stands behind another layer; rescaling is supported at the input "
            "only, so fold it into the weights"
        )
    if offset:
        raise UnsupportedLayerError(
            f"{describe(layer)} has offset {offset:g}, but images must stay >= 0 with 0 as "
            "background; use offset=0, or rescale the images before the model"
        )


def _check_coding(layers, roles, adapted) -> None:
    coded = None
    leak = None
    for layer, role in zip(layers, roles, strict=True):
        if role is Role.CODING:
            if not adapted:
                raise UnsupportedLayerError(
                    f"{describe(layer)} is there already; pass the model as it was before adapt"
                )
            if coded is not None:
                raise UnsupportedLayerError(
                    f"{describe(layer)} follows {coded.name!r} without a synapse-based layer in "
                    "between; remove one of the two"
                )
            if leak is not None and (layer.leak, layer.silent_zeros) != leak:
                raise UnsupportedLayerError(
                    f"{describe(layer)} has leak={layer.leak:g}, silent_zeros="
                    f"{layer.silent_zeros}, but those before it leak={leak[0]:g}, silent_zeros="
                    f"{leak[1]}; a network has one of each, so adapt the whole model with one leak"
                )
            if leak is not None and layer.steps > 1:
                raise UnsupportedLayerError(
                    f"{describe(layer)} has steps={layer.steps}, but only the input, which no "
                    "ticking neuron drives, can fire between ticks; use steps=1"
                )
            coded, leak = layer, (layer.leak, layer.silent_zeros)
        elif role in SYNAPSE_BASED:
            if adapted and coded is None:
                raise NotAdaptedError(
                    f"{describe(layer)} has no ReverseCoding before it; convert takes an adapted "
                    "model: adapted = tdsnn_brian.adapt(model, leak=5) first, retrain it if "
                    "needed, then convert(adapted)"
                )
            coded = None
