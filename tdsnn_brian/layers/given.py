"""Layers as plain data, whatever class they were made by."""

from dataclasses import dataclass

from numpy.typing import NDArray

from .base import Kind, Layer
from .projection import Projection
from .window import Shape


@dataclass(frozen=True, kw_only=True, eq=False)
class Given(Layer):
    """A layer that is told its projections, its shape and what its neurons do."""

    given: tuple[Projection, ...]
    shape: Shape
    role: Kind = Kind.TICKED
    bias: NDArray | None = None
    minimum: tuple[int, ...] = ()

    def connect(self) -> tuple[Projection, ...]:
        return self.given

    @property
    def kind(self) -> Kind:
        return self.role

    @property
    def output_shape(self) -> Shape:
        return self.shape
