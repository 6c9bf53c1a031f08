"""Progress on a terminal and elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

PERIOD = 5.0
"""Seconds between lines."""


@contextmanager
def progress_lines() -> Iterator[Callable[[str, float], None]]:
    """A function that takes a stage and its completed share, and prints a line now and then."""
    started: dict[str, float] = {}
    last = time.monotonic()

    def advance(stage: str, share: float) -> None:
        nonlocal last
        now = time.monotonic()
        start = started.setdefault(stage, now)
        if now - last >= PERIOD:
            last = now
            left = f", {(now - start) * (1 - share) / share:.0f} s left" if share else ""
            print(f"{stage}: {100 * share:.0f} %{left}", file=sys.stderr, flush=True)

    yield advance
