"""When things happen on Brian2's clock, in integration steps after an image's onset.

A spike made at step s acts on potentials at s and is seen by a threshold at s + 1, so each hop
(layer to ticking neuron, ticking neuron to layer, layer to max-pool) costs one step. Counted
from origins that include the hops, latencies are whole ticks.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from brian2 import Quantity

from ..errors import InvalidInputError
from ..layers import Kind
from ..network import SpikingNetwork
from ..population import Population
from .quantities import check_time


def choose_steps(
    network: SpikingNetwork, tick: Quantity, dt: Quantity | None
) -> tuple[Quantity, int]:
    """The integration step, and how many of them a tick has.

    Parameters
    ----------
    network : SpikingNetwork
    tick : Quantity
        Interval of the ticking neurons, a time.
    dt : Quantity or None
        Integration step; None for the longest one, on which the network's inputs can fire.

    Raises
    ------
    InvalidInputError
        If one is no time, or the inputs' steps or the tick are no whole multiples of `dt`.
    """
    check_time("tick", tick)
    dt = tick / network.input_steps if dt is None else dt
    steps = steps_per_tick(tick, dt)
    if steps % network.input_steps:
        raise InvalidInputError(
            f"the inputs of network {network.name!r} fire at multiples of tick/"
            f"{network.input_steps}, and dt={dt!s} is tick/{steps}; choose "
            f"dt=tick/{network.input_steps} or a whole fraction of it"
        )
    return dt, steps


def steps_per_tick(tick: Quantity, dt: Quantity) -> int:
    """How many integration steps a tick has; it must be a whole number."""
    check_time("tick", tick)
    check_time("dt", dt)
    ratio = float(tick / dt)
    if ratio > 2**31:
        raise InvalidInputError(
            f"dt={dt!s} is too fine: a tick of {tick!s} would take {ratio:.3g} steps"
        )
    steps = round(ratio)
    if steps < 1 or abs(ratio - steps) > 1e-6 * ratio:
        raise InvalidInputError(
            f"tick={tick!s} must be a whole multiple of dt={dt!s}; choose dt=tick or a fraction "
            "of it such as tick/10"
        )
    return steps


@dataclass(frozen=True)
class Timing:
    """Steps relative to an image's onset, with fixed windows.

    Attributes
    ----------
    steps_per_tick : int
    windows : dict of str to float
        Inhibitory period of each synapse-based layer in ticks. With a dynamic window it is an
        upper bound.
    origins : dict of str to int
        When a presynaptic spike of latency 0 reaches the layer.
    releases : dict of str to int
        When the layer's ticking neuron first fires (for the output layer: when its potentials
        are complete).
    zeros : dict of str to int
        When a neuron of latency 0 of each firing layer fires.
    slot : int
        From one image's onset to the next.
    read : int
        After which the potentials of the output layer are read.
    first_spike : int
        When inputs of latency 0 fire.
    """

    steps_per_tick: int
    windows: dict[str, float]
    origins: dict[str, int]
    releases: dict[str, int]
    zeros: dict[str, int]
    slot: int
    read: int
    first_spike: int = 0

    def waits(self, source: Population, population: Population) -> int:
        """Steps that a source's spikes wait for those that reach a population last."""
        zero = self.zeros[source.name] if source.sources else self.first_spike
        return self.origins[population.name] - zero


def schedule(
    network: SpikingNetwork,
    windows: Mapping[str, float],
    steps: int,
    *,
    unread_ticks: int = 0,
    firing: int = 1,
    onset: int = 0,
) -> Timing:
    """Lay out the layers' inhibitory periods one after the other.

    Parameters
    ----------
    network : SpikingNetwork
    windows : mapping of str to float
        Inhibitory period of each synapse-based layer in ticks.
    steps : int
        Integration steps a tick.
    unread_ticks : int, optional
        Ticks that an image is to last longer; see `tdsnn_brian.analysis.closed_form`.
    firing : int, optional
        Steps from a release to the spikes of latency 0.
    onset : int, optional
        When inputs of latency 0 fire.
    """
    origins, releases, zeros = {}, {}, {}
    zero = {network.input: onset}
    for population in network.populations:
        # spikes of several sources meet at the origin of the one that is released last
        reached = max(zero[source] for source in population.sources)
        if population.kind is Kind.MAX_POOL:
            zeros[population.name] = zero[population] = reached + 1
            continue
        origins[population.name] = reached
        release = reached + round(windows[population.name] * steps) + 1
        releases[population.name] = release
        zero[population] = release + firing
        if population.fires:
            zeros[population.name] = zero[population]
    slot = max(zero.values()) + (1 + unread_ticks) * steps + 1
    return Timing(steps, dict(windows), origins, releases, zeros, slot, slot - 1, onset)
