"""Affine maps of values, one for all of them, one a channel, or one a value."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..layers import Padding, Shape

_NOTHING = np.zeros(())


@dataclass(frozen=True, kw_only=True, eq=False)
class Affine:
    """`(x - centre) * factor + offset`, in float64.

    Each part is one number (shape ()), one a channel (the last axis), or one a value (the full
    shape of the values).
    """

    factor: NDArray = field(default_factory=lambda: np.ones(()))
    offset: NDArray = field(default_factory=lambda: _NOTHING)
    centre: NDArray = field(default_factory=lambda: _NOTHING)

    @property
    def shift(self) -> NDArray:
        """Offset of the same map with the centre 0."""
        return self.offset - self.centre * self.factor

    @property
    def is_shift(self) -> bool:
        """Whether it only adds something."""
        return self.factor.ndim == 0 and self.factor == 1 and not self.centre.any()

    @property
    def is_channelwise(self) -> bool:
        """Whether it does the same at all positions."""
        return max(self.factor.ndim, self.offset.ndim, self.centre.ndim) < 2

    @property
    def is_identity(self) -> bool:
        return bool((self.factor == 1).all() and not self.shift.any())

    @property
    def is_positive(self) -> bool:
        """Whether it maps values that are not negative to such values."""
        return bool((self.factor >= 0).all() and (self.shift >= 0).all())

    @property
    def is_one_positive(self) -> bool:
        """Whether it is positive, with one factor and one offset for all values."""
        is_one = self.factor.ndim == self.shift.ndim == 0
        return bool(is_one and self.factor > 0 and self.shift >= 0)

    def then(self, other: "Affine") -> "Affine":
        """Both maps in a row, `other` behind."""
        return Affine(
            factor=other.factor * self.factor, offset=other.factor * self.shift + other.shift
        )

    def reshaped(self, old: Shape, new: Shape) -> "Affine":
        """For the same values in another shape."""
        return self._mapped(lambda part: _reshaped(part, old, new))

    def arranged(self, places: NDArray, shape: Shape) -> "Affine":
        """For values of `shape` that are taken from other places; -1 is a zero and stays one."""
        stands = places >= 0
        shift = self.shift
        if shift.any():
            shift = np.broadcast_to(shift, shape).ravel()[places]
            shift = compact(np.where(stands, shift, 0.0))
        factor = self.factor
        if factor.ndim:
            channels = places.shape[-1]
            factor = np.broadcast_to(factor, shape).ravel()[places].reshape(-1, channels)
            there = stands.reshape(-1, channels)
            first = factor[there.argmax(axis=0), np.arange(channels)]
            factor = compact(np.where(there, factor, first).reshape(places.shape))
        return Affine(factor=factor, offset=shift)

    @staticmethod
    def concatenated(parts: Sequence["Affine"], shapes: Sequence[Shape], axis: int) -> "Affine":
        """For the values of each of `shapes` behind each other."""

        def joined(name: str) -> NDArray:
            numbers = [getattr(part, name) for part in parts]
            if all(x.ndim == 0 and x == numbers[0] for x in numbers):
                return numbers[0]
            whole = [np.broadcast_to(x, shape) for x, shape in zip(numbers, shapes, strict=True)]
            return compact(np.concatenate(whole, axis))

        return Affine(factor=joined("factor"), offset=joined("shift"))

    def padded(self, padding: Padding, shape: Shape) -> "Affine":
        """For values of `shape` with zeros around them, which stay zeros."""
        width = (*padding, (0, 0))
        factor, shift = self.factor, self.shift
        if factor.ndim > 1:
            factor = np.pad(factor, width, mode="edge")
        if shift.any():
            shift = compact(np.pad(np.broadcast_to(shift, shape), width))
        return Affine(factor=factor, offset=shift)

    def _mapped(self, function: Callable[[NDArray], NDArray]) -> "Affine":
        return Affine(
            **{name: function(getattr(self, name)) for name in ("factor", "offset", "centre")}
        )


def _reshaped(part: NDArray, old: Shape, new: Shape) -> NDArray:
    if part.ndim == 0 or (part.ndim == 1 and old[-1] == new[-1]):
        return part
    return compact(np.broadcast_to(part, old).reshape(new))


def compact(values: NDArray) -> NDArray:
    """One number a channel where it is the same at all positions, else the values as they are."""
    if values.ndim < 2:
        return values
    positions = values.reshape(-1, values.shape[-1])
    return positions[0].copy() if (positions == positions[0]).all() else values
