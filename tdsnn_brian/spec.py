"""Deprecated: see `tdsnn_brian.layers`."""

from warnings import warn

from .layers import AveragePool2D, Conv2D, Dense, Layer, MaxPool2D
from .network import SpikingNetwork, check_images

__all__ = [
    "AveragePool2D",
    "Conv2D",
    "Dense",
    "Layer",
    "MaxPool2D",
    "SpikingNetwork",
    "check_images",
]

warn(
    "tdsnn_brian.spec has moved to tdsnn_brian.layers and tdsnn_brian.network",
    DeprecationWarning,
    stacklevel=2,
)
