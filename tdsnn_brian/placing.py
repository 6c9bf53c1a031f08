"""From layers to populations: each one at its place, with those that project onto it."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from .errors import InvalidInputError
from .layers import IMAGE, Kind, Layer, Shape
from .population import Population


def populations_of(
    layers: Sequence[Layer],
    image: Population,
    defaults: Mapping[str, float],
    read_out: Mapping[str, Shape],
) -> tuple[Population, ...]:
    """The populations of `layers` in their order, which must be one of spikes.

    Parameters
    ----------
    layers : sequence of Layer
    image : Population
        The input neurons; whether zeros are silent, and the rounding, are the same for all.
    defaults : mapping
        ``leak`` and ``v_threshold`` of layers without their own.
    read_out : mapping of str to tuple of int
        The layers that are read out, and the shape of each one's neurons.

    Raises
    ------
    InvalidInputError
        If a source is missing, comes later or does not fire, or numbers of neurons do not fit.
    """
    made: dict[str, Population] = {}
    before = image
    for layer in layers:
        sources = tuple(
            image if projection.source == IMAGE else _source(layer, projection.source, made, before)
            for projection in layer.projections
        )
        for source, projection in zip(sources, layer.projections, strict=True):
            if source.n_neurons != projection.n_inputs:
                raise InvalidInputError(
                    f"layer {layer.name!r} takes {projection.n_inputs} inputs but {source.name!r} "
                    f"has {source.n_neurons} neurons"
                )
        output = layer.name in read_out
        shape = read_out.get(layer.name, layer.output_shape)
        own = {
            name: default if getattr(layer, name) is None else float(getattr(layer, name))
            for name, default in defaults.items()
        }
        before = made[layer.name] = Population(
            name=layer.name,
            shape=shape,
            kind=Kind.OUTPUT if output else layer.kind,
            leak=own["leak"],
            v_threshold=0.0 if output or not layer.kind.integrates else own["v_threshold"],
            silent_zeros=image.silent_zeros and not output,
            rounding=image.rounding,
            transfer=layer.transfer,
            bias=_reshaped(layer.bias, layer.output_shape, shape),
            minimum=layer.minimum,
            sources=sources,
            projections=layer.projections,
        )
        for source in sources:
            source.followers.append(before)
    return tuple(made.values())


def _reshaped(bias: NDArray | None, before: Shape, after: Shape) -> NDArray | None:
    """A bias that broadcasts over `before`, over the same neurons in another shape."""
    if bias is None or before == after:
        return bias
    return np.broadcast_to(bias, before).reshape(after)


def _source(
    layer: Layer, name: str | None, made: Mapping[str, Population], before: Population
) -> Population:
    if name is not None and name not in made:
        raise InvalidInputError(
            f"layer {layer.name!r} takes the spikes of {name!r}, which is no layer before it; "
            f"those are {list(made)}"
        )
    source = before if name is None else made[name]
    if not source.fires:
        raise InvalidInputError(
            f"layer {layer.name!r} takes the spikes of {source.name!r}, which is read out and has "
            "none; let it take those of another layer with the same weights"
        )
    return source
