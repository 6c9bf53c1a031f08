"""From a Keras model to a `SpikingNetwork`: `ReverseCoding`, `adapt`, `tune`, `convert`.

Layers of your own join with `tdsnn_brian.keras.register`.
"""

from ..conversion.graph import Role
from .adapt import adapt
from .convert import convert
from .registry import Site, register
from .reverse_coding import ReverseCoding
from .saved import read_model
from .tune import tune

__all__ = [
    "ReverseCoding",
    "Role",
    "Site",
    "adapt",
    "convert",
    "read_model",
    "register",
    "tune",
]
