"""Trained deep networks as time-to-first-spike spiking networks in Brian2.

Keras and Brian2 are imported when a name that needs them is first used, so that each side works
where the other is not installed.
"""

from importlib import import_module

from .coding import SILENT, continuous_latency, latency, reverse_coding
from .discrete import DiscreteAnalysis, analyse, discrete_latencies, run_algorithm_1
from .errors import (
    InvalidInputError,
    NetworkFileError,
    NotAdaptedError,
    TDSNNError,
    UnsupportedDeviceError,
    UnsupportedLayerError,
    WindowTooShortError,
)
from .serialization import load
from .spec import SpikingNetwork
from .when_keras_is_imported import register_layers

__version__ = "0.1.0"

_LAZY = {
    "ReverseCoding": "keras",
    "adapt": "keras",
    "convert": "keras",
    "SharedProjection": "brian",
    "Simulation": "brian",
    "read_results": "brian",
    "build_network": "brian",
    "deploy": "brian",
    "run_pipeline": "brian",
    "simulate": "brian",
    "stream": "brian",
}

__all__ = [
    "SILENT",
    "DiscreteAnalysis",
    "InvalidInputError",
    "NetworkFileError",
    "NotAdaptedError",
    "ReverseCoding",
    "SharedProjection",
    "Simulation",
    "SpikingNetwork",
    "TDSNNError",
    "UnsupportedDeviceError",
    "UnsupportedLayerError",
    "WindowTooShortError",
    "adapt",
    "analyse",
    "build_network",
    "continuous_latency",
    "convert",
    "deploy",
    "discrete_latencies",
    "latency",
    "load",
    "read_results",
    "reverse_coding",
    "run_algorithm_1",
    "run_pipeline",
    "simulate",
    "stream",
]


register_layers()


def __getattr__(name: str):
    if name in _LAZY:
        return getattr(import_module(f".{_LAZY[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
