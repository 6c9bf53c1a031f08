"""What a report is made of, and how it is made."""

from collections.abc import Callable
from dataclasses import dataclass

BASIC = ("answers", "one-image", "cost")
SWEEPS = ("integration", "ticks", "perturbations")
ALL = (*BASIC, *SWEEPS, "physical")

Progress = Callable[[str, float], None]
"""Called with the name of a stage and its completed share, 0 to 1."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a report is made; see `validation.report`."""

    device: str
    float_type: str = "float64"
    dt_per_tick: int = 1
    window: int | str = "fixed"
    parts: tuple[str, ...] = BASIC
    simulate: int | None = None
    sweep_images: int | None = None
    integration_images: int | None = None
    workers: int | None = None
