"""The Brian2 side: `build_network`, `simulate`, `stream`, `SharedProjection`."""

from . import models
from .build import build_network
from .deployment import Deployment, deploy
from .event_driven.cache import trim_cache
from .event_driven.program import Program, compile_program, stream
from .event_driven.projection import SharedProjection
from .explicit.pipeline import run_pipeline
from .explicit.pipeline_run import PipelineRun
from .explicit.pipeline_schedule import plan_pipeline
from .firing_network import FiringNetwork, read_results
from .result import Simulation
from .run import simulate
from .trace import trace

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
    "models",
    "plan_pipeline",
    "read_results",
    "run_pipeline",
    "simulate",
    "stream",
    "trace",
    "trim_cache",
]
