"""Programs at work: what is sent to them, what is read from them, and how they end."""

import atexit
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from io import BufferedReader
from math import ceil, log
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...analysis.closed_form import (
    WindowChoice,
    analyse,
    check_window,
    choose_windows,
    input_latencies,
)
from ...arguments import check_function, is_count
from ...errors import InvalidInputError, ProgramError
from ...firing_times import in_steps
from ...machine import available_bytes, cores
from ...network import SpikingNetwork, check_images
from ...results import Result, joined
from ..naming import Names
from ..result import Simulation
from . import cache
from .cache import DIRECTORY_VARIABLE
from .image_input import PARENT_VARIABLE, as_steps
from .records import HEADER, RecordReader, header_of

if TYPE_CHECKING:
    from .program import Program

_CHUNK = 32
_PIPE_BYTES = 2**20  # what Linux grants everybody
_BYTES, _BYTES_PER_NEURON = 2**26, 32  # of a program, a generous guess


@dataclass(frozen=True, kw_only=True)
class Showing:
    """Images for a program, checked.

    Attributes
    ----------
    images : ndarray
        (n_images, *input shape)
    windows : tuple of int
        Of each population that integrates, in steps; -1 until all spikes have come.
    most_steps : int
        No image takes as many.
    processes : int
        Programs side by side.
    threads : int
        Of each of them.
    progress : callable or None
        Told the completed share after each image.
    """

    images: NDArray
    windows: tuple[int, ...]
    most_steps: int
    processes: int = 1
    threads: int = 1
    progress: Callable[[float], None] | None = None

    @classmethod
    def of(
        cls,
        network: SpikingNetwork,
        images: NDArray,
        steps_per_tick: int,
        *,
        window: WindowChoice = "dynamic",
        processes: int | None = None,
        threads: int | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> "Showing":
        """What `Program.stream` takes.

        Raises
        ------
        InvalidInputError, WindowTooShortError
            If something of it is impossible.
        """
        images = check_images(network, images)
        check_window(network, window)
        for name, value in (("processes", processes), ("threads", threads)):
            if value is not None and not is_count(value):
                raise InvalidInputError(
                    f"{name} must be a whole number of 1 or more, got {value!r}; leave it out to "
                    "have it chosen by the machine"
                )
        check_function("progress", progress, "the completed share")
        extremes = np.array([images.min(), images.max()])
        last = network.input.code(network.input_values(extremes)).max(keepdims=True)
        as_steps(in_steps(last, steps_per_tick))
        dynamic = isinstance(window, str) and window == "dynamic"
        chosen: Mapping[str, int] = {}
        if not dynamic or any(population.v_threshold for population in network.populations):
            chosen = choose_windows(network, _windows(network, images, window), window)
        windows = tuple(
            -1 if dynamic else chosen[population.name] * steps_per_tick
            for population in network.integrating
        )
        return cls(
            images=images,
            windows=windows,
            **_workers(network, len(images), processes, threads),
            progress=progress,
            most_steps=_most_steps(network, steps_per_tick) + sum(max(w, 0) for w in windows),
        )


def _workers(
    network: SpikingNetwork, n_images: int, processes: int | None, threads: int | None
) -> dict[str, int]:
    """Programs side by side and the threads of each, for all cores where they are not given.

    Images are shared out before layers are, as far as there is memory for so many programs.
    """
    if processes is None:
        n_neurons = sum(population.n_neurons for population in network.populations)
        free = available_bytes()
        fit = cores() if free is None else free // (_BYTES_PER_NEURON * n_neurons + _BYTES)
        processes = max(1, min(cores() // (threads or 1), n_images, fit))
    return {"processes": int(processes), "threads": int(threads or max(1, cores() // processes))}


def _windows(network: SpikingNetwork, images: NDArray, window: WindowChoice) -> Result:
    """The windows of an analysis, which is not kept whole; thresholds out of reach are named."""
    together = any(population.v_threshold for population in network.populations)
    size = len(images) if together else _CHUNK  # their windows are those of all images
    parts = []
    for start in range(0, len(images), size):
        found = analyse(network, images[start : start + size], window=window)
        parts.append(Result(latencies={}, windows=found.windows, potentials=found.potentials))
    return joined(parts)


def _most_steps(network: SpikingNetwork, steps_per_tick: int) -> int:
    """What an image cannot take: no neuron's activation is beyond the largest number."""
    longest = log(np.finfo(np.float64).max)
    ticks = sum(
        ceil(population.leak * longest) + population.bias_latency + population.hops + 3
        for population in network.integrating
    )
    return (ticks + ceil(network.input.leak * longest)) * steps_per_tick


class Stream(Iterator[Simulation]):
    """Results of the images that a `Program` works on, in order; close it to stop early.

    Attributes
    ----------
    program : Program
    peak_bytes : int
        Largest memory of one of the processes, once all images are done; 0 where unknown.
    seconds : float
        Wall time from the first image asked for to the last result.
    """

    def __init__(self, program: "Program", showing: Showing):
        self.program = program
        self.peak_bytes, self.seconds = 0, 0.0
        self._results = self._run(program, showing)

    def __next__(self) -> Simulation:
        return next(self._results)

    def close(self) -> None:
        """Stop the processes."""
        self._results.close()

    def _run(self, program: "Program", showing: Showing) -> Generator[Simulation, None, None]:
        start, n_images = time.perf_counter(), len(showing.images)
        processes = min(showing.processes, n_images)
        reader = RecordReader(
            program.network, Names(program.network), program.record_dtype, program.steps_per_tick
        )
        with ExitStack() as at_the_end:
            workers: list[_Worker] = []
            for k in range(processes):
                workers.append(_Worker(program, showing, k, processes))
                at_the_end.callback(workers[-1].close)
            for index in range(n_images):
                began = time.perf_counter()
                record = workers[index % processes].read(index // processes)
                seconds = {"compile": 0.0, "run": time.perf_counter() - began}
                result = reader.read(record, seconds)
                if showing.progress is not None:
                    showing.progress((index + 1) / n_images)
                if index == n_images - 1:
                    self.seconds = time.perf_counter() - start
                    self.peak_bytes = max(worker.peak_bytes() for worker in workers)
                yield result


class _Worker:
    """One running program, for every n-th image, and the thread that feeds it."""

    def __init__(self, program: "Program", showing: Showing, first: int, processes: int):
        self.program, self.showing = program, showing
        self.images = showing.images[first::processes]
        self.failure: Exception | None = None
        self.results = tempfile.TemporaryDirectory(prefix="tdsnn-")
        self.errors = tempfile.TemporaryFile()
        try:
            self.process = subprocess.Popen(
                [str(program.directory / "main"), "--results_dir", f"{self.results.name}/"],
                cwd=program.directory,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self.errors,
                start_new_session=True,  # a Ctrl-C is for the reader
                env={
                    **os.environ,
                    PARENT_VARIABLE: str(os.getpid()),
                    "OMP_NUM_THREADS": str(showing.threads),
                    "OMP_WAIT_POLICY": "passive",  # others may need the cores between two steps
                },
            )
        except OSError as error:
            raise ProgramError(
                f"the compiled network in {str(program.directory)!r} cannot be started: "
                f"{error.strerror}; call it again if somebody removed it meanwhile, or keep "
                f"programs where they can be run, by {DIRECTORY_VARIABLE}"
            ) from None
        assert self.process.stdin is not None
        assert isinstance(self.process.stdout, BufferedReader)
        self.to_program, self.from_program = self.process.stdin, self.process.stdout
        _widen(self.from_program)
        self.thread = threading.Thread(target=self._feed, daemon=True)
        self.thread.start()
        atexit.register(self.close)  # where an interrupted reader has not been closed

    def _feed(self) -> None:
        try:
            header = np.array([self.showing.most_steps, *self.showing.windows], np.int64)
            self.to_program.write(header.tobytes())
            for start in range(0, len(self.images), _CHUNK):
                latencies = input_latencies(
                    self.program.network, self.images[start : start + _CHUNK]
                )
                for row in as_steps(in_steps(latencies, self.program.steps_per_tick)):
                    self.to_program.write(row.tobytes())
                    self.to_program.flush()
        except BrokenPipeError:
            pass  # it has ended; the reader says why
        except Exception as error:
            self.failure = error  # for the reader
            with suppress(OSError):
                self.to_program.close()  # the end of the images is the program's

    def read(self, image: int) -> NDArray:
        """The record of its image of that index.

        Raises
        ------
        ProgramError
            If the program ended, or wrote something else.
        Exception
            What kept it from being fed.
        """
        dtype = self.program.record_dtype
        record = np.empty(1, dtype)
        content = memoryview(record.view(np.uint8).data)
        header = content[: HEADER.itemsize]
        self._read(header)
        if header != header_of(image, dtype.itemsize):
            self._discard()
        if image == 0:
            self._check_size()
        self._read(content[len(header) :])
        return record

    def _read(self, place: memoryview) -> None:
        if self.from_program.readinto(place) < len(place):
            self._explain_end()

    def _check_size(self) -> None:
        if cache.is_cut_short(self.program.directory):
            self._discard()

    def _discard(self) -> None:
        cache.discard(self.program.directory)
        raise ProgramError(
            "the compiled network wrote something else than its results, as one does that is "
            "damaged; it was removed and will be compiled anew at the next call"
        )

    def _explain_end(self) -> None:
        if self.failure is not None:
            raise self.failure
        self._check_size()
        code = self.process.wait()
        self.errors.seek(0)
        reason = self.errors.read().decode(errors="replace").strip()
        raise ProgramError(
            f"the compiled network ended too early with exit code {code}"
            f"{': ' + reason if reason else ''}; free memory or disk space, or delete "
            f"{self.program.directory} to have it compiled anew"
        )

    def peak_bytes(self) -> int:
        try:
            status = Path(f"/proc/{self.process.pid}/status").read_text()
        except OSError:
            return 0
        return next(
            (int(x.split()[1]) * 1024 for x in status.splitlines() if x.startswith("VmHWM")), 0
        )

    def close(self) -> None:
        atexit.unregister(self.close)
        self.process.kill()
        self.process.wait()
        self.thread.join()
        for pipe in (self.to_program, self.from_program, self.errors):
            with suppress(OSError):
                pipe.close()
        self.results.cleanup()


def _widen(pipe: IO[bytes]) -> None:
    """Let a program go on while its last results are read, where the system can."""
    with suppress(ImportError, OSError):
        from fcntl import F_SETPIPE_SZ, fcntl

        fcntl(pipe, F_SETPIPE_SZ, _PIPE_BYTES)
