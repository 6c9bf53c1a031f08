"""The registry of converters: Keras layer class -> function that gives the layer of the spec."""

from collections.abc import Callable
from dataclasses import dataclass

import keras

from .. import spec
from ..errors import InvalidInputError
from .chain import ROLES, SYNAPSE_BASED, Role
from .padding import NO_PADDING


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
CONVERTERS: dict[type, Converter] = {}


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
        CONVERTERS[keras_layer] = function
        ROLES[keras_layer] = role
        return function

    return decorate
