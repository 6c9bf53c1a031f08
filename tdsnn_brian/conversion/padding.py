"""Zero padding as Keras counts it."""

from ..layers import Padding, Pair

NO_PADDING: Padding = ((0, 0), (0, 0))


def same_padding(size: int, window: int, stride: int, dilation: int = 1) -> Pair:
    """Positions that padding='same' adds before and after an axis of `size` positions."""
    reach = (window - 1) * dilation + 1
    total = max((-(-size // stride) - 1) * stride + reach - size, 0)
    return total // 2, total - total // 2


def add_padding(first: Padding, second: Padding) -> Padding:
    """Both paddings in a row, `second` around `first`."""
    (top, bottom), (left, right) = first
    (more_top, more_bottom), (more_left, more_right) = second
    return (top + more_top, bottom + more_bottom), (left + more_left, right + more_right)
