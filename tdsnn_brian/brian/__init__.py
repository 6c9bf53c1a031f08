"""The Brian2 side: `build_network`, `simulate`, `stream`, `SharedProjection`.

Each name is imported when it is first used.
"""

from importlib import import_module

_LAZY = {
    "Deployment": "deployment",
    "FiringNetwork": "build",
    "PipelineRun": "explicit.pipeline",
    "Program": "event_driven.program",
    "SharedProjection": "event_driven.projection",
    "Simulation": "result",
    "build_network": "build",
    "compile_program": "event_driven.program",
    "deploy": "deployment",
    "plan_pipeline": "explicit.pipeline",
    "read_results": "result",
    "run_pipeline": "explicit.pipeline",
    "simulate": "run",
    "stream": "event_driven.program",
    "trim_cache": "event_driven.cache",
}

__all__ = sorted(_LAZY)


def __getattr__(name: str):
    if name in _LAZY:
        return getattr(import_module(f".{_LAZY[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
