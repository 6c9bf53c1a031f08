"""When things happen on Brian2's clock, in integration steps after an image's onset.

A spike made at step s acts on potentials at s and is seen by a threshold at s + 1, so each hop
(layer to ticking neuron, ticking neuron to layer, layer to max-pool) costs one step. Counted
from origins that include the hops, latencies are whole ticks.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

import numpy as np
from brian2 import Quantity, get_unit, have_same_dimensions, second
from numpy.typing import NDArray

from ..coding import SILENT
from ..discrete import DiscreteAnalysis
from ..errors import InvalidInputError, WindowTooShortError
from ..spec import SpikingNetwork, is_simplified_pool


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
    dt = tick / network.input_steps if dt is None else dt
    steps = steps_per_tick(tick, dt)
    if steps % network.input_steps:
        raise InvalidInputError(
            f"the inputs of network {network.name!r} fire at multiples of tick/"
            f"{network.input_steps}, and dt={dt!s} is tick/{steps}; choose "
            f"dt=tick/{network.input_steps} or a whole fraction of it"
        )
    return dt, steps


def in_steps(ticks: NDArray, steps: int) -> NDArray[np.int64]:
    """Times in ticks, which need not be whole, as whole integration steps; `SILENT` stays."""
    ticks = np.asarray(ticks)
    return np.where(ticks == SILENT, SILENT, np.rint(ticks * steps)).astype(np.int64)


def steps_per_tick(tick: Quantity, dt: Quantity) -> int:
    """How many integration steps a tick has; it must be a whole number."""
    for name, value in (("tick", tick), ("dt", dt)):
        if not have_same_dimensions(value, second):
            raise InvalidInputError(
                f"{name} must be a time, got {value!r}; give it a unit, for example {name}=1*ms"
            )
        if not value > 0 * get_unit(second.dim):
            raise InvalidInputError(f"{name} must be greater than 0, got {value!r}")
    ratio = float(tick / dt)
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
    windows : dict of str to int
        Inhibitory period of each synapse-based layer in ticks. With a dynamic window it is an
        upper bound.
    origins : dict of str to int
        When a presynaptic spike of latency 0 reaches the layer.
    releases : dict of str to int
        When the layer's ticking neuron first fires (for the output layer: when its potentials
        are complete).
    hops : dict of str to int
        Max-pools between a layer and the synapse-based layer (or input) before it, itself
        included if it is one: each costs a step.
    slot : int
        From one image's onset to the next.
    """

    steps_per_tick: int
    windows: dict[str, int]
    origins: dict[str, int]
    releases: dict[str, int]
    hops: dict[str, int]
    slot: int


def schedule(
    network: SpikingNetwork, windows: Mapping[str, int], steps: int, overhang: int = 0
) -> Timing:
    """Lay out the layers' inhibitory periods one after the other.

    `overhang` are ticks that an image is to last longer; see `tdsnn_brian.discrete.overhang`.
    """
    origins, releases, hops = {}, {}, {}
    start, pools = 0, 0
    for layer in network:
        if is_simplified_pool(layer):
            pools += 1
            hops[layer.name] = pools
            continue
        hops[layer.name] = pools
        origins[layer.name] = start + pools
        releases[layer.name] = origins[layer.name] + windows[layer.name] * steps + 1
        start, pools = releases[layer.name] + 1, 0
    slot = start + (1 + overhang) * steps + 1
    return Timing(steps, dict(windows), origins, releases, hops, slot)


def choose_windows(
    network: SpikingNetwork,
    analysis: DiscreteAnalysis,
    window: int | str | Mapping[str, int],
) -> dict[str, int]:
    """Inhibitory period of each synapse-based layer in ticks.

    Parameters
    ----------
    network : SpikingNetwork
    analysis : DiscreteAnalysis
        Of the images to be simulated.
    window : {"fixed", "dynamic"}, int or mapping
        ``"fixed"`` takes the last presynaptic spike that occurs in the data (``"dynamic"`` too,
        as an upper bound); an int holds for all layers, a mapping names them.

    Raises
    ------
    WindowTooShortError
        If a given window ends before the last presynaptic spike.
    InvalidInputError
        If `window` is something else.
    """
    needed = {name: ceil(np.max(values)) for name, values in analysis.windows.items()}
    if isinstance(window, str) and window in ("fixed", "dynamic"):
        return needed
    if isinstance(window, Mapping):
        unknown = set(window) - set(needed)
        if unknown:
            raise InvalidInputError(
                f"window names {sorted(unknown)}, which are no synapse-based layers of "
                f"{network.name!r}; its layers are {list(needed)}"
            )
        given = {**needed, **window}
    elif isinstance(window, int | np.integer) and not isinstance(window, bool):
        given = dict.fromkeys(needed, int(window))
    else:
        raise InvalidInputError(
            f"window must be 'fixed', 'dynamic', a number of ticks or a mapping from layer names "
            f"to ticks, got {window!r}"
        )
    for name, ticks in given.items():
        if ticks < needed[name]:
            raise WindowTooShortError(
                f"layer {name!r}: a window of {ticks} ticks ends before the last presynaptic "
                f"spike, which arrives after {needed[name]} ticks; give window={needed[name]} or "
                "more, or window='dynamic'"
            )
    return {name: int(ticks) for name, ticks in given.items()}
