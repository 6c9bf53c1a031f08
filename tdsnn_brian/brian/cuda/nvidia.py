"""What this machine has of CUDA: a compiler, cuRAND, and a driver with a card."""

import ctypes
import os
import shutil
from pathlib import Path

from ...errors import UnsupportedDeviceError

_USUAL = ("/usr/local/cuda", "/opt/cuda")
_DRIVER = "libcuda.so.1"
_NAME_BYTES = 256
_MAJOR, _MINOR = 75, 76  # attributes of a device


def find_compiler(toolkit: str | None = None) -> Path:
    """Path of nvcc: of a toolkit's directory, of CUDA_PATH, on PATH or in the usual places.

    Raises
    ------
    UnsupportedDeviceError
        If there is none.
    """
    named = toolkit or os.environ.get("CUDA_PATH")
    folders = [named] if named else list(_USUAL)
    on_path = None if named else shutil.which("nvcc")
    candidates = [on_path, *(str(Path(folder, "bin", "nvcc")) for folder in folders)]
    for candidate in filter(None, candidates):
        if os.access(candidate, os.X_OK):
            return Path(candidate)
    raise UnsupportedDeviceError(
        f"CUDA's compiler nvcc was not found (looked in {', '.join(filter(None, candidates))}); "
        "install the CUDA toolkit and let CUDA_PATH name its directory"
    )


def check_curand(compiler: Path) -> None:
    """Refuse a toolkit without cuRAND, which some packages leave out.

    Raises
    ------
    UnsupportedDeviceError
        Naming the places that were looked at.
    """
    folders = [
        *(Path(folder) for folder in os.environ.get("CPATH", "").split(os.pathsep) if folder),
        compiler.resolve().parents[1] / "include",
        *(Path(folder, "include") for folder in (os.environ.get("CUDA_PATH"), *_USUAL) if folder),
    ]
    if not any((folder / "curand_kernel.h").is_file() for folder in folders):
        raise UnsupportedDeviceError(
            "cuRAND's header curand_kernel.h was not found (looked in "
            f"{', '.join(map(str, dict.fromkeys(folders)))}); it is a part of the CUDA toolkit "
            "that some packages leave out: install libcurand-dev, or nvidia-curand from PyPI"
        )


def find_cards() -> list[str]:
    """Names of the cards that the driver offers.

    Raises
    ------
    UnsupportedDeviceError
        If no driver can be loaded, or it has no card; what it said.
    """
    try:
        driver = ctypes.CDLL(_DRIVER)
    except OSError as error:
        raise UnsupportedDeviceError(
            f"no NVIDIA driver can be loaded ({error}); a GPU needs one, which the toolkit does "
            "not bring along"
        ) from error
    count = ctypes.c_int()
    for call, arguments in (("cuInit", (0,)), ("cuDeviceGetCount", (ctypes.byref(count),))):
        if code := getattr(driver, call)(*arguments):
            raise UnsupportedDeviceError(
                f"the NVIDIA driver offers no card: {call}() gave the error {code}"
                f"{_said(driver, code)}; look at nvidia-smi and at CUDA_VISIBLE_DEVICES"
            )
    if not count.value:
        raise UnsupportedDeviceError(
            "the NVIDIA driver offers no card; look at nvidia-smi and at CUDA_VISIBLE_DEVICES"
        )
    names = []
    for number in range(count.value):
        name = ctypes.create_string_buffer(_NAME_BYTES)
        driver.cuDeviceGetName(name, _NAME_BYTES, number)
        names.append(name.value.decode())
    return names


def compute_capability(number: int = 0) -> float:
    """Of one of `find_cards`, such as 9.0; for where nvidia-smi, which Brian2CUDA asks, is not."""
    driver, parts = ctypes.CDLL(_DRIVER), []
    driver.cuInit(0)
    for attribute in (_MAJOR, _MINOR):
        part = ctypes.c_int()
        driver.cuDeviceGetAttribute(ctypes.byref(part), attribute, number)
        parts.append(part.value)
    return float(f"{parts[0]}.{parts[1]}")


def _said(driver: ctypes.CDLL, code: int) -> str:
    text = ctypes.c_char_p()
    driver.cuGetErrorString(code, ctypes.byref(text))
    return f" ({text.value.decode()})" if text.value else ""


def check_gpu(toolkit: str | None = None, *, curand: bool = False) -> None:
    """Refuse a machine on which a program for a card can be neither compiled nor run.

    Raises
    ------
    UnsupportedDeviceError
        Naming the first thing that is missing: nvcc, cuRAND where it is needed, the driver or the
        card.
    """
    compiler = find_compiler(toolkit)
    if curand:
        check_curand(compiler)
    find_cards()
