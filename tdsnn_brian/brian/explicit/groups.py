"""NeuronGroups and Synapses made from the strings in `models`.

Every function returns Brian2 objects and adds them to no network.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from brian2 import (
    Clock,
    NeuronGroup,
    Quantity,
    SpikeGeneratorGroup,
    StateMonitor,
    Synapses,
    TimedArray,
)
from numpy.typing import NDArray

from ...arguments import MOST
from ...errors import InvalidInputError
from ...layers import Projection
from ...population import Population
from ...ticking import leak_factor
from ..cuda.signals import Broadcast
from ..event_driven.projection import SharedProjection
from ..shared_code import connecting
from .cells import Cells

_INDEX = np.int32


Events = tuple[Any, str]
"""A group, and one of its events."""


class Clocks(NamedTuple):
    """`step` for the integration, `image` for what happens at each image's onset."""

    step: Clock
    image: Clock


def spike_source(
    name: str, n: int, indices: NDArray, steps: NDArray, clock: Clock
) -> SpikeGeneratorGroup:
    """Neurons that fire at given integration steps.

    Raises
    ------
    InvalidInputError
        If there are more steps than Brian2 counts.
    """
    last = steps.max(initial=0)
    if last > MOST:
        raise InvalidInputError(
            f"{name!r} would fire at integration step {last:.3g}, and Brian2 counts {MOST}; choose "
            "a longer dt, or show fewer images at a time"
        )
    return SpikeGeneratorGroup(n, indices, steps * clock.dt, clock=clock, name=name)


def neurons(
    cells: Cells,
    n: int,
    clocks: Clocks,
    name: str,
    *,
    namespace: Mapping[str, object] | None = None,
    method: str | None = None,
    events: Mapping[str, tuple[str, str]] | None = None,
) -> NeuronGroup:
    """A NeuronGroup that is set back at each image's onset.

    Parameters
    ----------
    cells : Cells
    n : int
    clocks : Clocks
    name : str
    namespace : mapping, optional
        Constants of the equations.
    method : str, optional
        Integration method.
    events : mapping, optional
        Further events: name -> (condition, statements).
    """
    events = events or {}
    options: dict = {} if method is None else {"method": method}
    if cells.fires:
        options |= {"threshold": cells.fires, "reset": cells.after_spike}
    if cells.refractory:
        options["refractory"] = cells.refractory
    if events:
        options["events"] = {event: condition for event, (condition, _) in events.items()}
    group = NeuronGroup(
        n, cells.equations, clock=clocks.step, name=name, namespace=dict(namespace or {}), **options
    )
    for event, (_, statements) in events.items():
        if statements:
            group.run_on_event(event, statements)
    # Brian2GeNN knows such operations by their names
    group.run_regularly(
        cells.new_image,
        clock=clocks.image,
        when="start",
        name=f"{name}_run_regularly_new_image",
    )
    return group


def at_onsets(group: NeuronGroup, variable: str, clocks: Clocks, name: str) -> StateMonitor:
    """Record a variable at each image's onset, before it is set back."""
    return StateMonitor(
        group, variable, record=True, clock=clocks.image, when="start", order=-1, name=name
    )


def counting_synapses(
    projection: Projection,
    source: Any,
    target: NeuronGroup,
    on_pre: str,
    name: str,
    *,
    event: str = "spike",
    delay: Quantity | None = None,
    namespace: Mapping[str, object] | None = None,
) -> Synapses:
    """One synapse, without a weight, for each of a projection."""
    synapses = Synapses(
        source,
        target,
        on_pre=on_pre,
        on_event=event,
        clock=target.clock,
        delay=delay,
        name=name,
        namespace=dict(namespace or {}),
    )
    made = projection.synapses()
    with connecting(synapses):
        synapses.connect(i=made.i, j=made.j)
    return synapses


def weighted_synapses(
    projection: Projection,
    source: Any,
    target: NeuronGroup,
    name: str,
    *,
    sign: int,
    equations: str = "w : 1 (constant)",
    on_pre: str = "v_post += w",
    unit: Quantity | float = 1.0,
    event: str = "spike",
    delay: Quantity | None = None,
    namespace: Mapping[str, object] | None = None,
) -> Synapses:
    """A projection's weights times `sign` and `unit`, one synapse each."""
    synapses = Synapses(
        source,
        target,
        equations,
        on_pre=on_pre,
        on_event=event,
        clock=target.clock,
        delay=delay,
        name=name,
        namespace=dict(namespace or {}),
    )
    made = projection.synapses()
    with connecting(synapses):
        synapses.connect(i=made.i, j=made.j)
    synapses.w = sign * made.w.astype(np.float64) * unit
    return synapses


def shared(
    projection: Projection,
    events: Events,
    target: NeuronGroup,
    variable: str,
    name: str,
    sign: float = 1,
) -> SharedProjection:
    """A projection's weights times `sign`, each stored once, that events add to a variable."""
    source, event = events
    return SharedProjection(
        source, target, projection, variable=variable, sign=sign, on_event=event, name=name
    )


def bias_synapses(
    weights: NDArray,
    source: Any,
    target: NeuronGroup,
    name: str,
    *,
    equations: str = "w : 1 (constant)",
    on_pre: str = "v_post += w",
    unit: Quantity | float = 1.0,
    delay: Quantity | None = None,
    namespace: Mapping[str, object] | None = None,
) -> Synapses:
    """From a bias neuron to a layer; `weights` has one entry a neuron of the layer.

    Weights of 0 have no synapse, unless all of them are 0.
    """
    synapses = Synapses(
        source,
        target,
        equations,
        on_pre=on_pre,
        delay=delay,
        clock=target.clock,
        name=name,
        namespace=dict(namespace or {}),
    )
    (reached,) = np.nonzero(weights) if weights.any() else (np.arange(len(weights)),)
    with connecting(synapses):
        synapses.connect(i=np.zeros(len(reached), _INDEX), j=reached.astype(_INDEX))
    synapses.w = weights[reached] * unit
    return synapses


def broadcasts(
    source: Any,
    target: NeuronGroup,
    on_pre: str | Mapping[str, str],
    name: str,
    delay: int,
    namespace: Mapping[str, object] | None,
) -> list[Broadcast]:
    """The same from one neuron, `delay` steps later, without synapses: on a card."""
    parts = (
        {name: on_pre} if isinstance(on_pre, str) else {f"{name}_{x}": on_pre[x] for x in on_pre}
    )
    first = -1 if isinstance(on_pre, str) else 0
    return [
        Broadcast(source, target, statement, part, delay=delay, order=order, namespace=namespace)
        for order, (part, statement) in enumerate(parts.items(), start=first)
    ]


def tick_shares(population: Population, last: int, tick: Quantity, name: str) -> TimedArray:
    """Weights of the release and of the ticks 1 to `last`, over that of Eq. (9).

    As a function of the time since the release.
    """
    weights = population.schedule.tick_weights(last) / leak_factor(population.leak)
    return TimedArray(weights, dt=tick, name=name)


def signals(
    source: Any,
    target: Any,
    on_pre: str | Mapping[str, str],
    name: str,
    *,
    delay: Quantity | None = None,
    namespace: Mapping[str, object] | None = None,
    event: str = "spike",
) -> Synapses:
    """Synapses from every neuron of `source` to every neuron of `target`, without weights.

    Several statements by name run one after the other.
    """
    synapses = Synapses(
        source,
        target,
        on_pre=on_pre if isinstance(on_pre, str) else dict(on_pre),
        delay=delay,
        clock=target.clock,
        name=name,
        namespace=dict(namespace or {}),
        on_event=event,
    )
    if not isinstance(on_pre, str):
        for order, pathway in enumerate(on_pre):
            getattr(synapses, pathway).order = order
    with connecting(synapses):
        synapses.connect(
            i=np.repeat(np.arange(source.N, dtype=_INDEX), target.N),
            j=np.tile(np.arange(target.N, dtype=_INDEX), source.N),
        )
    return synapses
