"""A `FiringNetwork` in which every synapse is made."""

import numpy as np

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
            check_spikes(self.spiking_network, result, longest, self._unsettled())
        return result

    def _unsettled(self) -> dict[str, int]:
        """Neurons with silent zeros that an image's end cut off: neither fired nor found silent."""
        found = {}
        for population in self.spiking_network.populations:
            if population.silent_zeros and population.kind.is_ticked:
                done = np.asarray(self[self.names.of(population, "settled")].n_fired[0, 1:])
                biases = population.driven_biases if self.dynamic else 0
                left = population.n_neurons + biases - done[: self.n_images]
                found[population.name] = int(np.rint(np.maximum(left, 0)).sum())
        return found
