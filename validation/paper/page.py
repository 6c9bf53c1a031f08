"""The page of ``python -m validation paper``: every number is looked up in the summary."""

from pathlib import Path

from tdsnn_brian.networks.whole_files import write_text

from ..page.rendering import render
from .sections import sections


def write_page(summary: dict, path: Path) -> None:
    """Write the page in one go."""
    view = {**summary, "rows": _rows(summary)}
    text = render(view, sections(view), title="TDSNN: the paper and this project", failed=None)
    write_text(text, path)


def _rows(summary: dict) -> dict:
    """Tables of the page that stand in the summary in another form."""
    reported = summary["reported"]
    return {
        "networks": summary["networks"],
        "table1": [
            {
                "network": name,
                **values,
                **{
                    f"paper_{key}": value
                    for key, value in _paper(
                        reported["table1"], name, ("dnn_error", "snn_error")
                    ).items()
                },
            }
            for name, values in summary["table1"].items()
        ],
        "figure4": [
            {
                "network": name,
                "L": float(leak),
                "untrained": values.get("untrained"),
                "retrained": values.get("retrained"),
            }
            for name, row in summary["figure4"].items()
            for leak, values in row.items()
        ],
        "table2": [
            {
                "network": name,
                "kind": kind.replace("_", " "),
                **values,
                "paper": _paper(reported["table2"], name, ("total_ratio",))["total_ratio"],
            }
            for name, kinds in summary["table2"].items()
            for kind, values in kinds.items()
        ],
        "max_pool": [
            {**row, "T_m": "all" if row["T_m"] is None else row["T_m"]}
            for row in summary["max_pool"]["feasible"]
        ],
    }


def _paper(table: dict, name: str, keys: tuple[str, ...]) -> dict:
    return {key: table.get(name, {}).get(key) for key in keys}
