"""Tables in plain text and in HTML."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True)
class Table:
    """A head, rows and a note below; the first column stands to the left, others to the right.

    Examples
    --------
    >>> print(Table(["layer", "neurons"], [["conv1", "11,520"], ["dense", "500"]]))
    layer  neurons
    --------------
    conv1   11,520
    dense      500
    """

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""

    def __str__(self) -> str:
        lines = [self.head, *self.rows]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        text = [
            "  ".join(
                cell.rjust(width) if place else cell.ljust(width)
                for place, (cell, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
            for line in lines
        ]
        text.insert(1, "-" * (sum(widths) + 2 * (len(widths) - 1)))
        return "\n".join([*text, *([self.note] if self.note else [])])

    def to_html(self) -> str:
        """For notebooks."""
        head = "".join(f"<th>{escape(cell)}</th>" for cell in self.head)
        rows = "".join(
            f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in self.rows
        )
        note = f"<p>{escape(self.note)}</p>" if self.note else ""
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{note}"


def times(shape: Sequence[int]) -> str:
    """A shape as people write it: ``24 x 24 x 20``."""
    return " x ".join(map(str, shape))


def short(value: float) -> str:
    """A number in five characters: ``802k``, ``1.88M``, ``4,667``.

    Examples
    --------
    >>> [short(x) for x in (12.34, 4667, 99_999, 801_958, 1_877_489, 2.5e10)]
    ['12', '4,667', '100k', '802k', '1.88M', '25.0G']
    """
    for size, prefix in ((1e9, "G"), (1e6, "M")):
        if value >= 0.9995 * size:
            return f"{value / size:#.3g}".rstrip(".") + prefix
    return f"{value / 1000:.0f}k" if value >= 9999.5 else f"{value:,.0f}"
