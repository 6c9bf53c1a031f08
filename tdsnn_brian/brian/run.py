"""Build, run and read in one call, on whatever Brian2 device is active."""

import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext

import numpy as np
from brian2 import Quantity, get_device, ms
from numpy.typing import DTypeLike, NDArray

from ..errors import UnsupportedDeviceError
from ..spec import SpikingNetwork
from . import genn
from .memory import choose_projection, obstacle
from .network import build_network
from .program import Stream, compile_program
from .progress import reporting
from .results import Simulation, read_results
from .timing import choose_steps


def simulate(
    network: SpikingNetwork,
    images: NDArray,
    *,
    tick: Quantity = 1 * ms,
    dt: Quantity | None = None,
    window: int | str | Mapping[str, int] = "fixed",
    method: str = "exact",
    projection: str = "auto",
    progress: Callable[[float], None] | None = None,
) -> Simulation:
    r"""Simulate `images` in Brian2; all of them in one run, compiled once.

    Parameters
    ----------
    network : SpikingNetwork
    images : array_like
        (n_images, \*input shape), channels last, finite and not negative.
    tick, dt, window, method, projection
        See `build_network`.
    progress : callable, optional
        Called now and then with the completed share of the run, 0 to 1.

    Returns
    -------
    Simulation

    Notes
    -----
    In cpp_standalone, shared projections run in a program that is compiled once for a network and
    kept (see `stream`), not in the device's own project.

    Raises
    ------
    UnsupportedDeviceError
        If a standalone device is set not to build on run: its results do not exist yet. If the
        device is GeNN and something it needs is missing, or it cannot take the network.
    InvalidInputError, WindowTooShortError
        See `build_network`.
    """
    device = get_device()
    if getattr(device, "build_on_run", True) is False:
        raise UnsupportedDeviceError(
            "simulate() needs its results at once, but the active device was set with "
            "build_on_run=False; use set_device(..., build_on_run=True), or build_network(), "
            "net.run(net.duration), device.build() and read_results(net)"
        )
    if type(device).__name__ == "CPPStandaloneDevice" and not obstacle(network, method) and (
        choose_projection(network, projection) == "shared"
    ):
        return _simulate_with_program(network, images, tick, dt, window, progress)
    on_genn = genn.is_genn(device)
    if on_genn:
        genn.check_device(device)
        dt, _ = choose_steps(network, tick, dt)
    with genn.default_clock_at(dt) if on_genn else nullcontext():
        net = build_network(
            network, images, tick=tick, dt=dt, window=window, method=method, projection=projection
        )
        start = time.perf_counter()
        with reporting(device, progress) as report:
            net.run(net.duration, namespace={}, **report)
        elapsed = time.perf_counter() - start
    return read_results(net, _wall_times(device, elapsed))


def _simulate_with_program(network, images, tick, dt, window, progress):
    program = compile_program(network, tick=tick, dt=dt)
    stream_of_images = program.stream(images, window=window, progress=progress)
    results = list(stream_of_images)
    seconds = {"compile": program.compile_seconds, "run": stream_of_images.seconds}
    return Simulation(
        *({name: np.concatenate([getattr(result, field)[name] for result in results])
           for name in getattr(results[0], field)} if field != "potentials"
          else np.concatenate([result.potentials for result in results])
          for field in ("latencies", "potentials", "windows", "ticks")),
        {name: sum(result.spikes[name] for result in results) for name in results[0].spikes},
        seconds,
    )


def stream(
    network: SpikingNetwork,
    images: NDArray,
    *,
    tick: Quantity = 1 * ms,
    dt: Quantity | None = None,
    window: int | str | Mapping[str, int] = "dynamic",
    dtype: DTypeLike | None = None,
    record: tuple[str, ...] | None = None,
    processes: int = 1,
    progress: Callable[[float], None] | None = None,
) -> Stream:
    r"""Simulate many images in a compiled program, one result after the other.

    The program has shared projections, is compiled once for a network and kept for later calls
    (see `tdsnn_brian.brian.program.cache_directory`); memory stays flat. The active Brian2 device
    is neither used nor changed.

    Parameters
    ----------
    network : SpikingNetwork
    images : array_like
        (n_images, \*input shape), channels last, finite and not negative.
    tick, dt, window
        See `build_network`.
    dtype : optional
        float32 or float64; Brian2's ``core.default_float_dtype`` if not given.
    record : tuple of str, optional
        Layers whose firing times are wanted; all if not given.
    processes : int, optional
        Programs to run side by side.
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
    ProgramError
        If the program cannot be compiled, or ends too early.
    """
    program = compile_program(network, tick=tick, dt=dt, dtype=dtype, record=record)
    return program.stream(images, window=window, processes=processes, progress=progress)


def _wall_times(device, elapsed: float) -> dict[str, float]:
    """Seconds to compile and to run; GeNN's device times its run, and no part of its build."""
    timers = getattr(device, "timers", {"run_binary": None})
    run = timers["run_binary"] or getattr(device, "_last_run_time", None) or elapsed
    return {"compile": elapsed - run, "run": run}
