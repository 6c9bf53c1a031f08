"""The Brian2 side: `build_network`, `simulate`, `stream`, `SharedProjection`."""

from .build import build_network
from .firing_network import FiringNetwork, read_results
from .result import Simulation

__all__ = [
    "FiringNetwork",
    "Simulation",
    "build_network",
    "read_results",
]
