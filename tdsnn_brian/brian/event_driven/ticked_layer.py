"""Hidden layers that integrate; in C++ it is ``templates/ticked_layer.cpp``."""

from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...firing_times import tie_tolerance
from ...population import Population
from ...ticking import leak_factor
from .code_objects import Globals, static_array
from .group import Place, State
from .integrator import Integrator

_NEURONS_FOR_THREADS = 2**16  # fewer are looked at before other threads wake up


class TickedLayer(Integrator):
    """A synapse-based layer together with its ticking neuron and its bias neuron.

    The k-th tick arrives k ticks after the release, at the end of its step as spikes do: the step
    after it compares. `drive` is what all ticks so far have added, relative to the origin: the
    `thresholds` of the layer's schedule. Where the place is closed, the tick that lifts each neuron
    is found at the release: neurons stand in ``_spikespace`` in the order in which they fire, those
    of the next tick move to its front, where nothing is awaited any more.
    """

    template = "ticked_layer"
    recorded = ("origin", "release", "n_ticks", "n_fired", "n_missing")
    sign = -1
    potential = "u + drive"

    def __init__(self, population: Population, place: Place):
        super().__init__(population, place)
        self.p.leak_factor = leak_factor(population.leak)
        self.p.v_threshold = population.v_threshold
        # a threshold asks for the window that there is if early spikes wait for late ones
        self.p.waits = bool(population.v_threshold) and len(population.sources) > 1
        self.p.last_tick = _longest(population.leak)
        self.thresholds = population.schedule.thresholds(self.p.last_tick)
        self.p.closed = place.closed
        self.p.neurons_for_threads = _NEURONS_FOR_THREADS
        self.p.tie = tie_tolerance(self.variables["u"].dtype)
        self._neurons("latency", np.int32)
        self._shared("n_fired", "n_ticks")
        if self.p.waits:
            self._shared("latest")
        self._shared("drive", dtype=np.float64)
        self.begins: NDArray = np.zeros(1, int)  # of each tick's neurons, in the order of all
        self._enable_group_attributes()

    def template_arguments(self) -> dict[str, Any]:
        return {
            **super().template_arguments(),
            "real": self.variables["u"].dtype,
            "watched": [f"{Globals(source)._spikespace}[{len(source)}]" for source in self.sources],
            "thresholds": static_array(self, "thresholds", self.thresholds),
        }

    def step(self, s: State, now: int) -> None:
        p = self.p
        s.leaked = now
        self._no_events()
        if s.image != self.input.values.image:
            s.image = self.input.values.image
            s.u = 0
            s.latency = p.waiting
            s.origin = s.release = p.never
            s.drive = 0
            s.n_arrived = s.n_fired = s.n_silent = s.n_ticks = 0
            if p.waits:
                s.latest = p.bias_steps if p.has_bias else 0
        if p.waits:
            self._watch(s, now)
        if s.n_fired + s.n_silent == len(self):
            return
        self._find_origin(s)
        if s.origin == p.never:
            return
        if s.release == p.never:
            missing = self._missing(s)
            if self._is_over(s, now, missing) and not (p.waits and now <= s.origin + s.latest):
                s.release = now
                s.n_missing = missing
                s.drive = self.thresholds[0]
                if p.closed:
                    self._find_ticks(s)
        elif (now - s.release - 1) % p.steps_per_tick == 0:
            tick = s.n_ticks
            event = "silent" if p.silent_zeros and tick == 0 else "spike"
            if p.closed:
                first, last = (
                    self.begins[tick : tick + 2] if tick + 1 < len(self.begins) else (0, 0)
                )
                reached = s._spikespace[first:last].copy()
            else:
                limit = self._limit(s, tick, s.drive)
                reached = np.flatnonzero((s.u >= limit) & (s.latency == p.waiting))
                s.latency[reached] = p.judged if event == "silent" else tick
            count = self._emit(reached, event)
            if event == "silent":
                s.n_silent = count
            else:
                s.n_fired += count
        self._add_bias(s, now)
        elapsed = now - s.release
        released = s.release != p.never and elapsed > 0
        if released and elapsed % p.steps_per_tick == 0 and s.n_fired + s.n_silent < len(self):
            s.n_ticks += 1
            s.drive = self.thresholds[min(s.n_ticks, p.last_tick)]

    def _watch(self, s: State, now: int) -> None:
        """Note the latest spike of any source, in steps after its own origin."""
        for source in self.sources:
            if len(source.spikes):
                origin = source.released_by.values.release + 1 + source.hops
                s.latest = max(s.latest, now - origin)

    def _limit(self, s: State, tick: int, drive: float) -> Any:
        """What `u` has to be at least to fire with that tick."""
        p = self.p
        weight = p.leak_factor * np.exp(tick / p.leak)
        window = (s.release - 1 - s.origin) / p.steps_per_tick
        threshold = p.v_threshold * np.exp((window + tick) / p.leak)
        return s.u.dtype.type(threshold - (drive + p.tie * weight))

    def _find_ticks(self, s: State) -> None:
        """For each neuron the first tick whose limit it reaches; in C++ it is ``find_ticks.h``."""
        p = self.p
        limits: list[Any] = []
        lowest = np.nanmin(s.u, initial=np.inf)
        while not limits or limits[-1] > lowest:
            tick = len(limits)
            limit = self._limit(s, tick, self.thresholds[min(tick, p.last_tick)])
            if limits and not limit <= limits[-1]:
                break  # out of reach
            limits.append(limit)
        ticks = np.searchsorted(-np.array(limits), -s.u)
        self.begins = np.searchsorted(np.sort(ticks), np.arange(len(limits) + 1))
        s._spikespace[:-1] = np.argsort(ticks, kind="stable")
        s.latency = np.where(ticks == len(limits), p.waiting, ticks)
        if p.silent_zeros:
            s.latency[ticks == 0] = p.judged


def _longest(leak: float) -> int:
    """Ticks after which the gain of a spike is beyond the largest number."""
    return ceil(leak * float(np.log(np.finfo(np.float64).max)))
