"""Simplified max-pools; in C++ it is ``templates/max_pool.cpp``."""

from typing import Any

import numpy as np

from ...population import Population
from .code_objects import Globals, static_array
from .group import EventDrivenGroup, Place, State
from .projection import SharedProjection


class MaxPool(EventDrivenGroup):
    """Each neuron fires when `n_awaited` of its inputs have fired: the last, or the first of them.

    Inputs that turn out silent, counted by `n_quiet`, are waited for no longer. A neuron of whose
    inputs none has fired by then turns out silent itself: who stays silent is known before the
    first spike.
    """

    template = "max_pool"
    recorded = ("n_fired",)

    def __init__(self, population: Population, place: Place):
        super().__init__(population, place)
        self.input, self.driver = place.input, place.groups[population.driver]
        self.released_by, self.hops = self.driver, population.hops
        self.p.hops = population.hops
        self._neurons("latency", np.int32)
        self._neurons("n_arrived")
        if population.silent_zeros:
            self._neurons("n_quiet")
        self._shared("n_fired", "n_events", "n_seen")
        self._shared("image", start=-1)
        self._enable_group_attributes()

    def effects(self, index: int) -> dict[str, dict]:
        """What spikes do: arguments of each `SharedProjection` from its source."""
        found = {"synapses": {"variable": "n_arrived", "counter": "n_events"}}
        if self.population.silent_zeros:
            found["silent_inputs"] = {
                "variable": "n_quiet",
                "counter": "n_events",
                "on_event": "silent",
            }
        return found

    def join(self, projection: SharedProjection) -> None:
        """Look at the targets of spikes of `projection` alone, in a closed place."""
        self.incoming.append(projection.list_targets())

    def template_arguments(self) -> dict[str, Any]:
        awaited = self.population.n_awaited
        if (awaited == awaited[0]).all():
            n_awaited: int | str = int(awaited[0])
        else:
            n_awaited = f"{static_array(self, 'n_awaited', awaited.astype(np.int32))}[i]"
        return {
            **super().template_arguments(),
            "n_awaited": n_awaited,
            "input": Globals(self.input),
            "driver": Globals(self.driver),
        }

    def step(self, s: State, now: int) -> None:
        p, n_awaited = self.p, self.population.n_awaited
        self._no_events()
        if s.image != self.input.values.image:
            s.image = self.input.values.image
            s.n_arrived = 0
            if p.silent_zeros:
                s.n_quiet = 0
            s.latency = p.waiting
            s.n_fired = s.n_silent = s.n_events = s.n_seen = 0
        if s.n_events == s.n_seen:
            return
        s.n_seen = s.n_events
        tick = (now - self.driver.values.release - 1 - p.hops) // p.steps_per_tick
        done = s.latency == p.waiting
        done &= (s.n_arrived + s.n_quiet if p.silent_zeros else s.n_arrived) >= n_awaited
        fires = np.flatnonzero(done & (s.n_arrived > 0))
        s.latency[fires] = tick
        s.n_fired += self._emit(fires)
        if p.silent_zeros:
            silent = np.flatnonzero(done & (s.n_arrived == 0))
            s.latency[silent] = p.judged
            s.n_silent += self._emit(silent, "silent")
