"""Neuron models, as data: what `tdsnn_brian.models` holds."""

from .explicit.cells import Cells, Circuit, Signal
from .explicit.circuit_model import OSCILLATING
from .explicit.described import described
from .explicit.models import EXCHANGEABLE, LEAKY, NeuronModel
from .explicit.physical_model import physical
from .explicit.synaptic_models import conductance_synapses, current_synapses

__all__ = [
    "EXCHANGEABLE",
    "LEAKY",
    "OSCILLATING",
    "Cells",
    "Circuit",
    "NeuronModel",
    "Signal",
    "conductance_synapses",
    "current_synapses",
    "described",
    "physical",
]
