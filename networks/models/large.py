"""AlexNet and VGG-16 as spiking networks straight from their convolutions, without Keras.

What the benchmark simulates: convolutions as trained on ImageNet, dense layers of the full size
with fixed random weights (none ship with the convolutions), converted without retraining.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tdsnn_brian.errors import InvalidInputError
from tdsnn_brian.propagation import weighted_sum
from tdsnn_brian.spec import Conv2D, Dense, Layer, MaxPool2D, SpikingNetwork

from ..data.imagenet import MEAN, STD, Convolution, trained_convolutions

_CONVOLUTIONS = {
    # name, stride, padding; a pool's name is followed by its size
    "vgg16": [
        item
        for block, count in enumerate((2, 2, 3, 3, 3), start=1)
        for item in [*((f"conv{block}_{k}", 1, 1) for k in range(1, count + 1)),
                     (f"pool{block}", 2)]
    ],
    "alexnet": [
        ("conv1", 4, 2), ("pool1", 3), ("conv2", 1, 2), ("pool2", 3), ("conv3", 1, 1),
        ("conv4", 1, 1), ("conv5", 1, 1), ("pool5", 3),
    ],
}


def large_network(
    name: str,
    *,
    convolutions: Sequence[Convolution] | None = None,
    side: int = 224,
    dense: Sequence[int] = (4096, 4096, 1000),
    leak: float = 5,
    scale: float = 10,
    silent_zeros: bool = False,
    seed: int = 0,
) -> SpikingNetwork:
    """``"alexnet"`` (64-192-384-256-256, ungrouped) or ``"vgg16"``, compensated and scaled.

    Parameters
    ----------
    name : str
    convolutions : sequence of (kernel, bias), optional
        Default: `networks.data.imagenet.trained_convolutions`.
    side : int, optional
        Rows and columns of the image.
    dense : sequence of int, optional
        Neurons of the dense layers, the output layer last; their weights are random.
    leak, scale, silent_zeros : optional
        As in `tdsnn_brian.adapt`.
    seed : int, optional

    Returns
    -------
    SpikingNetwork
        In float32; takes photographs with values 0 .. 1.
    """
    plain = plain_layers(name, convolutions, side=side, dense=dense, seed=seed)
    layers, shrink = [], np.float32(np.exp(-0.5 / leak))
    for layer in plain:
        if not isinstance(layer, MaxPool2D):
            first, last = layer is plain[0], layer is plain[-1]
            layer = _compensated(layer, shrink, scale, silent_zeros, first=first, last=last)
        layers.append(layer)
    return SpikingNetwork(
        layers=tuple(layers), leak=leak, input_scale=scale, silent_zeros=silent_zeros, name=name
    )


def plain_layers(
    name: str, convolutions=None, *, side=224, dense=(4096, 4096, 1000), seed=0
) -> list[Layer]:
    """The network before conversion; its first layer takes normalised images."""
    if name not in _CONVOLUTIONS:
        raise InvalidInputError(
            f"network {name!r} is not known; choose from {', '.join(sorted(_CONVOLUTIONS))}"
        )
    kernels = iter(trained_convolutions(name) if convolutions is None else convolutions)
    rng = np.random.default_rng(seed)
    layers, shape = [], (side, side, 3)
    for item in _CONVOLUTIONS[name]:
        if len(item) == 2:
            layer = MaxPool2D(name=item[0], input_shape=shape, pool_size=(item[1],) * 2,
                              strides=(2, 2))
        else:
            kernel, bias = next(kernels)
            layer = Conv2D(name=item[0], input_shape=shape, kernel=kernel, bias=bias,
                           strides=(item[1],) * 2, padding=((item[2],) * 2,) * 2)
        layers.append(layer)
        shape = layer.output_shape
    for index, units in enumerate(dense, start=6):
        n_in = int(np.prod(shape))
        weights = rng.standard_normal((n_in, units), np.float32) * np.float32((2 / n_in) ** 0.5)
        layers.append(Dense(name=f"dense{index}", input_shape=shape, weights=weights,
                            bias=np.zeros(units, np.float32)))
        shape = (units,)
    return layers


def _compensated(
    layer: Layer, shrink, scale: float, silent_zeros: bool, *, first: bool, last: bool
) -> Layer:
    """`W x + b` from gains: `x` is about ``shrink G(x) - 1``, or `shrink G(x)` with silent zeros.

    What a padded position would contribute is left out: its bias belongs to each neuron.
    """
    field = "weights" if isinstance(layer, Dense) else "kernel"
    weights = getattr(layer, field)
    offset = np.zeros(weights.shape[-2], np.float32)  # value of the input where its gain is 1
    if first:
        weights = weights / np.asarray(STD, np.float32)[:, None]
        offset = -scale * np.asarray(MEAN, np.float32)
    factor = np.float32(shrink / scale if last else shrink)
    coded = weights * factor
    constant = weights * offset[:, None] - (0 if silent_zeros else coded)
    return replace(layer, **{field: coded}, bias=_of_ones(layer, constant)
                   + layer.bias * np.float32(1 if last else scale))


def _of_ones(layer: Layer, weights: NDArray) -> NDArray:
    """What `weights` sum up to for an input of ones: of each channel, or of each neuron."""
    if isinstance(layer, Dense):
        return weights.sum(axis=0)
    if not any(map(any, layer.padding)):
        return weights.sum(axis=(0, 1, 2))
    summed = replace(layer, input_shape=(*layer.input_shape[:2], 1),
                     kernel=weights.sum(axis=2, keepdims=True))
    return weighted_sum(summed, np.ones((1, *summed.input_shape), np.float32))[0]
