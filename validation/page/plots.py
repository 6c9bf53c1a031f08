"""A matplotlib figure as a part of the page, with the words that stand for it."""

import base64
import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import matplotlib
import matplotlib.ticker
import numpy as np
from matplotlib.figure import Figure

from tdsnn_brian.plots import COLOURS

COLORS = COLOURS
BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK = COLORS
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)), (0, (8, 2)))
INHIBITORY, ACTIVE, INK, SOFT = "#d9d5e8", "#fbe3b8", "#1b2a49", "#666677"

_PIXELS_PER_INCH = 110

matplotlib.rcParams.update(
    {
        "font.size": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": "#667",
        "axes.prop_cycle": matplotlib.cycler(color=COLORS, linestyle=DASHES),
        "svg.fonttype": "path",
        "svg.hashsalt": "tdsnn-brian",
        # a layer's name is text, never mathematics
        "text.parse_math": False,
    }
)


@dataclass(frozen=True, kw_only=True)
class Plot:
    """A picture as a data address, and what it shows in words."""

    name: str
    source: str
    alt: str
    caption: str
    width: int
    """In CSS pixels, where there is room."""
    photo: bool = False
    """Whether it is a photograph, whose colours a dark page leaves as they are."""


def styles() -> Iterator[dict]:
    """Colours with line styles, so that no line is told from another by its colour alone."""
    for index in count():
        yield {
            "color": COLORS[index % len(COLORS)],
            "ls": DASHES[(index + index // len(COLORS)) % len(DASHES)],
            "lw": 1.3,
        }


def plot(
    figure: Figure, *, name: str, alt: str, caption: str, kind: str = "svg", photo: bool = False
) -> Plot:
    """Turn a matplotlib figure into a `Plot`; `kind` is ``"svg"`` or ``"png"``."""
    buffer = io.BytesIO()
    metadata = {"Date": None} if kind == "svg" else {"Software": None}
    figure.savefig(buffer, format=kind, dpi=160, metadata=metadata, transparent=not photo)
    mime = {"svg": "image/svg+xml", "png": "image/png"}[kind]
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    source = f"data:{mime};base64,{data}"
    width = round(_PIXELS_PER_INCH * figure.get_figwidth())
    return Plot(name=name, source=source, alt=alt, caption=caption, width=width, photo=photo)


def new_figure(width: float, height: float, rows: int = 1, columns: int = 1, **options):
    """A figure without pyplot's global state, and its axes as a (rows, columns) array."""
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False, **options)


def plain_logarithmic(axis) -> None:
    """Label decades by plain numbers: names must stay text, so there is no mathematical text."""
    axis.set_major_formatter(matplotlib.ticker.FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(matplotlib.ticker.NullFormatter())


def logarithmic_if_positive(axes) -> None:
    """A logarithmic vertical axis; a plain one where all values are 0 and have no logarithm."""
    if any(np.nanmax(line.get_ydata(), initial=0) > 0 for line in axes.lines):
        axes.set_yscale("log")
        plain_logarithmic(axes.yaxis)
