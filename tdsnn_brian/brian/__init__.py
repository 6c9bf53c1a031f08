"""The Brian2 side: `build_network`, `simulate`, `read_results`."""

from .network import FiringNetwork, build_network
from .results import Simulation, read_results
from .simulation import simulate

__all__ = ["FiringNetwork", "Simulation", "build_network", "read_results", "simulate"]
