"""Recordings on a card: room for spikes made beforehand, potentials kept in one array."""

from typing import Any

import numpy as np
from brian2 import Clock, SpikeMonitor, get_device
from numpy.typing import NDArray

from .signals import OnTheCard


def make_room(monitor: SpikeMonitor, n_spikes: int) -> None:
    """Let a monitor's program take memory for so many spikes at once, before it runs.

    Otherwise it takes more whenever its arrays are full, and copies them.
    """
    device = get_device()
    for name in ("t", "i"):
        array = device.get_array_name(monitor.variables[name], access_data=False, prefix="dev")
        device.insert_code("before_network_run", f"brian::{array}.reserve({n_spikes});")


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
