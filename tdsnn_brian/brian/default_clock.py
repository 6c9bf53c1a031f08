"""Brian2's default clock, where the code that a device generates knows no other."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from brian2 import Quantity, defaultclock, get_device

from ..errors import UnsupportedDeviceError
from .devices import is_cuda, is_genn


def needs_default_clock(device: Any) -> bool:
    """Whether a network has to integrate by the default clock there."""
    return is_genn(device) or is_cuda(device)


def check_own_clocks(what: str) -> None:
    """Refuse an active device on which only the default clock would do.

    Raises
    ------
    UnsupportedDeviceError
        `what` runs on clocks of its own.
    """
    if needs_default_clock(device := get_device()):
        raise UnsupportedDeviceError(
            f"{what} runs on clocks of its own, and {type(device).__name__} generates code for "
            "Brian2's default clock alone; use simulate(), set_device('runtime') or cpp_standalone"
        )


def check_default_clock(dt: Quantity, title: str) -> None:
    """Refuse to build a network with another step than the default clock's.

    Raises
    ------
    UnsupportedDeviceError
        With both steps; `title` names the device.
    """
    if defaultclock.dt != dt:
        raise UnsupportedDeviceError(
            f"{title} has one clock, and defaultclock.dt is {defaultclock.dt!s} where the network "
            f"needs dt={dt!s}; set defaultclock.dt to that before build_network(), or call "
            "simulate(), which does"
        )


@contextmanager
def default_clock_at(dt: Quantity) -> Iterator[None]:
    """Give the default clock the step `dt` for a while."""
    before = defaultclock.dt
    defaultclock.dt = dt
    try:
        yield
    finally:
        defaultclock.dt = before
