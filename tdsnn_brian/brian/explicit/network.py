"""A `FiringNetwork` in which every synapse is made."""

from ..firing_network import FiringNetwork
from ..result import Simulation
from .models import LEAKY, NeuronModel
from .read import check_spikes, recordings_of


class ExplicitNetwork(FiringNetwork):
    """A `FiringNetwork` in which every synapse is made; see `NeuronModel` for its equations."""

    model: NeuronModel = LEAKY

    @property
    def closed(self) -> bool:  # type: ignore[override]
        return self.model is LEAKY

    def read(self, *, strict: bool) -> Simulation:
        result = recordings_of(self).result()
        if strict:
            longest = max(self.timing.windows.values())
            check_spikes(self.spiking_network, result, longest)
        return result
