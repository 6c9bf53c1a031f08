"""Convolutions."""

from dataclasses import dataclass

from numpy.typing import NDArray

from ..errors import InvalidInputError
from .base import Layer
from .projection import Projection
from .window import NO_PADDING, Padding, Pair, Window


@dataclass(frozen=True, kw_only=True, eq=False)
class Conv2D(Layer):
    """`kernel` (rows, columns, input channels / groups, output channels), `bias` or None.

    `bias` broadcasts over `output_shape`: one value a channel, or one a neuron where the border
    needs its own (see `tdsnn_brian.adapt`, `compensate`). `padding` counts the positions added
    before and after rows and columns; no neuron stands there.
    """

    kernel: NDArray
    bias: NDArray | None = None
    groups: int = 1
    strides: Pair = (1, 1)
    padding: Padding = NO_PADDING
    dilation: Pair = (1, 1)

    def connect(self) -> tuple[Projection, ...]:
        if getattr(self.kernel, "ndim", 0) != 4:
            raise InvalidInputError(
                "kernel must have four axes (rows, columns, input channels / groups, output "
                f"channels), got {self.kernel!r:.80}"
            )
        window = Window(
            input_shape=self.input_shape,
            size=self.kernel.shape[:2],
            strides=self.strides,
            padding=self.padding,
            dilation=self.dilation,
            groups=self.groups,
            n_channels=self.kernel.shape[3],
        )
        return (Projection(window=window, kernel=self.kernel, source=self.source),)
