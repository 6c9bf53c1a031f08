"""Code objects of Brian2CUDA from this package's templates."""

from math import ceil
from typing import NamedTuple

from brian2cuda.codeobject import CUDAStandaloneCodeObject
from numpy.typing import NDArray

from ...layers import Projection
from ...layers.window import Window
from .signals import BLOCK

_FEWEST_LANES = 4
_TARGETS_A_THREAD = 4  # at least, before a second block is taken
_MOST_BLOCKS = 4096  # enough to fill a card; each takes further spikes


class CudaCode(CUDAStandaloneCodeObject):  # type: ignore[misc]  # Brian2CUDA has no types
    """CUDA code from this package's templates."""

    templater = CUDAStandaloneCodeObject.templater.derive(__package__)


def stored_once(packed: NDArray, window: Window) -> NDArray:
    """Those of `packed` weights that the others repeat, as images side by side do.

    Parameters
    ----------
    packed : ndarray
        (rows, channels, columns, outputs of a group), as `pack` arranges them.
    window : Window

    Returns
    -------
    ndarray
        The first channels of `packed`, as many as divide them evenly.
    """
    rows, channels, *others = packed.shape
    for copies in range(window.groups, 1, -1):
        if window.groups % copies:
            continue
        one = packed[:, : channels // copies]
        if (packed.reshape(rows, copies, -1, *others) == one[:, None]).all():
            return one
    return packed


class Threads(NamedTuple):
    """How a projection's spikes are dealt out: threads a spike, spikes a block, blocks.

    Each spike's targets are dealt out to so many blocks (`parts`).
    """

    lanes: int
    spikes_a_block: int
    blocks: int
    parts: int


def threads(projection: Projection) -> Threads:
    """Those of a projection: as many for a spike as it has targets, up to a whole block."""
    window = projection.window
    taps = window.size[0] * window.size[1] * window.group_outputs
    lanes = max(_FEWEST_LANES, min(BLOCK, 1 << (taps - 1).bit_length()))
    at_once = BLOCK // lanes
    blocks = min(_MOST_BLOCKS, ceil(projection.n_inputs / at_once))
    parts = max(1, min(_MOST_BLOCKS // blocks, taps // (_TARGETS_A_THREAD * lanes)))
    return Threads(lanes, at_once, blocks, parts)
