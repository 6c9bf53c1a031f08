"""Images of one's own, from a file."""

import os
from collections.abc import Mapping

from numpy.typing import NDArray

from tdsnn_brian.errors import InvalidInputError
from tdsnn_brian.image_range import Range, fitted
from tdsnn_brian.whole_files import ALONE, ArrayHeader, read_arrays

_REMEDY = "give an .npy file of images, or an .npz file with an array named images"
SAY_RANGE = "say it by --image-range, or by convert(..., image_range=...) for good"


def read_images(
    path: str | os.PathLike,
    input_shape: tuple[int, ...],
    image_range: Range | None,
) -> tuple[NDArray, NDArray | None, list[str]]:
    """Images, labels if there are any, and notes, from an ``.npy`` or ``.npz`` file.

    Parameters
    ----------
    path : path
        An ``.npz`` holds ``images`` and may hold ``labels``.
    input_shape : tuple of int
        Of one image, channels last. A missing axis of one channel is added.
    image_range : tuple of float or None
        Values that the network takes; None: unknown.

    Returns
    -------
    images : ndarray
        (n_images, *input_shape); bytes are divided by 255 where the network takes 0 to 1.
    labels : ndarray or None
        (n_images,)
    notes : list of str
        What was done to the images.

    Raises
    ------
    InvalidInputError
        If the file is damaged or something else, its arrays have another shape, or its values
        another range.
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
    images = arrays.get("images", arrays.get(ALONE))
    images, notes = fitted(images, image_range, what=what, remedy=SAY_RANGE)
    return images.reshape(-1, *input_shape), arrays.get("labels"), notes
