"""Put reverse coding into a network, with or without the corrections that spare retraining."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arguments import check_flag, is_number
from ..coding import check_leak, check_noise, check_offset, check_rounding, check_steps, early
from ..errors import InvalidInputError, UnsupportedLayerError
from ..layers import AveragePool2D, Shape
from ..transfer import Part
from .affine import Affine
from .graph import (
    Coding,
    Graph,
    Input,
    Neurons,
    Node,
    Passive,
    Rectifier,
    Scaling,
    ZeroPadding,
    free_name,
    sums,
)
from .padding import NO_PADDING


@dataclass(frozen=True, kw_only=True)
class Correction:
    """What `tdsnn_brian.adapt` is asked for; see there.

    `input_offset` has been added to the images of the graph, which are to be taken as they are.
    `needs_bias` gives every layer a bias, to be corrected later.
    Input neurons have no membrane, and none of the `noise`.
    """

    leak: float
    scale: float = 1.0
    compensate: bool = True
    silent_zeros: bool = False
    input_steps: int = 1
    input_offset: float = 0.0
    input_pairs: bool = False
    rounding: str = "up"
    needs_bias: bool = False
    noise: float = 0.0

    def __post_init__(self) -> None:
        check_flag("compensate", self.compensate)
        check_flag("silent_zeros", self.silent_zeros)
        check_flag("input_pairs", self.input_pairs)
        if self.input_pairs and self.input_offset:
            raise InvalidInputError(
                f"input_pairs=True codes images of either sign as they are, got "
                f"input_offset={self.input_offset!r:.80} too; leave one of the two out"
            )
        checked = {
            "leak": check_leak(self.leak),
            "scale": _check_scale(self.scale),
            "input_steps": check_steps(self.input_steps, "input_steps"),
            "input_offset": check_offset(self.input_offset),
            "rounding": check_rounding(self.rounding),
            "noise": check_noise(self.noise),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    @property
    def shifts(self) -> bool:
        """Whether the sum of the weights is taken off the bias."""
        return self.compensate and not self.silent_zeros

    def factor(self, steps: int) -> float:
        """Of the weights behind a coding: makes up for the mean of its rounding."""
        if not self.compensate:
            return 1.0
        return float(np.exp((early(self.rounding) - 0.5) / (self.leak * steps)))


def _check_scale(scale: float) -> float:
    if not (is_number(scale) and scale > 0):
        raise InvalidInputError(
            f"scale must be finite and greater than 0, got {scale!r:.80}; 1 leaves activations as "
            "they are, 3 to 10 makes retraining unnecessary"
        )
    return float(scale)


def correct(graph: Graph, correction: Correction) -> Graph:
    """The graph with reverse coding before every synapse-based layer, weights corrected for it.

    Parameters
    ----------
    graph : Graph
        Folded.
    correction : Correction

    Returns
    -------
    Graph
        Its weights are rounded to `graph.dtype`.

    Raises
    ------
    UnsupportedLayerError
        If weights of a layer that is not known would have to change.
    """
    return _Correcting(graph, correction).run()


class _Correcting:
    """The corrected graph as it grows."""

    def __init__(self, graph: Graph, correction: Correction):
        self._graph, self._correction = graph, correction
        self._dtype = np.dtype(graph.dtype)
        self._taken = {node.name for node in graph}
        self._nodes: dict[str, Node] = {}
        self._instead: dict[str, str] = {}
        self._of_image: dict[str, bool] = {}
        self._codings: dict[tuple[str, Shape], str] = {}

    def run(self) -> Graph:
        scaled = self._correction.scale == 1 or any(isinstance(x, Scaling) for x in self._graph)
        scale_behind = None if scaled else self._last_of_image()
        for node in self._graph:
            node = replace(node, inputs=tuple(self._instead.get(x, x) for x in node.inputs))
            if isinstance(node, Scaling):
                factor = self._correction.scale * node.affine.factor
                offset = factor * self._correction.input_offset
                node = replace(node, affine=Affine(factor=factor, offset=offset))
            if isinstance(node, Rectifier) and not node.is_relu:
                node = self._at_scale(node)
            if isinstance(node, Neurons) and node.is_synaptic:
                node = self._behind_coding(node)
            self._nodes[node.name] = node
            self._of_image[node.name] = not sums(node) and all(
                self._of_image[name] for name in node.inputs
            )
            if node.name == scale_behind:
                self._instead[node.name] = self._put_scale(node)
        return replace(self._graph, nodes=tuple(self._nodes.values()))

    def _at_scale(self, node: Rectifier) -> Rectifier:
        """ReLU alone is the same whatever activations are multiplied by."""
        transfer = node.transfer
        transfer = replace(transfer, scale=transfer.scale * self._correction.scale)
        return replace(node, parts=(Part(transfer=transfer),))

    def _last_of_image(self) -> str:
        """The last node behind the input that everything comes through unchanged."""
        node: Node = next(node for node in self._graph if isinstance(node, Input))
        readers = self._graph.readers
        while len(readers[node.name]) == 1 and isinstance(readers[node.name][0], Passive):
            (node,) = readers[node.name]
        return node.name

    def _insert(self, kind: type[Node], label: str, source: str, **fields: Any) -> str:
        """Append a new node behind `source`; returns its name."""
        name = free_name(label, self._taken)
        self._taken.add(name)
        self._nodes[name] = kind(
            name=name, label=label, kind=kind.__name__, inputs=(source,), **fields
        )
        self._of_image[name] = self._of_image[source]
        return name

    def _put_scale(self, node: Node) -> str:
        return self._insert(
            Scaling,
            "input_scale",
            node.name,
            input_shape=node.shape,
            affine=Affine(factor=np.asarray(self._correction.scale)),
        )

    def _behind_coding(self, node: Neurons) -> Neurons:
        correction, (source,), shape = self._correction, node.inputs, node.input_shape
        steps = correction.input_steps if self._of_image[source] else 1
        corrected = self._corrected(node, correction.factor(steps))
        padding = getattr(node.layer, "padding", NO_PADDING)
        padded = correction.shifts and node.is_weighted and padding != NO_PADDING
        if padded and node.weights.sum(axis=-2).any():  # of pairs, zeros add up to nothing
            # a padded position then is a zero-valued input, and the sum the same everywhere
            source = self._insert(
                ZeroPadding, f"{node.name}_padding", source, input_shape=shape, padding=padding
            )
            shape = self._nodes[source].shape
            corrected = corrected.with_layer(input_shape=shape, padding=NO_PADDING)
        return replace(corrected, inputs=(self._coded(source, node, shape, steps),))

    def _coded(self, source: str, node: Neurons, shape: Shape, steps: int) -> str:
        """What `source` gives behind its coding, which those that take it as it is share."""
        key = source, shape
        if steps == 1 < self._correction.input_steps and self._holds_image(source):
            raise UnsupportedLayerError(
                f"{node.origin} takes the image and values of other layers at once, and only the "
                "image can fire between ticks; use input_steps=1"
            )
        if key not in self._codings:
            self._codings[key] = self._insert(
                Coding,
                f"{node.name}_coding",
                source,
                input_shape=shape,
                leak=self._correction.leak,
                silent_zeros=self._correction.silent_zeros,
                steps=steps,
                rounding=self._correction.rounding,
                image_range=self._graph.image_range if self._of_image[source] else None,
                notes=self._graph.notes if self._of_image[source] else (),
                noise=0.0 if self._of_image[source] else self._correction.noise,
            )
        return self._codings[key]

    def _holds_image(self, name: str) -> bool:
        node = self._nodes[name]
        if sums(node):
            return False
        return isinstance(node, Input) or any(map(self._holds_image, node.inputs))

    def _corrected(self, node: Neurons, factor: float) -> Neurons:
        is_output = self._graph.is_output(node)
        if is_output:
            factor = factor / self._correction.scale
        if node.is_weighted:
            return self._corrected_weights(node, factor, is_output)
        if node.rebuild is None and isinstance(node.layer, AveragePool2D):
            return self._corrected_mean(node, node.layer, factor, is_output)
        correction = self._correction
        if correction.scale != 1 or correction.compensate or correction.needs_bias:
            raise UnsupportedLayerError(
                f"{node.origin}: adapt knows how to correct convolutions, Dense layers and "
                "means only; pass compensate=False, leave scale and calibration out, and retrain "
                "the adapted model"
            )
        return node

    def _corrected_weights(self, node: Neurons, factor: float, is_output: bool) -> Neurons:
        correction, dtype = self._correction, self._dtype
        weights, bias, border = node.weights * factor, node.weighted.bias, node.border
        if bias is None and correction.needs_bias:
            bias = np.zeros(weights.shape[-1], dtype)
        if not is_output:
            bias, border = (
                None if part is None else part * correction.scale for part in (bias, border)
            )
        weights = weights.astype(dtype, copy=False)  # the sum below is of what the layer will hold
        if correction.shifts:
            total = weights.sum(axis=tuple(range(weights.ndim - 1)), dtype=np.float64)
            bias = _rounded_down((0.0 if bias is None else bias) - total, dtype)
        bias, border = (
            None if part is None else part.astype(dtype, copy=False) for part in (bias, border)
        )
        return replace(node, border=border).with_layer(weights=weights, bias=bias)

    def _corrected_mean(
        self, node: Neurons, layer: AveragePool2D, factor: float, is_output: bool
    ) -> Neurons:
        scale = layer.scale * factor
        bias = np.zeros(layer.n_channels) if layer.bias is None else layer.bias
        if not is_output:
            bias = bias * self._correction.scale
        if self._correction.shifts:
            bias = bias - scale
        return node.with_layer(scale=scale, bias=bias if bias.any() else None)


def _rounded_down(values: NDArray, dtype: np.dtype) -> NDArray:
    """To `dtype`, never up: zeros at the input then sum up to A <= 0, not to a tiny A > 0 that
    would fire a tick late.
    """
    rounded = values.astype(dtype)
    return np.where(rounded > values, np.nextafter(rounded, dtype.type(-np.inf)), rounded)
