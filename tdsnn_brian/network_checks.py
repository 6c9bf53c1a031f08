"""What the fields of a `SpikingNetwork` may be."""

from collections.abc import Iterable, Mapping
from math import prod
from typing import TYPE_CHECKING, Any

from .arguments import check_flag, check_name, check_shape, is_number
from .coding import check_leak, check_offset, check_rounding, check_steps
from .errors import InvalidInputError
from .image_range import check_range
from .layers import Kind, Layer, Shape
from .layers.base import check_threshold

if TYPE_CHECKING:
    from .network import SpikingNetwork


def check_fields(network: "SpikingNetwork") -> None:
    """Raise `InvalidInputError` for a field, other than those of layers, that makes no sense."""
    check_leak(network.leak)
    _put(network, "input_steps", check_steps(network.input_steps, "input_steps"))
    check_threshold(network.v_threshold)
    check_rounding(network.rounding)
    scale = network.input_scale
    if not (is_number(scale) and scale > 0):
        raise InvalidInputError(
            f"input_scale must be finite and greater than 0, got {scale!r:.80}; 1 is the default"
        )
    _put(network, "input_offset", check_offset(network.input_offset))
    check_flag("input_pairs", network.input_pairs)
    check_flag("silent_zeros", network.silent_zeros)
    _put(network, "image_range", check_range(network.image_range))
    check_name("network name", network.name)
    if not isinstance(network.metadata, dict):
        raise InvalidInputError(f"metadata must be a dict, got {network.metadata!r:.80}")


def check_layers(network: "SpikingNetwork") -> None:
    """Raise `InvalidInputError` unless layers, image and output go together."""
    if isinstance(network.layers, str) or not isinstance(network.layers, Iterable):
        raise InvalidInputError(f"layers must be a tuple of layers, got {network.layers!r:.80}")
    _put(network, "layers", tuple(network.layers))
    for layer in network.layers:
        if not isinstance(layer, Layer):
            raise InvalidInputError(
                f"layers must hold layers of tdsnn_brian.layers, got {type(layer).__name__}"
            )
    if not network.layers or not network.layers[-1].kind.integrates:
        raise InvalidInputError(
            f"network {network.name!r} must end in a synapse-based layer whose potentials are "
            "read out; add a Dense layer at the end"
        )
    names = [layer.name for layer in network.layers]
    if len(set(names)) != len(names):
        raise InvalidInputError(f"layer names must differ from each other, got {names}")
    _check_image_shape(network, network.layers[0])
    constrained = [x.name for x in network.layers if x.kind is Kind.CONSTRAINED_POOL]
    if constrained and network.silent_zeros:
        raise InvalidInputError(
            f"layer {constrained[0]!r}: a constrained max-pool needs all its inputs to fire; "
            "use max_pool='simplified' with silent zeros"
        )


def _check_image_shape(network: "SpikingNetwork", first: Layer) -> None:
    each, pairs = (2, " as pairs") if network.input_pairs else (1, "")
    if network.image_shape is not None:
        _put(network, "image_shape", _shape("image_shape", network.image_shape))
        if each * prod(network.image_shape) != first.projections[0].n_inputs:
            raise InvalidInputError(
                f"image_shape={network.image_shape} does not hold the "
                f"{first.projections[0].n_inputs} inputs of layer {first.name!r}{pairs}"
            )
    elif first.input_shape[-1] % each:
        raise InvalidInputError(
            f"input_pairs needs two neighbours for each value of an image, and layer "
            f"{first.name!r} takes the odd shape {first.input_shape}; give its inputs an even "
            "last axis, or leave input_pairs out"
        )


def check_outputs(network: "SpikingNetwork") -> None:
    """Raise `InvalidInputError` unless layers can be read out, in the shapes that are asked for."""
    layers = {layer.name: layer for layer in network.layers}
    last = network.layers[-1].name
    names = (last,) if network.output_names is None else network.output_names
    if not isinstance(names, tuple | list) or not all(isinstance(x, str) for x in names):
        raise InvalidInputError(
            f"output_names must be a tuple of layer names, got {names!r:.80}; leave it out to read "
            "the last layer"
        )
    if network.output_names is not None:
        _put(network, "output_names", tuple(names))
    if wrong := [x for x in names if x not in layers or not layers[x].kind.integrates]:
        raise InvalidInputError(
            f"output_names has {wrong}, which are no synapse-based layers of {network.name!r}; "
            f"those are {[x.name for x in network.layers if x.kind.integrates]}"
        )
    if last not in names or len(set(names)) != len(names):
        raise InvalidInputError(
            f"output_names must hold different layers and {last!r}, the last one, which nothing "
            f"else could read; got {names}"
        )
    given = network.output_shape
    if given is None:
        return
    if not isinstance(given, Mapping):
        if len(names) > 1:
            raise InvalidInputError(
                f"output_shape must be a mapping of the outputs {names} to shapes, got {given}"
            )
        _put(network, "output_shape", _checked("output_shape", given, layers[last]))
        return
    if unknown := [name for name in given if name not in names]:
        raise InvalidInputError(f"output_shape has {unknown}, which are none of {names}")
    shapes = {x: _checked(f"output_shape[{x!r}]", given[x], layers[x]) for x in given}
    _put(network, "output_shape", shapes)


def _checked(what: str, shape: Any, layer: Layer) -> Shape:
    shape = _shape(what, shape)
    if prod(shape) != layer.n_neurons:
        raise InvalidInputError(
            f"{what}={shape} does not hold the potentials of the {layer.n_neurons} neurons of "
            f"layer {layer.name!r}"
        )
    return shape


def _shape(what: str, shape: Any) -> Shape:
    """A shape as a tuple; network files hold lists."""
    shape = tuple(shape) if isinstance(shape, list) else shape
    check_shape(what, shape)
    return shape


def _put(network: "SpikingNetwork", field: str, value: Any) -> None:
    object.__setattr__(network, field, value)
