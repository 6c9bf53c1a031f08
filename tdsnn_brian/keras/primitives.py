"""Rewrite a chain of layers with the few that `adapt` and `convert` know: the same function.

One-dimensional layers become two-dimensional ones with a single row, depthwise and separable
convolutions become convolutions, global pools become pools over the full extent. Channels come
last: with ``channels_first`` the input is transposed and so are the weights of the first dense
layer behind it.
"""

from math import prod

import keras
import numpy as np
from keras import layers as kl
from numpy.typing import NDArray

from ..errors import UnsupportedLayerError
from .chain import activation_of, describe
from .reverse_coding import ReverseCoding
from .weights import to_numpy, weights_of

Shape = tuple[int, ...]

_PLAIN = (
    kl.ReLU, kl.Activation, kl.Softmax, kl.Dropout, kl.GaussianNoise, kl.GaussianDropout,
    kl.SpatialDropout1D, kl.SpatialDropout2D, ReverseCoding,
)
_LINES = (
    kl.Conv1D, kl.DepthwiseConv1D, kl.SeparableConv1D, kl.MaxPooling1D, kl.AveragePooling1D,
    kl.GlobalMaxPooling1D, kl.GlobalAveragePooling1D, kl.ZeroPadding1D,
)
_GLOBAL = {
    kl.GlobalMaxPooling1D: kl.MaxPooling2D, kl.GlobalMaxPooling2D: kl.MaxPooling2D,
    kl.GlobalAveragePooling1D: kl.AveragePooling2D, kl.GlobalAveragePooling2D: kl.AveragePooling2D,
}
_POOLS = {kl.MaxPooling1D: kl.MaxPooling2D, kl.AveragePooling1D: kl.AveragePooling2D}


def as_primitives(
    layers: list[keras.layers.Layer], input_shape: Shape
) -> tuple[list[keras.layers.Layer], Shape]:
    """Layers that compute the same, and the shape of their input.

    Parameters
    ----------
    layers : list of keras.layers.Layer
        As `tdsnn_brian.keras.chain.layers_of` gives them; they stay as they are.
    input_shape : tuple of int
        Of one image, as the model takes it.

    Returns
    -------
    layers : list of keras.layers.Layer
        Layers that needed no change are the same objects.
    input_shape : tuple of int
        Channels last.

    Raises
    ------
    UnsupportedLayerError
        If a layer with ``channels_first`` stands where its order cannot be changed.
    """
    rewriting = _Rewriting(input_shape, any(map(_channels_first, layers)))
    for layer in layers:
        rewriting.take(layer)
    return rewriting.finish()


def _channels_first(layer: keras.layers.Layer) -> bool:
    return getattr(layer, "data_format", None) == "channels_first" and not isinstance(
        layer, kl.Flatten
    )


class _Rewriting:
    """The new chain as it grows; `shape` is what the old one has at this place."""

    def __init__(self, input_shape: Shape, channels_first: bool):
        self.layers = []
        self.shape = input_shape
        self.channels_first = channels_first and len(input_shape) > 1
        self.is_line = False  # whether a single row stands in front of a line's positions
        self.order = None  # where the values of a flattened channels-first input stand now
        self.input_shape = self._now(input_shape)

    def _now(self, shape: Shape) -> Shape:
        """How the new chain holds values of an old shape."""
        if self.channels_first and len(shape) > 1:
            shape = (*shape[1:], shape[0])
        return (1, *shape) if self.is_line and len(shape) == 2 else shape

    def take(self, layer: keras.layers.Layer) -> None:
        spatial = self.channels_first and len(self.shape) > 1
        if spatial and not isinstance(layer, kl.Flatten) and (
            getattr(layer, "data_format", None) == "channels_last"
        ):
            _refuse_order(layer)
        after = tuple(layer.compute_output_shape((None, *self.shape))[1:])
        if isinstance(layer, _LINES):
            self._enter_line(layer)
            self._add_line(layer)
        elif self.is_line and not isinstance(layer, (*_PLAIN, kl.BatchNormalization, kl.Flatten)):
            self._leave_line()
            self._add(layer)
        else:
            self._add(layer)
        if len(after) < 2:
            self.is_line = False
        self.shape = after

    def finish(self) -> tuple[list[keras.layers.Layer], Shape]:
        if self.is_line:
            self._leave_line()
        return self.layers, self.input_shape

    def _enter_line(self, layer) -> None:
        if not self.is_line:
            shape = self._now(self.shape)
            self.is_line = True
            self.layers.append(kl.Reshape((1, *shape), name=f"{layer.name}_row"))

    def _leave_line(self) -> None:
        self.is_line = False
        name = f"{self.layers[-1].name}_line"
        self.layers.append(kl.Reshape(self._now(self.shape), name=name))

    def _new(self, kind, layer, weights=(), **arguments) -> None:
        """Append a layer that stands for `layer`, built on the values before it."""
        new = kind(name=layer.name, dtype=layer.dtype_policy, **arguments)
        if weights:
            new.build((None, *self._now(self.shape)))
            new.set_weights([part for part in weights if part is not None])
        self.layers.append(new)

    def _add(self, layer) -> None:
        kind = type(layer)
        if kind is kl.DepthwiseConv2D:
            self._convolution(layer, _depthwise(layer))
        elif kind is kl.SeparableConv2D:
            self._convolution(layer, _separable(layer))
        elif kind in _GLOBAL:
            self._global_pool(layer)
        elif kind is kl.BatchNormalization:
            self._normalization(layer)
        elif kind is kl.Flatten:
            self._flatten(layer)
        elif self.channels_first and len(self.shape) > 1:
            self._transposed(layer)
        elif kind is kl.Dense and self.order is not None:
            kernel, bias = weights_of(layer)
            self._new(
                kl.Dense, layer, (kernel[self.order], bias), units=layer.units,
                activation=layer.activation, use_bias=layer.use_bias,
            )
            self.order = None
        else:
            self.layers.append(layer)

    def _add_line(self, layer) -> None:
        kind = type(layer)
        if kind is kl.Conv1D:
            kernel, bias = weights_of(layer)
            self._convolution(layer, (kernel[None], bias, layer.groups))
        elif kind is kl.DepthwiseConv1D:
            self._convolution(layer, _depthwise(layer))
        elif kind is kl.SeparableConv1D:
            self._convolution(layer, _separable(layer))
        elif kind in _GLOBAL:
            self._global_pool(layer)
        elif kind is kl.ZeroPadding1D:
            padding = layer.padding
            padding = tuple(padding) if np.ndim(padding) else (padding, padding)
            self._new(kl.ZeroPadding2D, layer, padding=((0, 0), padding))
        else:
            self._new(
                _POOLS[kind], layer, pool_size=(1, *_all(layer.pool_size)),
                strides=(1, *_all(layer.strides)), padding=layer.padding,
            )

    def _convolution(self, layer, parts) -> None:
        kernel, bias, groups = parts
        padding = layer.padding
        strides, dilation = _pair(layer.strides), _pair(layer.dilation_rate)
        if padding == "causal":
            before = (kernel.shape[1] - 1) * dilation[1]
            self.layers.append(
                kl.ZeroPadding2D(((0, 0), (before, 0)), name=f"{layer.name}_padding")
            )
            padding = "valid"
        self._new(
            kl.Conv2D, layer, (kernel, bias), filters=kernel.shape[-1],
            kernel_size=kernel.shape[:2], strides=strides, padding=padding,
            dilation_rate=dilation, groups=groups, use_bias=bias is not None,
            activation=layer.activation, data_format="channels_last",
        )

    def _global_pool(self, layer) -> None:
        size = self._now(self.shape)[:2]
        self._new(_GLOBAL[type(layer)], layer, pool_size=size, data_format="channels_last")
        if not layer.keepdims:
            self.is_line = False
            self.layers.append(kl.Flatten(name=f"{layer.name}_flatten"))

    def _normalization(self, layer) -> None:
        last = 1 if self.channels_first and len(self.shape) > 1 else len(self.shape)
        if layer.axis in (-1, last) and not (layer.axis == -1 and last == 1 != len(self.shape)):
            config = {**layer.get_config(), "axis": -1}
            new = kl.BatchNormalization.from_config(config)
            new.build((None, *self._now(self.shape)))
            new.set_weights(layer.get_weights())
            self.layers.append(new)
        else:
            self.layers.append(layer)  # refused later, with its reason

    def _flatten(self, layer) -> None:
        if self.channels_first and len(self.shape) > 1 and layer.data_format != "channels_first":
            old = np.arange(prod(self.shape)).reshape(self.shape)
            self.order = np.moveaxis(old, 0, -1).ravel()
        self.channels_first = self.channels_first and len(self.shape) == 1
        self.layers.append(kl.Flatten(name=layer.name))

    def _transposed(self, layer) -> None:
        """A layer between channels-first ones, with its channels last."""
        kind = type(layer)
        if isinstance(layer, (*_PLAIN, kl.Rescaling)):
            if isinstance(layer, kl.Softmax) and len(self.shape) > 1:
                _refuse_order(layer)
            self.layers.append(layer)
        elif kind is kl.Conv2D:
            self._convolution(layer, (*weights_of(layer), layer.groups))
        elif kind in (kl.MaxPooling2D, kl.AveragePooling2D, kl.ZeroPadding2D):
            self.layers.append(
                kind.from_config({**layer.get_config(), "data_format": "channels_last"})
            )
        elif kind is kl.Normalization:
            new = _last_axis(layer, 1)
            new.build((None, *self._now(self.shape)))
            self.layers.append(new)
        else:
            _refuse_order(layer)


def _refuse_order(layer):
    raise UnsupportedLayerError(
        f"{describe(layer)} stands where the values have data_format='channels_first' and cannot "
        "be brought into another order; put Flatten before it, or rebuild the model with "
        "data_format='channels_last' (the weights keep their shape)"
    )


def _last_axis(layer: kl.Normalization, axis: int) -> kl.Normalization:
    if layer.axis not in ((), (axis,), None):
        _refuse_order(layer)
    mean, variance = (to_numpy(part).ravel() for part in (layer.mean, layer.variance))
    axis = -1 if layer.axis else None
    return kl.Normalization(axis=axis, mean=mean, variance=variance, name=layer.name)


def _all(value) -> tuple[int, ...]:
    return (value,) if isinstance(value, int) else tuple(value)


def _pair(value) -> tuple[int, int]:
    value = _all(value)
    return value if len(value) == 2 else (1, *value)


def _depthwise(layer) -> tuple[NDArray, NDArray | None, int]:
    """Kernel, bias and groups of the convolution that a depthwise one is."""
    kernel = to_numpy(layer.kernel)
    if kernel.ndim == 3:
        kernel = kernel[None]
    channels = kernel.shape[2]
    bias = to_numpy(layer.bias) if layer.use_bias else None
    return kernel.reshape(*kernel.shape[:2], 1, -1), bias, channels


def _separable(layer) -> tuple[NDArray, NDArray | None, int]:
    """Nothing happens between the two parts, so their product is one convolution."""
    activation_of(layer)
    depthwise, pointwise = to_numpy(layer.depthwise_kernel), to_numpy(layer.pointwise_kernel)
    if depthwise.ndim == 3:
        depthwise, pointwise = depthwise[None], pointwise[None]
    channels, multiplier = depthwise.shape[2:]
    mixing = pointwise[0, 0].reshape(channels, multiplier, -1)
    kernel = np.einsum("rcim,imo->rcio", depthwise, mixing)
    return kernel, to_numpy(layer.bias) if layer.use_bias else None, 1
