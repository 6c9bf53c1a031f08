"""Images of one's own, from a file."""

import os
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from tdsnn_brian.errors import InvalidInputError
from tdsnn_brian.whole_files import ALONE, ArrayHeader, read_arrays

_REMEDY = "give an .npy file of images, or an .npz file with an array named images"


def read_images(
    path: str | os.PathLike, input_shape: tuple[int, ...]
) -> tuple[NDArray, NDArray | None, list[str]]:
    """Images, labels if there are any, and notes, from an ``.npy`` or ``.npz`` file.

    Parameters
    ----------
    path : path
        An ``.npz`` holds ``images`` and may hold ``labels``.
    input_shape : tuple of int
        Of one image, channels last. A missing axis of one channel is added.

    Returns
    -------
    images : ndarray
        (n_images, *input_shape); bytes are divided by 255.
    labels : ndarray or None
        (n_images,)
    notes : list of str
        What was done to the images.

    Raises
    ------
    InvalidInputError
        If the file is damaged or something else, or its arrays have another shape.
    """
    what = f"the images in {str(path)!r}"

    def check(headers: Mapping[str, ArrayHeader]) -> None:
        images = headers.get("images", headers.get(ALONE))
        if images is None:
            raise InvalidInputError(f"{str(path)!r} holds no array named images; {_REMEDY}")
        if input_shape not in (images.shape[1:], (*images.shape[1:], 1)) or not images.shape:
            raise InvalidInputError(
                f"{what} must have the shape (n, {', '.join(map(str, input_shape))}), channels "
                f"last, got {images.shape}; give images as the network takes them"
            )
        labels = headers.get("labels")
        if labels is not None and labels.shape != images.shape[:1]:
            raise InvalidInputError(
                f"labels in {str(path)!r} must be one number for each of the {images.shape[0]} "
                f"images, got shape {labels.shape}; leave them out, or give one an image"
            )

    arrays = read_arrays(
        path, what="images", remedy=_REMEDY, names=("images", "labels"), check=check
    )
    images, notes = arrays.get("images", arrays.get(ALONE)), []
    if images.dtype == np.uint8:
        images = images.astype(np.float32) / np.float32(255)
        notes.append("Images were bytes and have been divided by 255.")
    return images.reshape(-1, *input_shape), arrays.get("labels"), notes
