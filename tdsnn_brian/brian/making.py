"""How make is called where this package builds a standalone program.

Brian2 starts one compiler for each of a hundred files at once, and each of them reads the same
headers again.
"""

import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import zip_longest
from pathlib import Path

from brian2 import get_device, prefs

from ..machine import cores
from .devices import is_cuda, is_standalone

PREFERENCE = "devices.cpp_standalone.extra_make_args_unix"
_HERE = Path(__file__).parent
_TEMPLATES, _CUDA_TEMPLATES = _HERE / "templates", _HERE / "cuda" / "templates"
_WRITTEN = "main.cpp network.cpp run.cpp synapses_classes.cpp code_objects/%"


def read_when_it_runs(project: Path) -> list[str]:
    """The files of a compiled standalone project, by their names in it, that a run needs."""
    return ["main", *(f"static_arrays/{x.name}" for x in project.glob("static_arrays/*"))]


def make_arguments(preferred: Sequence[object]) -> list[str]:
    """The arguments preferred, but no more jobs than processors, and as few sources as jobs."""
    parts = cores()
    objects = [f"joined_{part}_{parts}.o" for part in range(parts)]
    return [
        *_bounded(preferred),
        *_makefiles(_TEMPLATES),
        shlex.quote(f"OBJS=$(ALONE) {' '.join(objects)}"),
        shlex.quote(f"ALONE=$(addsuffix .o,$(basename $(filter-out {_WRITTEN},$(SRCS))))"),
        shlex.quote(f"TOGETHER=$(filter {_WRITTEN},$(SRCS))"),
        "DEPS=",
    ]


def cuda_make_arguments(preferred: Sequence[object]) -> list[str]:
    """The same for a program of Brian2CUDA, of which nvcc compiles all sources as one."""
    no_random_numbers = _path("NO_RANDOM_NUMBERS", _CUDA_TEMPLATES / "no_random_numbers")
    return [
        *_bounded(preferred),
        *_makefiles(_CUDA_TEMPLATES),
        no_random_numbers,
        "OBJS=joined.o",
    ]


def _bounded(preferred: Sequence[object]) -> list[str]:
    given = [str(argument) for argument in preferred]
    return [
        f"-j{cores()}" if argument in ("-j", "--jobs") and not after.isdigit() else argument
        for argument, after in zip_longest(given, given[1:], fillvalue="")
    ]


def _makefiles(templates: Path) -> list[str]:
    return [
        *("-f", "makefile", "-f", shlex.quote(str(templates / "joined.mk"))),
        _path("PYTHON", Path(sys.executable)),
        _path("JOINED", _HERE / "joined.py"),
    ]


def _path(name: str, value: Path) -> str:
    """A variable for a recipe: read by this shell, by make and by the shell that make starts."""
    return shlex.quote(f"{name}={shlex.quote(str(value)).replace('$', '$$')}")


@contextmanager
def economical_make() -> Iterator[None]:
    """Within it, the active device calls make with `make_arguments`, if it calls it at all."""
    preferred, device = prefs[PREFERENCE], get_device()
    if is_standalone(device):
        prefs[PREFERENCE] = make_arguments(preferred)
    if is_cuda(device):
        prefs[PREFERENCE] = cuda_make_arguments(preferred)
    try:
        yield
    finally:
        prefs[PREFERENCE] = preferred
