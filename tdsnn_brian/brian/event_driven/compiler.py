"""From a network to a program: a Brian2 standalone project, generated and compiled by a child.

The caller's Brian2 device is left alone.
"""

import json
import os
import pickle
import platform
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from brian2 import prefs

import tdsnn_brian

from ...errors import ProgramError
from ...layers.given import Given
from ...network import SpikingNetwork
from ...provenance import digest, package_digest
from .. import making
from . import cache

_FOREVER = 2**40
_FIELDS = "record.json"
_COMPILER = "codegen.cpp."
_THREADS = "-fopenmp"
_MAKE = ("devices.cpp_standalone.make_cmd_unix", making.PREFERENCE)
_COMPILER_PREFERENCES = tuple(
    _COMPILER + name
    for name in (
        "compiler",
        "define_macros",
        "extra_compile_args",
        "extra_compile_args_gcc",
        "extra_link_args",
        "headers",
        "include_dirs",
        "libraries",
        "library_dirs",
        "runtime_library_dirs",
    )
)


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a program is compiled from; two with the same content are the same program.

    Attributes
    ----------
    network : SpikingNetwork
        As plain data; see `as_given`.
    tick : float
        In seconds.
    steps_per_tick : int
    dtype : str
    record : tuple of str
    preferences : dict
        Brian2's for the compiler.
    """

    network: SpikingNetwork
    tick: float
    steps_per_tick: int
    dtype: str
    record: tuple[str, ...]
    preferences: dict[str, Any]

    @property
    def key(self) -> str:
        return digest(
            package_digest(),
            self,
            version("brian2"),
            version("numpy"),
            sys.version,
            platform.machine(),
            sys.platform,
            _processor(),
        )[:32]


def as_given(network: SpikingNetwork) -> SpikingNetwork:
    """`network` of layers whose classes this package has, and without what no program reads."""
    layers = tuple(
        Given.of(layer, population, population.projections)
        for layer, population in zip(network.layers, network.populations, strict=True)
    )
    return SpikingNetwork(
        layers=layers,
        leak=float(network.leak),
        silent_zeros=bool(network.silent_zeros),
        rounding=network.rounding,
        output_names=tuple(output.name for output in network.outputs),
        image_shape=(network.input.n_neurons,),
    )


def compiler_preferences() -> dict[str, Any]:
    """Brian2's preferences that say how to compile."""
    return {name: prefs[name] for name in _COMPILER_PREFERENCES}


def _processor() -> str:
    """What ``-march=native`` depends on."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line for line in lines if line.startswith("flags")), platform.processor())


def compile_request(request: Request, title: str) -> tuple[Path, list]:
    """Compile a program and keep it.

    Parameters
    ----------
    request : Request
    title : str
        How errors name the network.

    Returns
    -------
    entry : Path
        In the cache.
    fields : list
        Name, type and shape of each field of a record.

    Raises
    ------
    ProgramError
        If it cannot be compiled; with the compiler's last words.
    CacheError
        If it cannot be kept.
    """
    with cache.building() as directory:
        words, done = _run_child(directory, request)
        if not done:
            raise ProgramError(
                f"network {title!r} could not be compiled; check that a C++ compiler and make are "
                f"installed. The last words were:\n{words[-2000:]}"
            )
        fields = json.loads((directory / _FIELDS).read_text())
        files = making.read_when_it_runs(directory)
        return cache.keep(directory, request.key, files, fields), fields


def _run_child(directory: Path, request: Request) -> tuple[str, bool]:
    """What it said, and whether it came to its end."""
    where = {
        "path": [path for path in sys.path if os.path.isabs(path)],
        "package": str(Path(tdsnn_brian.__file__).parent),
    }
    work = {"request": request, "make": [prefs[name] for name in _MAKE]}
    script = Path(__file__).with_name("compile_child.py")
    with tempfile.TemporaryFile() as output:
        child = subprocess.Popen(
            [sys.executable, "-I", str(script), str(directory)],
            cwd=directory,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            child.communicate(json.dumps(where).encode() + b"\n" + pickle.dumps(work))
        except BaseException:
            os.killpg(child.pid, signal.SIGKILL)  # the compiler's processes too
            child.wait()
            raise
        output.seek(0)
        words = output.read().decode(errors="replace").strip()
    return words, child.returncode == 0 and (directory / _FIELDS).is_file()


def _knows_threads(directory: str) -> bool:
    """Whether make's compiler has OpenMP; without, programs are the same but for one core."""
    compiler = os.environ.get("CXX", "g++").split()
    try:
        tried = subprocess.run(
            [*compiler, _THREADS, "-x", "c++", "-", "-o", os.path.join(directory, "threads")],
            input=b"#include <omp.h>\nint main() { return omp_get_max_threads() < 1; }",
            capture_output=True,
        )
    except OSError:
        return False  # make will say what is missing
    return tried.returncode == 0


def build_project(directory: str, work: dict[str, Any]) -> None:
    """In the child: generate and compile the project in `directory`."""
    from brian2 import Clock, Network, device, second, set_device

    from ..naming import Names
    from .build import Shown, add_shared

    request = work["request"]
    prefs.reset_to_defaults()
    for name, value in request.preferences.items():
        prefs[name] = value
    if _knows_threads(directory):
        for name in ("extra_compile_args_gcc", "extra_compile_args", "extra_link_args"):
            if prefs[_COMPILER + name] is not None:
                prefs[_COMPILER + name] = [*prefs[_COMPILER + name], _THREADS]
    for name, value in zip(_MAKE, work["make"], strict=True):
        prefs[name] = value
    prefs.core.default_float_dtype = np.dtype(request.dtype).type
    set_device("cpp_standalone", directory=directory, build_on_run=False)
    network, steps = request.network, request.steps_per_tick
    dt = request.tick / steps * second
    names, net = Names(network), Network()
    parts = add_shared(
        net,
        network,
        Clock(dt, name=names.alone("clock")),
        names,
        Shown(record=request.record, closed=True),
        steps_per_tick=steps,
    )
    net.run(_FOREVER * dt, namespace={})
    with making.economical_make():
        device.build(directory=directory, run=False, compile=True, with_output=False)
    record = parts.readout.record_dtype
    fields = [(name, record[name].base.str, record[name].shape) for name in record.names or ()]
    Path(directory, _FIELDS).write_text(json.dumps(fields))
