"""Compiled programs that simulate one image after the other, kept for the next call.

A program is a Brian2 standalone project of event-driven groups. It depends on the network and not
on the images: those come through its standard input as firing times, and their results leave
through its standard output, so that memory stays flat however many there are.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from brian2 import Quantity, ms, prefs
from numpy.typing import DTypeLike, NDArray

from ...engines import require
from ...errors import InvalidInputError
from ...network import SpikingNetwork
from ...results import joined
from ..result import Simulation
from ..timing import choose_steps
from . import cache
from .compiler import Request, as_given, compile_request, compiler_preferences
from .records import check_record
from .stream import Showing, Stream


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
        processes: int | None = None,
        threads: int | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> Stream:
        r"""Simulate images and give the results of one after the other.

        Parameters
        ----------
        images : array_like
            (n_images, \*input shape), as for `tdsnn_brian.simulate`; a memory map stays one.
        window : {"dynamic", "fixed"}, int or mapping, optional
            See `tdsnn_brian.build_network`.
        processes : int, optional
            Programs to run side by side, each on its share of the images; by default as many as
            there are cores, images and memory for.
        threads : int, optional
            Of each program, which share the work on one image; by default those that the other
            programs leave. Neither changes any bit of the results.
        progress : callable, optional
            Called with the completed share, 0 to 1, after each image.

        Returns
        -------
        Stream
            An iterator of `Simulation`, each of one image, in order.
        """
        showing = Showing.of(
            self.network,
            images,
            self.steps_per_tick,
            window=window,
            processes=processes,
            threads=threads,
            progress=progress,
        )
        return Stream(self, showing)


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
    InvalidInputError
        If the network has what no program has, or an argument is impossible.
    ProgramError
        If it cannot be compiled; with the compiler's last words.
    CacheError
        If there is no place to keep it.
    """
    return _compile(network, _request(network, tick, dt, dtype, record))


def stream(
    network: SpikingNetwork,
    images: NDArray,
    *,
    tick: Quantity = 1 * ms,
    dt: Quantity | None = None,
    window: int | str | Mapping[str, int] = "dynamic",
    dtype: DTypeLike | None = None,
    record: tuple[str, ...] | None = None,
    processes: int | None = None,
    threads: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> Stream:
    r"""Simulate many images in a compiled program, one result after the other.

    The program has shared projections, is compiled once for a network and kept for later calls
    (see `tdsnn_brian.brian.event_driven.cache`); memory stays flat. The active Brian2 device is
    neither used nor changed. All arguments are checked before anything is compiled.

    Parameters
    ----------
    network : SpikingNetwork
    images : array_like
        (n_images, \*input shape), channels last, finite, and not below ``-input_offset``
        unless the network has `input_pairs`.
    tick, dt, window
        See `build_network`.
    dtype : optional
        float32 or float64; Brian2's ``core.default_float_dtype`` if not given.
    record : tuple of str, optional
        Layers whose firing times are wanted; all if not given.
    processes, threads : int, optional
        See `Program.stream`; by default all cores are used.
    progress : callable, optional
        Called with the completed share, 0 to 1, after each image.

    Returns
    -------
    Stream
        Iterator of `Simulation`, each of one image, in order.

    Raises
    ------
    InvalidInputError, WindowTooShortError
        See `build_network`.
    ProgramError, CacheError
        If the program cannot be compiled or kept, or ends too early.

    Examples
    --------
    >>> import numpy as np, tdsnn_brian as td
    >>> weights = np.array([[1.0, -1.0], [0.5, 1.0]])
    >>> hidden = td.layers.Dense(name="hidden", input_shape=(2,), weights=weights)
    >>> output = td.layers.Dense(name="output", input_shape=(2,), weights=weights)
    >>> network = td.SpikingNetwork(layers=(hidden, output), leak=5)
    >>> images = np.array([[0.2, 0.9]])
    >>> for result in td.stream(network, images):  # compiles a program first
    ...     print(result.predictions)  # doctest: +SKIP
    [0]
    """
    request = _request(network, tick, dt, dtype, record)
    showing = Showing.of(
        network,
        images,
        request.steps_per_tick,
        window=window,
        processes=processes,
        threads=threads,
        progress=progress,
    )
    return Stream(_compile(network, request), showing)


def simulate_by_program(
    network: SpikingNetwork,
    images: NDArray,
    *,
    progress: Callable[[float], None] | None = None,
    **options: Any,
) -> Simulation:
    """All images in one result; further arguments are those of `stream`."""
    results = stream(network, images, progress=progress, **options)
    whole = joined(list(results))
    seconds = {"compile": results.program.compile_seconds, "run": results.seconds}
    return replace(whole, seconds=seconds)


def _request(
    network: SpikingNetwork,
    tick: Quantity,
    dt: Quantity | None,
    dtype: DTypeLike | None,
    record: tuple[str, ...] | None,
) -> Request:
    require("event-driven", network)
    dt, steps = choose_steps(network, tick, dt)
    try:
        found = np.dtype(prefs.core.default_float_dtype if dtype is None else dtype)
    except (TypeError, ValueError):  # a UnicodeEncodeError too
        found = None
    if found not in (np.float32, np.float64):
        raise InvalidInputError(
            f"dtype must be float32 or float64, got {dtype!r:.80}; leave it out for Brian2's own"
        )
    return Request(
        network=as_given(network),
        tick=float(tick),
        steps_per_tick=steps,
        dtype=found.name,
        record=check_record(network, record),
        preferences=compiler_preferences(),
    )


def _compile(network: SpikingNetwork, request: Request) -> Program:
    start, elapsed = time.perf_counter(), 0.0
    found = cache.find(request.key)
    if found is None:
        found = compile_request(request, network.name)
        elapsed = time.perf_counter() - start
        cache.trim_cache()
    directory, fields = found
    record_dtype = np.dtype([(name, kind, tuple(shape)) for name, kind, shape in fields])
    return Program(network, directory, record_dtype, request.steps_per_tick, elapsed)
