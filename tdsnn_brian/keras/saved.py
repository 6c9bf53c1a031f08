"""Keras models from files."""

import inspect
from os import PathLike
from typing import Any

import keras
from keras import layers as kl

from ..errors import InvalidInputError, TDSNNError
from .reverse_coding import ReverseCoding


def read_model(
    path: str | PathLike,
    *,
    remedy: str = "give a .keras file, or an .h5 file of a whole model",
    error: type[TDSNNError] = InvalidInputError,
) -> keras.Model:
    """A model from a file, adapted or not, without its optimizer, which may be another backend's.

    ``.h5`` files that Keras 2 wrote are read too: it said ``groups`` of depthwise, separable and
    transposed convolutions, which had no use for them, and Keras 3 refuses the word.

    Parameters
    ----------
    path : path
    remedy : str, optional
        What to do where it cannot be read.
    error : type, optional
        What is raised then.

    Raises
    ------
    TDSNNError
        If the file holds no model that Keras can read.

    Examples
    --------
    >>> import keras, os, tempfile
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)])
    >>> path = os.path.join(tempfile.mkdtemp(), "model.keras")
    >>> model.save(path)
    >>> read_model(path).output_shape
    (None, 3)
    """
    try:
        return keras.models.load_model(path, compile=False, custom_objects=_OF_KERAS_2)
    except Exception as cause:  # whatever the bytes of a damaged file may lead to
        raise error(f"{path} cannot be read as a Keras model ({cause}); {remedy}") from cause


class _WithoutGroups:
    """What an .h5 file of Keras 2 is read with in place of a layer: it makes the layer itself."""

    def __init__(self, layer: type[kl.Layer]):
        self._layer = layer

    def from_config(self, config: dict[str, Any]) -> kl.Layer:
        groups = config.get("groups", 1)
        if groups != 1:
            raise ValueError(f"{self._layer.__name__} {config.get('name')!r} has groups={groups}")
        return self._layer.from_config({k: v for k, v in config.items() if k != "groups"})


_OF_KERAS_2 = {
    name: _WithoutGroups(layer)
    for name, layer in vars(kl).items()
    if inspect.isclass(layer)
    and "Conv" in name
    and "groups" not in inspect.signature(layer).parameters
}


def is_adapted(model: keras.Model) -> bool:
    """Whether reverse coding is in it, so that it is no longer the DNN as trained."""
    return any(isinstance(layer, ReverseCoding) for layer in model._flatten_layers())
