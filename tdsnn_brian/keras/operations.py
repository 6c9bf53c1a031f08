"""Operations of a Keras model for an image: what a spiking network is to be held against.

Counted from the model itself, on the values that its layers take, so that nothing of a conversion
(pairs of neurons, merged layers) is in it. The conventions are NeuroBench's: a weight times a value
that it is added up with is one MAC; biases, normalisations, activations and maxima do not count.
Positions of zero padding are no values. Added to it are the additions that have no weight, those of
Add, Subtract and Average and of the means of pools, and the multiplications of values by values.
"""

import inspect
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers as kl
from keras import ops
from keras.src.activations.activations import ReLU
from keras.src.ops import core, nn
from keras.src.ops import numpy as array
from numpy.typing import NDArray

from ..analysis.counted import Counted, Operations
from ..arguments import real_array
from ..errors import InvalidInputError, UnsupportedLayerError
from .activation_readers import NAMED
from .building import Tensor
from .min_max_pooling import MinMaxPooling2D
from .neuron_bias import NeuronBias
from .on_off import OnOff
from .reader import AT_IMAGE, Call, Unrolling, image_shape_of
from .rearrange import Rearrange
from .reverse_coding import ReverseCoding
from .scale_layer import CustomScaleLayer
from .scaling_readers import AUGMENTING, PASSIVE, RESIZING
from .transfer_activation import TransferActivation
from .weights import describe


def count_model(model: keras.Model) -> Counted:
    """Operations of a model that multiplies by zeros too, by layer; see `measure_model`.

    Examples
    --------
    >>> model = keras.Sequential([keras.Input((4,)), kl.Dense(3, "relu"), kl.Dense(2)])
    >>> total = sum(count_model(model).values(), Operations())
    >>> total.multiplications, total.additions
    (18.0, 18.0)
    """
    shape = image_shape_of(model, "count_model")
    return _counted(model, np.ones((1, *shape), np.float32), _every)


def measure_model(model: keras.Model, images: NDArray, *, batch_size: int = 100) -> Counted:
    """Operations of a model that skips zeros, by layer, mean over the images.

    Its multiplications are NeuroBench's effective MACs. No weight is taken to be zero.

    Parameters
    ----------
    model : keras.Model
        Of the layers that have spiking counterparts, whatever its activations.
    images : ndarray
        (n_images, ...), as the model takes them.
    batch_size : int, optional

    Raises
    ------
    InvalidInputError
        If there are no images, or they are not what the model takes.
    UnsupportedLayerError
        If the operations of a layer are not known here.
    """
    shape = image_shape_of(model, "measure_model")
    images = real_array("images", images)
    if images.shape[1:] != shape or not len(images):
        raise InvalidInputError(
            f"images must be (n_images, {', '.join(map(str, shape))}), one or more, as "
            f"model {model.name!r} takes them; got {images.shape}"
        )
    parts = [images[k : k + batch_size] for k in range(0, len(images), batch_size)]
    counted = [_counted(model, part, _not_zero) for part in parts]
    shares = [len(part) / len(images) for part in parts]
    return {
        name: sum(
            (one[name].times(share) for one, share in zip(counted, shares, strict=True)),
            Operations(),
        )
        for name in counted[0]
    }


Active = Callable[[Tensor], Tensor]
"""From values to ones where they are worked on, and zeros."""


def _every(values: Tensor) -> Tensor:
    return ops.ones_like(values)


def _not_zero(values: Tensor) -> Tensor:
    return ops.cast(values != 0, "float32")


def _counted(model: keras.Model, images: NDArray, active: Active) -> Counted:
    calls, _ = Unrolling().calls_of(model)
    values = {AT_IMAGE: ops.convert_to_tensor(images)}
    last_read = {source: at for at, call in enumerate(calls) for source in call.sources}
    found: Counted = {}
    for index, call in enumerate(calls):
        sources = [values[source] for source in call.sources]
        count = _count(call.layer, [active(x) for x in sources]).times(1 / len(images))
        name = call.layer.name
        found[name] = found.get(name, Operations()) + count
        values[index] = _result(call, sources)
        for source in set(call.sources):
            if last_read[source] == index:
                del values[source]
    return found


def _result(call: Call, sources: list[Tensor]) -> Tensor:
    if call.arguments == ((), {}):
        return call.layer(*sources)
    waiting = iter(sources)
    arguments, named = keras.tree.map_structure(
        lambda x: next(waiting) if isinstance(x, keras.KerasTensor) else x, call.arguments
    )
    return call.layer(*arguments, **named)


def _count(layer: keras.Operation, active: list[Tensor]) -> Operations:
    """Of all images together; `active` are ones where values are worked on, and zeros."""
    count = COUNTS.get(type(layer))
    if count is None:
        raise UnsupportedLayerError(
            f"{describe(layer)} has operations that are not known here; count the model without "
            "it, and add its own by hand"
        )
    return count(layer, active)


def _nothing(layer: keras.Operation, active: list[Tensor]) -> Operations:
    return Operations()


def _weighted(layer: kl.Layer, active: list[Tensor]) -> Operations:
    macs = _sum(_arrived(type(layer), layer.get_config(), active[0]))
    return Operations(additions=macs, multiplications=macs)


def _separable(layer: kl.Layer, active: list[Tensor]) -> Operations:
    """A depthwise convolution, and one of 1 x 1 that takes what is then not zero."""
    arrived = _arrived(_DEPTHWISE[layer.rank], layer.get_config(), active[0])
    macs = _sum(arrived) + layer.filters * _sum(ops.minimum(arrived, 1))
    return Operations(additions=macs, multiplications=macs)


def _joined(layer: keras.Operation, active: list[Tensor]) -> Operations:
    return Operations(additions=_additions(sum(active[1:], active[0])))


def _product(layer: keras.Operation, active: list[Tensor]) -> Operations:
    """Of values; one by a number is a scaling."""
    product, multiplications = active[0], 0.0
    for other in active[1:]:
        product = product * other
        multiplications += _sum(product)
    return Operations(multiplications=multiplications)


def _mean(layer: kl.Layer, active: list[Tensor]) -> Operations:
    """Of each window, a sum and one multiplication."""
    config = {**layer.get_config(), "kernel_size": layer.pool_size}
    arrived = _arrived(_DEPTHWISE[len(layer.pool_size)], config, active[0])
    return Operations(additions=_additions(arrived), multiplications=_sum(ops.minimum(arrived, 1)))


def _mean_of_all(layer: kl.Layer, active: list[Tensor]) -> Operations:
    first = 1 if layer.data_format == "channels_last" else 2
    arrived = ops.sum(active[0], tuple(range(first, first + len(active[0].shape) - 2)))
    return Operations(additions=_additions(arrived), multiplications=_sum(ops.minimum(arrived, 1)))


def _arrived(kind: type[kl.Layer], config: dict[str, Any], active: Tensor) -> Tensor:
    """How many values each output of a layer adds up: what it gives with ones for weights."""
    known = inspect.signature(kind).parameters
    config = {name: value for name, value in config.items() if name in known}
    layer = kind(**{**config, "activation": None, "use_bias": False, "dtype": "float32"})
    layer.build(active.shape)
    layer.set_weights([np.ones_like(weight) for weight in layer.get_weights()])
    return layer(active)


def _additions(arrived: Tensor) -> float:
    return _sum(ops.maximum(arrived - 1, 0))


def _sum(values: Tensor) -> float:
    return float(ops.convert_to_numpy(values).sum(dtype=np.float64))


_DEPTHWISE = {1: kl.DepthwiseConv1D, 2: kl.DepthwiseConv2D}

_FREE = (
    *(kl.Activation, kl.ReLU, kl.LeakyReLU, kl.PReLU, kl.ELU, kl.Softmax, TransferActivation),
    *(nn.Relu, nn.LeakyRelu, nn.Relu6, nn.Elu, nn.Gelu, ReLU, array.Clip, *NAMED),
    *(kl.BatchNormalization, kl.Normalization, kl.Rescaling, NeuronBias, ReverseCoding),
    *(array.Negative, array.Divide, array.TrueDivide, core.Cast),
    *(kl.MaxPooling1D, kl.MaxPooling2D, kl.GlobalMaxPooling1D, kl.GlobalMaxPooling2D),
    *(kl.ZeroPadding1D, kl.ZeroPadding2D, kl.Cropping1D, kl.Cropping2D, kl.Concatenate),
    *(kl.Flatten, kl.Reshape, kl.Permute, kl.RepeatVector, kl.UpSampling1D, kl.UpSampling2D),
    *(array.Concatenate, array.GetItem, array.Flip, array.Repeat, array.Squeeze),
    *(array.ExpandDims, array.Transpose, array.Reshape, MinMaxPooling2D, OnOff, Rearrange),
    *(*PASSIVE, *AUGMENTING, *RESIZING),
)
"""What scales values one by one, compares them or moves them, and does not count."""

COUNTS: dict[type, Callable[[Any, list[Tensor]], Operations]] = {
    **dict.fromkeys(_FREE, _nothing),
    **dict.fromkeys((kl.Dense, kl.Conv1D, kl.Conv2D, *_DEPTHWISE.values()), _weighted),
    **dict.fromkeys((kl.SeparableConv1D, kl.SeparableConv2D), _separable),
    **dict.fromkeys((kl.Add, kl.Subtract, kl.Average, array.Add, array.Subtract), _joined),
    **dict.fromkeys((CustomScaleLayer,), _joined),
    **dict.fromkeys((kl.Multiply, array.Multiply), _product),
    **dict.fromkeys((kl.AveragePooling1D, kl.AveragePooling2D), _mean),
    **dict.fromkeys((kl.GlobalAveragePooling1D, kl.GlobalAveragePooling2D), _mean_of_all),
}
