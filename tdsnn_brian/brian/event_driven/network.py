"""A `FiringNetwork` whose layers sleep while they have nothing to do; weights are stored once."""

from collections.abc import Mapping
from typing import cast

from brian2 import Clock

from ...errors import RunError
from ...firing_times import in_steps
from ..firing_network import FiringNetwork
from ..result import Simulation
from .build import SharedParts, Shown, add_shared
from .records import RecordReader


class EventDrivenNetwork(FiringNetwork):
    """A `FiringNetwork` of event-driven groups and shared projections.

    ``net["conv1"]`` is the group of layer ``conv1``, its ticking and bias neurons included, and
    ``net["conv1_synapses"]`` its `SharedProjection`.

    Attributes
    ----------
    parts : SharedParts
    """

    parts: SharedParts

    @property
    def instead(self) -> dict[str, str]:
        return self.parts.instead

    def build(self, clock: Clock) -> None:
        """Add everything."""
        shown = Shown(
            latencies=in_steps(
                self.analysis.input_latencies.reshape(self.n_images, -1),
                self.timing.steps_per_tick,
            ),
            windows=None if self.dynamic else cast(Mapping[str, int], self.timing.windows),
            slot=self.timing.slot,
        )
        self.parts = add_shared(
            self,
            self.spiking_network,
            clock,
            self.names,
            shown,
            steps_per_tick=self.timing.steps_per_tick,
        )
        self.finished()

    def read(self, *, strict: bool) -> Simulation:
        records = self.parts.records()
        if len(records) != self.n_images:
            raise RunError(
                f"{len(records)} of {self.n_images} images were read out; run the network once, "
                "with net.run(net.duration) from its start, and give its windows time enough"
            )
        reader = RecordReader(
            self.spiking_network, self.names, records.dtype, self.timing.steps_per_tick
        )
        return reader.read(records)
