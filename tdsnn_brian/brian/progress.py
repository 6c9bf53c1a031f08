"""Progress of a run as a number between 0 and 1, from runtime and from standalone programs."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from brian2 import ms
from brian2.devices.device import RuntimeDevice

from .devices import is_program


@contextmanager
def reporting(device: Any, progress: Callable[[float], None] | None) -> Iterator[dict]:
    """Keyword arguments for `Network.run` that let it call `progress`.

    A standalone program writes its progress to a file, which a thread here follows; a device that
    takes no report (GeNN) is left alone.
    """
    if progress is None:
        yield {}
    elif isinstance(device, RuntimeDevice):
        yield {
            "report": lambda elapsed, completed, start, duration: progress(float(completed)),
            "report_period": 200 * ms,
        }
    elif is_program(device):
        with TemporaryDirectory() as folder:
            file = Path(folder, "progress")
            with _follow(file, progress):
                yield {
                    "report": f'std::ofstream("{file.as_posix()}") << completed << std::endl;',
                    "report_period": 200 * ms,
                }
    else:
        yield {}
        progress(1.0)


@contextmanager
def _follow(file: Path, progress: Callable[[float], None]) -> Iterator[None]:
    done = threading.Event()

    def poll() -> None:
        while not done.wait(0.2):
            try:
                progress(float(file.read_text()))
            except (OSError, ValueError):
                continue  # not written yet, or being written

    thread = threading.Thread(target=poll, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
    progress(1.0)
