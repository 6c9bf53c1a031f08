"""Which Brian2 device or code generation target a simulation runs on."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tdsnn_brian.errors import InvalidInputError

DEVICES = ("cpp_standalone", "cython", "numpy")
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
        If there is no such device, or it needs a compiler and none was found.
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
    return name, None


@contextmanager
def active_device(name: str, directory: Path | None = None) -> Iterator[None]:
    """Run the block with a Brian2 device active, then go back to the runtime device.

    Parameters
    ----------
    name : str
        One of `DEVICES`.
    directory : Path, optional
        Where a standalone program is kept; a temporary directory if not given.
    """
    from brian2 import device, prefs, set_device

    if name != "cpp_standalone":
        before = prefs.codegen.target
        prefs.codegen.target = name
        try:
            yield
        finally:
            prefs.codegen.target = before
        return
    with TemporaryDirectory(prefix="tdsnn-") as temporary:
        set_device("cpp_standalone", directory=str(directory or temporary), with_output=False)
        try:
            yield
        finally:
            device.reinit()
            set_device("runtime")
