"""Deprecated: see `tdsnn_brian.analysis.operations`."""

from warnings import warn

from .analysis.operations import *  # noqa: F403

warn(
    "tdsnn_brian.operations has moved to tdsnn_brian.analysis.operations",
    DeprecationWarning,
    stacklevel=2,
)
