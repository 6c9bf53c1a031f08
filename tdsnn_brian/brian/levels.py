"""Levels of a network: populations that are released together, fed by those released before.

Where windows end with the last spike, or several images are under way, nobody knows beforehand how
long the spikes of an early source have to wait for those of a late one. Relays carry them along
instead: neurons that fire at the same latency again, once in every level between.
"""

from dataclasses import replace
from functools import cached_property

import numpy as np

from ..layers import IMAGE, Kind, Layer, Projection, Window
from ..layers.given import Given
from ..network import SpikingNetwork
from ..population import Population


class Levels:
    """What the populations of a network have in common level by level.

    Parameters
    ----------
    network : SpikingNetwork
        One whose sources all lie one level before; see `with_relays`.
    """

    def __init__(self, network: SpikingNetwork):
        self._network = network

    @property
    def count(self) -> int:
        """Levels with an inhibitory period, those of layers that are read out included."""
        return max(output.level for output in self._network.outputs)

    def released(self, level: int) -> list[Population]:
        """Populations with an inhibitory period that are released together."""
        return [x for x in self._network.integrating if x.level == level]

    @cached_property
    def _feeding(self) -> dict[int, list[Population]]:
        found: dict[int, dict[int, Population]] = {}
        for population in self._network.integrating:
            for source in population.sources:
                found.setdefault(population.level, {})[id(source)] = source
        return {level: list(sources.values()) for level, sources in found.items()}

    def feeding(self, population: Population) -> list[Population]:
        """All populations whose spikes a population's level waits for."""
        return self._feeding[population.level]

    def hops(self, population: Population) -> int:
        """Max-pools on the longest way to a population's level; each costs a step."""
        return max(map(own_hops, self.feeding(population)))

    def waits(self, source: Population, population: Population) -> int:
        """Steps that a source's spikes wait for those that have come through more max-pools."""
        return self.hops(population) - own_hops(source)


def own_hops(source: Population) -> int:
    """Max-pools that a population's spikes have come through since a ticking neuron's."""
    return source.hops if source.kind is Kind.MAX_POOL else 0


def early_sources(population: Population) -> list[Population]:
    """Sources released more than one level before a population."""
    if population.kind is Kind.MAX_POOL:
        return []
    return [source for source in population.sources if source.level < population.level - 1]


def with_relays(network: SpikingNetwork) -> SpikingNetwork:
    r"""The same network with relays, so that all its spikes come from one level before.

    A relay takes the spike of one neuron with the weight :math:`e^{-1/2L}` and has the bias -1:
    it sums up to :math:`L \ln(A + 1) = T - 1/2`, half a tick away from any tie, and fires at `T`
    again. Rounding to the nearest tick, which has its ties half a tick elsewhere, takes the
    weight 1. A silent neuron has a silent relay.

    Parameters
    ----------
    network : SpikingNetwork

    Returns
    -------
    SpikingNetwork
        The network itself if it needs none; else relays are called as the layer whose spikes they
        carry, with ``_relay`` behind it.
    """
    if not any(map(early_sources, network.populations)):
        return network
    return _Relaying(network).run()


class _Relaying:
    """Layers as they are listed, with relays before the layers that need them."""

    def __init__(self, network: SpikingNetwork):
        self._network = network
        self._layers: list[Layer] = []
        self._relays: dict[tuple[Population, int], str] = {}
        self._taken = {population.name for population in network.populations}

    def run(self) -> SpikingNetwork:
        for layer, population in zip(self._network.layers, self._network.populations, strict=True):
            level = population.level - (population.kind is not Kind.MAX_POOL)
            projections = tuple(
                replace(projection, source=self._at(source, level))
                for source, projection in zip(
                    population.sources, population.projections, strict=True
                )
            )
            self._layers.append(Given.of(layer, population, projections))
        return replace(self._network, layers=tuple(self._layers))

    def _at(self, source: Population, level: int) -> str:
        """Name of what carries a source's spikes at a level."""
        if source.level == level:
            return source.name if source.sources else IMAGE
        if (source, level) not in self._relays:
            self._relays[source, level] = self._relay(source, self._at(source, level - 1))
        return self._relays[source, level]

    def _relay(self, source: Population, before: str) -> str:
        name = f"{source.name}_relay"
        while name in self._taken:
            name += "_"
        self._taken.add(name)
        n = source.n_neurons
        weight = np.exp((source.schedule.early - 0.5) / source.leak)
        one_to_one = Projection(
            window=Window(input_shape=(1, 1, n), n_channels=n, groups=n),
            share=np.full((1, 1), weight),
            source=before,
        )
        self._layers.append(
            Given(
                name=name,
                input_shape=source.shape,
                given=(one_to_one,),
                shape=source.shape,
                bias=np.full(source.shape[-1:], -1.0),
                leak=source.leak,
                v_threshold=0.0,
            )
        )
        return name
