"""Populations: the layers of a network with all that follows from their places in it.

What every engine has to know, who projects onto whom, whose release is the time origin, how many
hops lie between, when bias neurons fire and when the last presynaptic spike comes, is worked out
here once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from typing import cast

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from .coding import latency
from .errors import InvalidInputError
from .firing_times import gain, last_spike, silence_zeros
from .layers import Kind, Projection, Shape
from .schedule import Schedule
from .ticking import effective_activation
from .transfer import RELU, Transfer

INPUT = "input"
"""Key of the input neurons among populations; a layer may have the same name."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Population:
    """Neurons of one layer, or of the input, and where they stand in the network.

    Attributes
    ----------
    name : str
    shape : tuple of int
        Of the neurons of one image.
    kind : Kind
    leak : float
        Membrane time constant in ticks: what decodes the spikes that come and codes those that go.
    v_threshold : float
    silent_zeros : bool
        Whether neurons with nothing to say stay silent.
    steps : int
        Firing times are whole multiples of ``1 / steps`` ticks.
    rounding : {"up", "nearest"}
        How latencies become whole.
    transfer : Transfer
        What neurons make of their sums before these are coded.
    bias : ndarray or None
        (*shape), added to each neuron's sum.
    minimum : tuple of int
        Channels of a max-pool that fire with the first of their inputs.
    sources : tuple of Population
        Those that project onto it, one for each of `projections`.
    projections : tuple of Projection
    followers : list of Population
        Those that it projects onto.
    """

    name: str
    shape: Shape
    kind: Kind
    leak: float
    v_threshold: float = 0.0
    silent_zeros: bool = False
    steps: int = 1
    rounding: str = "up"
    transfer: Transfer = RELU
    bias: NDArray | None = None
    minimum: tuple[int, ...] = ()
    sources: tuple["Population", ...] = ()
    projections: tuple[Projection, ...] = ()
    followers: list["Population"] = field(default_factory=list)

    def __repr__(self) -> str:
        return f"Population({self.name!r}, {self.shape}, {self.kind.name})"

    @property
    def n_neurons(self) -> int:
        return prod(self.shape)

    @property
    def n_inputs(self) -> int:
        """Presynaptic neurons, without the bias neuron."""
        return sum(source.n_neurons for source in self.sources)

    @property
    def n_presynaptic(self) -> int:
        """Presynaptic neurons, the bias neuron included."""
        return self.n_inputs + (self.bias is not None)

    @property
    def n_synapses(self) -> int:
        """Without those of the bias neuron."""
        return sum(projection.n_synapses for projection in self.projections)

    @property
    def fires(self) -> bool:
        return self.kind is not Kind.OUTPUT

    @property
    def source(self) -> "Population":
        """The only one of a population in a chain."""
        (source,) = self.sources
        return source

    @property
    def projection(self) -> Projection:
        """The only one of a population in a chain."""
        (projection,) = self.projections
        return projection

    @cached_property
    def driver(self) -> "Population":
        """Whose release is the time origin: a ticked population, or the input.

        Spikes of several sources meet at the origin of the one that is released last.
        """
        return max((_clocked(source) for source in self.sources), key=lambda x: x.place)

    @cached_property
    def hops(self) -> int:
        """Max-pools between `driver` and here, itself included if it is one; each costs a step."""
        between = max(
            0 if source is self.driver else source.hops
            for source in self.sources
            if _clocked(source) is self.driver
        )
        return between + (self.kind is Kind.MAX_POOL)

    @cached_property
    def place(self) -> int:
        """How many populations lie on the longest way from the input to here."""
        return 1 + max((source.place for source in self.sources), default=-1)

    @cached_property
    def level(self) -> int:
        """How many releases lie on the longest way from the input to here, its own included."""
        return max((source.level for source in self.sources), default=-1) + (
            self.kind is not Kind.MAX_POOL
        )

    @property
    def driven_biases(self) -> int:
        """Bias neurons that count this population's ticks: those of the layers it drives."""
        return sum(x.bias is not None for x in self._driven)

    @cached_property
    def _driven(self) -> list["Population"]:
        found: dict[int, Population] = {}
        open_ends = list(self.followers)
        while open_ends:
            one = open_ends.pop()
            if one.kind is Kind.MAX_POOL:
                open_ends += one.followers
            elif one.driver is self:
                found[id(one)] = one
        return list(found.values())

    @cached_property
    def schedule(self) -> Schedule:
        """When its neurons fire, and what each of its ticks weighs."""
        if self.kind is Kind.CONSTRAINED_POOL:  # it passes on firing times that are whole already
            return Schedule(leak=self.leak)
        return Schedule(leak=self.leak, transfer=self.transfer, rounding=self.rounding)

    @cached_property
    def bias_latency(self) -> int:
        """`T(1)`: when the bias neuron, an input of value 1, fires."""
        return int(latency(1.0, self.leak, rounding=self.rounding))

    def code(self, values: ArrayLike) -> NDArray:
        """Firing times of input neurons that are told their values, in ticks."""
        return latency(
            values,
            self.leak,
            silent_zeros=self.silent_zeros,
            steps=self.steps,
            rounding=self.rounding,
        )

    @cached_property
    def bias_weights(self) -> NDArray[np.float64]:
        """(n_neurons,) weights `b / G(1)` of the bias neuron's synapses."""
        return self.bias_values / gain(self.bias_latency, self.leak)

    @property
    def bias_values(self) -> NDArray[np.float64]:
        """(n_neurons,) bias of each neuron."""
        return np.broadcast_to(cast(NDArray, self.bias), self.shape).ravel().astype(np.float64)

    @cached_property
    def n_awaited(self) -> NDArray[np.int64]:
        """(n_neurons,) spikes that a max-pool neuron fires with: all in its window, or one."""
        counts = np.array(self.projection.fan_in.reshape(self.shape))
        counts[..., list(self.minimum)] = 1
        return counts.ravel()

    def activation(self, latencies: Sequence[NDArray], dtype: DTypeLike = np.float64) -> NDArray:
        """`A = sum_i w_i G(x_i) + bias` before the ReLU.

        Parameters
        ----------
        latencies : sequence of ndarray
            Firing times of each source, (n_images, ...), in ticks.
        dtype : optional
            Floating type of the sums.

        Returns
        -------
        ndarray
            (n_images, *shape)
        """
        total = self.weighted_sum([gain(times, self.leak, dtype) for times in latencies])
        return total if self.bias is None else total + self.bias.astype(total.dtype, copy=False)

    def weighted_sum(self, values: Sequence[NDArray]) -> NDArray:
        """Sum of all projections, without the bias, (n_images, *shape); one array a source."""
        parts = [
            projection.weighted_sum(value).reshape(len(value), *self.shape)
            for projection, value in zip(self.projections, values, strict=True)
        ]
        total = parts[0]
        for part in parts[1:]:
            total = total + part
        return total

    def latest(self, latencies: NDArray) -> NDArray:
        """Latency of each max-pool neuron, (n_images, *shape)."""
        return self.projection.latest(latencies, self.minimum)

    def last_presynaptic(self, latencies: Sequence[NDArray]) -> NDArray:
        """(n_images,) last presynaptic spike, its bias neuron's included, in ticks after the
        population's time origin.
        """
        at_least = 0 if self.bias is None else self.bias_latency
        last = np.max([last_spike(times) for times in latencies], axis=0)
        return np.maximum(last, last.dtype.type(at_least))

    def latencies(self, activation: NDArray, windows: NDArray) -> NDArray[np.int32]:
        """Firing times in ticks, `SILENT` where silent; parameters are those of `continuous`."""
        activation = self.without_threshold(activation, windows)
        try:
            times = self.schedule.latencies(activation)
        except InvalidInputError as error:
            raise InvalidInputError(f"layer {self.name!r}: {error}") from None
        return silence_zeros(times) if self.silent_zeros else times

    def continuous(self, activation: NDArray, windows: NDArray) -> NDArray:
        """Latencies `L ln(phi(A) + 1)` that nothing rounds, (n_images, *shape), in ticks.

        `windows`, (n_images,) inhibitory periods in ticks, matter for a threshold other than 0;
        one that is out of reach raises `InvalidInputError`.
        """
        return self.schedule.continuous(self.without_threshold(activation, windows))

    def without_threshold(self, activation: NDArray, windows: NDArray) -> NDArray:
        """Activations of the same latencies at threshold 0; as `continuous` otherwise."""
        return effective_activation(
            activation,
            self.leak,
            windows.reshape(-1, *[1] * (activation.ndim - 1)),
            self.v_threshold / self.schedule.tick_share,
            self.name,
        )


def _clocked(population: Population) -> Population:
    """The population whose release an own spike is counted from."""
    return population.driver if population.kind is Kind.MAX_POOL else population
