"""Neuron models, as data: what `tdsnn_brian.models` holds."""

from .explicit.described import described
from .explicit.models import EXCHANGEABLE, LEAKY, Cells, NeuronModel, Signal
from .explicit.physical_model import physical

__all__ = ["EXCHANGEABLE", "LEAKY", "Cells", "NeuronModel", "Signal", "described", "physical"]
