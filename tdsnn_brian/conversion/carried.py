"""What is known of the values between two nodes while a graph is folded."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from ..layers import Padding, Shape
from .affine import Affine
from .graph import Scaling


@dataclass(frozen=True)
class Left:
    """An affine map that is still to be taken up, and the last layer that it comes from."""

    affine: Affine
    scaling: Scaling


@dataclass(frozen=True, kw_only=True)
class Carried:
    """What is known of the values between two nodes: they are `left` of what `node` gives.

    `sum` names the neurons whose outputs these still are, passed on by `pools` and `padded` by
    zeros, and `rectified` says whether they cannot be negative.
    """

    node: str
    shape: Shape
    left: Left | None = None
    sum: str | None = None
    rectified: bool = True
    pools: tuple[str, ...] = ()
    padded: bool = False
    at_input: bool = False

    def reshaped(self, shape: Shape) -> "Carried":
        return self._mapped(lambda affine: affine.reshaped(self.shape, shape), shape)

    def with_zeros(self, padding: Padding, shape: Shape) -> "Carried":
        padded = self._mapped(lambda affine: affine.padded(padding, self.shape), shape)
        return replace(padded, padded=True)

    def _mapped(self, function: Callable[[Affine], Affine], shape: Shape) -> "Carried":
        left = self.left
        if left is not None:
            left = replace(left, affine=function(left.affine))
        return replace(self, shape=shape, left=left)
