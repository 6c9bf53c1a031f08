"""Groups that cost nothing while they have nothing to do.

The same neurons as with explicit synapses, for networks too large to update every neuron in every
step. Two things make them cheap, and neither changes what fires when:

- Between spikes a potential only leaks, and that is known in closed form. Potentials are
  therefore kept as what they would be at the layer's time origin, ``u = v exp((t - origin) /
  tau_mem)``: nothing is to be done as time passes, and `v` is computed when it is read. A tick
  adds the same to all of them: it is kept once, as `drive`.
- Thresholds are compared with when a tick comes (max-pool: when a spike has come) and not
  before a layer is released or after its last neuron has fired. Where nothing can change a
  potential in the active period, all ticks are compared with at once, at the release; where
  nothing looks at one before, spikes wait until then, to be added together (``scatter.h``).

Each kind is a state machine, written twice: as the method `step` and as the C++ template that the
class names, with the same names and statements in the same order. Each counts arrivals and firing
itself, as its ticking neuron would. Spikes stand in ``_spikespace``, as in every Brian2 group, for
projections, synapses and monitors; with silent zeros the neurons that turn out silent stand in
``_silentspace`` in the step in which they do.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
from brian2 import Clock, CodeRunner, Group, Subgroup, prefs
from brian2.core.spikesource import SpikeSource
from brian2.core.variables import Variables
from numpy.typing import DTypeLike, NDArray

from ...firing_times import SILENT
from ...population import Population
from .code_objects import Globals, StandaloneCode, code_class

NEVER = -2
"""Step of what has not happened in the image at hand."""

WAITING = SILENT
"""Latency of a neuron that may still fire."""

JUDGED = -2
"""Latency of a neuron that has turned out silent."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a group stands among the others.

    Attributes
    ----------
    name : str
    clock : Clock
    order : int
        Among the groups in a step: releases are seen by those that come later.
    steps_per_tick : int
    groups : mapping
        Those made before, by their populations.
    window_steps : int
        Fixed length of the inhibitory period in steps; -1 to release when all spikes have come.
    closed : bool
        Whether nothing can reach the groups but their own projections, as in a program.
    """

    name: str
    clock: Clock
    order: int
    steps_per_tick: int
    groups: Mapping[Population, "EventDrivenGroup"] = field(default_factory=dict)
    window_steps: int = -1
    closed: bool = False

    @property
    def input(self) -> "EventDrivenGroup":
        """The input neurons, which were made first."""
        return next(iter(self.groups.values()))


class State:
    """A group's variables by name: arrays, or the number that a shared one holds."""

    def __init__(self, arrays: dict[str, NDArray], shared: set[str]):
        self.__dict__.update(_arrays=arrays, _shared=shared)

    def __getattr__(self, name: str) -> Any:
        values = self._arrays[name]
        return values.item() if name in self._shared else values

    def __setattr__(self, name: str, value: Any) -> None:
        self._arrays[name][...] = value


class EventDrivenGroup(Group, CodeRunner, SpikeSource):  # type: ignore[misc]  # Brian2 has no types
    """A group whose whole update is one object: C++ from a template, or the method `step`.

    Attributes
    ----------
    p : SimpleNamespace
        Numbers that `step` and the template read by the same names.
    released_by : EventDrivenGroup
        The spike of latency 0 is made `hops` + 1 steps after the release of this group.
    recorded : tuple of str
        Shared variables that belong to an image's record.
    """

    add_to_magic_network = True
    codeobj_class: type | None
    codeobj: Any
    template: ClassVar[str]
    recorded: ClassVar[tuple[str, ...]] = ()

    def __init__(self, population: Population, place: Place, *, when: str = "thresholds"):
        plan = {"clock": place.clock, "when": when, "order": place.order}
        Group.__init__(self, name=place.name, **plan)
        self.population = population
        self.released_by, self.hops = self, 0
        self.codeobj_class = self.codeobj = None
        self.events = {"spike": None, **({"silent": None} if population.silent_zeros else {})}
        self.start, self.stop = 0, population.n_neurons
        self.namespace: dict[str, Any] = {}
        self.p = SimpleNamespace(
            never=NEVER,
            waiting=WAITING,
            judged=JUDGED,
            silent_zeros=population.silent_zeros,
            steps_per_tick=place.steps_per_tick,
        )
        self.variables = Variables(self)
        self.variables.create_clock_variables(place.clock)
        self.variables.add_constant("N", len(self))
        if not place.closed:  # else nobody asks for it
            self.variables.add_arange("i", len(self))
        for event in self.events:
            self.variables.add_array(f"_{event}space", len(self) + 1, dtype=np.int32)
        self._shared("n_silent")
        self.incoming: list[str] = []  # functions of the projections onto it, in a closed place
        CodeRunner.__init__(self, self, self.template, name=None, **plan)

    def _neurons(self, name: str, dtype: DTypeLike = None) -> None:
        self.variables.add_array(name, len(self), dtype=dtype or prefs.core.default_float_dtype)

    def _shared(self, *names: str, dtype: DTypeLike = np.int64, start: int = 0) -> None:
        for name in names:
            self.variables.add_array(name, 1, dtype=dtype, scalar=True)
            if start:
                self.variables[name].set_value(start)

    def __len__(self) -> int:
        return self.stop

    def __getitem__(self, neurons: slice) -> Subgroup:
        return Subgroup(self, 0, len(self))[neurons]

    @property
    def spikes(self) -> NDArray:
        """Indices of the neurons that fired in the last step."""
        fired = self.values._spikespace
        return fired[: fired[-1]]

    @cached_property
    def values(self) -> State:
        """The variables, on a runtime target."""
        owned = {
            name: variable
            for name, variable in self.variables.items()
            if getattr(variable, "owner", None) is not None
            and variable.owner.name == self.name
            and hasattr(variable, "size")
        }
        return State(
            {name: variable.get_value() for name, variable in owned.items()},
            {name for name, variable in owned.items() if variable.scalar},
        )

    def template_arguments(self) -> dict[str, Any]:
        """What the template reads beside variables: `p`, and arrays by their global names."""
        return {"p": self.p, "own": Globals(self), "incoming": self.incoming}

    def create_code_objects(self, run_namespace: Any) -> None:
        if code_class() is StandaloneCode:
            self.codeobj_class = StandaloneCode
            self.template_kwds = self.template_arguments()
            super().create_code_objects(run_namespace)
        else:
            self.code_objects[:] = []

    def run(self) -> None:
        """One step: on a runtime target `step`, in a standalone program its code object."""
        if self.code_objects:
            super().run()
        else:
            self.step(self.values, self.variables["t_in_timesteps"].get_value().item())

    def step(self, s: State, now: int) -> None:
        """What the template says, in Python."""
        raise NotImplementedError

    def _emit(self, neurons: NDArray | tuple[()], event: str = "spike") -> int:
        """Put `neurons` into the event's array and count them."""
        space = self.values._silentspace if event == "silent" else self.values._spikespace
        space[: len(neurons)] = neurons
        space[-1] = len(neurons)
        return len(neurons)

    def _no_events(self) -> None:
        for event in self.events:
            self._emit((), event)
