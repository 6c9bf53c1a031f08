"""Pictures in files such as JPEG, decoded with their faults named."""

from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from tdsnn_brian.errors import InvalidInputError


def read_picture(
    source: Path | BinaryIO, which: str, *, size: tuple[int, int], scaled: bool = False
) -> NDArray[np.float32]:
    """A picture (rows, columns, 3), values 0 .. 1.

    Parameters
    ----------
    source : path or file
    which : str
        What it is called in the message of an error.
    size : tuple of int
        Rows and columns that it must have.
    scaled : bool, optional
        Whether a picture of another size is scaled to it, instead of refused.

    Raises
    ------
    InvalidInputError
        If it is damaged, something else, or of another size.
    """
    from PIL import Image

    height_last = size[::-1]
    try:
        with Image.open(source) as picture:
            if not scaled and picture.size != height_last:
                raise ValueError(f"it has {picture.size} pixels, not {height_last}")
            pixels = picture.convert("RGB")
            if scaled:
                pixels = pixels.resize(height_last, Image.BILINEAR)
            return np.asarray(pixels).astype(np.float32) / np.float32(255)
    except Exception as error:  # whatever the bytes of a damaged file may lead to
        raise InvalidInputError(
            f"picture {which!r} cannot be read ({error}); it is damaged or something else, so "
            "fetch it anew"
        ) from error
