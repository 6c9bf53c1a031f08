"""Numbers of operations, and the energy of computing them."""

from collections.abc import Mapping
from dataclasses import dataclass

ADDITION, MULTIPLICATION = 0.9, 3.7
"""Picojoules; see `Operations.energy`."""


@dataclass(frozen=True, kw_only=True)
class Operations:
    """Mean number of operations for one image; `+` and `sum` add them up."""

    additions: float = 0.0
    multiplications: float = 0.0
    comparisons: float = 0.0

    @property
    def total(self) -> float:
        """Additions and multiplications, the paper's total."""
        return self.additions + self.multiplications

    @property
    def total_with_comparisons(self) -> float:
        return self.total + self.comparisons

    @property
    def energy(self) -> float:
        """Of the computing alone, without memory and transport: an estimate in picojoules.

        32-bit floating point in 45 nm (Horowitz, ISSCC 2014): 0.9 pJ an addition, which is an AC,
        and 3.7 pJ a multiplication, together the 4.6 pJ of a MAC.

        Examples
        --------
        >>> round(Operations(additions=1, multiplications=1).energy, 6)
        4.6
        """
        return ADDITION * self.additions + MULTIPLICATION * self.multiplications

    @property
    def energy_with_comparisons(self) -> float:
        """A comparison counts as an addition."""
        return self.energy + ADDITION * self.comparisons

    def times(self, factor: float) -> "Operations":
        """All numbers multiplied by `factor`."""
        return Operations(
            additions=factor * self.additions,
            multiplications=factor * self.multiplications,
            comparisons=factor * self.comparisons,
        )

    def __add__(self, other: "Operations") -> "Operations":
        return Operations(
            additions=self.additions + other.additions,
            multiplications=self.multiplications + other.multiplications,
            comparisons=self.comparisons + other.comparisons,
        )


Counted = dict[str, Operations]


def total(counted: Mapping[str, Operations]) -> Operations:
    """Sum over the layers."""
    return sum(counted.values(), Operations())
