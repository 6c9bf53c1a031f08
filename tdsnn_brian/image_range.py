"""The values that a network expects its images to have, and images that have others."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .errors import InvalidInputError

Range = tuple[float, float]
"""Lowest and highest value of an image."""

UNIT: Range = (0.0, 1.0)
BYTES: Range = (0.0, 255.0)

_FAR = 10
"""Images that go so many times beyond a range were made for another one."""


def check_range(image_range: Sequence[float] | None) -> Range | None:
    """Return a range as two floats; None where it is unknown.

    Raises
    ------
    InvalidInputError
        If it is not 0, or a number below, and a finite number above.
    """
    if image_range is None:
        return None
    try:
        low, high = (float(value) for value in image_range)
    except (TypeError, ValueError):
        low = high = np.nan
    if not (-np.inf < low <= 0 < high < np.inf):
        raise InvalidInputError(
            f"image_range must be the lowest and the highest value of images, got {image_range!r}; "
            "(0, 1) and (0, 255) are usual, and None says that it is unknown"
        )
    return low, high


def describe(image_range: Range) -> str:
    return f"{image_range[0]:g} to {image_range[1]:g}"


def out_of_range(images: NDArray, image_range: Range | None) -> str | None:
    """What is wrong with images that a network of this range cannot have been trained on.

    Noise and the like may leave the range; images that go far beyond it, or hold nothing but
    values up to 1 where they should go on to 255, are of another one.
    """
    if image_range is None or not images.size:
        return None
    high = image_range[1]
    most = float(images.max())
    if most > high * (1 if images.dtype.kind in "iu" and high <= 1 else _FAR):
        remedy = (
            f"divide them by {BYTES[1] / high:g}" if high < most <= BYTES[1] else "rescale them"
        )
    elif 0 < most <= 1 and high >= _FAR:
        remedy = f"multiply them by {high:g}"
    else:
        return None
    return (
        f"images ({images.dtype}) go up to {most:g}, and the network takes values of "
        f"{describe(image_range)}; {remedy}"
    )


def fitted(
    images: NDArray, image_range: Range | None, *, what: str, remedy: str
) -> tuple[NDArray, list[str]]:
    """Images of a file as a network of this range takes them, and notes on what was done.

    Whole numbers up to 255 are divided by 255 where the network takes values up to 1, and there
    alone.

    Parameters
    ----------
    images : ndarray
    image_range : tuple of float or None
        What the network expects; None: unknown.
    what : str
        The images, for messages.
    remedy : str
        How the range can be said.

    Raises
    ------
    InvalidInputError
        If whole numbers are given and the range is unknown, or the images have another range.
    """
    whole = images.dtype.kind in "iu"
    if whole and image_range is None:
        raise InvalidInputError(
            f"{what} are whole numbers ({images.dtype}), and the network does not say which "
            f"values it takes; {remedy}: 0 255 if it scales them itself, for example by "
            "Rescaling(1/255), 0 1 if it was trained on images divided by 255"
        )
    if whole and image_range == UNIT and 1 < images.max(initial=0) <= BYTES[1]:
        note = "Images were whole numbers up to 255 and have been divided by 255."
        return images.astype(np.float32) / np.float32(BYTES[1]), [note]
    if wrong := out_of_range(images, image_range):
        raise InvalidInputError(f"{what}: {wrong}, or, if the network takes these, {remedy}")
    return images, []
