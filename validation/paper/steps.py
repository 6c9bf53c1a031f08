"""Long steps that are kept: an interrupted run goes on where it stopped."""

import hashlib
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

from tdsnn_brian import __version__

from ..console import say


class Steps:
    """Results of steps as JSON files, one each, named by the step and its settings.

    Parameters
    ----------
    folder : Path
        Where they are kept.
    fresh : bool
        Whether to measure everything anew.
    """

    def __init__(self, folder: Path, *, fresh: bool = False):
        self.folder, self.fresh = folder, fresh
        folder.mkdir(parents=True, exist_ok=True)
        self.seconds = 0.0

    def __call__(self, name: str, settings: dict, measure: Callable[[], dict]) -> dict:
        """The result of `measure`, or what it gave before.

        What is kept counts for the same name, settings and version of this package.
        """
        text = json.dumps({**settings, "version": __version__}, sort_keys=True)
        file = self.folder / f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:10]}.json"
        if not self.fresh and file.is_file():
            try:
                kept = json.loads(file.read_text())
                self.seconds += kept["seconds"]
                return kept["result"]
            except (ValueError, KeyError):
                pass  # damaged: measured anew
        start = time.perf_counter()
        result = measure()
        elapsed = time.perf_counter() - start
        self.seconds += elapsed
        draft = file.with_suffix(f".{os.getpid()}.draft")
        draft.write_text(
            json.dumps({"settings": settings, "seconds": elapsed, "result": result}, indent=1)
        )
        draft.replace(file)
        shown = ", ".join(f"{key} {value}" for key, value in settings.items())
        say(f"{name} ({shown}): {elapsed:.1f} s")
        return result
