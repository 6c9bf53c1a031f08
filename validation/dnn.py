"""The Keras model beside the network: its logits for the same images."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tdsnn_brian import SpikingNetwork
from tdsnn_brian.errors import InvalidInputError

if TYPE_CHECKING:
    import keras

_TINY = 1e-12


def logits(model: "keras.Model", network: SpikingNetwork, images: NDArray) -> NDArray:
    """What `model` gives for `images`, (n_images, *output shape), before softmax or sigmoid.

    Parameters
    ----------
    model : keras.Model
    network : SpikingNetwork
        Made from it.
    images : ndarray
        (n_images, *network.input_shape), as the network takes them.

    Raises
    ------
    InvalidInputError
        If the model takes or gives other shapes than the network.
    """
    takes = tuple(model.input_shape[1:])
    if takes != images.shape[1:] and takes == (images.shape[-1], *images.shape[1:-1]):
        images = np.moveaxis(images, -1, 1)
    if takes != images.shape[1:]:
        raise InvalidInputError(
            f"the Keras model {model.name!r} takes images of the shape {takes}, and network "
            f"{network.name!r} takes {images.shape[1:]}; give the model that the network was "
            "converted from"
        )
    outputs = np.asarray(model.predict(images, batch_size=100, verbose=0), np.float64)
    match _ending(model):
        case "softmax":
            outputs = np.log(np.maximum(outputs, _TINY))
        case "sigmoid":
            inside = np.clip(outputs, _TINY, 1 - _TINY)
            outputs = np.log(inside) - np.log1p(-inside)
    if outputs.shape[1:] != network.output.shape:
        raise InvalidInputError(
            f"the Keras model {model.name!r} gives outputs of the shape {outputs.shape[1:]}, and "
            f"network {network.name!r} gives {network.output.shape}; give the model that the "
            "network was converted from"
        )
    return outputs


def _ending(model: "keras.Model") -> str:
    """Name of the activation that the model ends in."""
    last = model.layers[-1]
    if hasattr(last, "layers"):
        return _ending(last)
    if type(last).__name__ == "Softmax":
        return "softmax"
    activation = getattr(last, "activation", None)
    return getattr(activation, "__name__", "linear")
