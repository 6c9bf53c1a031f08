"""Code objects of Brian2CUDA from this package's templates."""

from math import ceil
from typing import NamedTuple

from brian2cuda.codeobject import CUDAStandaloneCodeObject

from ...layers import Projection

_BLOCK = 256  # threads
_FEWEST_LANES = 4
_TARGETS_A_THREAD = 4  # at least, before a second block is taken
_MOST_BLOCKS = 4096  # enough to fill a card; each takes further spikes


class CudaCode(CUDAStandaloneCodeObject):  # type: ignore[misc]  # Brian2CUDA has no types
    """CUDA code from this package's templates."""

    templater = CUDAStandaloneCodeObject.templater.derive(__package__)


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
    lanes = max(_FEWEST_LANES, min(_BLOCK, 1 << (taps - 1).bit_length()))
    at_once = _BLOCK // lanes
    blocks = min(_MOST_BLOCKS, ceil(projection.n_inputs / at_once))
    parts = max(1, min(_MOST_BLOCKS // blocks, taps // (_TARGETS_A_THREAD * lanes)))
    return Threads(lanes, at_once, blocks, parts)
