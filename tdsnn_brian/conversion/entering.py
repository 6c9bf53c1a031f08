"""The image on its way to the first neurons: one positive factor, and pairs if they are wanted."""

from dataclasses import replace

import numpy as np

from ..errors import UnsupportedLayerError
from .affine import Affine
from .carried import Carried
from .graph import Graph, Input, Scaling, free_name
from .growing import Growing
from .pairs import Pairing


class Entering(Growing):
    """The nodes so far, and what the image meets before the first neurons.

    Parameters
    ----------
    graph : Graph
        What is folded.
    input_pairs : bool
        Whether each value of the image gets an ON and an OFF neuron.
    """

    def __init__(self, graph: Graph, input_pairs: bool) -> None:
        super().__init__(graph)
        self._readers = graph.readers
        self._input_pairs = input_pairs
        self._pairings: dict[str, str] = {}
        self._scale: Scaling | None = None
        self._shared_factor: float | None = None

    def is_signed(self, source: Carried) -> bool:
        """Whether it is held as pairs, or will be."""
        return source.paired or (source.at_input and self._input_pairs)

    def scaled(self, node: Scaling, source: Carried) -> Carried:
        """`source`, which is alone at the input, behind the place for a factor there."""
        name = free_name(f"{node.name}_scale", self.taken)
        self._scale = replace(node, name=name, affine=Affine())
        return self.put(self._scale, source)

    def is_alone_at_input(self, source: Carried) -> bool:
        """Whether all that is made of the image comes through `source`, unscaled so far."""
        return source.at_input and self._scale is None and self._has_one_reader(source.node)

    def _has_one_reader(self, name: str) -> bool:
        while len(self._readers[name]) == 1:
            if isinstance(self.nodes[name], Input):
                return True
            (name,) = self.nodes[name].inputs
        return False

    def entered(self, source: Carried) -> Carried:
        """Values as the first neurons take them: one positive factor stays at the input."""
        if not source.at_input:
            return source
        source = self._with_factor(replace(source, at_input=False))
        return self._as_pairs(source) if self._input_pairs else source

    def _with_factor(self, source: Carried) -> Carried:
        if source.left is None or self._scale is None:
            return source
        affine = source.left.affine
        if self._shared_factor is None:
            sizes = np.abs(affine.factor[affine.factor != 0])
            self._shared_factor = float(sizes.mean()) if sizes.size else 1.0
            factor = Affine(factor=np.asarray(self._shared_factor))
            inputs = self.nodes[self._scale.name].inputs
            self.nodes[self._scale.name] = replace(self._scale, inputs=inputs, affine=factor)
        rest = Affine(factor=affine.factor / self._shared_factor, offset=affine.shift)
        left = None if rest.is_identity else replace(source.left, affine=rest)
        return replace(source, left=left)

    def _as_pairs(self, source: Carried) -> Carried:
        if source.node not in self._pairings:
            image = self.nodes[source.node]
            node = Pairing(
                name=self._free("input_pairs"),
                label=image.label,
                kind=image.kind,
                inputs=(),
                input_shape=image.shape,
            )
            self._pairings[source.node] = self.put_copy(node, source.node)
        return replace(source, node=self._pairings[source.node], paired=True)

    def own_pairs(self, node: Pairing, source: Carried) -> Carried:
        """A layer of the model itself that makes pairs; they are values like others."""
        entered = self.entered(source)
        if not source.at_input or entered.paired or entered.left is not None:
            raise UnsupportedLayerError(
                f"{node.origin} makes ON and OFF values of something else than the image, times "
                "one factor at most; leave pairs to tdsnn_brian.adapt: give it the model without "
                "that layer, and input_pairs=True for those of the image"
            )
        return self.put(node, entered)
