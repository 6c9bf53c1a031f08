"""Fully connected layers."""

from dataclasses import dataclass
from math import prod

from numpy.typing import NDArray

from ..errors import InvalidInputError
from .base import Layer
from .projection import Projection
from .window import Shape, Window


@dataclass(frozen=True, kw_only=True, eq=False)
class Dense(Layer):
    """`weights` (n_inputs, n_neurons) and `bias`, broadcast over the output, or None."""

    weights: NDArray
    bias: NDArray | None = None

    def connect(self) -> tuple[Projection, ...]:
        if getattr(self.weights, "ndim", 0) != 2:
            raise InvalidInputError(
                f"weights must have two axes (inputs, neurons), got {self.weights!r:.80}"
            )
        window = Window(
            input_shape=(1, 1, prod(self.input_shape)), n_channels=self.weights.shape[1]
        )
        return (Projection(window=window, kernel=self.weights[None, None], source=self.source),)

    @property
    def output_shape(self) -> Shape:
        return (self.weights.shape[1],)
