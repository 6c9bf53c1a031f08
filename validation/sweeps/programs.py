"""Programs of the model with flaws: built once, run with many settings, side by side.

A program is a directory that cpp_standalone fills and ``program.json`` completes; it can be run
by any process, and a finished one is taken up again. Without a compiler the same runs happen on
the numpy target, each built anew.
"""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
from numpy.typing import NDArray

from tdsnn_brian import Simulation, SpikingNetwork, analyse
from tdsnn_brian.brian.explicit.perturbed_network import (
    PerturbedNetwork,
    Variant,
    build_perturbed,
)
from tdsnn_brian.brian.explicit.perturbed_settings import (
    Setting,
    input_times,
    parameters,
    plan,
)
from tdsnn_brian.brian.explicit.read import Recordings, late_spikes, recordings_of
from tdsnn_brian.brian.interrupts import run_whole
from tdsnn_brian.brian.making import economical_make
from tdsnn_brian.brian.naming import Names
from tdsnn_brian.brian.timing import Timing
from tdsnn_brian.errors import TDSNNError
from tdsnn_brian.population import Population

from ..devices import find_compiler
from ..output import write_json

MANIFEST = "program.json"


class ProgramError(TDSNNError, RuntimeError):
    """A compiled program failed."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Program:
    """What is compiled together: a network, images and a method.

    Attributes
    ----------
    network : SpikingNetwork
    images : ndarray
    last_spikes : dict of str to int
        Last presynaptic spike of each synapse-based layer in ticks.
    slot : int
        Ticks an image.
    method, dtype : str
    leak_of_each, living : bool
        See `Variant`.
    """

    network: SpikingNetwork
    images: NDArray
    last_spikes: dict[str, int]
    slot: int
    method: str = "exact"
    dtype: str = "float64"
    leak_of_each: bool = False
    living: bool = False

    def plan(self, setting: Setting) -> Timing:
        return plan(self.network, self.last_spikes, setting, self.slot)


@dataclass(frozen=True, kw_only=True, eq=False)
class Outcome:
    """What one run gave.

    Attributes
    ----------
    result : Simulation
        Latencies count from the intended releases.
    release_potentials : ndarray
        (n_images, n_recorded) of the first layer.
    late : float
        Share of spikes that came after the release of a layer that reads them.
    """

    result: Simulation
    release_potentials: NDArray
    late: float

    @property
    def latencies(self) -> dict[str, NDArray]:
        return self.result.latencies

    @property
    def logits(self) -> NDArray:
        return self.result.potentials

    @property
    def predictions(self) -> NDArray:
        return self.result.predictions


def compilable() -> bool:
    """Whether this Brian2 takes run arguments (2.6 and later) and there is a compiler."""
    from brian2.devices.cpp_standalone.device import CPPStandaloneDevice

    return hasattr(CPPStandaloneDevice, "apply_run_args") and find_compiler() is not None


def _construct(program: Program, setting: Setting) -> PerturbedNetwork:
    from brian2 import seed

    seed(setting.seed)
    variant = Variant(
        slot_ticks=program.slot,
        method=program.method,
        leak_of_each=program.leak_of_each,
        living=program.living,
    )
    return build_perturbed(
        program.network,
        program.images,
        analyse(program.network, program.images),
        program.last_spikes,
        setting,
        variant,
    )


def build(program: Program, directory: Path, base: Path | None = None) -> None:
    """Compile a program. Call it in a process of its own: it sets Brian2's device.

    Parameters
    ----------
    program : Program
    directory : Path
        Where it is to stand.
    base : Path, optional
        A program for the same images that differs in its method alone; what they share is not
        compiled again.
    """
    from brian2 import device, prefs, set_device

    if (directory / MANIFEST).exists():
        return
    if base is not None and not directory.exists():
        shutil.copytree(base, directory, ignore=shutil.ignore_patterns(MANIFEST, "results*"))
    prefs.core.default_float_dtype = np.dtype(program.dtype).type
    prefs.devices.cpp_standalone.extra_make_args_unix = ["-j1"]  # others are built beside it
    set_device("cpp_standalone", directory=str(directory), build_on_run=False, with_output=False)
    prefs.core.stop_on_keyboard_interrupt = False  # or it would end as if it had done its work
    # the finest step that any run asks for decides how finely arrays over time are looked up
    built = _construct(program, Setting(steps_per_tick=64 * program.network.input_steps))
    built.run(built.duration, namespace={})
    with economical_make():
        device.build(directory=str(directory), compile=True, run=False, with_output=False)

    def file(owner, variable):
        return device.get_array_filename(owner.variables[variable])

    names = [
        built.names.of(population, part)
        for population in program.network.populations
        for part in _recorded_parts(population)
    ]
    monitors = {name: built[name] for name in names}
    readout = built.names.of(program.network.output, "readout")
    recorded = built["release_potentials"]
    manifest = {
        "events": {n: [file(m, "t"), file(m, "i")] for n, m in monitors.items()},
        "readout": file(built[readout], "v"),
        "release": file(recorded, "v_release"),
        "recorded": np.asarray(recorded.record).tolist(),
        "inputs": f"{built.names.of(program.network.input, 'latency')}.values",
        "variables": built.variables,
    }
    write_json(manifest, directory / MANIFEST)


def _recorded_parts(population: Population) -> tuple[str, ...]:
    """Monitors of a population whose spikes results are read from."""
    if population.kind.is_ticked:
        return ("spikes", "ticking_spikes")
    return ("spikes",) if population.fires else ()


def run(program: Program, setting: Setting, directory: Path) -> Outcome:
    """Run a compiled program with the parameters of `setting`; any number at once.

    Raises
    ------
    ProgramError
        If it ends with an error.
    """
    directory = directory.absolute()  # the program runs in a directory of its own
    manifest = json.loads((directory / MANIFEST).read_text())
    values = parameters(program.network, program.plan(setting), setting, manifest["variables"])
    arguments = [f"{group}.{name}={float(value)!r}" for (group, name), value in values.items()]
    results = Path(mkdtemp(prefix="results-", dir=directory))
    try:
        inputs = input_times(program.network, program.images, setting.ticks_per_tick)
        inputs.astype(np.float64).tofile(results / "inputs")
        arguments.append(f"{manifest['inputs']}={results / 'inputs'}")
        done = subprocess.run(
            ["./main", "--results_dir", f"{results}/", *arguments],
            cwd=directory,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise ProgramError(
                f"the program in {directory} ended with status {done.returncode}: "
                f"{(done.stderr or done.stdout)[-500:]}; remove the directory to build it anew"
            )
        n, dtype = len(program.images), np.dtype(program.dtype)
        step = 1e-3 / setting.steps_per_tick

        def spikes(name: str):
            times, neurons = manifest["events"][name]
            steps = np.rint(np.fromfile(results / times) / step).astype(np.int64)
            return steps, np.fromfile(results / neurons, dtype=np.int32)

        readout = np.fromfile(results / manifest["readout"], dtype=dtype)
        release = np.fromfile(results / manifest["release"], dtype=dtype)
        if readout.size != (n + 1) * program.network.output.n_neurons:
            raise ProgramError(
                f"the program in {directory} ended before its last image; free disk space, or "
                "remove the directory to build it anew"
            )
        recordings = Recordings(
            network=program.network,
            timing=program.plan(setting),
            names=Names(program.network),
            n_images=n,
            spikes=spikes,
            readout=readout.reshape(n + 1, -1).astype(np.float64),
        )
        return _outcome(program, recordings, release.reshape(n + 1, -1).astype(np.float64))
    finally:
        shutil.rmtree(results, ignore_errors=True)


def run_interpreted(program: Program, setting: Setting) -> Outcome:
    """The same on the numpy target, in this process."""
    from brian2 import prefs

    before = prefs.codegen.target, prefs.core.default_float_dtype
    prefs.codegen.target = "numpy"
    prefs.core.default_float_dtype = np.dtype(program.dtype).type
    try:
        built = _construct(program, setting)
        run_whole(built, built.duration)
    finally:
        prefs.codegen.target, prefs.core.default_float_dtype = before
    return _outcome(
        program,
        recordings_of(built),
        np.asarray(built["release_potentials"].v_release).T.astype(np.float64),
    )


def _outcome(program: Program, recordings: Recordings, release: NDArray) -> Outcome:
    network, n = program.network, len(program.images)
    result = recordings.result()
    read = late = 0
    for population in network.populations:
        window = recordings.timing.windows.get(population.name)
        for source, its_late in late_spikes(network, population, result, window):
            late += its_late
            read += result.spikes[source.name]
    return Outcome(result=result, release_potentials=release[1 : n + 1], late=late / max(read, 1))
