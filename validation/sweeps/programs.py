"""Programs of the model with flaws: built once, run with many settings, side by side.

A program is a directory that cpp_standalone fills and ``program.json`` completes; it can be run
by any process, and a finished one is taken up again. Without a compiler the same runs happen on
the numpy target, each built anew.
"""

import json
import shutil
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
from tdsnn_brian.brian.making import economical_make, read_when_it_runs
from tdsnn_brian.brian.naming import Names
from tdsnn_brian.brian.timing import Timing
from tdsnn_brian.errors import TDSNNError
from tdsnn_brian.population import Population
from tdsnn_brian.whole_files import described, sync

from ..devices import find_compiler
from ..output import write_json
from ..running import Running

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
        A program for as many images; what they share, as other methods or weights do, is not
        compiled again.
    """
    from brian2 import device, prefs, set_device

    if is_whole(directory):
        return
    shutil.rmtree(directory, ignore_errors=True)  # what an interruption left may be half-written
    if base is not None:
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
        "events": {n: [file(m, x) for x in ("t", "i", "N")] for n, m in monitors.items()},
        "readout": file(built[readout], built.read_variable),
        "release": file(recorded, "v_release"),
        "recorded": np.asarray(recorded.record).tolist(),
        "inputs": f"{built.names.of(program.network.input, 'latency')}.values",
        "variables": built.variables,
        "files": {name: described(directory / name) for name in read_when_it_runs(directory)},
    }
    for name in manifest["files"]:
        sync(directory / name)
    write_json(manifest, directory / MANIFEST)


def is_whole(directory: Path) -> bool:
    """Whether a program was built to its end, and has not changed since."""
    try:
        files = json.loads((directory / MANIFEST).read_text())["files"]
        return all(known == described(directory / name) for name, known in files.items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return False


def _recorded_parts(population: Population) -> tuple[str, ...]:
    """Monitors of a population whose spikes results are read from."""
    if population.kind.is_ticked:
        return ("spikes", "ticking_spikes")
    return ("spikes",) if population.fires else ()


def run(
    program: Program, setting: Setting, directory: Path, running: Running | None = None
) -> Outcome:
    """Run a compiled program with the parameters of `setting`; any number at once.

    Parameters
    ----------
    program : Program
    setting : Setting
    directory : Path
        Where `build` put it.
    running : Running, optional
        Whoever has it can end the program.

    Raises
    ------
    ProgramError
        If it ends with an error, or has not written all.
    """
    try:
        return _run(program, setting, directory.absolute(), running or Running())
    except OSError as error:
        raise ProgramError(
            f"the program in {directory} cannot be run ({error}); free disk space, or remove the "
            "directory to build it anew"
        ) from error


def _run(program: Program, setting: Setting, directory: Path, running: Running) -> Outcome:
    manifest = json.loads((directory / MANIFEST).read_text())
    values = parameters(program.network, program.plan(setting), setting, manifest["variables"])
    arguments = [f"{group}.{name}={float(value)!r}" for (group, name), value in values.items()]
    results = Path(mkdtemp(prefix="results-", dir=directory))
    try:
        inputs = input_times(program.network, program.images, setting.ticks_per_tick)
        inputs.astype(np.float64).tofile(results / "inputs")
        arguments.append(f"{manifest['inputs']}={results / 'inputs'}")
        done = running.run(["./main", "--results_dir", f"{results}/", *arguments], directory)
        if done.returncode:
            raise ProgramError(
                f"the program in {directory} ended with status {done.returncode}: "
                f"{(done.stderr or done.stdout)[-500:]}; remove the directory to build it anew"
            )
        n, dtype = len(program.images), np.dtype(program.dtype)
        step = 1e-3 / setting.steps_per_tick

        def whole(values: NDArray, size: int) -> NDArray:
            if values.size != size:
                raise ProgramError(
                    f"the program in {directory} has not written all of its results; free disk "
                    "space, or remove the directory to build it anew"
                )
            return values

        def spikes(name: str):
            times, neurons, counted = (results / file for file in manifest["events"][name])
            size = int(whole(np.fromfile(counted, np.int32), 1)[0])
            steps = np.rint(whole(np.fromfile(times), size) / step).astype(np.int64)
            return steps, whole(np.fromfile(neurons, np.int32), size)

        n_outputs, n_recorded = program.network.output.n_neurons, len(manifest["recorded"])
        readout = whole(np.fromfile(results / manifest["readout"], dtype), (n + 1) * n_outputs)
        release = whole(np.fromfile(results / manifest["release"], dtype), (n + 1) * n_recorded)
        recordings = Recordings(
            network=program.network,
            timing=program.plan(setting),
            names=Names(program.network),
            n_images=n,
            spikes=spikes,
            readouts={program.network.output: readout.reshape(n + 1, -1).astype(np.float64)},
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
