"""The Brian2 side: `build_network`, `simulate`, `stream`, `SharedProjection`."""

from .deployment import Deployment, deploy
from .network import FiringNetwork, build_network
from .pipeline import PipelineRun, plan_pipeline, run_pipeline
from .program import Program, compile_program
from .projections import SharedProjection
from .results import Simulation, read_results
from .simulation import simulate, stream

__all__ = [
    "Deployment",
    "FiringNetwork",
    "PipelineRun",
    "Program",
    "SharedProjection",
    "Simulation",
    "build_network",
    "compile_program",
    "deploy",
    "plan_pipeline",
    "read_results",
    "run_pipeline",
    "simulate",
    "stream",
]
