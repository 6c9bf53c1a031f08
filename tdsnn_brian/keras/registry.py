"""How each class of Keras layers is read; layers of your own join with `register`."""

from collections.abc import Callable
from dataclasses import dataclass
from math import prod

import keras

from ..conversion.graph import Coding, Neurons, Passive, Rebuild, Rectifier, Role, ZeroPadding
from ..conversion.padding import NO_PADDING, add_padding
from ..errors import InvalidInputError
from ..layers import Layer, Padding, Shape
from .place import Place, Value
from .weights import describe

Reader = Callable[[keras.layers.Layer, Place], Value]
READERS: dict[type, Reader] = {}
"""Reads one call of a layer: puts nodes, and returns the value that comes out."""
JOINS: set[type] = set()
"""Those of them that take several values at once."""


def reads(*keras_layers: type) -> Callable[[Reader], Reader]:
    """Decorator: the function reads layers of these classes, subclasses not among them."""

    def decorate(function: Reader) -> Reader:
        for keras_layer in keras_layers:
            READERS[keras_layer] = function
        return function

    return decorate


def joins(*keras_layers: type) -> Callable[[Reader], Reader]:
    """Decorator like `reads`, for layers that take several values at once."""
    JOINS.update(keras_layers)
    return reads(*keras_layers)


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
    input_shape: Shape
    padding: Padding = NO_PADDING
    padded_spikes: Padding = NO_PADDING


Converter = Callable[[keras.layers.Layer, Site], Layer]


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
        it), `Role.MEAN` for one whose output is never negative, `Role.POOLING` for one that
        commutes with every increasing function.

    Returns
    -------
    callable
        To be put above a function ``(layer, site) -> tdsnn_brian.layers.Layer``. The layer's
        activation is not its business. `adapt` calls it too, so that what it refuses is refused
        before anything is retrained.

    Examples
    --------
    >>> import numpy as np
    >>> from tdsnn_brian.layers import Dense
    >>> class Doubled(keras.layers.Dense):
    ...     def call(self, inputs):
    ...         return 2 * super().call(inputs)
    >>> @register(Doubled)
    ... def convert_doubled(layer, site):
    ...     weights = 2 * np.asarray(layer.kernel)
    ...     return Dense(name=site.name, input_shape=site.input_shape, weights=weights)
    """
    if not isinstance(role, Role):
        raise InvalidInputError(
            f"role {role} has no neurons; register layers as Role.SYNAPTIC, Role.MEAN or "
            "Role.POOLING"
        )

    def decorate(function: Converter) -> Converter:
        READERS[keras_layer] = _reader(function, role)
        return function

    return decorate


def _reader(converter: Converter, role: Role) -> Reader:
    def read(layer: keras.layers.Layer, place: Place) -> Value:
        from .layer_readers import activated

        taken = place.value.keras_shape
        place.in_keras_order(place.value)
        spec_of_call = layer.compute_output_spec(keras.KerasTensor((None, *taken)))
        gives = tuple(spec_of_call.shape[1:])
        site = _site(place)
        place.put(
            Neurons,
            role=role,
            layer=_checked(converter(layer, site), layer, site, gives),
            rebuild=Rebuild(
                keras_class=type(layer),
                config=layer.get_config(),
                input_shape=taken,
                weights=tuple(layer.get_weights()),
            ),
        )
        place.now(gives)
        return activated(place)

    return read


def _site(place: Place) -> Site:
    """What zero padding stands between the layer and the neurons before it."""
    zeros: list[ZeroPadding] = []
    coded, name = 0, place.value.node
    silent = False
    while isinstance(node := place.nodes[name], ZeroPadding | Coding | Rectifier | Passive):
        if isinstance(node, ZeroPadding):
            zeros.insert(0, node)
        elif isinstance(node, Rectifier) and not node.keeps_zero:
            break  # zeros before it are no zeros here
        elif isinstance(node, Coding):
            coded, silent = len(zeros), node.silent_zeros
        (name,) = node.inputs
    if not zeros:
        return Site(name=place.name, input_shape=place.value.shape)
    padding = spikes = NO_PADDING
    for count, node in enumerate(zeros, start=1):
        padding = add_padding(padding, node.padding)
        if count <= len(zeros) - coded and not silent:
            spikes = padding
    return Site(
        name=place.name, input_shape=zeros[0].input_shape, padding=padding, padded_spikes=spikes
    )


def _checked(converted: Layer, layer: keras.layers.Layer, site: Site, gives: Shape) -> Layer:
    """What a converter gave, if it fits where the layer stands."""
    if not isinstance(converted, Layer):
        raise InvalidInputError(
            f"the converter of {describe(layer)} returned {type(converted).__name__}; it must "
            "return a layer of tdsnn_brian.layers"
        )
    wanted = prod(site.input_shape), prod(gives)
    found = converted.n_inputs, converted.n_neurons
    if converted.name != site.name or found != wanted:
        raise InvalidInputError(
            f"the converter of {describe(layer)} returned a layer {converted.name!r} of "
            f"{found[0]} inputs and {found[1]} neurons, where {site.name!r} has {wanted[0]} and "
            f"{wanted[1]}; give it site.name, site.input_shape and the weights of this layer"
        )
    return converted
