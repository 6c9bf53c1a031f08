"""Long steps that are kept: an interrupted run goes on where it stopped."""

import time
from collections.abc import Callable
from pathlib import Path

from ..console import say
from ..kept import Kept


class Steps:
    """Results of steps, kept in a folder.

    Parameters
    ----------
    folder : Path
        Where they are kept.
    fresh : bool
        Whether to measure everything anew.
    """

    def __init__(self, folder: Path, *, fresh: bool = False):
        self._kept, self._fresh = Kept(folder), fresh
        self.seconds = 0.0

    def __call__(
        self, name: str, settings: dict, content: str, measure: Callable[[], dict]
    ) -> dict:
        """The result of `measure`, or what it gave before.

        Parameters
        ----------
        name : str
        settings : dict
            How it is measured.
        content : str
            Digest of the models and data that it is measured on.
        measure : callable
        """
        found = None if self._fresh else self._kept.find(name, settings, content)
        if found is None:
            start = time.perf_counter()
            result = measure()
            elapsed = time.perf_counter() - start
            found = self._kept.keep(name, {"seconds": elapsed, "result": result}, settings, content)
            shown = ", ".join(f"{key} {value}" for key, value in settings.items())
            say(f"{name} ({shown}): {elapsed:.1f} s")
        self.seconds += found["seconds"]
        return found["result"]
