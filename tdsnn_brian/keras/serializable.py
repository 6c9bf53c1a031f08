"""All layers that a saved model may hold; importing this makes them known to Keras."""

from .min_max_pooling import MinMaxPooling2D
from .neuron_bias import NeuronBias
from .on_off import OnOff
from .rearrange import Rearrange
from .reverse_coding import ReverseCoding
from .transfer_activation import TransferActivation

__all__ = [
    "MinMaxPooling2D",
    "NeuronBias",
    "OnOff",
    "Rearrange",
    "ReverseCoding",
    "TransferActivation",
]
