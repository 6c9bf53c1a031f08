"""A network before its conversion: a directed acyclic graph of plain data.

Arrays are numpy's, values have their channels last, names are unique. A node names the nodes that
it takes its values from, and the layer that the user knows it by. What has neurons is held as the
layer of the `SpikingNetwork` that it will become.
"""

from collections.abc import Container, Iterator
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..image_range import Range
from ..layers import Conv2D, Dense, Layer, Padding, Shape
from ..transfer import RELU, Part, Transfer
from .affine import Affine


class Role(Enum):
    """What the neurons of a layer do."""

    SYNAPTIC = "weighted sum"
    MEAN = "weighted sum that is never negative where its input is not"
    POOLING = "monotonic pooling"


@dataclass(frozen=True, kw_only=True)
class Rebuild:
    """What a Keras layer is built anew from; opaque here. It takes values of `input_shape`."""

    keras_class: Any
    config: dict[str, Any]
    input_shape: Shape
    weights: tuple[NDArray, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Node:
    """`label` and `kind` are name and class of the user's layer, for messages.

    Values are taken as `input_shape`, which holds those of the node before in the same (C) order.
    """

    name: str
    label: str
    kind: str
    inputs: tuple[str, ...]
    input_shape: Shape

    @property
    def shape(self) -> Shape:
        """Of the values that it gives."""
        return self.input_shape

    @property
    def origin(self) -> str:
        return f"layer {self.label!r} ({self.kind})"


@dataclass(frozen=True, kw_only=True, eq=False)
class Input(Node):
    """Where images come in; `number_type` is the Keras name of theirs."""

    number_type: str = "float32"


@dataclass(frozen=True, kw_only=True, eq=False)
class Sum(Node):
    """Sum of its inputs, value by value; `input_shape` is that of each.

    `signs` are 1 or -1, one an input. In a folded graph every input is a layer with synapses that
    nothing else reads, and the sum is one population of neurons.
    """

    signs: tuple[float, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Concatenation(Node):
    """Its inputs behind each other along `axis`; `input_shape` is what comes of it."""

    axis: int

    def part_shape(self, size: int) -> Shape:
        """Of an input of so many values."""
        others = prod(self.input_shape) // self.input_shape[self.axis]
        before, behind = self.input_shape[: self.axis], self.input_shape[self.axis + 1 :]
        return (*before, size // others, *behind)


@dataclass(frozen=True, kw_only=True, eq=False)
class Arrangement(Node):
    """Values taken from other places: slices, permutations, copies, gaps.

    `places` has the shape of the result and holds, for each value, where it stands among the
    inputs, counted in C order; -1 for a zero.
    """

    places: NDArray

    @property
    def shape(self) -> Shape:
        return self.places.shape


@dataclass(frozen=True, kw_only=True, eq=False)
class Scaling(Node):
    """Rescaling, normalisation, a bias: an affine map of each value."""

    affine: Affine


@dataclass(frozen=True, kw_only=True, eq=False)
class Rectifier(Node):
    """ReLU, or what else neurons make of their sums; `inside` another layer, or a layer of its own.

    Negative values are multiplied by `slope`, which ReLU alone has: one number, one a channel, or
    one a value. In a folded graph there is no slope, and one part, which is no more than its
    transfer.
    """

    inside: bool = False
    slope: NDArray = field(default_factory=lambda: np.zeros(()))
    parts: tuple[Part, ...] = (Part(transfer=RELU),)

    @property
    def is_relu(self) -> bool:
        """Whether it is ReLU, with a slope or without."""
        return all(part.transfer.is_relu for part in self.parts)

    @property
    def transfer(self) -> Transfer:
        """Of the only part."""
        (part,) = self.parts
        return part.transfer

    @property
    def keeps_zero(self) -> bool:
        """Whether it makes 0 of 0."""
        return not sum(part.gives * part.transfer.at_zero for part in self.parts)


@dataclass(frozen=True, kw_only=True, eq=False)
class Ending(Node):
    """Softmax, sigmoid: what turns logits into probabilities, by the name of the activation."""

    function: str
    inside: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class ZeroPadding(Node):
    """Zeros around rows and columns."""

    padding: Padding

    @property
    def shape(self) -> Shape:
        sizes = [
            size + sum(more) for size, more in zip(self.input_shape[:2], self.padding, strict=True)
        ]
        return (*sizes, self.input_shape[2])


@dataclass(frozen=True, kw_only=True, eq=False)
class Reshaping(Node):
    """Another shape for the same values in the same order."""

    target: Shape

    @property
    def shape(self) -> Shape:
        return self.target


@dataclass(frozen=True, kw_only=True, eq=False)
class Passive(Node):
    """What does nothing at inference; `augments` tells what is meant for images."""

    input_shape: Shape = field(init=False)
    rebuild: Rebuild
    augments: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "input_shape", self.rebuild.input_shape)


@dataclass(frozen=True, kw_only=True, eq=False)
class Coding(Node):
    """Reverse coding; that of the input knows the image range and the notes. Noise only trains."""

    leak: float
    silent_zeros: bool = False
    steps: int = 1
    image_range: Range | None = None
    rounding: str = "up"
    notes: tuple[str, ...] = ()
    noise: float = 0.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Neurons(Node):
    """A layer with neurons, as the layer of the `SpikingNetwork`.

    A convolution takes its padding as its own, `ZeroPadding` before it stays apart. `border` is a
    bias of each neuron, beside the one of each channel that `layer` holds. `training` are
    arguments of the Keras layer that matter in training only. `rebuild` is for layers that are
    not known here: they are taken as they are.
    """

    input_shape: Shape = field(init=False)
    layer: Layer
    role: Role = Role.SYNAPTIC
    border: NDArray | None = None
    training: dict[str, Any] = field(default_factory=dict)
    rebuild: Rebuild | None = None

    def __post_init__(self) -> None:
        takes = self.layer if self.rebuild is None else self.rebuild
        object.__setattr__(self, "input_shape", takes.input_shape)

    @property
    def shape(self) -> Shape:
        return self.layer.output_shape

    @property
    def is_synaptic(self) -> bool:
        """Whether it needs reverse coding before it."""
        return self.role is not Role.POOLING

    @property
    def weights(self) -> NDArray:
        """Kernel of a dense layer or convolution; output channels are its last axis."""
        layer = self.weighted
        return layer.weights if isinstance(layer, Dense) else layer.kernel

    @property
    def weighted(self) -> Dense | Conv2D:
        """The layer, which must have weights."""
        if not isinstance(self.layer, Dense | Conv2D):
            raise TypeError(f"{self.origin} has no weights")
        return self.layer

    @property
    def is_weighted(self) -> bool:
        """Whether it has weights that conversion may change."""
        return isinstance(self.layer, Dense | Conv2D) and self.rebuild is None

    def with_layer(self, **changes: Any) -> "Neurons":
        """The node with other fields in its layer; `weights` stands for those of any layer."""
        if "weights" in changes and isinstance(self.layer, Conv2D):
            changes["kernel"] = changes.pop("weights")
        return replace(self, layer=replace(self.layer, **changes))


@dataclass(frozen=True)
class End:
    """Where values are given out: the node that gives them, and their shape."""

    node: str
    shape: Shape


@dataclass(frozen=True, kw_only=True, eq=False)
class Graph:
    """Nodes, sources before what they lead to.

    `ends` are its outputs, `structure` is how the Keras model packs several, their numbers in their
    places. `dtype` is the floating type of the weights that a network is trained and converted in,
    `image_range` what is known of the values of images, `notes` what folding did.
    """

    name: str
    nodes: tuple[Node, ...]
    ends: tuple[End, ...]
    structure: Any = 0
    dtype: str = "float32"
    image_range: Range | None = None
    notes: tuple[str, ...] = ()

    @cached_property
    def _by_name(self) -> dict[str, Node]:
        return {node.name: node for node in self.nodes}

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes)

    def __getitem__(self, name: str) -> Node:
        return self._by_name[name]

    @property
    def image_shape(self) -> Shape:
        """Of one image."""
        return next(node.shape for node in self.nodes if isinstance(node, Input))

    def behind_output(self, end: End) -> tuple[Node, ...]:
        """What stands behind a layer that is read out, from there to its end."""
        found = [self[end.node]]
        while not sums(found[0]) and len(found[0].inputs) == 1:
            found.insert(0, self[found[0].inputs[0]])
        return tuple(found[1:])

    @cached_property
    def outputs(self) -> tuple[Neurons | Sum | None, ...]:
        """Of each end the last layer with synapses, or sum of some, which is read out, if any."""
        found: list[Neurons | Sum | None] = []
        for end in self.ends:
            behind = self.behind_output(end)
            node = self[behind[0].inputs[0]] if behind else self[end.node]
            found.append(node if isinstance(node, Neurons | Sum) and sums(node) else None)
        return tuple(found)

    def is_output(self, node: Node) -> bool:
        """Whether what a node of this name gives is read out, alone or in a sum."""
        found = [output for output in self.outputs if output is not None]
        in_sums = {name for output in found if isinstance(output, Sum) for name in output.inputs}
        return node.name in in_sums or any(node.name == output.name for output in found)

    @cached_property
    def readers(self) -> dict[str, list[Node]]:
        """The nodes that take what each node gives."""
        found: dict[str, list[Node]] = {node.name: [] for node in self.nodes}
        for node in self.nodes:
            for name in node.inputs:
                found[name].append(node)
        return found

    @cached_property
    def codings(self) -> tuple[Coding, ...]:
        """Those of an adapted network; empty before `correct`."""
        return tuple(node for node in self.nodes if isinstance(node, Coding))


def sums(node: Node) -> bool:
    """Whether it computes a weighted sum, or one of several."""
    return isinstance(node, Sum) or (isinstance(node, Neurons) and node.is_synaptic)


def free_name(wanted: str, taken: Container[str]) -> str:
    """`wanted`, with a number behind it where that is taken."""
    name, count = wanted, 2
    while name in taken:
        name, count = f"{wanted}_{count}", count + 1
    return name
