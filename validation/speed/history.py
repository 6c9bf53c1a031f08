"""What the benchmark measured before, by commit and machine, and the ratios to it."""

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import tdsnn_brian
from tdsnn_brian import __version__

FIGURES = ("ms_per_image", "seconds_per_image", "compile_seconds", "peak_mib", "peak_gib")


def commit() -> str:
    """The commit that is measured, marked where files differ from it; without git the version."""
    try:
        found = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=12"],
            cwd=Path(tdsnn_brian.__file__).parent,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return __version__
    return found.stdout.strip()


def remember(path: Path, part: str, figures: dict, machine: dict) -> dict | None:
    """Add a line to a history; gives the last entry of the same part and machine before it.

    Parameters
    ----------
    path : Path
        A file of JSON lines. Lines that are none are left as they are, and say nothing.
    """
    before = [x for x in read(path) if x.get("part") == part and x.get("machine") == machine]
    entry = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "machine": machine,
        "part": part,
        "figures": figures,
    }
    torn = path.is_file() and not path.read_bytes().endswith(b"\n")  # as on a disk that was full
    with path.open("a", encoding="utf-8") as file:
        file.write("\n" * torn + json.dumps(entry, allow_nan=False) + "\n")
    return before[-1] if before else None


def read(path: Path) -> list[dict]:
    """All entries, the oldest first."""
    entries = []
    if path.is_file():
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if isinstance(entry, dict):
                entries.append(entry)
    return entries


def ratios(figures: dict, before: dict) -> dict[str, float]:
    """Times and memory now over those before, where both have them, by their names."""
    now, then = dict(_leaves(figures)), dict(_leaves(before))
    return {name: now[name] / then[name] for name in now if then.get(name)}


def _leaves(figures: dict, prefix: str = "") -> list[tuple[str, float]]:
    found = []
    for name, value in figures.items():
        if isinstance(value, dict):
            found += _leaves(value, f"{prefix}{name}.")
        elif name in FIGURES and isinstance(value, int | float):
            found.append((f"{prefix}{name}", float(value)))
    return found
