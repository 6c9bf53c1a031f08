"""A Keras model as a chain of layers, and the role of each one."""

from enum import Enum

import keras
from keras import layers as kl

from ..errors import InvalidInputError, UnsupportedLayerError
from .neuron_bias import NeuronBias
from .reverse_coding import ReverseCoding


class Role(Enum):
    """What a layer does in a spiking network."""

    SYNAPTIC = "synapse-based"
    MEAN = "synapse-based, and never negative where its input is not"
    POOLING = "monotonic pooling"
    RECTIFIER = "ReLU"
    NORMALIZATION = "batch normalisation"
    RESHAPING = "same values in the same order"
    PADDING = "zero padding"
    SCALING = "rescaling"
    BIAS = "bias of each neuron"
    CODING = "reverse coding"
    NOTHING = "nothing at inference"
    SOFTMAX = "softmax"


ROLES: dict[type, Role] = {
    kl.Conv2D: Role.SYNAPTIC,
    kl.Dense: Role.SYNAPTIC,
    kl.AveragePooling2D: Role.MEAN,
    kl.MaxPooling2D: Role.POOLING,
    kl.ReLU: Role.RECTIFIER,
    kl.BatchNormalization: Role.NORMALIZATION,
    kl.Flatten: Role.RESHAPING,
    kl.Reshape: Role.RESHAPING,
    kl.ZeroPadding2D: Role.PADDING,
    kl.Rescaling: Role.SCALING,
    NeuronBias: Role.BIAS,
    ReverseCoding: Role.CODING,
    kl.Dropout: Role.NOTHING,
    kl.SpatialDropout1D: Role.NOTHING,
    kl.SpatialDropout2D: Role.NOTHING,
    kl.GaussianNoise: Role.NOTHING,
    kl.GaussianDropout: Role.NOTHING,
    kl.Softmax: Role.SOFTMAX,
}
# Those that `tdsnn_brian.keras.primitives` and `input_affine` express by the ones above.
REWRITTEN = {
    "Activation", "AveragePooling1D", "Conv1D", "DepthwiseConv1D", "DepthwiseConv2D",
    "GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalMaxPooling1D", "GlobalMaxPooling2D",
    "MaxPooling1D", "Normalization", "SeparableConv1D", "SeparableConv2D", "ZeroPadding1D",
}
SYNAPSE_BASED = (Role.SYNAPTIC, Role.MEAN)
_ACTIVATIONS = {"relu": Role.RECTIFIER, "linear": Role.NOTHING, "softmax": Role.SOFTMAX}


def describe(layer: keras.layers.Layer) -> str:
    return f"layer {layer.name!r} ({type(layer).__name__})"


def activation_of(layer: keras.layers.Layer) -> str:
    """Name of the activation inside `layer`: relu, linear or softmax; others are refused."""
    function = getattr(layer, "activation", keras.activations.linear)
    for name in _ACTIVATIONS:
        if function is getattr(keras.activations, name):
            return name
    name = getattr(function, "__name__", type(function).__name__)
    raise UnsupportedLayerError(
        f"{describe(layer)} has the activation {name!r}, which a neuron that fires once cannot "
        "compute; use 'relu', or 'softmax' or none at the end"
    )


def role_of(layer: keras.layers.Layer) -> Role:
    """Role of a layer; raises `UnsupportedLayerError` for a layer or setting without one."""
    if type(layer) is kl.Activation:
        return _ACTIVATIONS[activation_of(layer)]
    role = ROLES.get(type(layer))
    if role is None:
        known = ", ".join(sorted({cls.__name__ for cls in ROLES} | REWRITTEN))
        raise UnsupportedLayerError(
            f"{describe(layer)} is not supported; use one of {known}, or add it with "
            "tdsnn_brian.keras.register"
        )
    if getattr(layer, "data_format", None) == "channels_first":
        raise UnsupportedLayerError(
            f"{describe(layer)} has data_format='channels_first', which is not supported; rebuild "
            "the model with data_format='channels_last' (the weights keep their shape)"
        )
    if role is Role.RECTIFIER and (
        layer.max_value is not None or layer.negative_slope or layer.threshold
    ):
        raise UnsupportedLayerError(
            f"{describe(layer)} has max_value, negative_slope or threshold set, which no firing "
            "time stands for; use ReLU()"
        )
    if role is Role.SOFTMAX and layer.axis not in (-1, (-1,), [-1]):
        raise UnsupportedLayerError(
            f"{describe(layer)} runs over axis {layer.axis}; only the last axis holds classes, "
            "use Softmax()"
        )
    return role


def scale_and_offset(layer: kl.Rescaling) -> tuple[float, float]:
    """Numbers of a Rescaling layer; anything but a positive scale is refused."""
    try:
        scale, offset = float(layer.scale), float(layer.offset)
    except TypeError:
        raise UnsupportedLayerError(
            f"{describe(layer)} scales channels differently; use one number for all"
        ) from None
    if not scale > 0:
        raise UnsupportedLayerError(
            f"{describe(layer)} has scale {scale:g}; values must stay >= 0, use a positive scale"
        )
    return scale, offset


def layers_of(model: keras.Model) -> list[keras.layers.Layer]:
    """Layers of a Sequential or functional model in order, models inside it opened up.

    Raises
    ------
    UnsupportedLayerError
        If the model is no chain: several inputs, outputs or branches, a layer used twice, an
        operation that is no layer, a subclassed model.
    InvalidInputError
        If `model` is no Keras model, or its input shape is unknown.
    """
    input_shape_of(model)
    layers = _unrolled(model)
    for layer in layers:
        if sum(other is layer for other in layers) > 1:
            raise UnsupportedLayerError(
                f"{describe(layer)} is used more than once; give each place its own layer"
            )
    return layers


def input_shape_of(model: keras.Model) -> tuple[int, ...]:
    """Shape of one image; refused where the model leaves it open."""
    if not isinstance(model, keras.Model):
        raise InvalidInputError(f"model must be a Keras model, got {type(model).__name__}")
    if getattr(model, "inputs", None) is None:
        if not isinstance(model, keras.Sequential):
            raise UnsupportedLayerError(
                f"model {model.name!r} ({type(model).__name__}) is neither Sequential nor "
                "functional, so its layers have no visible order; rebuild it as a chain of layers"
            )
        raise InvalidInputError(
            f"model {model.name!r} has no input shape yet; start it with keras.Input(shape), or "
            "call model.build"
        )
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise UnsupportedLayerError(
            f"model {model.name!r} has {len(model.inputs)} inputs and {len(model.outputs)} "
            "outputs; only chains with one of each are supported"
        )
    shape = tuple(model.inputs[0].shape[1:])
    if None in shape:
        raise InvalidInputError(
            f"model {model.name!r} has the open input shape {shape}; neurons have to be counted, "
            "so rebuild it with keras.Input of a full shape"
        )
    return shape


def _unrolled(model: keras.Model) -> list[keras.layers.Layer]:
    operations = model.layers if isinstance(model, keras.Sequential) else _functional_chain(model)
    layers = []
    for operation in operations:
        if isinstance(operation, keras.Model):
            input_shape_of(operation)
            layers += _unrolled(operation)
        elif not isinstance(operation, kl.InputLayer):
            layers.append(operation)
    return layers


def _functional_chain(model: keras.Model) -> list[keras.Operation]:
    operations = []
    tensor = model.outputs[0]
    while tensor is not model.inputs[0]:
        operation, index, _ = tensor._keras_history
        sources = operation._inbound_nodes[index].input_tensors
        if len(sources) != 1:
            names = ", ".join(repr(source._keras_history[0].name) for source in sources)
            raise UnsupportedLayerError(
                f"{describe(operation)} joins several branches ({names}); only chains of layers "
                "are supported, so rebuild the model without branches"
            )
        if not isinstance(operation, keras.layers.Layer):
            raise UnsupportedLayerError(
                f"{describe(operation)} is an operation, not a layer; use the Keras layer for it"
            )
        operations.append(operation)
        tensor = sources[0]
    return operations[::-1]
