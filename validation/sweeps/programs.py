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

from tdsnn_brian import SpikingNetwork
from tdsnn_brian.brian.groups import brian_name
from tdsnn_brian.brian.perturbations import Plan, Setting, parameters, plan
from tdsnn_brian.brian.perturbed_network import (
    PerturbedNetwork,
    build_perturbed,
    input_latencies,
)
from tdsnn_brian.errors import TDSNNError

from ..devices import find_compiler
from ..output import write_json

MANIFEST = "program.json"
SEED = 4  # of everything that is drawn, the same in every run


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
    leak_of_each : bool
    """

    network: SpikingNetwork
    images: NDArray
    last_spikes: dict[str, int]
    slot: int
    method: str = "exact"
    dtype: str = "float64"
    leak_of_each: bool = False

    def plan(self, setting: Setting) -> Plan:
        return plan(self.network, self.last_spikes, setting, self.slot)


@dataclass(frozen=True, kw_only=True, eq=False)
class Outcome:
    """What one run gave.

    Attributes
    ----------
    latencies : dict of str to ndarray
        (n_images, n_neurons) in ticks after the intended release; `nan` where silent.
    logits : ndarray
        (n_images, n_classes)
    release_potentials : ndarray
        (n_images, n_recorded) of the first layer.
    late : float
        Share of spikes that came after the next layer's release.
    """

    latencies: dict[str, NDArray]
    logits: NDArray
    release_potentials: NDArray
    late: float

    @property
    def predictions(self) -> NDArray:
        return np.nan_to_num(self.logits, nan=-np.inf).argmax(axis=1)


def compilable() -> bool:
    """Whether this Brian2 takes run arguments (2.6 and later) and there is a compiler."""
    from brian2.devices.cpp_standalone.device import CPPStandaloneDevice

    return hasattr(CPPStandaloneDevice, "apply_run_args") and find_compiler() is not None


def _construct(program: Program, setting: Setting) -> PerturbedNetwork:
    from brian2 import seed

    seed(SEED)
    return build_perturbed(
        program.network,
        input_latencies(program.network, program.images, setting.ticks_per_tick),
        program.last_spikes, setting, slot=program.slot, method=program.method,
        leak_of_each=program.leak_of_each,
    )


def _duration(program: Program, built: PerturbedNetwork):
    """Half a tick beyond the last image, so that it is read out."""
    return (len(program.images) * program.slot + 0.5) * built.tick


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
    # the finest step that any run asks for decides how finely arrays over time are looked up
    built = _construct(program, Setting(steps_per_tick=64 * program.network.input_steps))
    built.net.run(_duration(program, built), namespace={})
    device.build(directory=str(directory), compile=True, run=False, with_output=False)

    def file(owner, variable):
        return device.get_array_filename(owner.variables[variable])

    monitors = {
        layer.name: built.net[f"{brian_name(layer.name)}_spikes"]
        for layer in program.network.firing_layers
    }
    recorded = built.net["release_potentials"]
    manifest = {
        "events": {n: [file(m, "t"), file(m, "i")] for n, m in monitors.items()},
        "readout": file(built.net["readout"], "v"),
        "release": file(recorded, "v_release"),
        "recorded": np.asarray(recorded.record).tolist(),
        "inputs": f"{built.input_latency.name}.values",
        "variables": built.variables,
    }
    write_json(manifest, directory / MANIFEST)


def run(program: Program, setting: Setting, directory: Path) -> Outcome:
    """Run a compiled program with the parameters of `setting`; any number at once.

    Raises
    ------
    ProgramError
        If it ends with an error.
    """
    directory = directory.absolute()  # the program runs in a directory of its own
    manifest = json.loads((directory / MANIFEST).read_text())
    values = parameters(
        program.network, program.plan(setting), setting, manifest["variables"]
    )
    arguments = [f"{group}.{name}={float(value)!r}" for (group, name), value in values.items()]
    results = Path(mkdtemp(prefix="results-", dir=directory))
    try:
        inputs = input_latencies(program.network, program.images, setting.ticks_per_tick)
        inputs.astype(np.float64).tofile(results / "inputs")
        arguments.append(f"{manifest['inputs']}={results / 'inputs'}")
        done = subprocess.run(
            ["./main", "--results_dir", f"{results}/", *arguments],
            cwd=directory, capture_output=True, text=True, check=False,
        )
        if done.returncode:
            raise ProgramError(
                f"the program in {directory} ended with status {done.returncode}: "
                f"{(done.stderr or done.stdout)[-500:]}; remove the directory to build it anew"
            )
        n, dtype = len(program.images), np.dtype(program.dtype)
        events = {
            name: (np.fromfile(results / times), np.fromfile(results / neurons, dtype=np.int32))
            for name, (times, neurons) in manifest["events"].items()
        }
        readout = np.fromfile(results / manifest["readout"], dtype=dtype)
        release = np.fromfile(results / manifest["release"], dtype=dtype)
        return _outcome(
            program, setting, events, readout.reshape(n + 1, -1).astype(np.float64),
            release.reshape(n + 1, -1).astype(np.float64),
        )
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
        built.net.run(_duration(program, built), namespace={})
    finally:
        prefs.codegen.target, prefs.core.default_float_dtype = before
    events = {}
    for layer in program.network.firing_layers:
        monitor = built.net[f"{brian_name(layer.name)}_spikes"]
        events[layer.name] = (np.asarray(monitor.t_[:]), np.asarray(monitor.i[:]))
    return _outcome(
        program, setting, events, np.asarray(built.net["readout"].v).T.astype(np.float64),
        np.asarray(built.net["release_potentials"].v_release).T.astype(np.float64),
    )


def recorded_neurons(program: Program, recorded: int = 200) -> NDArray:
    """Which neurons of the first layer `Outcome.release_potentials` stand for."""
    n = program.network.layers[0].n_neurons
    return np.unique(np.linspace(0, n - 1, min(recorded, n)).astype(int))


def _outcome(program, setting, events, readout, release) -> Outcome:
    network, schedule, n = program.network, program.plan(setting), len(program.images)
    steps = setting.steps_per_tick
    latencies, late, spikes, following = {}, 0, 0, list(network.layers[1:])
    for layer in network.firing_layers:
        times, neurons = events[layer.name]
        image, after = np.divmod(np.rint(times * 1e3 * steps).astype(np.int64), schedule.slot)
        first = np.full((n + 1, layer.n_neurons), np.nan)
        np.fmin.at(first, (image, neurons), after)
        first = first[:n]
        latencies[layer.name] = (first - schedule.zeros[layer.name]) / steps
        reached = following[0].name
        if reached in schedule.releases:
            late += int(np.sum(first >= schedule.releases[reached]))
            spikes += int(np.isfinite(first).sum())
        following = following[1:]
    if not len(readout) == len(release) == n + 1:
        raise ProgramError(f"{n} images were to be read out, {len(readout) - 1} were")
    output = network.output_layer.name
    elapsed = (schedule.slot - 1 - schedule.origins[output]) / steps
    return Outcome(
        latencies=latencies, logits=readout[1 : n + 1] * np.exp(elapsed / network.leak),
        release_potentials=release[1 : n + 1], late=late / max(spikes, 1),
    )
