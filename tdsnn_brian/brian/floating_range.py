"""How long a window may be before potentials leave the range of the floating type."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import InvalidInputError
from ..firing_times import tie_tolerance
from ..network import SpikingNetwork
from ..population import Population
from ..ticking import leak_factor, tick_weight
from .timing import Timing

FloatType = str | type[np.floating[Any]]


def longest_leaking(population: Population, dtype: FloatType) -> float:
    """Ticks of a window after which a leaking potential still has all its digits.

    The weight of a tick, ``(1 - exp(-1/L)) exp(-T/L)``, and what is smaller than it by the
    type's precision must be normal numbers.
    """
    info = np.finfo(np.dtype(dtype))
    return population.leak * float(np.log(leak_factor(population.leak) * info.eps / info.tiny))


def longest_growing(population: Population, dtype: FloatType) -> float:
    """Ticks of a window after which a potential kept relative to its origin does not overflow.

    It holds sums of ``w exp(T/L)``.
    """
    largest = max(
        (
            float(np.abs(p.weights).max(initial=0)) * int(p.fan_in.max())
            for p in population.projections
        ),
        default=1.0,
    )
    room = np.log(float(np.finfo(np.dtype(dtype)).max)) - np.log(max(largest, 1.0))
    return population.leak * float(room)


def check_range(
    population: Population,
    window: float,
    dtype: FloatType,
    *,
    leaking: bool = True,
) -> None:
    """Refuse a window in which potentials would leave the range of the floating type.

    Parameters
    ----------
    population : Population
    window : float
        Its inhibitory period in ticks.
    dtype : dtype
        Of the simulated potentials.
    leaking : bool, optional
        Whether they leak as time passes, or are kept relative to the layer's time origin.

    Raises
    ------
    InvalidInputError
        With the layer, the limit and the way out.
    """
    limit = (longest_leaking if leaking else longest_growing)(population, dtype)
    _check(population, "a window", window, limit, dtype)


def _check(population: Population, what: str, ticks: float, limit: float, dtype: FloatType) -> None:
    if ticks > limit:
        name = np.dtype(dtype).name
        finer = "float64, " if name == "float32" else ""
        raise InvalidInputError(
            f"layer {population.name!r}: in {name} {what} may last {max(limit, 0):.0f} ticks at a "
            f"leak of {population.leak:g}, and {ticks:g} were asked for, after which potentials "
            f"are out of the type's range; use {finer}a shorter window, a smaller scale or a "
            "larger leak"
        )


def check_ranges(
    network: SpikingNetwork,
    windows: Mapping[str, float],
    dtype: FloatType,
    *,
    leaking: bool = True,
) -> None:
    """`check_range` of every layer that has a window."""
    for population in network.integrating:
        check_range(population, windows[population.name], dtype, leaking=leaking)


def check_counts(network: SpikingNetwork, dtype: FloatType) -> None:
    """Refuse layers of more neurons than the floating type counts one by one.

    Ticking neurons count in it which of the neurons that they drive have fired.

    Raises
    ------
    InvalidInputError
        With the layer, the limit and the way out.
    """
    most = int(2 / np.finfo(np.dtype(dtype)).eps)
    for population in network.integrating:
        if population.n_neurons > most:
            raise InvalidInputError(
                f"layer {population.name!r}: its ticking neuron counts {population.n_neurons:,} "
                f"neurons, and {np.dtype(dtype).name} counts no further than {most:,}; use "
                "float64, or fewer images side by side"
            )


def check_read_out(network: SpikingNetwork, timing: Timing, dtype: FloatType) -> None:
    """Refuse images after which potentials that are read at their end have leaked away.

    An output in the middle of a deep network is done long before. A logit of 1 has to be a normal
    number then.

    Parameters
    ----------
    network : SpikingNetwork
    timing : Timing
    dtype : dtype
        Of the simulated potentials.

    Raises
    ------
    InvalidInputError
        With the layer, the limit and the way out.
    """
    for output in network.outputs:
        ticks = (timing.slot - timing.origins[output.name]) / timing.steps_per_tick
        limit = -output.leak * float(np.log(np.finfo(np.dtype(dtype)).tiny))
        _check(output, "an image behind an output's first spike", ticks, limit, dtype)


def check_resolution(
    network: SpikingNetwork, windows: Mapping[str, float], dtype: FloatType, offset: float
) -> None:
    """Refuse windows after which potentials far from 0 no longer tell ties from what is none.

    Parameters
    ----------
    network : SpikingNetwork
    windows : mapping of str to float
        Inhibitory periods in ticks.
    dtype : dtype
        Of the simulated potentials.
    offset : float
        Potential at which neurons rest, in units of the weights.

    Raises
    ------
    InvalidInputError
        With the layer, the limit and the way out.
    """
    if not offset:
        return
    for population in network.integrating:
        # roundings of as many sums as it has synapses, which add up like random steps
        most = max(int(p.fan_in.max()) for p in population.projections)
        rounding = 4 * np.sqrt(most) * float(np.finfo(np.dtype(dtype)).eps) * offset
        smallest = tick_weight(population.leak, windows[population.name]) * tie_tolerance(dtype)
        if rounding > smallest:
            raise InvalidInputError(
                f"layer {population.name!r}: potentials that rest {offset:g} units of the weights "
                f"away from 0 are rounded to {rounding:.1g} of a unit in {np.dtype(dtype).name}, "
                f"more than the {smallest:.1g} that tell a tie after a window of "
                f"{windows[population.name]:g} ticks; use float64, a larger unit, a shorter "
                "window or model=tdsnn_brian.models.LEAKY"
            )
