"""The Brian2 side: `build_network`, `simulate`, `stream`, `SharedProjection`."""

from .network import FiringNetwork, build_network
from .program import Program, compile_program
from .projections import SharedProjection
from .results import Simulation, read_results
from .simulation import simulate, stream

__all__ = [
    "FiringNetwork",
    "Program",
    "SharedProjection",
    "Simulation",
    "build_network",
    "compile_program",
    "read_results",
    "simulate",
    "stream",
]
