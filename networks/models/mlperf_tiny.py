"""The reference networks of the MLPerf Tiny benchmark, as its authors trained them with Keras 2.

The files stand in https://github.com/mlcommons/tiny (Apache-2.0), below ``benchmark/training``;
a folder ``mlperf-tiny`` in the directory that ``TDSNN_DATA`` names is where they are looked for.
"""

import os
from typing import TYPE_CHECKING

from tdsnn_brian.errors import InvalidInputError

from ..data.places import find_file

if TYPE_CHECKING:
    import keras

MLPERF_TINY = {
    "resnet8": "resnet8-cifar10.h5",
    "mobilenet": "vww_96.h5",
    "autoencoder": "ad01.h5",
    "wake-word": "str_ww_ref_model.h5",
}
"""Their files; ``pretrainedResnet.h5`` of ``image_classification`` is called as here."""


def mlperf_tiny(name: str, directory: str | os.PathLike | None = None) -> "keras.Model":
    """One of the four networks.

    =============  =================================================  ==========================
    name           what it is                                         takes
    =============  =================================================  ==========================
    `resnet8`      ResNet-8 for CIFAR-10, three Adds                  pixels 0 .. 255
    `mobilenet`    MobileNet, width 0.25, "visual wake words"         96 x 96 pixels 0 .. 1
    `autoencoder`  dense, for anomalies in the sounds of machines     640 log-mel energies in dB
    `wake-word`    depthwise separable, for a stream of sound         30 x 40 log-mel features
    =============  =================================================  ==========================

    Parameters
    ----------
    name : str
        A key of `MLPERF_TINY`.
    directory : path, optional
        The one with the folder ``mlperf-tiny``; default: the environment variable ``TDSNN_DATA``.

    Raises
    ------
    InvalidInputError
        If there is no such network, or the file is damaged.
    DataNotFoundError
        If its file is not found.
    """
    if name not in MLPERF_TINY:
        raise InvalidInputError(
            f"MLPerf Tiny has no network {name!r}; choose from {', '.join(MLPERF_TINY)}"
        )
    from tdsnn_brian.keras import read_model

    return read_model(
        find_file(f"mlperf-tiny/{MLPERF_TINY[name]}", directory=directory),
        remedy="fetch it anew from github.com/mlcommons/tiny",
    )
