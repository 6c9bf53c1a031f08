"""The genn device: what to do where GeNN is missing, and a check of the code for it."""

import re
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from brian2 import NeuronGroup, Quantity, SpikeGeneratorGroup, Synapses, get_device, ms, prefs

import tdsnn_brian as td
from tdsnn_brian.brian import FiringNetwork, genn
from tdsnn_brian.brian.default_clock import default_clock_at
from tdsnn_brian.errors import UnsupportedDeviceError
from tdsnn_brian.layers import Kind

from .case import Case
from .console import say
from .devices import active_device


def require(case: Case, *, dt: Quantity = 1 * ms, window: int | str = "fixed") -> None:
    """Make sure that GeNN is there; if not, generate and check the code for it all the same.

    Raises
    ------
    UnsupportedDeviceError
        If there is no GeNN: how to get it, after what the check of the code found.
    """
    try:
        genn.find_genn()
    except UnsupportedDeviceError as error:
        with TemporaryDirectory(prefix="tdsnn-genn-") as directory:
            faults = generated_faults(case, Path(directory), dt=dt, window=window)
        for fault in faults:
            say(f"generated code: {fault}", style="red")
        if not faults:
            say(
                f"The code for {case.network.name!r} was generated and found complete; it was "
                "not compiled.",
                style="green",
            )
        raise error


def generated_faults(
    case: Case, directory: Path, *, dt: Quantity = 1 * ms, window: int | str = "fixed"
) -> list[str]:
    """Write the GeNN project of a simulation to `directory`, and say what is wrong with it."""
    with active_device("genn", directory, compile=False, run=False), default_clock_at(dt):
        net = td.build_network(case.network, case.images, tick=1 * ms, dt=dt, window=window)
        net.run(net.duration, namespace={})
        return code_faults(net, directory)


def code_faults(net: FiringNetwork, directory: Path) -> list[str]:
    """What a generated GeNN project lacks of a network.

    Parameters
    ----------
    net : FiringNetwork
        That the project in `directory` was generated for.

    Returns
    -------
    list of str
        Empty if every group, every Synapses with its delay and its weights, and every operation at
        an image's onset stands in the code.
    """
    model = (directory / "magicnetwork_model.cpp").read_text()
    engine = (directory / "engine.cpp").read_text()
    faults = []
    for each in net.objects:
        if isinstance(each, NeuronGroup | SpikeGeneratorGroup):
            if not re.search(rf'addNeuronPopulation<[\w:]+>\("{each.name}", {each.N},', model):
                faults.append(f"no population {each.name} of {each.N} neurons")
        if isinstance(each, NeuronGroup):
            reset = rf"_run_{each.name}_run_regularly_new_image_codeobject(_\d+)?\(\);"
            at_onset = rf"if \(i % {net.timing.slot} == 0\)\s*\{{[^{{}}]*{reset}"
            if not re.search(at_onset, engine):
                faults.append(f"{each.name} is not set back every {net.timing.slot} steps")
        if isinstance(each, Synapses):
            faults += _delay_faults(each, net.dt, model)
    for population in net.spiking_network.populations:
        for index, projection in enumerate(population.projections):
            faults += _size_faults(
                projection.n_synapses,
                population.kind is not Kind.MAX_POOL,
                net.names.onto(population, index),
                directory / "static_arrays",
            )
    return faults


def _delay_faults(synapses: Synapses, dt: Quantity, model: str) -> list[str]:
    steps = round(get_device().delays.get(synapses.name, 0) / float(dt))
    delay = str(steps) if steps else "NO_DELAY"
    expected = (
        rf"delaySteps = {delay};\s*auto \*syn = model\.addSynapsePopulation<[^;]*"
        rf'"{synapses.name}", SynapseMatrixType::SPARSE_INDIVIDUALG, delaySteps,\s*'
        rf'"{synapses.source.name}", "{synapses.target.name}"'
    )
    if re.search(expected, model):
        return []
    return [f"no synapses {synapses.name} with a delay of {steps} steps"]


def _size_faults(n: int, weighted: bool, name: str, arrays: Path) -> list[str]:
    sizes = {f"array_{name}_targets": np.dtype(np.int32).itemsize}
    if weighted:
        sizes[f"dynamic_array_{name}_w"] = np.dtype(prefs.core.default_float_dtype).itemsize
    faults = []
    for array, size in sizes.items():
        file = arrays / f"_static_array__{array}"
        written = file.stat().st_size // size if file.exists() else 0
        if written != n:
            faults.append(f"{written} entries of {n} in {array}")
    return faults
