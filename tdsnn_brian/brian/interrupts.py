"""Running a network to its end, or saying that it was not.

Brian2 makes a stop of Ctrl-C, on its runtime targets and in its C++ programs: a run then comes back
early as if it had been shorter.
"""

import os
import re
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from brian2 import Network, Quantity, get_device, prefs
from brian2.utils.logger import std_silent

from ..errors import RunError
from .devices import is_runtime

_STOPS = "core.stop_on_keyboard_interrupt"


@contextmanager
def raising_interrupts() -> Iterator[None]:
    """Let Ctrl-C raise `KeyboardInterrupt`, and end programs that are made here by it."""
    known = _STOPS in prefs  # Brian2 2.5 does not turn it into a stop
    before = prefs[_STOPS] if known else None
    if known:
        prefs[_STOPS] = False
    try:
        with _interrupts_noted():
            yield
    finally:
        if known:
            prefs[_STOPS] = before
        Network._globally_running = False  # Brian2 leaves it set after an exception


@contextmanager
def _interrupts_noted() -> Iterator[None]:
    """Raise a Ctrl-C at the end if Python dropped it, as it does while it removes an object.

    Brian2 has all unused objects removed at the start of each run.
    """
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield
        return
    came = False

    def note(number: int, frame: FrameType | None) -> None:
        nonlocal came
        try:
            before(number, frame)
        except KeyboardInterrupt:
            came = True
            raise

    signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if came:
        raise KeyboardInterrupt


def run_whole(net: Network, duration: Quantity, **options: Any) -> None:
    """Run a network for all of `duration`.

    Parameters
    ----------
    net : brian2.Network
    duration : Quantity
    **options
        For `Network.run`.

    Raises
    ------
    KeyboardInterrupt
        If Ctrl-C came, to this process or to the compilers that it waits for.
    RunError
        If something else stopped it, or a standalone program could not be made or ended early.
    """
    until = float(net.t) + float(duration)
    device = get_device()
    with raising_interrupts():
        try:
            net.run(duration, namespace={}, **options)
        except RuntimeError as error:
            if is_runtime(device) or not str(error).startswith("Project"):
                raise
            if _was_interrupted(str(error)):
                raise KeyboardInterrupt from error
            raise RunError(
                f"the program of network {net.name!r} did not come to its end: {error}; look at "
                "the compiler's output (set_device(..., debug=True)), and for free memory and "
                f"disk space{_last_lines()}"
            ) from error
    if abs(float(net.t) - until) > 1e-9 * until or not completed(device):
        raise RunError(
            f"network {net.name!r} was stopped at {net.t!s} before its end; run it again"
        )


def _was_interrupted(failure: str) -> bool:
    """Whether it was Ctrl-C that ended make: while `os.system` waits, Python is not told of it."""
    found = re.search(r"error code: (\d+)", failure)
    if found is None or os.name != "posix":
        return False
    ended = os.waitstatus_to_exitcode(int(found[1]))
    return ended in (-signal.SIGINT, 128 + signal.SIGINT)  # the latter: as a shell says it


def _last_lines(most: int = 12) -> str:
    """What was written last by the commands that Brian2 keeps silent."""
    file = getattr(std_silent, "dest_fname_stderr", None)
    if file is None or not Path(file).is_file():
        return ""
    lines = Path(file).read_text(errors="replace").splitlines()[-most:]
    return "\n".join(["; the last that was said:", *lines]) if lines else ""


def completed(device: Any) -> bool:
    """Whether the last run of a standalone device came to its end, as far as it tells."""
    share = getattr(device, "_last_run_completed_fraction", None)
    return is_runtime(device) or share is None or not 0 <= share < 1
