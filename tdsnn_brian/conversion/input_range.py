"""Which values the images of a network have, as far as its own scaling tells."""

from collections.abc import Iterable

import numpy as np

from ..image_range import BYTES, UNIT, Range
from .affine import Affine
from .graph import Input, Node, Passive, Reshaping, Scaling, ZeroPadding

_SCALED = (0.4, 8.0)
"""Width of values that networks are trained on once they are scaled: 0..1, -1..1, standardised."""


def found_range(nodes: Iterable[Node]) -> Range | None:
    """The range of images that the scalings at the input were made for; None if they do not say.

    Rescaling(1/255) takes bytes; what is centred on 0.5 takes values up to 1; a model without
    scaling, or one whose scalings contradict each other, says nothing.
    """
    found, highest = None, 1.0
    for node in nodes:
        match node:
            case Input(number_type="uint8"):
                found, highest = BYTES, BYTES[1]
            case Scaling():
                said = _said(node.affine)
                if said is not None and found is not None:
                    if (said == BYTES) != (highest > _SCALED[1]):
                        return None
                elif said is not None:
                    found, highest = said, said[1]
                highest = float(np.abs(node.affine.factor * highest + node.affine.shift).max())
            case Input() | Passive() | Reshaping() | ZeroPadding():
                pass
            case _:
                return found
    return found


def _said(affine: Affine) -> Range | None:
    """What one scaling says of the values that it takes."""
    factor, shift = np.abs(affine.factor), affine.shift
    if affine.centre.any():
        return _range_around(affine)
    low, high = _SCALED
    if (low <= factor * BYTES[1]).all() and (factor * BYTES[1] <= high).all():
        return BYTES
    if np.allclose(factor, BYTES[1], rtol=0.01) or (
        (shift < 0).any()
        and (low <= factor).all()
        and (factor <= high).all()
        and (factor != 1).all()
    ):
        return UNIT
    return None


def _range_around(affine: Affine) -> Range | None:
    """Of a normalisation: means of bytes lie above 1, deviations within 0..1 below a half."""
    centre, factor = affine.centre, np.abs(affine.factor)
    if centre.min() < 0 or centre.max() > BYTES[1]:
        return None
    if centre.max() > 1:
        return BYTES
    return UNIT if (factor[factor != 0] >= 2).all() else None
