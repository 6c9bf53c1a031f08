"""Build, run and read in one call, on whatever Brian2 device is active."""

import time
from collections.abc import Callable, Mapping

from brian2 import Quantity, get_device, ms
from numpy.typing import NDArray

from ..errors import UnsupportedDeviceError
from ..spec import SpikingNetwork
from .network import build_network
from .progress import reporting
from .results import Simulation, read_results


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

    Raises
    ------
    UnsupportedDeviceError
        If a standalone device is set not to build on run: its results do not exist yet.
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
    net = build_network(
        network, images, tick=tick, dt=dt, window=window, method=method, projection=projection
    )
    start = time.perf_counter()
    with reporting(device, progress) as report:
        net.run(net.duration, namespace={}, **report)
    elapsed = time.perf_counter() - start
    return read_results(net, _wall_times(device, elapsed))


def _wall_times(device, elapsed: float) -> dict[str, float]:
    timers = getattr(device, "timers", None)
    if not timers:
        return {"compile": 0.0, "run": elapsed}
    run = timers["run_binary"] or elapsed
    return {"compile": elapsed - run, "run": run}
