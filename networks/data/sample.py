"""The test digits that ship with the project, so that it can be tried without a data set."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tdsnn_brian.errors import InvalidInputError
from tdsnn_brian.whole_files import read_arrays

SAMPLE = Path(__file__).parents[1] / "samples" / "mnist-test-1000.npz"


def sample_digits(n: int | None = None) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return the first `n` digits of the MNIST test set.

    Parameters
    ----------
    n : int, optional
        How many; default: all that ship, 1,000.

    Returns
    -------
    images : ndarray of float32 (n, 28, 28, 1)
        Values 0 .. 1, as `networks.load_model("lenet")` takes them.
    labels : ndarray of int64 (n,)

    Raises
    ------
    InvalidInputError
        If `n` is not a whole number from 1 to 1,000.
    """
    arrays = read_arrays(SAMPLE, remedy="check it out anew", names=("images", "labels"))
    images, labels = arrays["images"], arrays["labels"]
    if n is None:
        n = len(images)
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or not 1 <= n <= len(images):
        raise InvalidInputError(
            f"n must be a whole number from 1 to {len(images)}, got {n!r}; for more digits load "
            'the data set with networks.data.load_dataset("mnist")'
        )
    pixels = images[:n, :, :, None].astype(np.float32) / np.float32(255)
    return pixels, labels[:n].astype(np.int64)
