"""All runs on an NVIDIA card, in 11 minutes at the most, brought back as files.

    python -m benchmarks.gpu OUT                     # on a machine with a card
    python -m benchmarks.gpu OUT --without-card 9.0  # generate and compile alone, for that card
    python -m benchmarks.gpu OUT --judge             # later: are float32's moves explained?

Runs what the environment has: Brian2CUDA's rows where brian2cuda is, GeNN's where brian2genn is
(each has an environment of its own; both may write to one OUT). It needs no more than that package.
Programs are compiled side by side, and have the card one after the other.
"""

import argparse
import fcntl
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

import tdsnn_brian as td
from tdsnn_brian import networks
from tdsnn_brian.networks.models.large import large_network
from tdsnn_brian.side_by_side import SideBySide

CHANNELS = {
    # kernel size and output channels of each convolution
    "alexnet": [(11, 64), (5, 192), (3, 384), (3, 256), (3, 256)],
    "vgg16": [(3, n) for n in (64, 64, 128, 128, 256, 256, 256, *[512] * 6)],
}
IN_MEMORY = "/dev/shm" if os.path.isdir("/dev/shm") else None  # programs write GBs at their end
MOST_KEPT = 1000  # images whose firing times come back
PHASES = ("before_start", "before_network_run", "after_network_run", "after_end")
PACKAGES = {
    "cuda_standalone": "brian2cuda",
    "genn": "brian2genn",
    "cpu": "brian2",
    "torch": "torch",
}


@dataclass(frozen=True, kw_only=True)
class Run:
    """A row of the table: `images` of them, `copies` side by side, as often as `repeats` says."""

    name: str
    network: str = "lenet"
    device: str = "cuda_standalone"
    float_type: str = "float32"
    projection: str = "shared"
    images: int = 1000
    copies: int = 1
    repeats: int = 1
    profile: bool = False


RUNS = [
    # those that take longest to prepare come first
    Run(name="lenet-10000", images=10_000, copies=500),
    Run(name="lenet-10000-float64", images=10_000, copies=500, float_type="float64"),
    Run(name="vgg16", network="vgg16", images=1, repeats=3),
    Run(name="vgg16-float64", network="vgg16", images=1, float_type="float64"),
    Run(name="vgg16-profile", network="vgg16", images=1, profile=True),
    Run(name="alexnet", network="alexnet", images=1, repeats=3),
    Run(name="alexnet-float64", network="alexnet", images=1, float_type="float64"),
    Run(name="lenet-explicit", projection="explicit", images=100, float_type="float64"),
    Run(name="lenet", copies=250, repeats=10),
    Run(name="lenet-float64", float_type="float64", copies=250, repeats=5),
    Run(name="lenet-profile", copies=250, profile=True),
    Run(name="lenet-one-by-one", images=100),
    Run(name="genn-lenet", device="genn", projection="explicit", copies=10, float_type="float64"),
    Run(name="genn-lenet-float32", device="genn", projection="explicit", copies=10),
    Run(name="cpu-lenet", device="cpu"),
    Run(name="cpu-alexnet", device="cpu", network="alexnet", images=1),
    Run(name="cpu-vgg16", device="cpu", network="vgg16", images=1),
    Run(name="torch-lenet", device="torch"),
    Run(name="torch-alexnet", device="torch", network="alexnet", images=1),
    Run(name="torch-vgg16", device="torch", network="vgg16", images=1),
]


def subject(run: Run) -> tuple[td.SpikingNetwork, np.ndarray]:
    """The network and its images, the same on every machine.

    LeNet as it ships, on the digits that ship, over again where there are too few. AlexNet and
    VGG-16 in full size with drawn weights, on a drawn picture.
    """
    if run.network == "lenet":
        digits, _ = networks.sample_digits(min(run.images, 1000))
        return networks.load_network("lenet"), np.resize(digits, (run.images, *digits.shape[1:]))
    rng, channels, convolutions = np.random.default_rng(0), 3, []
    for size, outputs in CHANNELS[run.network]:
        scale = np.sqrt(2 / (size * size * channels))
        kernel = rng.normal(0, scale, (size, size, channels, outputs)).astype(np.float32)
        convolutions.append((kernel, np.zeros(outputs, np.float32)))
        channels = outputs
    picture = np.kron(rng.random((28, 28, 3)), np.ones((8, 8, 1)))[None]
    return large_network(run.network, convolutions=convolutions), picture


@contextmanager
def the_card(out: Path) -> Iterator[None]:
    """Only one process at a time computes on it."""
    with open(out / "card.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def time_alone(out: Path) -> None:
    """Let the program that is built compute while no other does, and say when its parts began.

    What it reads, copies and writes may go on beside others.
    """
    from brian2 import device, prefs

    prefs.codegen.cpp.headers += ["<fcntl.h>", "<sys/file.h>", "<fstream>", "<chrono>"]
    lock = json.dumps(str(out / "card.lock"))
    device.insert_code(
        "before_network_run",
        f"const int card = open({lock}, O_CREAT | O_RDWR, 0644); flock(card, LOCK_EX);",
    )
    device.insert_code("after_network_run", "cudaDeviceSynchronize();")
    for slot in PHASES:
        clock = "std::chrono::system_clock::now().time_since_epoch()"
        device.insert_code(
            slot,
            'std::ofstream(brian::results_dir + "phases.txt", std::ios::app) << std::fixed'
            f" << std::chrono::duration<double>({clock}).count() << std::endl;",
        )
    device.insert_code("after_network_run", "flock(card, LOCK_UN);")


def by_program(run: Run, out: Path, capability: float | None) -> dict:
    """A program of Brian2CUDA, run as often as wanted."""
    import brian2cuda  # noqa: F401
    from brian2 import defaultclock, device, ms, prefs, set_device

    from tdsnn_brian.brian.cuda.nvidia import compute_capability
    from tdsnn_brian.brian.making import economical_make

    backend = prefs.devices.cuda_standalone.cuda_backend
    if capability is not None or shutil.which("nvidia-smi") is None:
        backend.detect_gpus, backend.gpu_id = False, 0
        backend.compute_capability = capability or compute_capability()
    network, images = subject(run)
    wide = SideBySide(one=network, copies=run.copies)
    start = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="tdsnn-gpu-", dir=IN_MEMORY) as folder:
        prefs.core.default_float_dtype = getattr(np, run.float_type)
        set_device("cuda_standalone", directory=folder, build_on_run=False, with_output=False)
        defaultclock.dt = 1 * ms / network.input_steps
        net = td.build_network(wide.network, wide.arranged(images), projection=run.projection)
        time_alone(out)
        net.run(net.duration, namespace={}, profile=run.profile)
        generated = time.perf_counter() - start
        with economical_make():
            device.build(directory=folder, compile=True, run=False, with_output=False)
        figures = {"generate_seconds": generated}
        figures["compile_seconds"] = time.perf_counter() - start - generated
        if capability is not None:
            return figures
        analysis, found, loops, wholes = td.analyse(network, images), [], [], []
        for _ in range(run.repeats):
            phases = Path(folder, "results", "phases.txt")
            phases.unlink(missing_ok=True)
            start = time.time()
            device.run(folder, "results", with_output=False)
            begun = [float(line) for line in phases.read_text().split()]
            loops.append(begun[2] - begun[1])
            wholes.append(begun[1] - start + begun[3] - begun[2])
            unfinished = figures | measured(run, loops, wholes) | {"error": "not compared in time"}
            (out / f"{run.name}.json").write_text(json.dumps(asdict(run) | unfinished))
            result = td.read_results(net, strict=False)
            found.append(wide.separated(result, len(images)))
        if run.profile:
            figures["profile"] = read_profile(Path(folder, "results", "profiling_info.txt"))
    return figures | measured(run, loops, wholes) | compared(run, out, analysis, found)


def read_profile(file: Path) -> dict[str, float]:
    """Seconds of each operation, the longest first."""
    lines = (line.split() for line in file.read_text().splitlines())
    seconds = {name: float(value) for name, value in lines}
    return dict(sorted(seconds.items(), key=lambda item: -item[1])[:40])


def by_simulate(run: Run, out: Path, capability: float | None) -> dict:
    """GeNN, which builds and runs in one go; its generator asks the card too."""
    import brian2genn  # noqa: F401
    from brian2 import device, prefs, set_device

    network, images = subject(run)
    wide = SideBySide(one=network, copies=run.copies)
    analysis = td.analyse(network, images)
    prefs.core.default_float_dtype = getattr(np, run.float_type)
    with tempfile.TemporaryDirectory(prefix="tdsnn-gpu-", dir=IN_MEMORY) as folder, the_card(out):
        set_device("genn", use_GPU=True, directory=folder, with_output=False)
        result = td.simulate(wide.network, wide.arranged(images), strict=False)
    seconds, loop = result.seconds, device._last_run_time
    found = [wide.separated(result, len(images))]
    return (
        {"compile_seconds": seconds["compile"]}
        | measured(run, [loop], [seconds["run"] - loop])
        | compared(run, out, analysis, found)
    )


def by_stream(run: Run, out: Path, capability: float | None) -> dict:
    """The event-driven program on this machine's processor, one thread."""
    network, images = subject(run)
    for _ in td.stream(network, images[:1], dtype=run.float_type, processes=1, threads=1):
        pass  # it is compiled
    with the_card(out):  # alone on the machine, as far as this script goes
        results = td.stream(network, images, dtype=run.float_type, processes=1, threads=1)
        for _ in results:
            pass
    return {"ms_per_image": 1e3 * results.seconds / len(images)}


def by_torch(run: Run, out: Path, capability: float | None) -> dict:
    """torch's forward pass through the same layers, on the card and on the processor."""
    import torch

    from tdsnn_brian.validation.speed.contenders import torch_forward

    network, images = subject(run)
    figures = {}
    with the_card(out):
        for place in ("cpu", *(["cuda"] if torch.cuda.is_available() else [])):
            forward = torch_forward(network, images, place)
            seconds = statistics.median([forward() for _ in range(5)][1:])
            figures["ms_per_image" if place == "cuda" else "ms_per_image_cpu"] = 1e3 * seconds
    return figures


KINDS = {"cuda_standalone": by_program, "genn": by_simulate, "cpu": by_stream, "torch": by_torch}


def measured(run: Run, loops: list[float], wholes: list[float]) -> dict:
    return {
        "ms_per_image": 1e3 * statistics.median(loops) / run.images,  # of its steps alone
        "ms_per_image_of_each_run": [1e3 * seconds / run.images for seconds in loops],
        "beside_seconds": statistics.median(wholes),  # starting, reading and writing
        "runs": len(loops),
    }


def compared(run: Run, out: Path, analysis, found: list) -> dict:
    """Against the analysis, and runs against each other; float32's first run is kept."""
    first = found[0]
    total = sum(values.size for values in first.latencies.values())
    moved = [_different(first, other) for other in found[1:]]
    if run.float_type == "float32" and run.images <= MOST_KEPT:
        np.savez_compressed(
            out / f"{run.name}.npz",
            potentials=first.potentials,
            **{f"latencies/{name}": _small(values) for name, values in first.latencies.items()},
            **{f"windows/{name}": values for name, values in first.windows.items()},
        )
    return {
        "firing_times": total,
        "different_from_analysis": max(_different(result, analysis) for result in found),
        "largest_error_of_a_logit": float(np.abs(first.potentials - analysis.logits).max()),
        "moved_between_runs": {"runs": len(found), "most": max(moved, default=0)},
    }


def _small(values: np.ndarray) -> np.ndarray:
    """The same whole numbers in fewer bytes, or `values` where others are among them."""
    whole = values.astype(np.int16)
    return whole if np.array_equal(whole, values) else values


def _different(one, other) -> int:
    return sum(
        int((values != other.latencies[name]).sum()) for name, values in one.latencies.items()
    )


def judge(out: Path) -> None:
    """Say of each float32 run which of its differences are not explained; needs `validation`."""
    from tdsnn_brian.analysis.closed_form import choose_windows
    from tdsnn_brian.validation.judge.comparison import compare

    for run in RUNS:
        kept, file = out / f"{run.name}.npz", out / f"{run.name}.json"
        if not kept.is_file():
            continue
        network, images = subject(run)
        analysis = td.analyse(network, images)
        with np.load(kept) as saved:
            parts = {"latencies": {}, "windows": {}}
            for field, _, name in (key.partition("/") for key in saved.files if "/" in key):
                parts[field][name] = saved[f"{field}/{name}"]
            result = td.Simulation(**parts, potentials=saved["potentials"], ticks={}, spikes={})
        windows = choose_windows(network, analysis, "fixed")
        layers = compare(network, analysis, result, windows=windows, dtype=run.float_type)
        figures = json.loads(file.read_text())
        figures["unexplained"] = sum(layer.unexplained for layer in layers)
        file.write_text(json.dumps(figures, indent=2))
    write_table(out)


def write_table(out: Path) -> None:
    """``results.md``: a line for each run that is done."""
    head = ("run", "card", "float", "images", "ms an image", "firing times", "different", "moved")
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for run in RUNS:
        file = out / f"{run.name}.json"
        if not file.is_file():
            continue
        row = json.loads(file.read_text())
        cells = [
            run.name,
            row.get("card", ""),
            run.float_type,
            f"{run.images}, {run.copies} at once",
        ]
        cells += [f"{row['ms_per_image']:.3g}" if "ms_per_image" in row else ""]
        if "error" in row:
            cells += [row["error"].splitlines()[-1][:200]]
        else:
            different = f"{row.get('different_from_analysis', '')}"
            if "unexplained" in row:
                different += f", {row['unexplained']} unexplained"
            moved = row.get("moved_between_runs", {"runs": 0, "most": ""})
            cells += [f"{row.get('firing_times', '')}", different]
            cells += [f"{moved['most']} in {moved['runs']} runs" if moved["runs"] else ""]
        lines.append(f"| {' | '.join(cells + [''] * (len(head) - len(cells)))} |")
    (out / "results.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


def child(run: Run, out: Path, capability: float | None, card: str) -> None:
    """One run in this process; what it gives or what went wrong is written to ``out``."""
    try:
        figures = KINDS[run.device](run, out, capability)
    except Exception as error:  # the other runs go on
        figures = {"error": f"{type(error).__name__}: {error}"}
    figures = {**asdict(run), "card": card, **figures}
    (out / f"{run.name}.json").write_text(json.dumps(figures, indent=2))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", nargs="+", metavar="RUN", help="these runs alone")
    parser.add_argument("--minutes", type=float, default=11, help="end what takes longer")
    parser.add_argument("--without-card", type=float, metavar="CAPABILITY")
    parser.add_argument("--judge", action="store_true")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)  # run, card
    options = parser.parse_args()
    out, capability = options.out.resolve(), options.without_card
    out.mkdir(parents=True, exist_ok=True)
    if options.judge:
        judge(out)
        return
    if options.child:
        name, card = options.child
        child(next(run for run in RUNS if run.name == name), out, capability, card)
        return
    from tdsnn_brian.brian.cuda.nvidia import find_cards, find_compiler

    find_compiler()
    card = find_cards()[0] if capability is None else "none"
    wanted = [run for run in RUNS if not options.only or run.name in options.only]
    waiting = [run for run in wanted if find_spec(PACKAGES[run.device])]
    if capability is not None:
        waiting = [run for run in waiting if run.device == "cuda_standalone"]
    for run in wanted:  # an older result is none of this call's
        for file in out.glob(f"{run.name}.*"):
            file.unlink()
    deadline = time.monotonic() + 60 * options.minutes
    started: list[tuple[Run, subprocess.Popen]] = []
    at_once = max(2, (os.cpu_count() or 1) // 2)
    while (waiting or any(x.poll() is None for _, x in started)) and time.monotonic() < deadline:
        if waiting and sum(x.poll() is None for _, x in started) < at_once:
            run = waiting.pop(0)
            command = [sys.executable, "-m", "benchmarks.gpu", str(out)]
            command += ["--child", run.name, card]
            command += [] if capability is None else ["--without-card", str(capability)]
            started.append((run, subprocess.Popen(command)))
        time.sleep(0.2)
    for run, process in started:
        if process.poll() is None:
            process.kill()
            fail(run, out, card, f"not done in {options.minutes} minutes")
        elif not (out / f"{run.name}.json").exists():
            fail(run, out, card, f"ended with status {process.returncode}")
    for run in waiting:
        fail(run, out, card, f"not started in {options.minutes} minutes")
    write_table(out)


def fail(run: Run, out: Path, card: str, error: str) -> None:
    file = out / f"{run.name}.json"
    known = json.loads(file.read_text()) if file.exists() else asdict(run)
    file.write_text(json.dumps({**known, "card": card, "error": error}, indent=2))


if __name__ == "__main__":
    main()
