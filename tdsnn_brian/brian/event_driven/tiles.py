"""How the compiled targets cut a projection's targets and weights into pieces that caches hold."""

from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ...layers import Projection

_VECTOR_BYTES = 64  # longest vectors of a processor
_TILE_BYTES = 256  # as many sums as registers hold, twice
_WIDE_TILE_BYTES = 1024  # where few spikes share a position, and their sums are short-lived
_FEW_SPIKES = 4
_NEAR_BYTES = 2**15  # of the cache nearest to the processor
_BLOCK_BYTES = 2**18  # of the cache of one core
_SHARES = 8  # of the rows, at least, for as many threads
_FEWEST_TARGETS = 8  # fewer side by side are quicker one by one
_ADDITIONS_FOR_THREADS = 10**6  # fewer are done before other threads wake up


@dataclass(frozen=True)
class Tiles:
    """Pieces of the targets that lie side by side.

    Attributes
    ----------
    contiguous : bool
        Whether the targets of neighbouring taps lie side by side.
    run : int
        Targets side by side, of one tap or of all of a row.
    width : int
        Targets of a tile; whole vectors.
    lanes : int
        Targets of the longest vector.
    count : int
        Tiles in a run; the last one may be shorter.
    together : int
        Tiles that share targets: all of a run, where taps lie side by side.
    rows : int
        Output rows worked on at a time.
    near_channels : int
        Input channels whose weights for one tap and tile fit into the nearest cache.
    few : int
        Up to so many spikes of one position are summed up without a loop over them.
    spikes_for_threads : int
        With more than so many spikes, threads share the work.
    """

    contiguous: bool
    run: int
    width: int
    lanes: int
    count: int
    together: int
    rows: int
    near_channels: int
    few: int
    spikes_for_threads: int

    @classmethod
    def of(cls, projection: Projection, dtype: DTypeLike) -> "Tiles | None":
        """Those of a projection; None where few targets lie side by side."""
        window, size = projection.window, np.dtype(dtype).itemsize
        contiguous = (
            window.strides[1] == window.dilation[1] == 1
            and window.groups == 1
            and projection.share is None
        )
        run = window.group_outputs * (window.size[1] if contiguous else 1)
        if run < _FEWEST_TARGETS:
            return None
        lanes = _VECTOR_BYTES // size
        few = min(_FEW_SPIKES, window.group_inputs)
        tile_bytes = _WIDE_TILE_BYTES if few == window.group_inputs else _TILE_BYTES
        pieces = max(1, round(run * size / tile_bytes))
        width = ceil(ceil(run / pieces) / lanes) * lanes
        count = ceil(run / width)
        rows = window.output_shape[0]
        shared = window.most_visits > 1 or window.output_shape[:2] != (1, 1)
        near = max(1, _NEAR_BYTES // (width * size)) if shared else window.group_inputs
        return cls(
            contiguous=contiguous,
            run=run,
            width=width,
            lanes=lanes,
            count=count,
            together=count if run > window.group_outputs else 1,
            rows=max(
                1,
                min(ceil(rows / _SHARES), _BLOCK_BYTES // (window.output_shape[1] * width * size)),
            ),
            near_channels=min(near, window.group_inputs),
            few=few,
            spikes_for_threads=_ADDITIONS_FOR_THREADS // projection.largest_fan_out,
        )


def tiled(packed: NDArray, tiles: Tiles) -> NDArray:
    """Weights in the order in which tiles read them.

    Parameters
    ----------
    packed : ndarray
        (tap rows, input channels, tap columns, outputs of a group); see `scatter.pack`.
    tiles : Tiles

    Returns
    -------
    ndarray
        (tiles, tap rows, runs of a tap row, input channels, width of a tile). Where a tile does
        not fill its vectors, the last ones begin earlier, at 0 for targets that others have.
    """
    rows, channels = packed.shape[:2]
    runs = packed.reshape(rows, channels, -1, tiles.run)
    if tiles.count * tiles.width > tiles.run:
        target, own = _targets(tiles)
        runs = np.where(own, runs[..., target], runs.dtype.type(0))
    cut = runs.reshape(rows, channels, -1, tiles.count, tiles.width)
    return np.ascontiguousarray(cut.transpose(3, 0, 2, 1, 4))


def _targets(tiles: Tiles) -> tuple[NDArray, NDArray]:
    """For each place in the tiles: target in the run, and whether its weight stands there."""
    tile, place = np.divmod(np.arange(tiles.count * tiles.width), tiles.width)
    length = np.minimum(tiles.width, tiles.run - tile * tiles.width)
    block = place // tiles.lanes * tiles.lanes
    within = np.minimum(block, np.maximum(length - tiles.lanes, 0)) + place % tiles.lanes
    own = (within >= block) & (within < length)
    return np.where(own, tile * tiles.width + within, 0), own
