"""Which neuron stands for each value of a graph, and layers that read neurons from where they are.

A value is known by the number of its neuron, counted over the image and all layers in their order,
so that whatever moves values (slices, permutations, joins, padding) moves these numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..layers import Conv2D, Dense, Layer, MaxPool2D, Shape
from .padding import add_padding
from .weights import sums_over_positions

NOTHING, SPIKES = -1, -2
"""A zero without a neuron: one that has no spike, and one that would spike at once (gain 1)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Values:
    """The number of the neuron of each value, `NOTHING` or `SPIKES`; `coded` behind a coding."""

    neurons: NDArray
    coded: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class Part:
    """What a layer reads of one population: `layer` is the layer on its neurons alone."""

    population: int
    layer: Layer


def wired(layer: Layer, neurons: NDArray, starts: Sequence[int]) -> list[Part]:
    """The layer on the neurons that its inputs are, one part for each population.

    Parameters
    ----------
    layer : Layer
        On the values of the graph, without a bias.
    neurons : ndarray
        Numbers of the neurons that stand for its inputs, in their order.
    starts : sequence of int
        The number of the first neuron of each population, and the number of all.
    """
    plane = plane_of(layer)
    if neurons.size != np.prod(plane):  # a layer that was told of the zeros around its input
        neurons = neurons[neurons >= 0]
    neurons = neurons.reshape(plane)
    found = np.searchsorted(starts, neurons, side="right") - 1  # -1: no neuron
    found[neurons < 0] = -1
    parts = []
    for population in np.unique(found[found >= 0]):
        own = np.where(found == population, neurons - starts[population], -1)
        n_neurons = starts[population + 1] - starts[population]
        parts.append(Part(population=int(population), layer=_on(layer, own, n_neurons)))
    return parts


def plane_of(layer: Layer) -> Shape:
    """What the window of a layer slides over."""
    return layer.projection.window.input_shape


def _on(layer: Layer, places: NDArray, n_neurons: int) -> Layer:
    """The layer on the neurons of one population; -1 where none of them stands."""
    if _are_all(places, n_neurons):
        return layer
    layer, places = _without_margin(layer, places)
    layer, places = _without_channels(layer, places)
    if _are_all(places, n_neurons):
        return layer
    return replace(layer, reads=places, n_read=n_neurons)


def _are_all(places: NDArray, n_neurons: int) -> bool:
    return places.size == n_neurons and bool((places.ravel() == np.arange(n_neurons)).all())


def _without_margin(layer: Layer, places: NDArray) -> tuple[Layer, NDArray]:
    """Rows and columns around the places where no neuron stands become padding."""
    if not isinstance(layer, Conv2D | MaxPool2D):
        return layer, places
    margins = []
    for axis in (0, 1):
        there = np.flatnonzero(np.any(places >= 0, axis=(1 - axis, 2)))
        margins.append((int(there[0]), int(places.shape[axis] - 1 - there[-1])))
    (top, bottom), (left, right) = margins
    inner = places[top : places.shape[0] - bottom, left : places.shape[1] - right]
    if inner.shape == places.shape:
        return layer, places
    padding = add_padding((margins[0], margins[1]), layer.padding)
    return replace(layer, input_shape=inner.shape, padding=padding), inner


def _without_channels(layer: Layer, places: NDArray) -> tuple[Layer, NDArray]:
    """The layer without the weights of channels in which no neuron stands."""
    there = (places >= 0).any(axis=(0, 1))
    if there.all():
        return layer, places
    kept = places[..., there]
    if isinstance(layer, Dense):
        return replace(layer, input_shape=(kept.size,), weights=layer.weights[there]), kept
    if isinstance(layer, Conv2D):
        groups = there.reshape(layer.groups, -1)
        if (groups == groups[0]).all():
            kernel = layer.kernel[:, :, groups[0]]
            return replace(layer, input_shape=kept.shape, kernel=kernel), kept
    return layer, places


def bias_of_spikes(layer: Layer, spikes: NDArray) -> NDArray:
    """What zeros that spike add to the sums of a layer, in its output's shape.

    `spikes` says, for each input, whether it is one.
    """
    positions = spikes.reshape(plane_of(layer)).astype(np.float64)
    if isinstance(layer, Conv2D) and (positions == positions[..., :1]).all():
        summed = layer.kernel.sum(axis=2, keepdims=True, dtype=np.float64)
        return sums_over_positions(layer, summed, positions[..., 0])
    return layer.projection.weighted_sum(positions[None])[0].reshape(layer.output_shape)
