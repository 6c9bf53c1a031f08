"""Deprecated: see `tdsnn_brian.analysis.pool_constraints`."""

from warnings import warn

from .analysis.pool_constraints import *  # noqa: F403

warn(
    "tdsnn_brian.pooling has moved to tdsnn_brian.analysis.pool_constraints",
    DeprecationWarning,
    stacklevel=2,
)
