"""A matplotlib figure as a part of the page, with the words that stand for it."""

import base64
import io
from dataclasses import dataclass

import matplotlib
import matplotlib.ticker
import numpy as np
from matplotlib.figure import Figure

COLORS = ("#1b6ca8", "#b3471b", "#3a7d44", "#7b4b94", "#8a6d00", "#444444", "#c2185b", "#00838f")

matplotlib.rcParams.update(
    {
        "font.size": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.edgecolor": "#667",
        "axes.prop_cycle": matplotlib.cycler(color=COLORS),
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


def plot(figure: Figure, *, name: str, alt: str, caption: str, kind: str = "svg") -> Plot:
    """Turn a matplotlib figure into a `Plot`; `kind` is ``"svg"`` or ``"png"``."""
    buffer = io.BytesIO()
    metadata = {"Date": None} if kind == "svg" else {"Software": None}
    figure.savefig(buffer, format=kind, dpi=160, metadata=metadata)
    mime = {"svg": "image/svg+xml", "png": "image/png"}[kind]
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    return Plot(name=name, source=f"data:{mime};base64,{data}", alt=alt, caption=caption)


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
