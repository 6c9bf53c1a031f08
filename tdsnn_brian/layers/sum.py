"""Layers onto which several populations project."""

from dataclasses import dataclass, field, replace
from math import prod

import numpy as np
from numpy.typing import NDArray

from ..errors import InvalidInputError
from ..transfer import RELU
from .base import Kind, Layer
from .projection import Projection
from .window import Shape


@dataclass(frozen=True, kw_only=True, eq=False)
class Sum(Layer):
    """`A = sum_k W_k G(x_k) + b`: one population of neurons with the projections of all `terms`.

    A residual connection is a Sum of a convolution and a one-to-one projection.

    Attributes
    ----------
    terms : tuple of Layer
        Synapse-based layers of the same number of neurons, each with its `source` and its bias.
    input_shape : tuple of int
        That of the first term, if not given.
    """

    terms: tuple[Layer, ...]
    input_shape: Shape = field(default=())

    def __post_init__(self) -> None:
        if not (isinstance(self.terms, tuple) and all(isinstance(x, Layer) for x in self.terms)):
            raise InvalidInputError(
                f"layer {self.name!r}: terms must be a tuple of layers, got {self.terms!r:.80}"
            )
        if not self.input_shape and self.terms:
            object.__setattr__(self, "input_shape", self.terms[0].input_shape)
        super().__post_init__()

    def check(self) -> None:
        super().check()
        for term in self.terms:
            if term.kind is not Kind.TICKED:
                raise InvalidInputError(
                    f"term {term.name!r} is no weighted sum; sum up synapse-based layers"
                )
            if term.n_neurons != prod(self.output_shape):
                raise InvalidInputError(
                    f"term {term.name!r} has {term.n_neurons} neurons and the first one "
                    f"{prod(self.output_shape)}; all must have as many"
                )
            if term.transfer != RELU:
                raise InvalidInputError(
                    f"term {term.name!r} has a transfer, which is that of the whole sum; give "
                    f"it to {self.name!r}"
                )

    def connect(self) -> tuple[Projection, ...]:
        if not self.terms:
            raise InvalidInputError("a sum needs terms; give it one layer for each source")
        return tuple(
            replace(projection, source=_source(projection, term))
            for term in self.terms
            for projection in term.projections
        )

    @property
    def output_shape(self) -> Shape:
        return self.terms[0].output_shape

    @property
    def bias(self) -> NDArray | None:
        """Sum of the terms' biases."""
        biases = [
            np.broadcast_to(term.bias, term.output_shape).reshape(self.output_shape)
            for term in self.terms
            if term.bias is not None
        ]
        return np.sum(biases, axis=0) if biases else None


def _source(projection: Projection, term: Layer) -> str | None:
    return term.source if projection.source is None else projection.source
