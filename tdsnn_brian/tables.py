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
