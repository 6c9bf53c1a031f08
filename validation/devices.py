"""Which Brian2 device or code generation target a simulation runs on."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from tdsnn_brian.errors import InvalidInputError

DEVICES = ("cpp_standalone", "cython", "numpy", "cuda", "genn", "genn-gpu")
GENN = ("genn", "genn-gpu")
_BRIAN2_NAMES = {"cuda": "cuda_standalone", "genn-gpu": "genn"}
_PACKAGES = {
    # what brings a device that Brian2 has not: package, its name, how to get it
    "cuda": ("brian2cuda", "Brian2CUDA", "run make cuda, or in Python 3.12 or newer", "cuda"),
    "genn": ("brian2genn", "Brian2GeNN", "run make genn, or in Python 3.11", "genn"),
}
FLOAT_TYPES = ("float64", "float32")
# What is set here, and what Brian2GeNN sets when it is activated.
_CHANGED = (
    "core.default_float_dtype",
    "codegen.target",
    "codegen.generators.cpp.restrict_keyword",
    "codegen.loop_invariant_optimisations",
    "core.network.default_schedule",
)
NO_COMPILER = (
    "no C++ compiler was found (looked for $CXX, g++, c++ and clang++), so Brian2 ran on its "
    "numpy target; the firing times are the same, it only takes longer"
)


def find_compiler() -> str | None:
    """Path of a C++ compiler, or None."""
    import os

    names = (os.environ.get("CXX", "").split(" ")[0], "g++", "c++", "clang++")
    return next((path for name in names if name and (path := shutil.which(name))), None)


def choose_device(name: str | None) -> tuple[str, str | None]:
    """The device to use, and a note to the user if it is not what one would expect.

    Parameters
    ----------
    name : str or None
        One of `DEVICES`; None takes cpp_standalone where there is a compiler, else numpy.

    Raises
    ------
    InvalidInputError
        If there is no such device, or it needs a compiler or a package and none was found.
    """
    if name is None:
        return ("cpp_standalone", None) if find_compiler() else ("numpy", NO_COMPILER)
    if name not in DEVICES:
        raise InvalidInputError(f"device {name!r} is not known; choose from {', '.join(DEVICES)}")
    if name != "numpy" and not find_compiler():
        raise InvalidInputError(
            f"device {name!r} needs a C++ compiler and none was found; install one (for example "
            "g++) or use device numpy"
        )
    _register(name)
    return name, None


def _register(name: str) -> None:
    """Import the package that brings a device, where Brian2 does not have it itself."""
    if name.split("-")[0] not in _PACKAGES:
        return
    package, title, how, extra = _PACKAGES[name.split("-")[0]]
    try:
        import_module(package)
    except ImportError as error:
        raise InvalidInputError(
            f"device {name} needs {title}, which does not import here ({error}); it has an "
            f"environment of its own: {how} pip install 'tdsnn-brian[{extra},validation]'"
        ) from error


@contextmanager
def active_device(
    name: str, directory: Path | None = None, *, float_type: str = "float64", **options
) -> Iterator[None]:
    """Run the block with a Brian2 device active, then go back to the runtime device.

    Parameters
    ----------
    name : str
        One of `DEVICES`. ``"genn"`` is GeNN's CPU backend, ``"genn-gpu"`` its CUDA backend,
        ``"cuda"`` Brian2CUDA.
    directory : Path, optional
        Where a standalone program is kept; a temporary directory if not given.
    float_type : str, optional
        One of `FLOAT_TYPES`.
    **options
        More for `brian2.set_device`.
    """
    from brian2 import device, prefs, set_device

    with _preferences_kept(), TemporaryDirectory(prefix="tdsnn-") as temporary:
        prefs.core.default_float_dtype = getattr(np, float_type)
        if name in ("cython", "numpy"):
            prefs.codegen.target = name
            yield
            return
        if name in GENN:
            options = {"use_GPU": name == "genn-gpu", **options}
        directory = str(directory or temporary)
        _register(name)
        set_device(_BRIAN2_NAMES.get(name, name), directory=directory, with_output=False, **options)
        try:
            yield
        finally:
            device.reinit()
            set_device("runtime")


@contextmanager
def _preferences_kept() -> Iterator[None]:
    from brian2 import prefs

    before = {name: prefs[name] for name in _CHANGED}
    try:
        yield
    finally:
        for name, value in before.items():
            prefs[name] = value
