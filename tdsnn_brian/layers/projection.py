"""From one population to another: a window and the kernel that all its positions share.

Dense, convolution, depthwise, average, one-to-one and pooling are values of it. Arrays carry the
image axis first and are channels last.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from math import prod
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import InvalidInputError
from ..firing_times import SILENT
from .reads import Reads
from .window import Window

_COPIED = 2**22  # values that a weighted sum copies at a time


class Synapses(NamedTuple):
    """`i`, `j` (int32) and `w` (dtype of the weights), one entry a synapse, sorted by `i`, `j`."""

    i: NDArray
    j: NDArray
    w: NDArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Projection:
    """All synapses between two populations.

    Attributes
    ----------
    window : Window
        Which inputs each neuron sees.
    kernel : ndarray or None
        (window rows, window columns, input channels / groups, output channels). None: every
        weight is 1, and each channel sees its own.
    share : ndarray or None
        (rows, columns) factor of all weights of an output position.
    reads : Reads or None
        Which neuron stands where the window slides; None: the neurons in their order.
    source : str or None
        Name of the population that it comes from, or `tdsnn_brian.layers.IMAGE`; None: the one
        before in the list of layers.
    """

    window: Window
    kernel: NDArray | None = None
    share: NDArray | None = None
    reads: Reads | None = None
    source: str | None = None

    def __repr__(self) -> str:
        return f"<Projection: {self.window}, {self.n_synapses:,} synapses>"

    def __post_init__(self) -> None:
        window = self.window
        if self.reads is not None and self.reads.places.shape != window.input_shape:
            raise InvalidInputError(
                f"neurons are read at {self.reads.places.shape}, but the window slides over "
                f"{window.input_shape}; give one index for each position"
            )
        if self.kernel is None:
            if not window.groups == window.n_channels == window.input_shape[2]:
                raise InvalidInputError(
                    "a projection without a kernel connects each channel to itself, so groups="
                    f"{window.groups} must be the number of channels, {window.input_shape[2]}"
                )
            return
        wanted = (*window.size, window.group_inputs, window.n_channels)
        if self.kernel.shape != wanted:
            raise InvalidInputError(
                f"weights of shape {self.kernel.shape} do not fit inputs of shape "
                f"{window.input_shape} in {window.groups} groups, which ask for {wanted}"
            )

    @property
    def n_inputs(self) -> int:
        """Neurons of the source."""
        return self.window.n_inputs if self.reads is None else self.reads.n_inputs

    @property
    def n_outputs(self) -> int:
        return self.window.n_outputs

    @property
    def weights(self) -> NDArray:
        """The kernel, ones included."""
        if self.kernel is not None:
            return self.kernel
        return np.ones((*self.window.size, 1, self.window.n_channels))

    @property
    def n_synapses(self) -> int:
        """Number of entries that `synapses` would give, without making them."""
        window = self.window
        if self.reads is not None:
            return int(self._fan_out_of_places[self.reads.places >= 0].sum())
        return int(window.counts.sum()) * window.group_inputs * window.n_channels

    @cached_property
    def fan_out(self) -> NDArray[np.int64]:
        """Synapses of each input neuron, shape `window.input_shape` or, if it `reads`, a line."""
        each = self._fan_out_of_places
        return each if self.reads is None else self.reads.summed(each)

    @property
    def _fan_out_of_places(self) -> NDArray[np.int64]:
        each = self.window.visits[..., None] * self.window.group_outputs
        return np.broadcast_to(each, self.window.input_shape)

    @property
    def largest_fan_out(self) -> int:
        """Upper bound of `fan_out`."""
        if self.reads is not None:
            return int(self.fan_out.max())
        return self.window.most_visits * self.window.group_outputs

    @property
    def fan_in(self) -> NDArray[np.int64]:
        """Synapses of each output neuron, (rows, columns, channels)."""
        window = self.window
        if self.reads is None:
            counts = window.counts[..., None] * window.group_inputs
            return np.broadcast_to(counts, window.output_shape)
        seen = window.view((self.reads.places >= 0)[None], False)[0].sum(axis=(3, 4))
        groups = seen.reshape(*seen.shape[:2], window.groups, -1).sum(axis=3)
        return np.repeat(groups, window.group_outputs, axis=2)

    def placed(self, values: NDArray, nothing: float) -> NDArray:
        """(n, *window.input_shape): the source's values, (n, ...), where the window sees them.

        `nothing` stands where no neuron is read.
        """
        if self.reads is not None:
            return self.reads.placed(values, nothing)
        return values.reshape(len(values), *self.window.input_shape)

    def weighted_sum(self, values: NDArray) -> NDArray:
        """`sum_i w_i x_i`, (n, rows, columns, channels), in the dtype of `values`.

        Parameters
        ----------
        values : ndarray
            (n, ...) with `n_inputs` values each, in C order.
        """
        window = self.window
        views = window.view(self.placed(values, 0), 0)
        if self.kernel is None:
            total = views.sum(axis=(4, 5))
        else:
            total = np.zeros((len(views), *window.output_shape), values.dtype)
            for group in range(window.groups):
                self._add_group(group, self.kernel, views, total)
        return total if self.share is None else total * self.share[..., None].astype(values.dtype)

    def _add_group(self, group: int, kernel: NDArray, views: NDArray, total: NDArray) -> None:
        """Matrix products over few rows and channels at a time: each copies what windows see, and
        the weights into the type of the sums.
        """
        window, first = self.window, group * self.window.group_inputs
        outputs = slice(group * window.group_outputs, (group + 1) * window.group_outputs)
        taps = prod(window.size)
        n_channels = max(1, _COPIED // (taps * window.group_outputs))
        copied = len(views) * window.output_shape[1] * taps * min(n_channels, window.group_inputs)
        n_rows = max(1, _COPIED // copied)
        for channel in range(0, window.group_inputs, n_channels):
            own = slice(channel, min(channel + n_channels, window.group_inputs))
            seen = slice(first + own.start, first + own.stop)
            weights = kernel[:, :, own, outputs].astype(total.dtype, copy=False)
            for row in range(0, window.output_shape[0], n_rows):
                rows = slice(row, row + n_rows)
                total[:, rows, :, outputs] += np.tensordot(
                    views[:, rows, :, seen], weights, axes=((3, 4, 5), (2, 0, 1))
                )

    def sizes(self) -> "Projection":
        """The same projection with the absolute value of each weight."""
        kernel = None if self.kernel is None else np.abs(self.kernel)
        share = None if self.share is None else np.abs(self.share)
        return replace(self, kernel=kernel, share=share)

    def latest(self, latencies: NDArray, minimum: tuple[int, ...] = ()) -> NDArray:
        """Latency of the last neuron to fire in each window, (n, rows, columns, channels).

        Parameters
        ----------
        latencies : ndarray
            (n, ...) with `n_inputs` values each, `SILENT` for neurons that do not fire.
        minimum : tuple of int, optional
            Channels of which the first to fire counts, `SILENT` if any of them is silent.
        """
        last = self.window.view(self.placed(latencies, SILENT), SILENT).max(axis=(4, 5))
        if minimum:
            never = np.inf if latencies.dtype.kind == "f" else np.iinfo(latencies.dtype).max
            first = self.window.view(self.placed(latencies, never), never).min(axis=(4, 5))
            channels = list(minimum)
            last[..., channels] = first[..., channels]
        return last

    def synapses(self) -> Synapses:
        """All synapses as lists, indices in C order of both populations' shapes."""
        window, weights = self.window, self.weights
        group, c_in, c_out = (
            grid.ravel()
            for grid in np.meshgrid(
                *map(np.arange, (window.groups, window.group_inputs, window.group_outputs)),
                indexing="ij",
            )
        )
        channel_in = group * window.group_inputs + c_in
        channel_out = group * window.group_outputs + c_out
        parts = []
        for row, column in np.ndindex(*window.size):
            out_rows, out_columns = np.nonzero(
                window.hits[0][row][:, None] & window.hits[1][column]
            )
            source = (
                window.positions[0][row, out_rows] * window.input_shape[1]
                + window.positions[1][column, out_columns]
            )
            target = out_rows * window.output_shape[1] + out_columns
            weight = np.broadcast_to(
                weights[row, column][c_in, channel_out], (len(target), len(c_in))
            )
            if self.share is not None:
                weight = weight * self.share[out_rows, out_columns][:, None]
            parts.append(
                (
                    (source[:, None] * window.input_shape[2] + channel_in).ravel(),
                    (target[:, None] * window.n_channels + channel_out).ravel(),
                    weight.ravel(),
                )
            )
        i, j, w = (np.concatenate(column) for column in zip(*parts, strict=True))
        if self.reads is not None:
            i = self.reads.places.ravel()[i]
            i, j, w = (part[i >= 0] for part in (i, j, w))
        order = np.lexsort((j, i))
        return Synapses(i[order].astype(np.int32), j[order].astype(np.int32), w[order])

    @cached_property
    def unread(self) -> bool:
        """Whether it leaves some of its input neurons out."""
        return not self.fan_out.all()
