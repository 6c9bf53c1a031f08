"""What Brian2GeNN can and cannot do: checked before anything is built.

The model itself is the same on every device. This module finds GeNN, estimates the memory that a
network will take there, and refuses with the reason what would fail late or silently.
"""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from brian2 import Quantity, prefs

from ..engines import require
from ..errors import UnsupportedDeviceError
from ..machine import available_bytes
from ..network import SpikingNetwork
from .cuda.nvidia import check_gpu
from .default_clock import check_default_clock
from .devices import check_compiles_and_runs
from .genn_code import fit_for_a_card

VERSION = "4.9.0"
HOW_TO_GET_GENN = (
    f"install GeNN {VERSION} by its own instructions (github.com/genn-team/genn, release "
    f"{VERSION}; no package index has it) and let the environment variable GENN_PATH name its "
    "directory; its CUDA backend is built if and only if CUDA_PATH is set"
)

_COPIES = 5
_BYTES_A_SPIKE = 40  # recorded in doubling lists, then read and sorted by Python
_PROGRAMS = 250_000_000


def find_genn() -> Path:
    """The directory of GeNN, as Brian2GeNN would find it.

    Raises
    ------
    UnsupportedDeviceError
        If there is none, or it is not GeNN 4; the message says how to get it.
    """
    named = prefs["devices.genn.path"] if "devices.genn.path" in prefs else None
    named = named or os.environ.get("GENN_PATH")
    if not named and (script := shutil.which("genn-buildmodel.sh")):
        named = str(Path(script).parents[1])
    if not named:
        raise UnsupportedDeviceError(f"GeNN was not found: GENN_PATH is not set; {HOW_TO_GET_GENN}")
    path = Path(named)
    if not (path / "bin" / "genn-buildmodel.sh").is_file():
        raise UnsupportedDeviceError(
            f"GENN_PATH={named!r} is no directory of GeNN 4 (it has no bin/genn-buildmodel.sh); "
            f"{HOW_TO_GET_GENN}"
        )
    file = path / "version.txt"
    version = file.read_text().strip() if file.is_file() else "of an unknown version"
    if not version.startswith(("4.8", "4.9")):
        raise UnsupportedDeviceError(
            f"GENN_PATH={named!r} is GeNN {version}, which this Brian2GeNN does not build with; "
            f"{HOW_TO_GET_GENN}"
        )
    return path


def check_device(device: Any) -> None:
    """Refuse what `simulate` cannot get results from.

    Raises
    ------
    UnsupportedDeviceError
        If the device was told not to compile or run, has run before, there is no GeNN, or it is to
        use a GPU and CUDA, a driver or a card is missing.
    """
    options = check_compiles_and_runs(device, "genn")
    if device.run_duration is not None:
        raise UnsupportedDeviceError(
            "GeNN runs once, and the device has run already; pass all images to one simulate(), "
            "or call brian2's device.reinit() and device.activate(...) in between"
        )
    find_genn()
    cuda = os.environ.get("CUDA_PATH") or prefs["devices.genn.cuda_backend.cuda_path"]
    if options.get("use_GPU", True) and not cuda:
        raise UnsupportedDeviceError(
            "the genn device uses a GPU unless told otherwise, and CUDA was not found: let "
            "CUDA_PATH name it, or call set_device('genn', use_GPU=False)"
        )
    if options.get("use_GPU", True):
        check_gpu(cuda, curand=True)


def check_network(network: SpikingNetwork, n_images: int, dt: Quantity) -> None:
    """Refuse a network that cannot be built for the active GeNN device.

    Raises
    ------
    UnsupportedDeviceError
        If neurons that stay silent are to say so, the preferences ask for dense storage, the
        default clock has another step than the network, or the memory does not suffice.
    """
    require("GeNN", network)
    if prefs["devices.genn.connectivity"] != "SPARSE":
        raise UnsupportedDeviceError(
            "prefs.devices.genn.connectivity='DENSE' holds for all Synapses of a network, and "
            "Brian2GeNN writes no valid code for dense synapses without variables, as those of "
            "the ticking neurons are; set it back to 'SPARSE'"
        )
    check_default_clock(dt, "GeNN")
    needed, available = memory(network, n_images), available_bytes()
    if available is not None and sum(needed.values()) > available:
        largest = max(needed, key=lambda part: needed[part])
        remedy = (
            "pass fewer images at a time"
            if largest == "images"
            else ("take a smaller network, or a machine with more memory")
        )
        raise UnsupportedDeviceError(
            f"network {network.name!r} with {n_images} images needs about "
            f"{_gigabytes(sum(needed.values()))} of memory on GeNN and "
            f"{_gigabytes(available)} are available; the largest part, "
            f"{_gigabytes(needed[largest])}, is for {largest!r}: {remedy}"
        )


@contextmanager
def optimised_and_timed(device: Any) -> Iterator[None]:
    """Within it, GeNN's code is made fit for a card (`genn_code`), and runs are timed by the wall.

    For the CPU backend Brian2GeNN lets the compiler optimise nothing; here it is told -O2.
    """
    run, compile_source, compiler = device.run, device.compile_source, os.environ.get("CXX")

    def compiled(debug: bool, directory: str, use_gpu: bool) -> None:
        fit_for_a_card(directory)
        compile_source(debug, directory, use_gpu)

    def timed(*arguments: Any) -> None:
        start = time.perf_counter()
        run(*arguments)
        elapsed = time.perf_counter() - start
        device.timers = {**getattr(device, "timers", {}), "run_binary": elapsed}

    device.run, device.compile_source = timed, compiled
    if not (device.build_options or {}).get("use_GPU", True):
        os.environ["CXX"] = f"{compiler or 'g++'} -O2"
    try:
        yield
    finally:
        del device.run, device.compile_source
        if compiler is None:
            os.environ.pop("CXX", None)
        else:
            os.environ["CXX"] = compiler


def memory(network: SpikingNetwork, n_images: int) -> dict[str, int]:
    """Bytes of main memory that a simulation on GeNN takes, Python included; a little too much.

    A synapse stands in GeNN's ragged matrix (its target and weight, each row as long as the
    longest), in the lists that Brian2's C++ code makes of it, which double as they grow, in the
    arrays that these are read from, and twice in Python.

    Parameters
    ----------
    network : SpikingNetwork
    n_images : int

    Returns
    -------
    dict of str to int
        By layer name, ``"images"`` for all that grows with their number, and ``"programs"``.
    """
    real = np.dtype(prefs.core.default_float_dtype).itemsize
    index = 4
    ends = 2 * index
    place = 8  # where in the matrix a synapse went
    sizes = {}
    for population in network.populations:
        n, synapses = population.n_neurons, population.n_synapses
        matrix = sum(
            projection.n_inputs * projection.largest_fan_out * (index + real)
            for projection in population.projections
        )
        lists = synapses * (_COPIES * (ends + real) + place)
        # release, ticks and done: one synapse each a neuron, without weights
        signals = 3 * n * (_COPIES * ends + index + place)
        sizes[population.name] = matrix + lists + signals
    firing = (network.input, *(x for x in network.populations if x.fires))
    spikes = sum(population.n_neurons for population in firing)
    sizes["images"] = n_images * spikes * _BYTES_A_SPIKE
    sizes["programs"] = _PROGRAMS
    return sizes


def _gigabytes(size: float) -> str:
    return f"{size / 1e9:.3g} GB"
