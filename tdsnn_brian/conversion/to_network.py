"""From the graph of an adapted network to the `SpikingNetwork`."""

from dataclasses import replace
from itertools import chain
from math import prod

import numpy as np
from numpy.typing import NDArray

from ..errors import UnsupportedLayerError
from ..image_pairs import doubled
from ..layers import IMAGE, AveragePool2D, Conv2D, Dense, Layer, MaxPool2D, Sum
from ..network import SpikingNetwork
from ..transfer import RELU, Transfer
from . import graph as nodes
from .graph import Graph, Neurons, Node, free_name
from .graph import Sum as SumNode
from .padding import NO_PADDING
from .pairs import Pairing
from .weights import mean_as_convolution
from .wiring import NOTHING, SPIKES, Values, bias_of_spikes, wired

Term = tuple[Neurons, Values]
"""A layer with synapses, and the neurons that its inputs are."""


def to_network(graph: Graph, *, max_pool: str = "simplified") -> SpikingNetwork:
    """The spiking network that computes what an adapted network computes.

    Parameters
    ----------
    graph : Graph
        Folded, with reverse coding, and passed by both checks of `rules`.
    max_pool : {"simplified", "constrained"}, optional
        See `tdsnn_brian.convert`.
    """
    coding = graph.codings[0]
    building = _Building(graph, max_pool == "constrained")
    layers = building.run()
    notes = next((x.notes for x in graph.codings if x.notes), ())
    image_shape = graph.image_shape
    taken = doubled(image_shape) if building.input_pairs else image_shape
    names = tuple(output.name if output else "" for output in graph.outputs)
    made = {layer.name: layer.output_shape for layer in layers}
    shapes = {
        name: end.shape
        for name, end in zip(names, graph.ends, strict=True)
        if end.shape != made[name]
    }
    return SpikingNetwork(
        layers=layers,
        leak=coding.leak,
        input_scale=building.input_scale,
        input_offset=building.input_offset,
        input_pairs=building.input_pairs,
        input_steps=max(x.steps for x in graph.codings),
        rounding=coding.rounding,
        silent_zeros=coding.silent_zeros,
        name=graph.name,
        image_range=graph.image_range,
        metadata={"notes": list(notes)} if notes else {},
        image_shape=None if taken == layers[0].input_shape else image_shape,
        output_names=names if len(names) > 1 else None,
        output_shape=shapes or None if len(names) > 1 else shapes.get(names[0]),
    )


class _Building:
    """The network's layers as they grow.

    Of every node it is known which neuron stands for each of its values, or, while no ReLU or
    coding has made neurons of them, the layers whose sum they are.
    """

    def __init__(self, graph: Graph, constrained: bool) -> None:
        self._graph, self._constrained = graph, constrained
        self._silent = graph.codings[0].silent_zeros
        self._values: dict[str, Values] = {}
        self._terms: dict[str, tuple[Term, ...]] = {}
        self._layers: list[Layer] = []
        self._starts = [0]  # number of the first neuron of the image, of each layer, and of all
        self.input_scale, self.input_offset = 1.0, 0.0
        self.input_pairs = any(isinstance(node, Pairing) for node in graph)

    def run(self) -> tuple[Layer, ...]:
        for node in self._graph:
            if isinstance(node, Neurons) and node.is_synaptic:
                self._terms[node.name] = ((node, self._of(node.inputs[0])),)
            elif isinstance(node, SumNode):
                terms = [self._terms[name] for name in node.inputs]
                self._terms[node.name] = tuple(chain.from_iterable(terms))
            else:
                self._values[node.name] = self._moved(node)
        for output in self._graph.outputs:
            self._of(output.name if output else "")
        return tuple(self._layers)

    def _of(self, name: str) -> Values:
        """The neurons of what a node gives; a sum gets a population now."""
        if name not in self._values:
            self._values[name] = self._sum(self._free(name, name), self._terms[name])
        return self._values[name]

    def _moved(self, node: Node) -> Values:
        """Where the neurons stand behind a node that sums up nothing."""
        match node:
            case nodes.Input():
                each = 1 + self.input_pairs  # what is coded as it is, is what ON neurons code
                neurons = self._new(each * prod(node.shape))[::each]
                return Values(neurons=neurons.reshape(node.shape))
            case nodes.Concatenation():
                return self._joined(node)
            case Neurons():
                return self._pool(node)
            case nodes.Rectifier() if not node.is_relu:
                return self._fired(node)
        before = self._of(node.inputs[0])
        neurons = before.neurons.reshape(node.input_shape)
        zero = NOTHING if before.coded or self._silent else SPIKES
        match node:
            case nodes.Scaling():
                factor = float(node.affine.factor)
                self.input_offset += float(node.affine.shift) / factor / self.input_scale
                self.input_scale *= factor
            case Pairing():
                off = np.where(neurons < 0, neurons, neurons + 1)
                neurons = np.stack([neurons, off], axis=-1)
            case nodes.Coding():
                return Values(neurons=neurons, coded=True)
            case nodes.ZeroPadding():
                neurons = np.pad(neurons, (*node.padding, (0, 0)), constant_values=zero)
            case nodes.Arrangement():
                neurons = np.where(node.places < 0, zero, neurons.ravel()[node.places])
            case nodes.Reshaping() | nodes.Passive() | nodes.Rectifier() | nodes.Ending():
                pass
            case _:
                raise TypeError(f"{node.origin} ({type(node).__name__}) is in no folded graph")
        return replace(before, neurons=neurons.reshape(node.shape))

    def _joined(self, node: nodes.Concatenation) -> Values:
        parts = [self._of(name) for name in node.inputs]
        neurons = [part.neurons.reshape(node.part_shape(part.neurons.size)) for part in parts]
        return Values(
            neurons=np.concatenate(neurons, node.axis), coded=all(part.coded for part in parts)
        )

    # --- layers

    def _new(self, n_neurons: int) -> NDArray:
        """The numbers of so many neurons more."""
        start = self._starts[-1]
        self._starts.append(start + n_neurons)
        return np.arange(start, start + n_neurons)

    def _add(self, layer: Layer) -> NDArray:
        """Append a layer; returns the numbers of its neurons."""
        self._layers.append(layer)
        return self._new(layer.n_neurons).reshape(layer.output_shape)

    def _free(self, wanted: str, own: str) -> str:
        """A name for a layer of the node `own`, which no other layer has or will have."""
        others = {node.name for node in self._graph} - {own}
        return free_name(wanted, {*others, *(layer.name for layer in self._layers)})

    def _source(self, population: int) -> str | None:
        """As a layer names it: the one before needs no name."""
        if population == len(self._layers):
            return None
        return self._layers[population - 1].name if population else IMAGE

    def _fired(self, node: nodes.Rectifier) -> Values:
        """The population with a transfer of a sum, which may have another."""
        (name,) = node.inputs
        wanted = f"{name}_fall" if node.transfer.name.endswith("_fall") else name
        fired = self._sum(self._free(wanted, name), self._terms[name], node.transfer)
        return replace(fired, neurons=fired.neurons.reshape(node.shape))

    def _sum(self, name: str, terms: tuple[Term, ...], transfer: Transfer = RELU) -> Values:
        """One population that sums up all terms."""
        layers: list[Layer] = []
        for node, values in terms:
            layer = _over_zeros(node, values.neurons)
            for number, part in enumerate(wired(layer, values.neurons, self._starts)):
                if number and layer.bias is not None:
                    part = replace(part, layer=_without_bias(node, part.layer))
                layers.append(replace(part.layer, source=self._source(part.population)))
        if len(layers) > 1:
            numbered = [replace(x, name=f"{x.name}_{k}") for k, x in enumerate(layers)]
            summed = Sum(name=name, terms=tuple(numbered), transfer=transfer)
            return Values(neurons=self._add(summed))
        (layer,) = layers
        return Values(neurons=self._add(replace(layer, name=name, transfer=transfer)))

    def _pool(self, node: Neurons) -> Values:
        """Max-pools: one for all channels, or one for those of each population."""
        before, layer = self._of(node.inputs[0]), node.layer
        if isinstance(layer, MaxPool2D) and self._constrained:
            layer = replace(layer, constrained=True)
        neurons = before.neurons.reshape(node.input_shape)
        if not isinstance(layer, MaxPool2D):
            return replace(before, neurons=self._add_on(layer, neurons).reshape(node.shape))
        made = np.broadcast_to(neurons[0, 0], layer.output_shape).copy()  # zeros stay zeros
        groups, name = self._by_population(node, neurons), layer.name
        for number, channels in enumerate(groups):
            minimum = [k for k, channel in enumerate(channels) if channel in layer.minimum]
            alone = replace(
                layer,
                name=name if len(groups) == 1 else self._free(f"{name}_{number}", name),
                input_shape=(*layer.input_shape[:2], len(channels)),
                minimum=tuple(minimum),
            )
            made[..., channels] = self._add_on(alone, neurons[..., channels])
        return replace(before, neurons=made.reshape(node.shape))

    def _add_on(self, layer: Layer, neurons: NDArray) -> NDArray:
        """Append a layer on neurons of a single population."""
        parts = wired(layer, neurons, self._starts)
        if len(parts) > 1:
            raise UnsupportedLayerError(
                f"layer {layer.name!r} takes values of several layers, and max-pools have to "
                "take those of one; put a layer with synapses before it and train the model again"
            )
        return self._add(replace(parts[0].layer, source=self._source(parts[0].population)))

    def _by_population(self, node: Neurons, neurons: NDArray) -> list[NDArray]:
        """The channels of each population; those of zeros alone are of none."""
        found = np.searchsorted(self._starts, neurons, side="right") - 1
        first = np.where(neurons < 0, len(self._starts), found).min(axis=(0, 1))
        last = np.where(neurons < 0, -1, found).max(axis=(0, 1))
        there = last >= 0
        if (first != last)[there].any():
            raise UnsupportedLayerError(
                f"{node.origin} takes the maximum over values of several layers, and the spikes "
                "of a max-pool's window have to come from one; put a layer with synapses before "
                "it, and train the model again"
            )
        return [np.flatnonzero(last == population) for population in np.unique(last[there])]


def _over_zeros(node: Neurons, neurons: NDArray) -> Layer:
    """The layer with its whole bias, and what zeros that spike add to its sums in it."""
    layer = node.layer
    if node.rebuild is not None:  # it has taken the zeros into account itself
        return layer
    zeros = neurons < 0
    if isinstance(layer, AveragePool2D):
        return _mean(layer, neurons) if zeros.any() else layer
    if isinstance(layer, Dense | Conv2D):
        if (neurons == SPIKES).any():
            layer = replace(layer, bias=_plus(layer.bias, bias_of_spikes(layer, neurons == SPIKES)))
        if node.border is not None:
            layer = replace(layer, bias=_plus(layer.bias, node.border.astype(np.float64)))
    return layer


def _mean(layer: AveragePool2D, neurons: NDArray) -> Layer:
    """Zeros count in a mean, and those that spike add to it."""
    if layer.padding != NO_PADDING:
        mean: AveragePool2D | Conv2D = replace(layer, scale=1.0, bias=None)
    else:
        mean = mean_as_convolution(layer, 1 / prod(layer.pool_size))
    bias = None
    if (neurons == SPIKES).any():
        bias = bias_of_spikes(mean, neurons == SPIKES)
        bias = bias if layer.scale == 1 else bias * layer.scale
    if layer.bias is not None:
        bias = _plus(bias, layer.bias)
    if isinstance(mean, AveragePool2D):
        return replace(mean, scale=layer.scale, bias=bias)
    return replace(mean, kernel=mean.kernel * layer.scale, bias=bias)


def _plus(bias: NDArray | None, more: NDArray) -> NDArray:
    return more if bias is None else bias + more


def _without_bias(node: Neurons, layer: Layer) -> Layer:
    if isinstance(layer, Dense | Conv2D | AveragePool2D):
        return replace(layer, bias=None)
    raise UnsupportedLayerError(
        f"{node.origin} takes values of several layers, and its converter gave it a bias that "
        "cannot be kept apart; let it take those of one layer, or use a Dense or Conv2D layer"
    )
