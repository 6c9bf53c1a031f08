"""What is known of the values between two nodes while a graph is folded."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from ..layers import Padding, Shape
from .affine import Affine
from .graph import Arrangement, Neurons, Node, Scaling, Sum


@dataclass(frozen=True)
class Left:
    """An affine map that is still to be taken up, and the last layer that it comes from."""

    affine: Affine
    scaling: Scaling


@dataclass(frozen=True, kw_only=True)
class Carried:
    """What is known of the values between two nodes: they are `left` of what was there before.

    That is what `node` gives; or, while `terms` are there, their sum, which has met no ReLU and is
    not put into the folded graph before it is known what becomes of it.

    Attributes
    ----------
    shape : tuple of int
    node : str
        The node that gives the values, if there are no terms.
    terms : tuple of Neurons
        Layers whose sum it is.
    total : Sum or None
        The node that sums them up, if they are several.
    path : tuple of Node
        What stands between the sum and here: max-pools, other shapes, zeros, dropout.
    left : Left or None
    rectified : bool
        Whether the values, without what is left, cannot be negative.
    paired : bool
        Whether each value is the difference of two neighbours, its ON and its OFF neuron.
    overlapping : bool
        Whether both of them may fire later than for 0, so that neither tells the largest value.
    padded, mixed, crossed : bool
        Whether zeros stand around them; whether they come of several values; whether those may
        share a channel.
    at_input : bool
    """

    shape: Shape
    node: str = ""
    terms: tuple[Neurons, ...] = ()
    total: Sum | None = None
    path: tuple[Node, ...] = ()
    left: Left | None = None
    rectified: bool = True
    paired: bool = False
    overlapping: bool = False
    padded: bool = False
    mixed: bool = False
    crossed: bool = False
    at_input: bool = False

    @property
    def pools(self) -> tuple[Neurons, ...]:
        """Those on the path."""
        return tuple(node for node in self.path if isinstance(node, Neurons))

    @property
    def name(self) -> str:
        """Of the layer that the values come from."""
        if self.total is not None:
            return self.total.name
        return self.terms[0].name if self.terms else self.node

    def reshaped(self, shape: Shape) -> "Carried":
        return self._mapped(lambda affine: affine.reshaped(self.shape, shape), shape)

    def with_zeros(self, padding: Padding, shape: Shape) -> "Carried":
        padded = self._mapped(lambda affine: affine.padded(padding, self.shape), shape)
        return replace(padded, padded=True)

    def arranged(self, node: Arrangement) -> "Carried":
        arranged = self._mapped(lambda x: x.arranged(node.places, self.shape), node.shape)
        padded = self.padded or bool((node.places < 0).any())
        return replace(arranged, padded=padded, mixed=True, crossed=self.mixed)

    def _mapped(self, function: Callable[[Affine], Affine], shape: Shape) -> "Carried":
        left = self.left
        if left is not None:
            left = replace(left, affine=function(left.affine))
        return replace(self, shape=shape, left=left)
