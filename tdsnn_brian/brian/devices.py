"""What the active Brian2 device is, and whether results can be had from it."""

from typing import Any

from brian2.devices.device import RuntimeDevice

from ..errors import UnsupportedDeviceError


def is_genn(device: Any) -> bool:
    """Whether a Brian2 device is Brian2GeNN's."""
    return type(device).__name__ == "GeNNDevice"


def is_standalone(device: Any) -> bool:
    """Whether a Brian2 device is cpp_standalone."""
    return type(device).__name__ == "CPPStandaloneDevice"


def is_cuda(device: Any) -> bool:
    """Whether a Brian2 device is Brian2CUDA's cuda_standalone."""
    return type(device).__name__ == "CUDAStandaloneDevice"


def title(device: Any) -> str:
    """How refusals name a Brian2 device that another project makes; empty for Brian2's own."""
    return "GeNN" if is_genn(device) else "Brian2CUDA" if is_cuda(device) else ""


def is_program(device: Any) -> bool:
    """Whether a Brian2 device makes a program of its own, which runs once."""
    return is_standalone(device) or is_cuda(device)


def is_runtime(device: Any) -> bool:
    """Whether networks run in this process, on the numpy or the cython target."""
    return isinstance(device, RuntimeDevice)


def counts_spikes(device: Any) -> bool:
    """Whether a spike monitor's `N` is known to be what it recorded."""
    return is_runtime(device) or is_standalone(device)


def check_results_at_once(device: Any) -> None:
    """Refuse a device from which one call cannot get results.

    Raises
    ------
    UnsupportedDeviceError
        If a standalone device is set not to build on run, or has run already.
    """
    if getattr(device, "build_on_run", True) is False:
        raise UnsupportedDeviceError(
            "simulate() needs its results at once, but the active device was set with "
            "build_on_run=False; use set_device(..., build_on_run=True), or build_network(), "
            "net.run(net.duration), device.build() and read_results(net)"
        )
    if is_program(device) and device.has_been_run:
        raise UnsupportedDeviceError(
            "a standalone device runs once, and this one has run already; pass all images to one "
            "simulate(), or call device.reinit() and device.activate(directory=None, "
            "build_on_run=True) of brian2 in between"
        )


def check_compiles_and_runs(device: Any, name: str) -> dict[str, Any]:
    """The options that a device was set with; refused where they leave its program without results.

    Raises
    ------
    UnsupportedDeviceError
        If the device, by its `name` for `set_device`, was told not to compile or not to run.
    """
    options: dict[str, Any] = device.build_options or {}
    if not (options.get("compile", True) and options.get("run", True)):
        raise UnsupportedDeviceError(
            f"simulate() needs results, but the {name} device was set with compile=False or "
            "run=False; leave these out, or generate the code alone by net = build_network(...) "
            "and net.run(net.duration)"
        )
    return options
