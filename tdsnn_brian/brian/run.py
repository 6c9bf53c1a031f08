"""Build, run and read in one call, on whatever Brian2 device is active."""

import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

from brian2 import Quantity, get_device, ms, second
from numpy.typing import NDArray

from ..analysis.closed_form import WindowChoice
from ..arguments import check_choice, check_flag, check_function, check_kind
from ..errors import InvalidInputError, UnsupportedDeviceError
from ..network import SpikingNetwork, check_network
from . import genn
from .build import build_network
from .cuda import check as cuda
from .default_clock import default_clock_at, needs_default_clock
from .devices import check_results_at_once, is_cuda, is_genn, is_runtime, is_standalone
from .event_driven.program import simulate_by_program
from .explicit.models import LEAKY, NeuronModel
from .firing_network import read_results
from .interrupts import run_whole
from .memory import choose_projection, obstacle
from .progress import reporting
from .quantities import check_time
from .result import Simulation
from .timing import choose_steps
from .trace import Recorded, add_monitors, trace


def simulate(
    network: SpikingNetwork,
    images: NDArray,
    *,
    tick: Quantity = 1 * ms,
    dt: Quantity | None = None,
    window: WindowChoice = "fixed",
    method: str = "exact",
    projection: str = "auto",
    model: NeuronModel = LEAKY,
    strict: bool = True,
    progress: Callable[[float], None] | None = None,
    monitors: Mapping[str, Recorded] | None = None,
    report: str | Callable | None = None,
    report_period: Quantity = 10 * second,
    profile: bool = False,
) -> Simulation:
    r"""Simulate `images` in Brian2; all of them in one run, compiled once.

    Parameters
    ----------
    network : SpikingNetwork
    images : array_like
        (n_images, \*input shape), channels last, finite, and not below ``-input_offset``
        unless the network has `input_pairs`.
    tick, dt, window, method, projection, model
        See `build_network`.
    strict : bool, optional
        Raise where spikes came too late, or give them as they were; see `read_results`.
    progress : callable, optional
        Called now and then with the completed share of the run, 0 to 1.
    monitors : mapping, optional
        What to record: layer name -> variable of all its neurons (``{"conv1": "v"}``), or variable
        and neurons (``{"conv1": ("v", range(5))}``); it comes back as `traces`.
    report, report_period, profile : optional
        As in `brian2.Network.run`; what was profiled comes back as `profile`.

    Returns
    -------
    Simulation

    Notes
    -----
    In cpp_standalone, shared projections run in a program that is compiled once for a network and
    kept (see `stream`), not in the device's own project, unless something is to be monitored,
    reported or profiled.

    Raises
    ------
    UnsupportedDeviceError
        If a standalone device is set not to build on run: its results do not exist yet. If the
        device is GeNN or Brian2CUDA and something it needs is missing, or it cannot take the
        network.
    InvalidInputError, WindowTooShortError
        See `build_network`.
    RunError
        If the run is stopped; Ctrl-C raises `KeyboardInterrupt`.

    Examples
    --------
    >>> import numpy as np, tdsnn_brian as td
    >>> weights = np.array([[1.0, -1.0], [0.5, 1.0]])
    >>> hidden = td.layers.Dense(name="hidden", input_shape=(2,), weights=weights)
    >>> output = td.layers.Dense(name="output", input_shape=(2,), weights=weights)
    >>> network = td.SpikingNetwork(layers=(hidden, output), leak=5)
    >>> images = np.array([[0.2, 0.9]])
    >>> from brian2 import prefs
    >>> prefs.codegen.target = "numpy"  # nothing to compile
    >>> result = td.simulate(network, images)
    >>> result.latencies["hidden"].tolist(), result.predictions.tolist()
    ([[7.0, 4.0]], [0])
    >>> bool(result.compare(td.analyse(network, images)))
    True
    """
    check_network(network)
    device = get_device()
    check_results_at_once(device)
    check_flag("strict", strict)
    check_flag("profile", profile)
    check_function("progress", progress, "the completed share")
    _check_report(report, report_period)
    if monitors is not None:
        check_kind("monitors", monitors, Mapping, "pass for example {'conv1': 'v'}")
    watched = bool(monitors or report or profile)
    if progress is not None and report is not None:
        raise InvalidInputError("progress and report tell the same; pass one of them")
    if is_genn(device) and (report or profile):
        raise UnsupportedDeviceError(
            "GeNN reports nothing while it runs and profiles no code objects; leave report and "
            "profile out, or use another device"
        )
    if (
        is_standalone(device)
        and not watched
        and projection != "explicit"
        and _is_shared(network, projection, method, model)
    ):
        result = simulate_by_program(
            network, images, tick=tick, dt=dt, window=window, progress=progress
        )
        return replace(result, tick=tick)
    if is_genn(device):
        genn.check_device(device)
    if is_cuda(device):
        cuda.check_device(device)
    if on_default_clock := needs_default_clock(device):
        dt, _ = choose_steps(network, tick, dt)
    with default_clock_at(dt) if on_default_clock else nullcontext():
        net = build_network(
            network,
            images,
            tick=tick,
            dt=dt,
            window=window,
            method=method,
            projection=projection,
            model=model,
        )
        added = add_monitors(net, monitors or {})
        start = time.perf_counter()
        timing = genn.optimised_and_timed(device) if is_genn(device) else nullcontext()
        with timing, reporting(device, progress) as options:
            if report is not None:
                options = {"report": report, "report_period": report_period}
            if profile:
                options["profile"] = True
            run_whole(net, net.duration, **options)
        elapsed = time.perf_counter() - start
    return replace(
        read_results(net, _wall_times(device, elapsed), strict=strict),
        traces={layer: trace(net, *recorded) for layer, recorded in added.items()},
        profile=net.get_profiling_info() if profile else [],
    )


def _check_report(report: object, period: Quantity) -> None:
    check_time("report_period", period)
    if report is not None and not callable(report):
        check_choice("report, if it is no function,", report, ("text", "stdout", "stderr"))


def _is_shared(network: SpikingNetwork, projection: str, method: str, model: NeuronModel) -> bool:
    return obstacle(network, method, model) is None and (
        choose_projection(network, projection, method, model) == "shared"
    )


def _wall_times(device: Any, elapsed: float) -> dict[str, float]:
    """Seconds to compile and to run, all that is not the run counted as the former."""
    run = getattr(device, "timers", {}).get("run_binary") or elapsed
    if is_runtime(device):
        run = getattr(device, "_last_run_time", None) or elapsed
    return {"compile": elapsed - run, "run": run}
