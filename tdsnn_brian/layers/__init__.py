"""The kinds of layers, as plain data; weights stand as trained, not negated.

A kind says what it connects, as `Projection` objects (a `Window` and a kernel), and what its
neurons do, as a `Kind`. Everything else follows from these two: no engine asks which class a layer
is of.
"""

from .base import IMAGE, Kind, Layer
from .conv import Conv2D
from .dense import Dense
from .pool import AveragePool2D, MaxPool2D
from .projection import Projection, Synapses
from .reads import Reads
from .sum import Sum
from .window import Padding, Pair, Shape, Window

__all__ = [
    "IMAGE",
    "AveragePool2D",
    "Conv2D",
    "Dense",
    "Kind",
    "Layer",
    "MaxPool2D",
    "Padding",
    "Pair",
    "Projection",
    "Reads",
    "Shape",
    "Sum",
    "Synapses",
    "Window",
]
