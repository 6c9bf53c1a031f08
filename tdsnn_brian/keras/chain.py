"""A Keras model as a chain of layers, the role of each one, and the rules of their order."""

from collections.abc import Sequence
from enum import Enum

import keras
from keras import layers as kl

from ..errors import InvalidInputError, NotAdaptedError, UnsupportedLayerError
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
    ReverseCoding: Role.CODING,
    kl.Dropout: Role.NOTHING,
    kl.Softmax: Role.SOFTMAX,
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
        known = ", ".join(sorted({cls.__name__ for cls in ROLES} | {"Activation"}))
        raise UnsupportedLayerError(
            f"{describe(layer)} is not supported; use one of {known}, or add it with "
            "tdsnn_brian.keras.register"
        )
    if getattr(layer, "data_format", None) == "channels_first":
        raise UnsupportedLayerError(
            f"{describe(layer)} has data_format='channels_first', which is not supported; rebuild "
            "the model with data_format='channels_last' (the weights keep their shape)"
        )
    if role is Role.RECTIFIER and (layer.max_value is not None or layer.negative_slope
                                   or layer.threshold):
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


def check_order(layers: Sequence[keras.layers.Layer], *, adapted: bool) -> list[Role]:
    """Check that the layers stand in an order that has a spiking counterpart.

    Parameters
    ----------
    layers : sequence of keras.layers.Layer
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
    _check_end(layers[based[-1]:], roles[based[-1]:])
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
        elif padded is not None and (
            role is Role.RESHAPING or isinstance(layer, kl.Dense)
        ):
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
            f"{describe(layer)} runs over axis {layer.axis}; only the last axis holds the channels, "
            "use axis=-1"
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
            coded, leak = layer, (layer.leak, layer.silent_zeros)
        elif role in SYNAPSE_BASED:
            if adapted and coded is None:
                raise NotAdaptedError(
                    f"{describe(layer)} has no ReverseCoding before it; convert takes an adapted "
                    "model: adapted = tdsnn_brian.adapt(model, leak=5) first, retrain it if "
                    "needed, then convert(adapted)"
                )
            coded = None
