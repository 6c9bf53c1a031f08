"""The command `tdsnn`; what it needs comes with the extra `validation`."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from ..arguments import shown
from ..errors import TDSNNError
from ..extras import missing_extra


def main() -> None:
    """Run a command; exit with 2 for an error that the user can mend, 1 for a failed check."""
    os.environ.setdefault("MPLBACKEND", "agg")
    os.environ.setdefault("PYTHONSAFEPATH", "1")  # processes run nothing of the current directory
    with telling_errors():
        try:
            from .app import app

            app(prog_name="tdsnn")
        except ImportError as error:
            missing = missing_extra(error)
            if missing is None or isinstance(error, TDSNNError):
                raise
            _stop(str(missing))


@contextmanager
def telling_errors() -> Iterator[None]:
    """Tell an error that the user can mend without a traceback, and exit with 2; 130 at Ctrl-C."""
    try:
        yield
    except (TDSNNError, OSError) as error:  # such as a full disk
        _stop(str(error))
    except KeyboardInterrupt:
        sys.exit(130)


def _stop(why: str) -> None:
    print(f"error: {shown(why, keep=chr(10))}", file=sys.stderr)
    sys.exit(2)
