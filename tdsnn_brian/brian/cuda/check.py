"""What Brian2CUDA can and cannot do: checked before anything is built."""

from typing import Any

from brian2 import Quantity, prefs

from ...engines import require
from ...network import SpikingNetwork
from ..default_clock import check_default_clock
from ..devices import check_compiles_and_runs
from .nvidia import check_gpu


def check_device(device: Any) -> None:
    """Refuse what `simulate` cannot get results from.

    Raises
    ------
    UnsupportedDeviceError
        If the device was told not to compile or run, or nvcc, a driver or a card is missing.
    """
    check_compiles_and_runs(device, "cuda_standalone")
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
