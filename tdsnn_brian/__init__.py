"""Trained deep networks as time-to-first-spike spiking networks in Brian2.

Keras and Brian2 are imported when a name that needs them is first used, so that each side works
where the other is not installed.
"""

from importlib import import_module
from pathlib import Path
from typing import Any

from . import layers
from .analysis import DiscreteAnalysis, analyse, discrete_latencies, run_algorithm_1
from .coding import continuous_latency, latency, reverse_coding
from .comparison import Comparison
from .errors import (
    CacheError,
    InvalidInputError,
    MissingExtraError,
    NetworkFileError,
    NotAdaptedError,
    NotInNetworkError,
    ProgramError,
    RunError,
    TDSNNError,
    UnsupportedDeviceError,
    UnsupportedLayerError,
    WindowTooShortError,
)
from .exchange import to_neo, to_nir
from .extras import missing_extra, stand_in
from .firing_times import SILENT
from .network import SpikingNetwork
from .network_file import load
from .nir_graph import NIRExport, to_nir_graph
from .plots import plot_latencies, plot_potentials, plot_raster
from .results import Result
from .settings import Setting
from .traces import Trace
from .transfer import Transfer, parts_of
from .tuned import Tuned
from .tuning import Measured
from .when_keras_is_imported import register_layers

__version__ = "0.1.0"

_LAZY = {
    "ReverseCoding": "keras",
    "adapt": "keras",
    "convert": "keras",
    "read_model": "keras",
    "tune": "keras",
    "Deployment": "brian",
    "FiringNetwork": "brian",
    "PipelineRun": "brian",
    "SharedProjection": "brian",
    "Simulation": "brian",
    "build_network": "brian",
    "deploy": "brian",
    "models": "brian",
    "read_results": "brian",
    "run_pipeline": "brian",
    "simulate": "brian",
    "stream": "brian",
    "networks": "networks",
    "validation": "validation",
    "trace": "brian",
}

__all__ = [
    "SILENT",
    "CacheError",
    "Comparison",
    "Deployment",
    "DiscreteAnalysis",
    "FiringNetwork",
    "InvalidInputError",
    "Measured",
    "MissingExtraError",
    "NIRExport",
    "NetworkFileError",
    "NotAdaptedError",
    "NotInNetworkError",
    "PipelineRun",
    "ProgramError",
    "Result",
    "ReverseCoding",
    "RunError",
    "Setting",
    "SharedProjection",
    "Simulation",
    "SpikingNetwork",
    "TDSNNError",
    "Trace",
    "Transfer",
    "Tuned",
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
    "layers",
    "load",
    "models",
    "networks",
    "parts_of",
    "plot_latencies",
    "plot_potentials",
    "plot_raster",
    "read_model",
    "read_results",
    "reverse_coding",
    "run_algorithm_1",
    "run_pipeline",
    "simulate",
    "stream",
    "to_neo",
    "to_nir",
    "to_nir_graph",
    "trace",
    "tune",
    "validation",
]


register_layers()


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        module = import_module(f".{_LAZY[name]}", __name__)
    except MissingExtraError as error:
        return stand_in(name, error)
    except ImportError as error:
        missing = missing_extra(error)
        if missing is None:
            raise
        return stand_in(name, missing)
    return module if name == _LAZY[name] else getattr(module, name)


def __dir__() -> list[str]:
    return sorted(__all__)


_HERE = Path(__file__).parent
if not (_HERE / "networks").is_dir():
    __path__.append(str(_HERE.parent))  # in a checkout, networks and validation stand beside
