"""Keras models from files."""

from os import PathLike

import keras

from ..errors import InvalidInputError, TDSNNError
from .reverse_coding import ReverseCoding


def read_model(
    path: str | PathLike,
    *,
    remedy: str = "give a .keras file",
    error: type[TDSNNError] = InvalidInputError,
) -> keras.Model:
    """A model from a file, adapted or not, without its optimizer, which may be another backend's.

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
    """
    try:
        return keras.models.load_model(path, compile=False)
    except Exception as cause:  # whatever the bytes of a damaged file may lead to
        raise error(f"{path} cannot be read as a Keras model ({cause}); {remedy}") from cause


def is_adapted(model: keras.Model) -> bool:
    """Whether reverse coding is in it, so that it is no longer the DNN as trained."""
    return any(isinstance(layer, ReverseCoding) for layer in model._flatten_layers())
