"""The HTML page of a validation: one file, nothing loaded from elsewhere."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from .plots import Plot

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a table: heading, key in each row, and how values are shown."""

    title: str
    key: str
    style: str = "text"


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One value of the summary with a name."""

    title: str
    path: str
    style: str = "number"


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows that stand in the summary under `path`, for example ``"layers"``.

    `filter_by` names the key of a column to filter by, `total` the path of a last row.
    """

    path: str
    columns: tuple[Column, ...]
    caption: str = ""
    filter_by: str | None = None
    total: str | None = None


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One of several things to look at: what it is called, and its plots."""

    title: str
    plots: tuple[Plot, ...]


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of the page: a title, paragraphs, single values, tables, plots, terms, equations."""

    id: str
    title: str
    text: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    tables: tuple[Table, ...] = ()
    plots: tuple[Plot, ...] = ()
    choices: tuple[Choice, ...] = ()
    terms: tuple[tuple[str, str], ...] = ()
    code: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Banner:
    """A verdict at the head of the page: pass, fail, undecided or missing."""

    kind: str
    title: str
    says: str


def columns(*described: tuple) -> tuple[Column, ...]:
    """Columns from (title, key, style), text if there is no style."""
    return tuple(
        Column(title=title, key=key, style=style[0] if style else "text")
        for title, key, *style in described
    )


def facts(*described: tuple) -> tuple[Fact, ...]:
    """Facts from (title, path, style), a number if there is no style."""
    return tuple(
        Fact(title=title, path=path, style=style[0] if style else "number")
        for title, path, *style in described
    )


def show(value, style: str) -> str:
    """A value of the summary as the page and the terminal show it."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    match style:
        case "share":
            # 99.9996 % must not read as all
            percent = f"{100 * value:.2f}"
            return f"{100 * value:.4f} %" if percent == "100.00" and value < 1 else f"{percent} %"
        case "count":
            return f"{value:,}"
        case "plain":
            return f"{value}"
        case "whole":
            return f"{value:,.0f}"
        case "number":
            return f"{value:,.0f}" if 1000 <= abs(value) < 1e9 else f"{value:.3g}"
        case "fixed":
            return f"{value:.2f}"
    return str(value)


def look_up(summary: dict, path: str):
    """The value under a path such as ``"layers.0.name"``."""
    value = summary
    for key in path.split("."):
        value = value[int(key)] if isinstance(value, list) else value[key]
    return value


def render(
    summary: dict,
    sections: Iterable[Section],
    *,
    title: str,
    banners: Iterable[Banner] = (),
    files: Iterable[str] = (),
) -> str:
    """The page as text.

    Parameters
    ----------
    summary : dict
        Every number on the page is looked up here.
    sections : iterable of Section
    title : str
    banners : iterable of Banner, optional
    files : iterable of str, optional
        Names of files in the same folder to link to.
    """
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

    def number(path: str, style: str = "number") -> Markup:
        value = look_up(summary, path)
        return Markup('<data value="{}" data-path="{}" data-style="{}">{}</data>').format(
            "" if value is None else value, path, style, show(value, style)
        )

    return environment.get_template("page.html").render(
        summary=summary,
        sections=list(sections),
        title=title,
        banners=list(banners),
        files=list(files),
        number=number,
        look_up=lambda path: look_up(summary, path),
    )
