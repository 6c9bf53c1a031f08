"""Recordings on a card, which ask the host nothing while a program runs."""

from math import ceil
from typing import Any

import numpy as np
from brian2 import Clock, SpikeMonitor, get_device
from numpy.typing import NDArray

from ...arguments import MOST
from ...errors import InvalidInputError, RunError
from .signals import BLOCK, OnTheCard

_MOST_BLOCKS = 1024


def make_room(monitor: SpikeMonitor, n_spikes: int) -> None:
    """Let a monitor's program take memory for so many spikes at once, before it runs.

    Otherwise it takes more whenever its arrays are full, and copies them.
    """
    device = get_device()
    for name in ("t", "i"):
        array = device.get_array_name(monitor.variables[name], access_data=False, prefix="dev")
        device.insert_code("before_network_run", f"brian::{array}.reserve({n_spikes});")


class SpikeRecorder(OnTheCard):
    """The spikes of a group, in place of a `SpikeMonitor`.

    A `SpikeMonitor` asks the card in each step how many spikes there were, and waits.

    Parameters
    ----------
    source : NeuronGroup
    event : str
    most : int
        Spikes that there is room for.
    n_steps : int
        Of the source's clock; later spikes are not kept.
    name : str

    Raises
    ------
    InvalidInputError
        If there were more spikes than can be counted.
    """

    def __init__(self, source: Any, event: str, most: int, n_steps: int, name: str):
        if most > MOST:
            raise InvalidInputError(
                f"{name!r}: {most:,} spikes may come in one run, of which {MOST:,} can be "
                "counted; show fewer images at a time"
            )
        super().__init__(source, name, when="thresholds", order=1)
        self.variables.add_reference("_kept_spikespace", source, f"_{event}space")
        self.variables.add_array("_fired", size=most, dtype=np.int32)
        self.variables.add_array("_before", size=n_steps + 1, dtype=np.int32)
        self.runs(
            "recorded_spikes",
            ["_kept_spikespace", "_fired", "_before", "t_in_timesteps"],
            spikes=source.variables[f"_{event}space"],
            fired=self.variables["_fired"],
            before=self.variables["_before"],
            most=most,
            n_steps=n_steps,
            block=BLOCK,
            blocks=min(_MOST_BLOCKS, ceil(source.N / BLOCK)),
        )
        self.add_dependency(source)

    @property
    def spikes(self) -> tuple[NDArray, NDArray]:
        """Time of each spike in steps, and its neuron.

        Raises
        ------
        RunError
            If more came than there was room for.
        """
        before = np.asarray(self.variables["_before"].get_value(), np.int64)
        counts = np.maximum(np.diff(before), 0)  # steps that were not run begin at 0
        n_spikes, fired = int(counts.sum()), self.variables["_fired"].get_value()
        if n_spikes > len(fired):
            raise RunError(
                f"{self.name!r} had room for {len(fired):,} spikes, one of each neuron in each "
                f"image, and {n_spikes:,} came; use projection='explicit'"
            )
        return np.repeat(np.arange(len(counts)), counts), np.asarray(fired[:n_spikes], np.int64)


class Readings(OnTheCard):
    """A variable of all of a group's neurons, whenever a clock ticks, in one array.

    A `StateMonitor` has an array for each neuron, each of which takes and copies memory of its own.

    Parameters
    ----------
    group : NeuronGroup
    variable : str
    clock : Clock
    n_readings : int
        Later ones are not kept.
    name : str
    """

    def __init__(self, group: Any, variable: str, clock: Clock, n_readings: int, name: str):
        super().__init__(group, name, hidden=[variable], when="start", order=-1, clock=clock)
        read = group.variables[variable]
        self.n_readings = n_readings
        self.variables.add_reference("_read", group, variable)
        self.variables.add_array("_readings", size=n_readings * group.N, dtype=read.dtype)
        self.runs(
            "readings",
            ["_read", "_readings", "t_in_timesteps"],
            read=read,
            readings=self.variables["_readings"],
            n_readings=n_readings,
        )
        self.add_dependency(group)

    @property
    def values(self) -> NDArray:
        """(n_neurons, n_readings)."""
        kept = np.asarray(self.variables["_readings"].get_value())
        return kept.reshape(self.n_readings, -1).T
