"""``python -m tdsnn_brian.brian``: remove kept programs by age and size."""

import argparse
import sys

from ..errors import TDSNNError
from .event_driven.cache import AGE_VARIABLE, SIZE_VARIABLE, cache_directory, trim_cache


def main(arguments: list[str] | None = None) -> None:
    """Trim the cache of compiled programs and say what was removed."""
    parser = argparse.ArgumentParser(
        prog="python -m tdsnn_brian.brian",
        description="Remove what interrupted builds left, and compiled programs that were not "
        "used for long; the oldest go first until the rest fits.",
    )
    parser.add_argument("--gib", type=float, help=f"size to keep to (default: {SIZE_VARIABLE}, 20)")
    parser.add_argument("--days", type=float, help=f"age to keep to (default: {AGE_VARIABLE}, 90)")
    chosen = parser.parse_args(arguments)
    try:
        largest = None if chosen.gib is None else chosen.gib * 2**30
        removed = trim_cache(max_bytes=largest, max_days=chosen.days)
        print(f"removed {removed / 2**20:,.1f} MiB from {cache_directory()}")
    except TDSNNError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
