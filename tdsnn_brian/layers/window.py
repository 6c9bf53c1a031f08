"""Which inputs each output position sees: one description for all kinds of layers."""

import math
from dataclasses import dataclass
from functools import cached_property
from math import ceil, prod

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ..arguments import check_count, check_pair, check_shape
from ..errors import InvalidInputError
from ..machine import available_bytes

Shape = tuple[int, ...]
Pair = tuple[int, int]
Padding = tuple[Pair, Pair]

_SMALL = 2**26  # bytes; only what takes more is held against the free memory

NO_PADDING: Padding = ((0, 0), (0, 0))


@dataclass(frozen=True, kw_only=True)
class Window:
    """A window that slides over rows and columns of a (rows, columns, channels) input.

    A dense layer is a window of one position over one position.

    Attributes
    ----------
    input_shape : tuple of int
        Rows, columns, channels.
    size, strides, dilation : pair of int
        Of rows and columns.
    padding : pair of pairs of int
        Positions added before and after rows and columns. No neuron stands there: a padded
        position has no synapse.
    groups : int
        Input channels come in so many groups, each seen by its own output channels.
    n_channels : int
        Output channels.
    """

    input_shape: Shape
    size: Pair = (1, 1)
    strides: Pair = (1, 1)
    padding: Padding = NO_PADDING
    dilation: Pair = (1, 1)
    groups: int = 1
    n_channels: int = 1

    def __post_init__(self) -> None:
        check_shape("input_shape", self.input_shape)
        if len(self.input_shape) != 3:
            raise InvalidInputError(
                f"a window slides over (rows, columns, channels), got the input shape "
                f"{self.input_shape}; reshape the values to three axes"
            )
        for name in ("size", "strides", "dilation"):
            check_pair(name, getattr(self, name))
        if not (isinstance(self.padding, tuple) and len(self.padding) == 2):
            raise InvalidInputError(f"padding must be two pairs, got {self.padding!r:.80}")
        for pair in self.padding:
            check_pair("padding", pair, 0)
        for name in ("groups", "n_channels"):
            check_count(name, getattr(self, name))
        for name, channels in (("input", self.input_shape[2]), ("output", self.n_channels)):
            if channels % self.groups:
                raise InvalidInputError(
                    f"{channels} {name} channels do not come in groups={self.groups}; their number "
                    "must be a multiple of it"
                )
        if min(self.output_shape) < 1:
            raise InvalidInputError(
                f"a window of {self.size} with dilation {self.dilation} is larger than the padded "
                f"input {self.input_shape}; give it a smaller window or more padding"
            )
        check_shape("output_shape", self.output_shape)
        self._check_memory()

    def _check_memory(self) -> None:
        """What a window says of each position has to fit into memory."""
        taps = sum(n * size for n, size in zip(self.output_shape, self.size, strict=False))
        needed = 8 * (2 * taps + prod(self.output_shape[:2]) + prod(self.input_shape[:2]))
        if needed > _SMALL and needed > (available_bytes() or math.inf):
            raise InvalidInputError(
                f"a window over {self.input_shape} to {self.output_shape} takes "
                f"{needed / 2**30:,.1f} GiB to describe, which are not free; make the input or its "
                "padding smaller"
            )

    @cached_property
    def output_shape(self) -> Shape:
        """Rows, columns, channels."""
        sizes = (
            (self.input_shape[axis] + sum(self.padding[axis]) - reach) // self.strides[axis] + 1
            for axis, reach in enumerate(self._reach)
        )
        return (*sizes, self.n_channels)

    @property
    def n_inputs(self) -> int:
        return prod(self.input_shape)

    @property
    def n_outputs(self) -> int:
        return prod(self.output_shape)

    @property
    def group_inputs(self) -> int:
        return self.input_shape[2] // self.groups

    @property
    def group_outputs(self) -> int:
        return self.n_channels // self.groups

    @property
    def _reach(self) -> Pair:
        rows, columns = (
            (size - 1) * gap + 1 for size, gap in zip(self.size, self.dilation, strict=True)
        )
        return rows, columns

    @cached_property
    def positions(self) -> tuple[NDArray, NDArray]:
        """For rows and columns: (taps, outputs) where a tap looks; outside means padding."""
        rows, columns = (
            np.arange(self.size[axis])[:, None] * self.dilation[axis]
            + np.arange(self.output_shape[axis]) * self.strides[axis]
            - self.padding[axis][0]
            for axis in (0, 1)
        )
        return rows, columns

    @cached_property
    def hits(self) -> tuple[NDArray, NDArray]:
        """For rows and columns: (taps, outputs) whether a tap meets an input."""
        rows, columns = (
            (at >= 0) & (at < self.input_shape[axis]) for axis, at in enumerate(self.positions)
        )
        return rows, columns

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """How many positions of each window are no padding, (rows, columns)."""
        rows, columns = (hit.sum(axis=0) for hit in self.hits)
        return np.multiply.outer(rows, columns)

    @cached_property
    def visits(self) -> NDArray[np.int64]:
        """How many windows see each input position, (rows, columns)."""
        rows, columns = (
            np.bincount(at[hit], minlength=self.input_shape[axis])
            for axis, (at, hit) in enumerate(zip(self.positions, self.hits, strict=True))
        )
        return np.multiply.outer(rows, columns)

    @property
    def most_visits(self) -> int:
        """Upper bound of `visits`."""
        return prod(
            min(ceil(self.size[axis] / self.strides[axis]), self.output_shape[axis])
            for axis in (0, 1)
        )

    def view(self, values: NDArray, fill: float) -> NDArray:
        """Views (n, rows, columns, channels, window rows, window columns) of the padded input.

        Parameters
        ----------
        values : ndarray
            (n, ...) with `n_inputs` values each, in C order.
        fill : float
            Value of padded positions.
        """
        values = values.reshape(len(values), *self.input_shape)
        if self.padding != NO_PADDING:
            values = np.pad(values, ((0, 0), *self.padding, (0, 0)), constant_values=fill)
        views = sliding_window_view(values, self._reach, axis=(1, 2))  # type: ignore[call-overload]  # numpy's stubs know one axis
        (row_step, column_step), (row_gap, column_gap) = self.strides, self.dilation
        return views[:, ::row_step, ::column_step, :, ::row_gap, ::column_gap]
