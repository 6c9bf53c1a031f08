"""The command `tdsnn`; what it needs comes with the extra `validation`."""

import os
import sys

from ..errors import TDSNNError
from ..extras import missing_extra


def main() -> None:
    """Run a command; exit with 2 for an error that the user can mend, 1 for a failed check."""
    os.environ.setdefault("MPLBACKEND", "agg")
    try:
        from .app import app

        app(prog_name="tdsnn")
    except TDSNNError as error:
        _stop(str(error))
    except ImportError as error:
        missing = missing_extra(error)
        if missing is None:
            raise
        _stop(str(missing))


def _stop(why: str) -> None:
    print(f"error: {why}", file=sys.stderr)
    sys.exit(2)
