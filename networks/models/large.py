"""AlexNet and VGG-16 as spiking networks straight from their convolutions, without Keras.

What the benchmark simulates: convolutions as trained on ImageNet, dense layers of the full size
with fixed random weights (none ship with the convolutions), converted without retraining.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tdsnn_brian.conversion.affine import Affine
from tdsnn_brian.conversion.correction import Correction, correct
from tdsnn_brian.conversion.graph import End, Graph, Input, Neurons, Role
from tdsnn_brian.conversion.to_network import to_network
from tdsnn_brian.conversion.weights import take_inputs
from tdsnn_brian.errors import InvalidInputError
from tdsnn_brian.layers import Conv2D, Dense, Layer, MaxPool2D
from tdsnn_brian.network import SpikingNetwork

from ..data.imagenet import MEAN, STD, Convolution, trained_convolutions

_CONVOLUTIONS = {
    # name, stride, padding; a pool's name is followed by its size
    "vgg16": [
        item
        for block, count in enumerate((2, 2, 3, 3, 3), start=1)
        for item in [
            *((f"conv{block}_{k}", 1, 1) for k in range(1, count + 1)),
            (f"pool{block}", 2),
        ]
    ],
    "alexnet": [
        ("conv1", 4, 2),
        ("pool1", 3),
        ("conv2", 1, 2),
        ("pool2", 3),
        ("conv3", 1, 1),
        ("conv4", 1, 1),
        ("conv5", 1, 1),
        ("pool5", 3),
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
    layers = plain_layers(name, convolutions, side=side, dense=dense, seed=seed)
    correction = Correction(leak=leak, scale=scale, compensate=True, silent_zeros=silent_zeros)
    network = to_network(correct(_graph(name, layers), correction))
    return replace(network, layers=tuple(map(_in_float32, network.layers)))


def _graph(name: str, layers: list[Layer]) -> Graph:
    """The chain of `layers`, the normalisation of the image folded into the first one."""
    nodes = [
        Input(
            name="image", label="image", kind="Input", inputs=(), input_shape=layers[0].input_shape
        )
    ]
    for layer in layers:
        role = Role.POOLING if isinstance(layer, MaxPool2D) else Role.SYNAPTIC
        nodes.append(
            Neurons(
                name=layer.name,
                label=layer.name,
                kind=type(layer).__name__,
                inputs=(nodes[-1].name,),
                layer=layer,
                role=role,
            )
        )
    normalization = Affine(centre=np.array(MEAN), factor=1 / np.array(STD))
    nodes[1] = take_inputs(nodes[1], normalization)
    return Graph(
        name=name, nodes=tuple(nodes), ends=(End(nodes[-1].name, layers[-1].output_shape),)
    )


def _in_float32(layer: Layer) -> Layer:
    """Borders of a layer are summed up in float64."""
    bias = getattr(layer, "bias", None)
    return layer if bias is None else replace(layer, bias=bias.astype(np.float32))


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
            layer = MaxPool2D(
                name=item[0], input_shape=shape, pool_size=(item[1],) * 2, strides=(2, 2)
            )
        else:
            kernel, bias = next(kernels)
            layer = Conv2D(
                name=item[0],
                input_shape=shape,
                kernel=kernel,
                bias=bias,
                strides=(item[1],) * 2,
                padding=((item[2],) * 2,) * 2,
            )
        layers.append(layer)
        shape = layer.output_shape
    for index, units in enumerate(dense, start=6):
        n_in = int(np.prod(shape))
        weights = rng.standard_normal((n_in, units), np.float32) * np.float32((2 / n_in) ** 0.5)
        layers.append(
            Dense(
                name=f"dense{index}",
                input_shape=shape,
                weights=weights,
                bias=np.zeros(units, np.float32),
            )
        )
        shape = (units,)
    return layers
