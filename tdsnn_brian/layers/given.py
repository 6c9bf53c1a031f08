"""Layers as plain data, whatever class they were made by."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from numpy.typing import NDArray

from .base import Kind, Layer
from .projection import Projection
from .window import Shape

if TYPE_CHECKING:
    from ..population import Population


@dataclass(frozen=True, kw_only=True, eq=False)
class Given(Layer):
    """A layer that is told its projections, its shape and what its neurons do."""

    given: tuple[Projection, ...]
    shape: Shape
    role: Kind = Kind.TICKED
    bias: NDArray | None = None
    minimum: tuple[int, ...] = ()

    @classmethod
    def of(
        cls, layer: Layer, population: "Population", projections: tuple[Projection, ...]
    ) -> "Given":
        """A layer with all that its population takes from the network, but other projections."""
        return cls(
            name=population.name,
            input_shape=layer.input_shape,
            given=projections,
            shape=population.shape,
            role=layer.kind,
            bias=population.bias,
            minimum=population.minimum,
            leak=population.leak,
            v_threshold=population.v_threshold,
            transfer=population.transfer,
        )

    def connect(self) -> tuple[Projection, ...]:
        return self.given

    @property
    def kind(self) -> Kind:
        return self.role

    @property
    def output_shape(self) -> Shape:
        return self.shape
