"""Zero padding as Keras counts it."""

from ..layers import Padding, Pair

NO_PADDING: Padding = ((0, 0), (0, 0))


def same_padding(size: int, window: int, stride: int, dilation: int = 1) -> Pair:
    """Positions that padding='same' adds before and after an axis of `size` positions."""
    reach = (window - 1) * dilation + 1
    total = max((-(-size // stride) - 1) * stride + reach - size, 0)
    return total // 2, total - total // 2


def add_padding(first: Padding, second: Padding) -> Padding:
    return tuple(
        (before + more_before, after + more_after)
        for (before, after), (more_before, more_after) in zip(first, second, strict=True)
    )
