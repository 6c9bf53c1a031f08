"""Settings of the coding, and those that a search tries."""

from dataclasses import dataclass, replace

from .coding import ROUNDINGS, check_rounding


@dataclass(frozen=True, kw_only=True)
class Setting:
    """How reverse coding is put into a model: arguments of `tdsnn_brian.adapt`.

    Attributes
    ----------
    leak, scale, input_steps, silent_zeros, rounding
        See `tdsnn_brian.adapt`.
    calibration : bool
        Whether channels are corrected on some images.

    Examples
    --------
    >>> print(Setting(leak=5, scale=3, rounding="nearest"))
    leak=5, scale=3, rounding='nearest'
    """

    leak: float
    scale: float = 1.0
    input_steps: int = 1
    silent_zeros: bool = False
    rounding: str = "up"
    calibration: bool = False

    def __post_init__(self) -> None:
        check_rounding(self.rounding)

    def __str__(self) -> str:
        parts = [f"leak={self.leak:g}", f"scale={self.scale:g}"]
        if self.input_steps > 1:
            parts.append(f"input_steps={self.input_steps}")
        if self.silent_zeros:
            parts.append("silent_zeros=True")
        if self.rounding != "up":
            parts.append(f"rounding={self.rounding!r}")
        if self.calibration:
            parts.append("calibration=images")
        return ", ".join(parts)


LEAKS = (1.0, 1.5, 2.0, 3.0, 5.0, 8.0, 12.0)
SCALES = (1.0, 3.0, 10.0)

COARSE = (
    *(Setting(leak=leak, scale=scale) for leak in LEAKS for scale in SCALES),
    Setting(leak=8.0, scale=10.0, input_steps=4),
    Setting(leak=16.0, scale=10.0, input_steps=4),
)
"""What a search begins with."""


def variations(setting: Setting) -> list[Setting]:
    """Settings that may make more of the same leak and scale."""
    return [
        replace(setting, rounding="nearest"),
        replace(setting, calibration=True),
        replace(setting, input_steps=4),
        replace(setting, input_steps=4, calibration=True),
        replace(setting, silent_zeros=True, calibration=True),
    ]


def between(setting: Setting) -> list[Setting]:
    """Settings of smaller leaks than one that does, which may do too."""
    near = [
        replace(
            setting,
            leak=float(f"{share * setting.leak:.2g}"),
            scale=factor * setting.scale,
            input_steps=input_steps,
            rounding=rounding,
        )
        for share in (0.3, 0.4, 0.5, 0.65, 0.8)
        for factor in (1.0, 3.0)
        for input_steps in (setting.input_steps, 4)
        for rounding in ROUNDINGS
    ]
    return list(dict.fromkeys(near))
