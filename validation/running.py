"""Programs that threads wait for, and that end when nobody wants their outcome any more."""

import os
import signal
import subprocess
from collections.abc import Sequence
from concurrent.futures import CancelledError
from contextlib import suppress
from pathlib import Path
from threading import Lock


def end_group(leader: int) -> None:
    """End a process and all that it started, if it leads their group."""
    for end in (os.killpg, os.kill):
        with suppress(ProcessLookupError):
            end(leader, signal.SIGKILL)


class Running:
    """Programs that run now. A Ctrl-C at a terminal is for who waits for them, and ends them."""

    def __init__(self) -> None:
        self._lock, self._ended = Lock(), False
        self._programs: set[subprocess.Popen] = set()

    def run(self, command: Sequence[str], directory: Path) -> subprocess.CompletedProcess[str]:
        """Run a program to its end.

        Raises
        ------
        concurrent.futures.CancelledError
            If `end` was called before.
        """
        with self._lock:
            if self._ended:
                raise CancelledError
            program = subprocess.Popen(
                command,
                cwd=directory,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                start_new_session=True,
            )
            self._programs.add(program)
        try:
            out, err = program.communicate()
        except BaseException:
            end_group(program.pid)
            program.wait()
            raise
        finally:
            with self._lock:
                self._programs.discard(program)
        return subprocess.CompletedProcess(command, program.returncode, out, err)

    def end(self) -> None:
        """End those that run, and start none any more."""
        with self._lock:
            self._ended = True
            for program in self._programs:
                end_group(program.pid)
