"""Neuron models, as data: what `tdsnn_brian.models` holds."""

from .explicit.described import described
from .explicit.models import EXCHANGEABLE, LEAKY, Cells, NeuronModel, Signal
from .explicit.physical_model import physical
from .explicit.synaptic_models import conductance_synapses, current_synapses

__all__ = [
    "EXCHANGEABLE",
    "LEAKY",
    "Cells",
    "NeuronModel",
    "Signal",
    "conductance_synapses",
    "current_synapses",
    "described",
    "physical",
]
