"""Output layers; in C++ it is ``templates/readout.cpp``."""

from typing import Any

import numpy as np

from ...population import Population
from .code_objects import Globals
from .group import EventDrivenGroup, Place, State
from .integrator import Integrator
from .records import HEADER, MAGIC, header_of


class Readout(Integrator):
    """An output layer, which does not fire: when its potentials are complete, it is read.

    Of several, the last one writes the image's record when all are complete; they count their
    neurons as if these fired then.

    Attributes
    ----------
    written : list of (str, EventDrivenGroup, str)
        What makes up an image's record, in this order: name, group and variable; empty of those
        that do not write it.
    awaited : list of EventDrivenGroup
        Those that no layer waits for all spikes of, some neurons may fire after all others, and
        the other outputs.
    records : dict of int to bytes
        That of each image shown so far, on a runtime target.
    """

    template = "readout"
    recorded = ("origin", "release", "n_missing", "u")
    sign = 1
    potential = "u"

    def __init__(self, population: Population, place: Place):
        self.written: list[tuple[str, EventDrivenGroup, str]] = []
        self.awaited: list[EventDrivenGroup] = []
        self.records: dict[int, bytes] = {}
        super().__init__(population, place)
        self._shared("n_fired")
        self.p.streaming = self.input.p.streaming
        self.p.file = f"{place.name}_images.bin"
        self.p.magic = MAGIC
        self._enable_group_attributes()

    @property
    def record_dtype(self) -> np.dtype:
        """One image's record."""
        return np.dtype(
            HEADER.descr
            + [
                (name, group.variables[variable].dtype, (group.variables[variable].size,))
                for name, group, variable in self.written
            ]
        )

    def template_arguments(self) -> dict[str, Any]:
        return {
            **super().template_arguments(),
            "record_bytes": self.record_dtype.itemsize,
            "awaited": [(Globals(group), len(group)) for group in self.awaited],
            "written": [
                (getattr(Globals(group), variable), group.variables[variable].size)
                for _, group, variable in self.written
            ],
        }

    def step(self, s: State, now: int) -> None:
        s.leaked = now
        if s.image != self.input.values.image:
            s.image = self.input.values.image
            s.u = 0
            s.origin = s.release = self.p.never
            s.n_arrived = s.n_fired = 0
        if s.release != self.p.never:
            return
        self._find_origin(s)
        if s.origin == self.p.never:
            return
        missing = self._missing(s)
        busy = sum(
            group.values.n_fired + group.values.n_silent < len(group) for group in self.awaited
        )
        if self._is_over(s, now, missing) and not busy:
            s.release = now
            s.n_missing = missing
            s.n_fired = len(self)
            if self.written:
                self._write(s)
        self._add_bias(s, now)

    def _write(self, s: State) -> None:
        header = header_of(s.image, self.record_dtype.itemsize)
        self.records[s.image] = header + b"".join(
            group.variables[variable].get_value().tobytes() for _, group, variable in self.written
        )

    def _full_state(self) -> dict[str, Any]:
        return {**super()._full_state(), "_records": dict(self.records)}

    def _restore_from_full_state(self, state: dict[str, Any]) -> None:
        self.records = dict(state["_records"])
        super()._restore_from_full_state({k: v for k, v in state.items() if k != "_records"})
