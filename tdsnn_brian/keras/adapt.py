"""Put reverse coding into a Keras model, with or without the corrections that spare retraining."""

from dataclasses import dataclass, replace
from numbers import Real

import keras
import numpy as np
from keras import layers as kl
from numpy.typing import NDArray

from ..coding import check_leak, check_steps
from ..errors import InvalidInputError, UnsupportedLayerError
from .calibration import correct_channels
from .chain import SYNAPSE_BASED, Role, describe, input_shape_of, layers_of, scale_and_offset
from .input_affine import fold_input
from .order import check_order, normalization_behind
from .padding import same_padding
from .primitives import as_primitives
from .reverse_coding import ReverseCoding
from .weights import Weights, fold_normalization, to_numpy, weights_of


def adapt(
    model: keras.Model,
    leak: float,
    *,
    compensate: bool = False,
    scale: float = 1,
    silent_zeros: bool = False,
    input_steps: int = 1,
    calibration: NDArray | None = None,
) -> keras.Model:
    r"""A copy of a trained model with `ReverseCoding` right before every synapse-based layer.

    Retrain the result, or let `compensate` and `scale` make up for what the coding changes.

    Parameters
    ----------
    model : keras.Model
        A chain of layers, Sequential or functional, with a ReLU after every hidden Conv2D and
        Dense layer. It stays as it is.
    leak : float
        Membrane time constant in ticks.
    compensate : bool, optional
        Since :math:`G(x) \approx (x + 1) e^{1/(2L)}`, weights are scaled by
        :math:`e^{-1/(2L)}` and their sum is taken off the bias, so that no retraining is needed.
        Zero padding becomes a layer of its own before the coding: a padded position then is a
        zero-valued input with ``G(0) = 1``, and the sum of the weights is the same everywhere.
    scale : float, optional
        Multiplies the input and every hidden activation, which leaves the model's output as it is
        (ReLU networks are homogeneous) but shrinks the error of the coding, relative to `x`, for
        ``leak * ln(scale)`` more ticks a layer.
    silent_zeros : bool, optional
        Neurons with latency 0 do not fire: ``G(0) = 0``. With `compensate`, the sum of the
        weights then stays in place; use a `scale` of 10 or more.
    input_steps : int, optional
        Let the input fire at whole multiples of ``1 / input_steps`` ticks, which makes its code as
        fine as that of a leak of ``input_steps * leak``. No ticking neuron drives the input, so
        nothing else changes. Worth it for pictures: the coding of bright pixels costs a deep
        network more than that of all its layers.
    calibration : array_like, optional
        (n_images, ...) images, a few hundred of the training set: each channel of the hidden
        layers is corrected so that its sums come closest to those of `model` on them. Worth it in
        deep networks. Images have their channels last.

    Returns
    -------
    keras.Model
        Not compiled. Layer names are kept; batch normalisation is folded into the layer before,
        scaling and normalisation of the input into the first layer. A model with
        ``channels_first`` becomes one that takes images with channels last.

    Raises
    ------
    InvalidInputError
        If `leak` or `scale` is not finite and positive, `input_steps` no whole number of 1 or
        more, or `model` has no definite input shape.
    UnsupportedLayerError
        If a layer, or its place, has no spiking counterpart; it says which one and what to do.
    """
    leak = check_leak(leak)
    _check_scale(scale)
    input_steps = check_steps(input_steps, "input_steps")
    layers, input_shape = as_primitives(layers_of(model), input_shape_of(model))
    layers = fold_input(layers, input_shape)
    roles = check_order(layers, adapted=False)
    if calibration is not None:
        calibration = _check_calibration(calibration, input_shape)
    correction = _Correction(
        scale=float(scale),
        needs_bias=calibration is not None,
        factor=1.0,
        shift=compensate and not silent_zeros,
    )
    places = [place for place, role in enumerate(roles) if role in SYNAPSE_BASED]
    first, output = places[0], places[-1]
    graph = _Graph(model, input_shape)
    graph.rescale(layers, roles, correction.scale)
    for place, (layer, role) in enumerate(zip(layers, roles, strict=True)):
        if role in SYNAPSE_BASED:
            steps = input_steps if place == first else 1
            coding = ReverseCoding(leak, silent_zeros, steps, name=f"{layer.name}_coding")
            own = replace(correction, factor=_of_ceiling(coding)) if compensate else correction
            normalization = normalization_behind(layers, roles, place)
            graph.synaptic(layer, coding, own, normalization, is_output=place == output)
        elif role is Role.BIAS:
            factor = 1 if place > output else correction.scale
            graph.add(_copy(layer), [factor * to_numpy(layer.bias)])
        elif role not in (Role.NORMALIZATION, Role.SCALING):
            graph.add(_copy(layer))
    adapted = graph.model()
    if calibration is not None:
        correct_channels(layers, layers_of(adapted), calibration, correction.scale)
    return adapted


def _of_ceiling(coding: ReverseCoding) -> float:
    """The factor that makes up for the mean of a code's ceiling."""
    return float(np.exp(-0.5 / (coding.leak * coding.steps)))


@dataclass(frozen=True)
class _Correction:
    """What `scale` and `compensate` do to weights."""

    scale: float
    needs_bias: bool
    factor: float
    shift: bool

    @property
    def is_none(self) -> bool:
        return self.scale == self.factor == 1 and not (self.shift or self.needs_bias)

    def weights(self, weights: Weights, dtype: np.dtype, *, is_output: bool) -> Weights:
        """Weights to be held by a layer in `dtype`."""
        kernel, bias = weights
        kernel = kernel * (self.factor / (self.scale if is_output else 1))
        if bias is None and self.needs_bias:
            bias = np.zeros(kernel.shape[-1], dtype)
        if bias is not None and not is_output:
            bias = bias * self.scale
        if self.shift:
            kernel = kernel.astype(dtype)  # the sum below is of what the layer will hold
            total = kernel.sum(axis=tuple(range(kernel.ndim - 1)), dtype=np.float64)
            bias = _rounded_down((0.0 if bias is None else bias) - total, dtype)
        return kernel, bias

    def mean(self, *, is_output: bool) -> tuple[float, float]:
        """Scale and offset to be applied to the mean of a window."""
        scale = self.factor / (self.scale if is_output else 1)
        return scale, -scale if self.shift else 0.0


def _check_scale(scale: float) -> None:
    is_number = isinstance(scale, Real) and not isinstance(scale, bool)
    if not (is_number and np.isfinite(scale) and scale > 0):
        raise InvalidInputError(
            f"scale must be finite and greater than 0, got {scale!r}; 1 leaves activations as "
            "they are, 3 to 10 makes retraining unnecessary"
        )


def _check_calibration(images: NDArray, input_shape: tuple[int, ...]) -> NDArray:
    images = np.asarray(images)
    if images.shape[1:] != tuple(input_shape) or not len(images):
        raise InvalidInputError(
            f"calibration must be images (n_images, {', '.join(map(str, input_shape))}), got "
            f"{images.shape}; pass some of the training images"
        )
    return images.astype(np.float32)


def _rounded_down(values: NDArray, dtype: np.dtype) -> NDArray:
    """To `dtype`, never up: zeros at the input then sum up to A <= 0, not to a tiny A > 0 that
    would fire a tick late.
    """
    rounded = values.astype(dtype)
    return np.where(rounded > values, np.nextafter(rounded, dtype.type(-np.inf)), rounded)


class _Graph:
    """The adapted model as it grows, layer by layer."""

    def __init__(self, model: keras.Model, input_shape: tuple[int, ...]):
        self._name = model.name
        self._inputs = keras.Input(input_shape, dtype=model.inputs[0].dtype)
        self._values = self._inputs

    def model(self) -> keras.Model:
        return keras.Model(self._inputs, self._values, name=self._name)

    def add(self, layer: keras.layers.Layer, weights=()) -> None:
        self._values = layer(self._values)
        if len(weights):
            layer.set_weights(weights)

    def rescale(self, layers, roles, scale: float) -> None:
        """One Rescaling layer for those of the model and `scale`, none where it does nothing."""
        name = "input_scale"
        for layer, role in zip(layers, roles, strict=True):
            if role is Role.SCALING:
                name = layer.name
                scale *= scale_and_offset(layer)[0]
        if scale != 1:
            self.add(kl.Rescaling(scale, name=name))

    def synaptic(self, layer, coding, correction, normalization, *, is_output: bool) -> None:
        """A synapse-based layer, the coding before it and the correction of its weights."""
        if isinstance(layer, kl.AveragePooling2D):
            self.add(coding)
            self.add(_copy(layer))
            scale, offset = correction.mean(is_output=is_output)
            if (scale, offset) != (1, 0):
                self.add(kl.Rescaling(scale, offset, name=f"{layer.name}_correction"))
        elif type(layer) in (kl.Conv2D, kl.Dense):
            weights = weights_of(layer)
            dtype = weights[0].dtype
            if normalization is not None:
                weights = fold_normalization(weights, normalization)
            if not correction.is_none:
                weights = correction.weights(weights, dtype, is_output=is_output)
            changes = {"use_bias": weights[1] is not None}
            if correction.shift and getattr(layer, "padding", "valid") == "same":
                changes["padding"] = "valid"
                self._pad(layer)
            self.add(coding)
            self.add(_copy(layer, **changes), [part for part in weights if part is not None])
        elif correction.is_none and normalization is None:
            self.add(coding)
            self.add(_copy(layer), layer.get_weights())
        else:
            raise UnsupportedLayerError(
                f"{describe(layer)}: adapt knows how to correct Conv2D, Dense and "
                "AveragePooling2D only; leave compensate and scale out, put no "
                "BatchNormalization behind it, and retrain the adapted model"
            )

    def _pad(self, layer: kl.Conv2D) -> None:
        padding = tuple(
            same_padding(
                self._values.shape[1 + axis],
                layer.kernel_size[axis],
                layer.strides[axis],
                layer.dilation_rate[axis],
            )
            for axis in range(2)
        )
        if any(map(any, padding)):
            self.add(kl.ZeroPadding2D(padding, name=f"{layer.name}_padding"))


def _copy(layer: keras.layers.Layer, **changes) -> keras.layers.Layer:
    return type(layer).from_config({**layer.get_config(), **changes})
