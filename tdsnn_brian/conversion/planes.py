"""Shapes as windows see them."""

from math import prod

from ..layers import Shape


def as_plane(shape: Shape) -> Shape:
    """A shape as rows, columns and channels: a line is one row, a vector one position."""
    if len(shape) <= 3:
        return (1,) * (3 - len(shape)) + tuple(shape)
    return (shape[0], prod(shape[1:-1]), shape[-1])
