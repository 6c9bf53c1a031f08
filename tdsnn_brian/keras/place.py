"""Where a layer stands while a model is read: the values before it, and how they are arranged.

The graph holds values with their channels last. A Keras model may hold the same ones in another
order: with ``data_format="channels_first"``, behind Permute, or behind a Flatten of those. That
order is followed from layer to layer until a dense layer takes it up in its weights.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from ..conversion.affine import compact
from ..conversion.graph import Arrangement, Node, free_name
from ..errors import UnsupportedLayerError
from ..layers import Shape
from .weights import check_finite, describe


@dataclass(frozen=True)
class Value:
    """Values of `shape`, channels last, that a node gives.

    `order` has the shape that Keras gives them, and holds the place of each among those of the
    node; None where it is the same.
    """

    node: str
    shape: Shape
    order: NDArray | None = None

    @property
    def keras_shape(self) -> Shape:
        return self.shape if self.order is None else self.order.shape

    @property
    def places(self) -> NDArray:
        """`order`, also where it is the same."""
        return _in_order(self.shape) if self.order is None else self.order


def in_order(node: str, shape: Shape, places: NDArray) -> Value:
    """The value whose `places` are as given; `shape` is what the node holds, channels last."""
    if (places.ravel() == np.arange(places.size)).all():
        return Value(node, places.shape)
    return Value(node, shape, places)


def channels_moved_last(node: str, shape: Shape) -> Value:
    """A value that Keras holds with its channels first; `shape` is with its channels last."""
    return in_order(node, shape, np.moveaxis(_in_order(shape), -1, 0))


def _in_order(shape: Shape) -> NDArray:
    return np.arange(prod(shape)).reshape(shape)


Arguments = tuple[tuple[Any, ...], dict[str, Any]]
"""Positional and named ones of a call, as Keras keeps them."""


class Place:
    """A layer, the value before it, and the graph that it adds nodes to.

    `values` are those of a layer that joins several, `value` is the first of them; `layer` may be
    an operation of `keras.ops`, which has `arguments`.
    """

    def __init__(
        self,
        layer: keras.Operation,
        name: str,
        values: Sequence[Value],
        nodes: dict[str, Node],
        taken: set[str],
        arguments: Arguments = ((), {}),
    ) -> None:
        self.layer, self.name, self.values, self.value = layer, name, tuple(values), values[0]
        self.arguments = arguments
        self._nodes, self._taken = nodes, taken

    @property
    def nodes(self) -> dict[str, Node]:
        """All nodes so far."""
        return self._nodes

    def put(
        self, kind: type[Node], suffix: str = "", inputs: Sequence[str] = (), **fields: Any
    ) -> Node:
        """Append a node that takes the value, or `inputs`; then the value is what it gives."""
        name = free_name(f"{self.name}{suffix}", self._taken) if suffix else self.name
        self._taken.add(name)
        node = kind(
            name=name,
            label=self.layer.name,
            kind=type(self.layer).__name__,
            inputs=tuple(inputs) or (self.value.node,),
            **fields,
        )
        self._nodes[name] = node
        self.value = Value(name, self.value.shape, self.value.order)
        return node

    def now(self, shape: Shape) -> Value:
        """The value of the last node as `shape`, in Keras's order too."""
        self.value = Value(self.value.node, tuple(shape))
        return self.value

    @property
    def channels_first(self) -> bool:
        return getattr(self.layer, "data_format", None) == "channels_first"

    def arranged(self) -> Shape:
        """Shape of the value with its channels last, for a layer that has a `data_format`.

        Values that stand in another order are put into this one.
        """
        if self.value.order is None and not self.channels_first:
            return self.value.shape
        places = self.value.places
        if self.channels_first:
            places = np.moveaxis(places, 0, -1)
        if (places.ravel() != np.arange(places.size)).any():
            self.rearrange(places)
        else:
            self.now(places.shape)
        return places.shape

    def in_keras_order(self, value: Value) -> Value:
        """`value` as Keras holds it, with nodes that put it into that order."""
        self.value = value
        if value.order is not None:
            self.rearrange(value.order)
        return self.value

    def rearrange(self, places: NDArray, suffix: str = "_order") -> Value:
        """The values at these places of the node before."""
        self.put(Arrangement, suffix, input_shape=self.value.shape, places=places)
        return self.now(places.shape)

    def gives(self, shape: Shape) -> Value:
        """The value that a layer with a `data_format` gives; `shape` has its channels last."""
        if self.channels_first:
            self.value = channels_moved_last(self.value.node, tuple(shape))
            return self.value
        return self.now(shape)

    def spread(self, part: NDArray) -> NDArray[np.float64]:
        """Numbers that Keras broadcasts over its values, for the values as they stand here."""
        part = np.asarray(part, np.float64)
        check_finite(self.layer, "numbers", part)
        if part.size == 1:
            return part.reshape(())
        shape = self.value.keras_shape
        try:
            whole = np.broadcast_to(part, (1, *shape))[0]
        except ValueError:
            raise UnsupportedLayerError(
                f"{describe(self.layer)} holds numbers of the shape {part.shape}, which do not "
                f"fit values of the shape {shape}; give one, one a channel or one a value"
            ) from None
        if self.value.order is None:
            return compact(whole)
        ordered = np.empty(whole.size)
        ordered[self.value.order.ravel()] = whole.ravel()
        return compact(ordered.reshape(self.value.shape))
