"""Which neuron of a source stands where a window slides: slices, permutations, copies, gaps."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..errors import InvalidInputError


@dataclass(frozen=True, kw_only=True, eq=False)
class Reads:
    """The positions before a window, each with the neuron that it shows.

    Attributes
    ----------
    places : ndarray of int
        (rows, columns, channels) index of a neuron of the source, in C order of its shape; -1
        where none stands, as in a padding.
    n_inputs : int
        Neurons of the source.

    Examples
    --------
    >>> mirrored = Reads(places=np.array([[[2], [1], [-1]]]), n_inputs=3)
    >>> mirrored.placed(np.array([[5.0, 6.0, 7.0]]), nothing=0).ravel().tolist()
    [7.0, 6.0, 0.0]
    """

    places: NDArray
    n_inputs: int

    def __post_init__(self) -> None:
        places = self.places
        whole = isinstance(places, np.ndarray) and places.dtype.kind in "iu"
        if not (whole and places.size and -1 <= places.min() and places.max() < self.n_inputs):
            raise InvalidInputError(
                f"reads must be an array of indices below {self.n_inputs}, the number of neurons "
                "that are read, and -1 where none stands"
            )

    def placed(self, values: NDArray, nothing: float) -> NDArray:
        """(n, *places.shape): `values`, (n, ...), where they stand, `nothing` where none does."""
        flat = values.reshape(len(values), -1)
        found = flat[:, self.places]
        if (self.places < 0).any():
            found[:, self.places < 0] = nothing
        return found

    def summed(self, values: NDArray) -> NDArray:
        """(n_inputs,): of `values` at the places, the sum over those of each neuron."""
        stands = self.places >= 0
        sums = np.bincount(self.places[stands], values[stands], self.n_inputs)
        return sums.astype(values.dtype)

    @cached_property
    def seats(self) -> tuple[NDArray, NDArray]:
        """Where each neuron stands: places ``order[first[i] : first[i + 1]]`` for neuron `i`.

        Returns
        -------
        first : ndarray of int
            (n_inputs + 1,)
        order : ndarray of int
            Places in C order of their shape.
        """
        places = self.places.ravel()
        order = np.flatnonzero(places >= 0)
        order = order[np.argsort(places[order], kind="stable")]
        counts = np.bincount(places[order], minlength=self.n_inputs)
        return np.append(0, np.cumsum(counts)), order

    def shown(self, neurons: NDArray) -> NDArray:
        """All places of some neurons."""
        first, order = self.seats
        return np.concatenate(
            [order[first[i] : first[i + 1]] for i in neurons] or [np.empty(0, np.int64)]
        )
