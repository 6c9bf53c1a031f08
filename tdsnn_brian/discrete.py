"""Deprecated: see `tdsnn_brian.analysis`."""

from warnings import warn

from .analysis import (
    DiscreteAnalysis,
    analyse,
    discrete_latencies,
    input_latencies,
    run_algorithm_1,
)

__all__ = [
    "DiscreteAnalysis",
    "analyse",
    "discrete_latencies",
    "input_latencies",
    "run_algorithm_1",
]

warn("tdsnn_brian.discrete has moved to tdsnn_brian.analysis", DeprecationWarning, stacklevel=2)
