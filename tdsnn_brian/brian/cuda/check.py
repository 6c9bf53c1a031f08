"""What Brian2CUDA can and cannot do: checked before anything is built."""

from typing import Any

from brian2 import Quantity, prefs

from ...engines import require
from ...errors import UnsupportedDeviceError
from ...network import SpikingNetwork
from ..default_clock import check_default_clock
from .nvidia import check_gpu


def check_device(device: Any) -> None:
    """Refuse what `simulate` cannot get results from.

    Raises
    ------
    UnsupportedDeviceError
        If the device was told not to compile or run, or nvcc, a driver or a card is missing.
    """
    options = device.build_options or {}
    if not (options.get("compile", True) and options.get("run", True)):
        raise UnsupportedDeviceError(
            "simulate() needs results, but the cuda_standalone device was set with compile=False "
            "or run=False; leave these out, or generate the code alone by net = "
            "build_network(...) and net.run(net.duration)"
        )
    check_gpu(prefs["devices.cuda_standalone.cuda_backend.cuda_path"])


def check_network(network: SpikingNetwork, dt: Quantity) -> None:
    """Refuse a network that cannot be built for the active cuda_standalone device.

    Raises
    ------
    UnsupportedDeviceError
        If the default clock has another step than the network, or the network has what
        Brian2CUDA cannot do.
    """
    require("Brian2CUDA", network)
    check_default_clock(dt, "Brian2CUDA")
