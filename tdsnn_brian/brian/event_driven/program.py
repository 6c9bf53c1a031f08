"""Compiled programs that simulate one image after the other, kept for the next call.

A program is a Brian2 standalone project with shared projections (`shared`). It depends on the
network and not on the images: those come through its standard input as firing times, and their
results leave through its standard output, so that memory stays flat however many there are.
"""

import hashlib
import json
import os
import pickle
import platform
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from importlib.metadata import version
from pathlib import Path
from shutil import rmtree

import numpy as np
from brian2 import Quantity, ms, prefs, second
from numpy.typing import DTypeLike, NDArray

from ..discrete import analyse, input_latencies
from ..errors import TDSNNError
from ..spec import MaxPool2D, SpikingNetwork, check_images
from .results import Simulation, from_records
from .timing import choose_steps, choose_windows, in_steps

CACHE_VARIABLE = "TDSNN_CACHE"
_COMPILER_PREFERENCES = (
    "compiler",
    "extra_compile_args",
    "extra_compile_args_gcc",
    "extra_link_args",
    "include_dirs",
    "library_dirs",
    "libraries",
    "define_macros",
)
_FOREVER = 2**40
_CHUNK = 32


class ProgramError(TDSNNError, RuntimeError):
    """A program could not be compiled, or ended before its last image."""


def cache_directory() -> Path:
    """Where programs are kept: ``TDSNN_CACHE``, else ``tdsnn-brian`` in the user's cache.

    It may be deleted at any time; programs are then compiled anew.
    """
    if chosen := os.environ.get(CACHE_VARIABLE):
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base, "tdsnn-brian")


@dataclass(frozen=True, eq=False)
class Program:
    """A compiled network.

    Attributes
    ----------
    network : SpikingNetwork
    directory : Path
    record_dtype : dtype
        What it writes for each image.
    steps_per_tick : int
    compile_seconds : float
        0 if it was found in the cache.
    """

    network: SpikingNetwork
    directory: Path
    record_dtype: np.dtype
    steps_per_tick: int
    compile_seconds: float

    def stream(
        self,
        images: NDArray,
        *,
        window: int | str | Mapping[str, int] = "dynamic",
        processes: int = 1,
        progress: Callable[[float], None] | None = None,
    ) -> "Stream":
        r"""Simulate images and give the results of one after the other.

        Parameters
        ----------
        images : array_like
            (n_images, \*input shape), as for `tdsnn_brian.simulate`; a memory map stays one.
        window : {"dynamic", "fixed"}, int or mapping, optional
            See `tdsnn_brian.build_network`.
        processes : int, optional
            Programs to run side by side, each on its share of the images.
        progress : callable, optional
            Called with the completed share, 0 to 1, after each image.

        Returns
        -------
        Stream
            An iterator of `Simulation`, each of one image, in order.
        """
        images = check_images(self.network, images)
        names = [x.name for x in self.network if not isinstance(x, MaxPool2D)]
        windows = dict.fromkeys(names, -1)
        dynamic = isinstance(window, str) and window == "dynamic"
        if self.network.v_threshold or not dynamic:  # a threshold may be out of reach
            analysis = analyse(self.network, images, window=window)
        if not dynamic:
            chosen = choose_windows(self.network, analysis, window)
            windows = {name: chosen[name] * self.steps_per_tick for name in names}
        return Stream(self, images, list(windows.values()), max(1, processes), progress)


class Stream(Iterator[Simulation]):
    """Results of the images that a `Program` works on, in order; close it to stop early.

    Attributes
    ----------
    peak_bytes : int
        Largest memory of one of the processes, once all images are done; 0 where unknown.
    seconds : float
        Wall time from the first image asked for to the last result.
    """

    def __init__(self, program, images, windows, processes, progress):
        self.peak_bytes, self.seconds = 0, 0.0
        self._results = self._run(program, images, windows, processes, progress)

    def __next__(self) -> Simulation:
        return next(self._results)

    def close(self) -> None:
        """Stop the processes."""
        self._results.close()

    def _run(self, program, images, windows, processes, progress):
        start = time.perf_counter()
        processes = min(processes, len(images))
        workers = [_Worker(program, images[k::processes], windows) for k in range(processes)]
        size = program.record_dtype.itemsize
        try:
            for index in range(len(images)):
                began = time.perf_counter()
                record = np.frombuffer(workers[index % processes].read(size), program.record_dtype)
                seconds = {"compile": 0.0, "run": time.perf_counter() - began}
                result = from_records(program.network, record, program.steps_per_tick, seconds)
                if progress is not None:
                    progress((index + 1) / len(images))
                if index == len(images) - 1:
                    self.seconds = time.perf_counter() - start
                    self.peak_bytes = max(worker.peak_bytes() for worker in workers)
                yield result
        finally:
            for worker in workers:
                worker.close()


class _Worker:
    """One running program and the thread that feeds it."""

    def __init__(self, program: Program, images: NDArray, windows: list[int]):
        self.results = tempfile.TemporaryDirectory(prefix="tdsnn-")
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [str(program.directory / "main"), "--results_dir", f"{self.results.name}/"],
            cwd=program.directory,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
        )
        self.thread = threading.Thread(
            target=self._feed, args=(program, images, windows), daemon=True
        )
        self.thread.start()

    def _feed(self, program, images, windows):
        try:
            self.process.stdin.write(np.array(windows, np.int64).tobytes())
            for start in range(0, len(images), _CHUNK):
                latencies = input_latencies(program.network, images[start : start + _CHUNK])
                for row in in_steps(latencies, program.steps_per_tick).astype(np.int32):
                    self.process.stdin.write(row.tobytes())
                    self.process.stdin.flush()
        except OSError:
            pass  # it has ended; the reader says why

    def read(self, size: int) -> bytes:
        content = self.process.stdout.read(size)
        if len(content) < size:
            code = self.process.wait()
            self.errors.seek(0)
            reason = self.errors.read().decode(errors="replace").strip()
            raise ProgramError(
                f"the compiled network ended too early with exit code {code}"
                f"{': ' + reason if reason else ''}; free memory or disk space, or delete "
                f"{cache_directory()} to have it compiled anew"
            )
        return content

    def peak_bytes(self) -> int:
        try:
            status = Path(f"/proc/{self.process.pid}/status").read_text()
        except OSError:
            return 0
        return next(
            (int(x.split()[1]) * 1024 for x in status.splitlines() if x.startswith("VmHWM")), 0
        )

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.thread.join()
        for pipe in (self.process.stdin, self.process.stdout, self.errors):
            try:
                pipe.close()
            except OSError:
                pass
        self.results.cleanup()


def compile_program(
    network: SpikingNetwork,
    *,
    tick: Quantity = 1 * ms,
    dt: Quantity | None = None,
    dtype: DTypeLike | None = None,
    record: tuple[str, ...] | None = None,
) -> Program:
    """Compile a network, or find it compiled.

    Parameters
    ----------
    network : SpikingNetwork
    tick, dt : Quantity, optional
        See `build_network`.
    dtype : optional
        float32 or float64; Brian2's ``core.default_float_dtype`` if not given.
    record : tuple of str, optional
        Layers whose firing times are wanted; all if not given.

    Raises
    ------
    ProgramError
        If it cannot be compiled; with the compiler's last words.
    """
    _, steps = choose_steps(network, tick, dt)
    description = {
        "network": network,
        "tick": float(tick / second),
        "steps": steps,
        "dtype": np.dtype(dtype or prefs.core.default_float_dtype).name,
        "record": None if record is None else tuple(record),
        "compiler": {name: prefs[f"codegen.cpp.{name}"] for name in _COMPILER_PREFERENCES},
    }
    directory = cache_directory() / _key(description)
    start = time.perf_counter()
    if not (directory / "record.json").is_file():
        _compile(description, directory)
        elapsed = time.perf_counter() - start
    else:
        elapsed = 0.0
    record_fields = json.loads((directory / "record.json").read_text())
    dtype = np.dtype([(name, kind, tuple(shape)) for name, kind, shape in record_fields])
    return Program(network, directory, dtype, steps, elapsed)


def _key(description) -> str:
    """Hash of everything that the program depends on."""
    digest = hashlib.sha256()

    def add(*values):
        for value in values:
            if isinstance(value, np.ndarray):
                digest.update(f"{value.dtype}{value.shape}".encode())
                digest.update(np.ascontiguousarray(value))
            else:
                digest.update(f"{value!r}\n".encode())

    here = Path(__file__).parent
    sources = [here / f"{name}.py" for name in ("program", "projections", "shared", "sleeping")]
    for path in sorted([*sources, *here.glob("templates/*")]):
        digest.update(path.read_bytes())
    network = description["network"]
    add(float(network.leak), network.silent_zeros, float(network.v_threshold))
    for layer in network:
        add(type(layer).__name__, *(getattr(layer, item.name) for item in fields(layer)))
    add({key: value for key, value in description.items() if key != "network"})
    add(version("brian2"), version("numpy"), platform.machine(), sys.platform, _processor())
    return digest.hexdigest()[:32]


def _processor() -> str:
    """What ``-march=native`` depends on."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line for line in lines if line.startswith("flags")), platform.processor())


def _compile(description, directory: Path) -> None:
    """Compile in a process of its own, so that the caller's Brian2 device is left alone."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(dir=directory.parent, prefix=".building-"))
    try:
        with tempfile.TemporaryFile() as output:
            child = subprocess.run(
                [
                    sys.executable,
                    "-c",
                    "from tdsnn_brian.brian.program import _build; _build()",
                    str(building),
                ],
                input=pickle.dumps(description),
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )
            output.seek(0)
            words = output.read().decode(errors="replace").strip()
        if child.returncode or not (building / "record.json").is_file():
            raise ProgramError(
                f"network {description['network'].name!r} could not be compiled; check that a "
                f"C++ compiler and make are installed. The last words were:\n{words[-2000:]}"
            )
        try:
            building.rename(directory)
        except OSError:  # somebody else was quicker
            if not (directory / "record.json").is_file():
                raise
    finally:
        rmtree(building, ignore_errors=True)


def _build() -> None:
    """In the child: generate and compile the project in the directory that is named."""
    from brian2 import Clock, Network, device, set_device

    from .shared import add_shared

    (building,) = map(Path, sys.argv[1:])
    description = pickle.load(sys.stdin.buffer)  # from the parent process, nowhere else
    for name, value in description["compiler"].items():
        prefs[f"codegen.cpp.{name}"] = value
    prefs.core.default_float_dtype = np.dtype(description["dtype"]).type
    set_device("cpp_standalone", directory=str(building), build_on_run=False)
    steps = description["steps"]
    dt = description["tick"] / steps * second
    net = Network()
    parts = add_shared(
        net,
        description["network"],
        Clock(dt, name="tdsnn_clock"),
        steps_per_tick=steps,
        latencies=None,
        record=description["record"],
    )
    parts.readout.streaming = True
    net.run(_FOREVER * dt, namespace={})
    device.build(directory=str(building), run=False, compile=True, with_output=False)
    for path in building.rglob("*.o"):
        path.unlink()
    record = parts.readout.record_dtype
    spec = [(name, record[name].base.str, record[name].shape) for name in record.names]
    (building / "record.json").write_text(json.dumps(spec))
