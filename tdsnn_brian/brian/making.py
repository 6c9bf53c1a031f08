"""How make is called where this package builds a standalone program.

Brian2 starts one compiler for each of a hundred files at once, and each of them reads the same
headers again.
"""

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import Path

from brian2 import get_device, prefs

from ..machine import cores
from .devices import is_standalone

PREFERENCE = "devices.cpp_standalone.extra_make_args_unix"
_MAKEFILE = Path(__file__).with_name("templates") / "precompiled.mk"


def make_arguments(preferred: Sequence[object]) -> list[str]:
    """The arguments preferred, but no more jobs than processors, and headers compiled once."""
    given = [str(argument) for argument in preferred]
    bounded = [
        f"-j{cores()}" if argument in ("-j", "--jobs") and not after.isdigit() else argument
        for argument, after in zip_longest(given, given[1:], fillvalue="")
    ]
    return [*bounded, "-f", "makefile", "-f", shlex.quote(str(_MAKEFILE)), "DEPS="]


@contextmanager
def economical_make() -> Iterator[None]:
    """Within it, the active device calls make with `make_arguments`, if it calls it at all."""
    preferred = prefs[PREFERENCE]
    if is_standalone(get_device()):
        prefs[PREFERENCE] = make_arguments(preferred)
    try:
        yield
    finally:
        prefs[PREFERENCE] = preferred
