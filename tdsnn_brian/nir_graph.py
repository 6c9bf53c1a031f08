"""A network as a NIR graph: LIF and IF neurons, with ticks, bias and inhibition as inputs.

A step of the reader is a tick. NIR has no release and no neuron that fires once: both are
inhibition. A spike of the control inputs holds a layer back while its window lasts, and another
takes back what is left of it; a synapse of each neuron onto itself keeps it from firing again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .analysis.closed_form import WindowChoice, analyse, choose_windows
from .arguments import is_number
from .conversion.graph import free_name
from .engines import require
from .errors import InvalidInputError
from .exchange import imported
from .firing_times import SILENT, tie_tolerance
from .layers import Kind
from .network import SpikingNetwork, check_images
from .population import Population
from .ticking import leak_factor, tick_weight

LARGEST = 100_000_000
"""Entries of a matrix of weights, which NIR's `Linear` has in full."""
TIE = tie_tolerance(np.float64)
HELD = ("hold", "tick", "bias")
"""Control inputs of each layer."""


@dataclass(frozen=True, kw_only=True, eq=False)
class NIRExport:
    """A NIR graph, and what to show to it.

    Attributes
    ----------
    graph : nir.NIRGraph
        Neurons carry the names of their layers; nodes beside them have names made of these, with
        a number behind where a layer has that name.
    inputs : ndarray
        (n_images, n_steps, n_inputs) for its input: the image's spikes, then the control inputs.
        A step is a tick, and Euler's method with that step solves the neurons' equation exactly.
    zeros : dict of str to int
        Step at which a neuron of latency 0 of a layer fires.
    logit_factor : float
        Logits are the potentials of the output layer after the last step times this.

    Examples
    --------
    >>> export = to_nir_graph(network, images)  # doctest: +SKIP
    >>> spikes = reader(export.graph)(export.inputs)["conv1"]  # doctest: +SKIP
    >>> latencies = export.latencies("conv1", spikes)  # doctest: +SKIP
    """

    graph: Any
    inputs: NDArray
    zeros: Mapping[str, int]
    logit_factor: float

    def latencies(self, layer: str, spikes: NDArray) -> NDArray:
        """Firing times of a layer in ticks, from its spikes as a reader gave them.

        Parameters
        ----------
        layer : str
        spikes : ndarray
            (n_steps, n_neurons) of one image, 1 where a neuron fires.

        Raises
        ------
        InvalidInputError
            If a neuron fires more than once.
        """
        fires = np.asarray(spikes) > 0
        if (fires.sum(axis=0) > 1).any():
            raise InvalidInputError(
                f"layer {layer!r}: neurons fire more than once; the reader leaves out the "
                "synapses of neurons onto themselves, by which they fire once"
            )
        return np.where(fires.any(axis=0), fires.argmax(axis=0) - self.zeros[layer], SILENT)


def to_nir_graph(
    network: SpikingNetwork,
    images: NDArray,
    *,
    window: WindowChoice = "fixed",
    tick: float = 1e-3,
) -> NIRExport:
    r"""The network as a NIR graph that fires as Brian2 does, and the inputs that drive it.

    Parameters
    ----------
    network : SpikingNetwork
        Weights become matrices, that of a convolution too: control inputs could not be brought to
        feature maps. A max-pool is the sum of its window and an `IF` that fires at its number of
        inputs.
    images : array_like
        (n_images, \*input shape)
    window : {"fixed"}, int or mapping, optional
        Inhibitory periods, as in `build_network`; none that differ between images.
    tick : float, optional
        In seconds.

    Returns
    -------
    NIRExport

    Raises
    ------
    InvalidInputError
        If the network has what NIR cannot say, named with the layer, windows are dynamic, or the
        tick is no time.
    MissingExtraError
        If NIR is not installed.

    Examples
    --------
    >>> export = to_nir_graph(network, images)  # doctest: +SKIP
    >>> nir.write("network.nir", export.graph)  # doctest: +SKIP
    """
    require("NIR", network)
    images = check_images(network, images)
    if not (is_number(tick) and tick > 0):
        raise InvalidInputError(
            f"tick must be a number of seconds greater than 0, got {tick!r:.80}; pass for example "
            "tick=1e-3"
        )
    if window == "dynamic":
        raise InvalidInputError(
            "window='dynamic' ends with each image's last spike, which would have to be counted; "
            "NIR has inputs that know it beforehand: use window='fixed' or a number of ticks"
        )
    nir = imported("nir")
    builder = _Builder(nir, network, tick)
    analysis = analyse(network, images, window=window)
    windows = choose_windows(network, analysis, window)
    builder.plan(windows, {name: int(np.max(t)) for name, t in analysis.latencies.items()})
    for population in network.populations:
        builder.add(population)
    graph = nir.NIRGraph(nodes=builder.nodes, edges=builder.edges)
    inputs = builder.inputs(analysis.input_latencies.reshape(len(images), -1))
    return NIRExport(
        graph=graph,
        inputs=inputs,
        zeros={x.name: builder.zeros[x.name] for x in network.populations if x.fires},
        logit_factor=builder.logit_factor(),
    )


class _Builder:
    def __init__(self, nir: Any, network: SpikingNetwork, tick: float):
        self.nir, self.network, self.tick = nir, network, tick
        self.driven = network.integrating
        n_inputs, n_controls = network.input.n_neurons, len(HELD) * len(self.driven)
        self.size = n_inputs + n_controls
        chosen = np.zeros((n_controls, self.size))
        chosen[:, n_inputs:] = np.eye(n_controls)
        image = np.eye(n_inputs, self.size)
        self.nodes: dict[str, Any] = {}
        shown = self._put("input", nir.Input(input_type=np.array([self.size])))
        self.controls = self._put("controls", nir.Linear(weight=chosen))
        self.image = self._put("image", nir.Linear(weight=image))
        self.edges = [(shown, self.controls), (shown, self.image)]
        self.zeros: dict[str, int] = {}
        self.windows: dict[str, int] = {}
        self.ticks: dict[str, int] = {}
        self.origins: dict[str, int] = {}
        self.excites: dict[str, float] = {}  # most that the synapses of a layer's neuron can
        self.steps = 0

    def _put(self, wanted: str, node: Any) -> str:
        """Add a node beside the layers, which have their own names; gives the name it gets."""
        layers = {population.name for population in self.network.populations}
        name = free_name(wanted, layers | set(self.nodes))
        self.nodes[name] = node
        return name

    def plan(self, windows: dict[str, int], last: dict[str, int]) -> None:
        """When things happen, in steps; the image's onset is step 1, after all is held back."""
        zero = {self.network.input.name: 1}
        for population in self.network.populations:
            origin = zero[population.source.name]
            self.origins[population.name] = origin
            zero[population.name] = origin + windows.get(population.name, 0)
            self.ticks[population.name] = last.get(population.name, 0)
        self.zeros, self.windows = zero, windows
        self.steps = max(zero[name] + ticks for name, ticks in self.ticks.items()) + 1

    def add(self, population: Population) -> None:
        """Nodes of a layer and of its synapses."""
        match population.kind:
            case Kind.MAX_POOL:
                self._pool(population)
            case Kind.TICKED | Kind.OUTPUT:
                self._leaky(population)
            case _:
                raise NotImplementedError(f"layer {population.name!r}: {population.kind}")

    def _pool(self, population: Population) -> None:
        n = population.n_neurons
        spikes = self._linear(
            population, f"{population.name}_sum", self._matrix(population, weighted=False)
        )
        self.nodes[population.name] = self.nir.IF(
            r=np.ones(n), v_threshold=population.n_awaited - 0.5, v_reset=np.zeros(n)
        )
        self.edges.append((spikes, population.name))

    def _leaky(self, population: Population) -> None:
        name, n = population.name, population.n_neurons
        jump = 1 / leak_factor(population.leak)  # what an input adds, over what it does
        sign = 1 if population.kind is Kind.OUTPUT else -1
        weights = self._matrix(population, weighted=True)
        self.excites[name] = float(np.maximum(-weights, 0).sum(axis=1).max())
        synapses = self._linear(population, f"{name}_synapses", sign * jump * weights)
        controls = np.zeros((n, len(HELD) * len(self.driven)))
        first = len(HELD) * self.driven.index(population)
        controls[:, first : first + 2] = jump
        if population.bias is not None:
            controls[:, first + 2] = sign * jump * population.bias_weights
        driven = self._put(f"{name}_controls", self.nir.Linear(weight=controls))
        threshold = np.inf if sign > 0 else -TIE * self._tick_weight(population)
        self.nodes[name] = self.nir.LIF(
            tau=np.full(n, self.tick * jump),
            r=np.ones(n),
            v_leak=np.zeros(n),
            v_threshold=np.full(n, threshold),
            v_reset=np.zeros(n),
        )
        self.edges += [
            (synapses, name),
            (self.controls, driven),
            (driven, name),
        ]
        if sign < 0:
            strong = 2 * np.exp(self.ticks[name] / population.leak)
            once = self._put(f"{name}_once", self.nir.Linear(weight=-strong * jump * np.eye(n)))
            self.edges += [(name, once), (once, name)]
        else:
            self.edges.append((name, self._put("out", self.nir.Output(output_type=np.array([n])))))

    def _linear(self, population: Population, wanted: str, matrix: NDArray) -> str:
        source = population.source
        name = self._put(wanted, self.nir.Linear(weight=matrix))
        self.edges.append((source.name if source.sources else self.image, name))
        return name

    def _matrix(self, population: Population, *, weighted: bool) -> NDArray:
        """(n_neurons, n_presynaptic)"""
        shape = population.n_neurons, population.source.n_neurons
        largest = max(shape[0] * shape[1], population.n_neurons**2)
        if largest > LARGEST:
            raise InvalidInputError(
                f"layer {population.name!r}: its weights as a full matrix have {largest:,} entries "
                f"(at most {LARGEST:,}); NIR is for smaller networks, simulate() this one"
            )
        made = population.projection.synapses()
        matrix = np.zeros(shape)
        np.add.at(matrix, (made.j, made.i), made.w if weighted else 1.0)
        return matrix

    def _tick_weight(self, population: Population) -> float:
        return tick_weight(population.leak, self.windows[population.name])

    def inputs(self, latencies: NDArray) -> NDArray:
        """(n_images, n_steps, n_inputs + n_controls)"""
        n_images, n_inputs = latencies.shape
        values = np.zeros((n_images, self.steps, self.size))
        image, neuron = np.indices(latencies.shape)
        values[image, 1 + latencies.astype(int), neuron] = 1
        for number, population in enumerate(self.driven):
            hold, tick, bias = n_inputs + len(HELD) * number + np.arange(len(HELD))
            name, leak = population.name, population.leak
            origin, release = self.origins[name], self.zeros[name]
            if population.bias is not None:
                values[:, origin + population.bias_latency, bias] = 1
            if population.kind is Kind.OUTPUT:
                continue
            left = self._holding(population)
            values[:, 0, hold] = -1
            values[:, origin, hold] -= left * np.exp((release - origin) / leak)
            values[:, release, hold] += left + np.exp(-release / leak)
            ticks = release + 1 + np.arange(self.ticks[name])
            values[:, ticks, tick] = self._tick_weight(population)
        return values

    def _holding(self, population: Population) -> float:
        """Inhibition that is left at a layer's release: more than all that excites it."""
        excites = self.excites[population.name]
        if population.bias is not None:
            excites += float(np.abs(population.bias_weights).max())
        left = 1 + excites
        if 16 * np.finfo(np.float64).eps * left > TIE * self._tick_weight(population):
            raise InvalidInputError(
                f"layer {population.name!r}: inhibition of {left:g} cannot be taken back as "
                f"exactly as ticks of {self._tick_weight(population):.1g} ask for; use a shorter "
                "window or a larger leak"
            )
        return left

    def logit_factor(self) -> float:
        output = self.network.output
        return float(np.exp((self.steps - 1 - self.origins[output.name]) / output.leak))
