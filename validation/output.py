"""Where results are written to, all of a file or nothing."""

import json
from pathlib import Path

from tdsnn_brian.errors import InvalidInputError
from tdsnn_brian.networks.whole_files import write_text


def prepare_directory(output: Path) -> Path:
    """Make the directory that results go to, before anything is worked out."""
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInputError(
            f"output {str(output)!r} is no directory that can be written to ({error}); "
            "name another one"
        ) from error
    return output


def write_json(values: dict, path: Path) -> None:
    """Write plain values; NaN and infinity are none."""
    write_text(json.dumps(values, indent=1, allow_nan=False) + "\n", path)
