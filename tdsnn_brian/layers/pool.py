"""Pooling: means, which have weights, and maxima, which have none."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..arguments import is_count, is_number
from ..errors import InvalidInputError
from .base import Kind, Layer
from .projection import Projection
from .window import NO_PADDING, Padding, Pair, Window


@dataclass(frozen=True, kw_only=True, eq=False)
class _Pool(Layer):
    pool_size: Pair
    strides: Pair = (1, 1)
    padding: Padding = NO_PADDING
    dilation: Pair = (1, 1)

    @property
    def _window(self) -> Window:
        channels = self.input_shape[-1]
        return Window(
            input_shape=self.input_shape,
            size=self.pool_size,
            strides=self.strides,
            padding=self.padding,
            dilation=self.dilation,
            groups=channels,
            n_channels=channels,
        )

    @property
    def _full(self) -> bool:
        """Whether no window holds padding alone."""
        return bool(self.projection.window.counts.all())

    def check(self) -> None:
        super().check()
        if not self._full:
            raise InvalidInputError(
                f"some windows hold padding alone ({self.padding} around a pool of "
                f"{self.pool_size}), and no neuron would make them fire; pad less than the pool "
                "size"
            )


@dataclass(frozen=True, kw_only=True, eq=False)
class AveragePool2D(_Pool):
    """Mean over the positions of a window that are not padding, times `scale`, plus `bias`."""

    scale: float = 1.0
    bias: NDArray | None = None

    def check(self) -> None:
        if not is_number(self.scale):
            raise InvalidInputError(f"scale must be a finite number, got {self.scale!r:.80}")
        super().check()

    def connect(self) -> tuple[Projection, ...]:
        window = self._window
        return (
            Projection(
                window=window, share=self.scale / np.maximum(window.counts, 1), source=self.source
            ),
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class MaxPool2D(_Pool):
    """Maximum over a window: a neuron that fires when the last of its inputs has fired.

    A `constrained` one leaks and is driven by a ticking neuron, with weights that Eq. (13) admits
    (see `tdsnn_brian.analysis.pool_constraints`). Channels listed in `minimum` pass on the
    minimum: their neurons fire with the first of their inputs.
    """

    constrained: bool = False
    minimum: tuple[int, ...] = ()

    @property
    def kind(self) -> Kind:
        return Kind.CONSTRAINED_POOL if self.constrained else Kind.MAX_POOL

    @property
    def _full(self) -> bool:
        return bool(self.projection.fan_in.all())

    def check(self) -> None:
        if not isinstance(self.constrained, bool):
            raise InvalidInputError(
                f"constrained must be True or False, got {self.constrained!r:.80}"
            )
        super().check()
        channels = self.input_shape[-1]
        if not (
            isinstance(self.minimum, tuple)
            and all(is_count(channel, 0) and channel < channels for channel in self.minimum)
        ):
            raise InvalidInputError(
                f"minimum must name channels, 0 to {channels - 1}, got {self.minimum!r:.80}"
            )
        if self.minimum and self.constrained:
            raise InvalidInputError("a constrained max-pool has no minimum; use constrained=False")

    def connect(self) -> tuple[Projection, ...]:
        return (Projection(window=self._window, source=self.source),)
