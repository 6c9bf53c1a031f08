"""The command `benchmark`: how fast, in how much memory, beside what."""

import json
import os
import platform
import statistics
from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import Enum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import numpy as np
import typer
from rich.table import Table

import networks
from networks.data import DataNotFoundError
from networks.data.photographs import photographs
from networks.models.large import large_network, plain_layers
from tdsnn_brian import SpikingNetwork, analyse
from tdsnn_brian.brian import compile_program
from tdsnn_brian.brian.memory import explicit_bytes
from tdsnn_brian.brian.program import CACHE_VARIABLE, Program
from tdsnn_brian.errors import TDSNNError
from tdsnn_brian.spec import Conv2D, Dense, MaxPool2D

from ..case import digits
from ..console import console, progress_bar, say
from ..judge.one_image import judge_image
from .contenders import (
    Contender,
    explicit_standalone,
    genn_seconds,
    runtime_seconds,
    shared,
    spikingjelly,
    torch_forward,
)


class Part(str, Enum):
    """What can be measured by itself."""

    lenet = "lenet"
    mnist = "mnist"
    alexnet = "alexnet"
    vgg16 = "vgg16"
    growth = "growth"


def benchmark(
    only: Annotated[
        list[Part] | None, typer.Option(help="Measure this alone; may be given more than once.")
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="How often the contenders alternate.")] = 5,
    processes: Annotated[int, typer.Option(min=1, help="Programs side by side for MNIST.")] = 2,
    cython: Annotated[
        bool, typer.Option(help="Measure the cython target too; it compiles for minutes.")
    ] = False,
    genn: Annotated[
        Path | None,
        typer.Option(help="Python of an environment with Brian2GeNN (make genn makes one); "
                     "measured where it and GeNN are."),
    ] = Path(".venv-genn/bin/python"),
    data: Annotated[
        Path | None,
        typer.Option(help="Directory with mnist.npz; else the 1,000 digits that ship are shown.",
                     envvar="TDSNN_DATA"),
    ] = None,
    output: Annotated[Path, typer.Option(help="Directory to write to.")] = Path(
        "reports/benchmark"
    ),
) -> None:
    """Measure LeNet, AlexNet and VGG-16 in Brian2 beside torch and SpikingJelly."""
    parts: dict[Part, Callable[[], dict]] = {
        Part.lenet: lambda: lenet(rounds, cython, genn),
        Part.mnist: lambda: mnist(data, processes),
        Part.alexnet: lambda: large("alexnet", rounds),
        Part.vgg16: lambda: large("vgg16", rounds),
        Part.growth: growth,
    }
    output.mkdir(parents=True, exist_ok=True)
    path = output / "summary.json"
    summary = json.loads(path.read_text()) if only and path.is_file() else {}
    summary |= {"machine": machine(), "notes": []}
    for part, measure in parts.items():
        if only and part not in only:
            continue
        say(f"{part.value} ...")
        key = "mnist_10k" if part is Part.mnist else part.value
        try:
            summary[key] = measure()
        except (DataNotFoundError, ImportError) as error:
            summary[key] = None
            summary["notes"].append(f"{part.value} was left out: {error}")
        path.write_text(json.dumps(summary, indent=1) + "\n")
    for note in [*summary["notes"], *((summary.get("lenet") or {}).get("notes", []))]:
        say(f"note: {note}", style="yellow")
    console.print(table(summary))
    say(f"wrote {path}")


def machine() -> dict:
    """Where the figures come from."""
    from importlib.metadata import version

    model = platform.processor()
    if Path("/proc/cpuinfo").is_file():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next((x.split(":")[1].strip() for x in lines if x.startswith("model name")), model)
    return {
        "processor": model,
        "python": platform.python_version(),
        **{name: version(name) for name in ("brian2", "numpy")},
    }


def alternate(contenders: Mapping[str, Contender], rounds: int) -> dict[str, list[float]]:
    """Seconds an image of each contender, one after the other in every round.

    A first round, in which programs are compiled and caches filled, does not count.
    """
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(rounds + 1):
        for name, run in contenders.items():
            elapsed = run()
            if number:
                seconds[name].append(elapsed)
    return seconds


def ratio(seconds: list[float], to: list[float]) -> float:
    """Median of the ratios of rounds that ran side by side."""
    return statistics.median(a / b for a, b in zip(seconds, to, strict=True))


def lenet(
    rounds: int, cython: bool, genn: Path | None = None, n_images: int = 200, n_explicit: int = 20
) -> dict:
    """The shipped LeNet: shared and explicit, torch and SpikingJelly, in turn."""
    network = networks.load_network("lenet")
    images, labels = digits(n_images)
    notes: list[str] = []
    program = compile_program(network, dtype="float32")
    contenders = {"shared": shared(network, images)}
    result: dict = {
        "leak": network.leak, "images": n_images, "compile_seconds": program.compile_seconds,
        "explicit_gib": explicit_bytes(network) / 2**30, "notes": notes,
    }
    if not program.compile_seconds:
        result["compile_seconds"] = _compile_anew(network)
    contenders["explicit"], explicit_compile = explicit_standalone(network, images[:n_explicit])
    results = program.stream(images)
    predictions = {"shared": np.concatenate([image.predictions for image in results])}
    result["peak_mib"] = results.peak_bytes / 2**20
    try:
        layers = _dnn_layers(network)
        contenders["torch"] = torch_forward(layers, images)
        for time_steps in (8, 16):
            name = f"spikingjelly_t{time_steps}"
            contenders[name], predict = spikingjelly(layers, images, images[:100], time_steps)
            predictions[name] = predict()
    except (ImportError, TDSNNError) as error:
        notes.append(f"torch or SpikingJelly was left out: {error}")
    seconds = alternate(contenders, rounds)
    for name in ("shared", "explicit", "torch", "spikingjelly_t8", "spikingjelly_t16"):
        result[name] = None if name not in seconds else {
            "ms_per_image": 1e3 * statistics.median(seconds[name]),
            "ratio_to_shared": ratio(seconds[name], seconds["shared"]),
        }
        if name in predictions:
            result[name]["accuracy"] = float((predictions[name] == labels).mean())
    result["explicit"]["compile_seconds"] = explicit_compile
    for target in ("numpy", "cython") if cython else ("numpy",):
        for kind in ("shared", "explicit"):
            elapsed = runtime_seconds(network, images[:4], target, kind)
            result[f"{kind}_{target}"] = {"ms_per_image": 1e3 * elapsed}
    if genn is not None and genn.is_file():
        try:
            measured = genn_seconds(genn.absolute(), n_explicit)
            result["explicit_genn"] = {
                "ms_per_image": 1e3 * measured["run"], "compile_seconds": measured["compile"],
            }
        except ImportError as error:
            notes.append(f"GeNN was left out: {error}")
    return result


def _compile_anew(network: SpikingNetwork) -> float:
    """Seconds to compile, whatever the cache holds."""
    before = os.environ.get(CACHE_VARIABLE)
    with TemporaryDirectory(prefix="tdsnn-") as folder:
        os.environ[CACHE_VARIABLE] = folder
        try:
            return compile_program(network, dtype="float32").compile_seconds
        finally:
            del os.environ[CACHE_VARIABLE]
            if before is not None:
                os.environ[CACHE_VARIABLE] = before


def _dnn_layers(network: SpikingNetwork) -> list:
    """The trained DNN before adaptation, in the spiking network's layers."""
    model = networks.load_model("lenet")
    layers = []
    for layer in network:
        if not isinstance(layer, MaxPool2D):
            weights, bias = map(np.asarray, model.get_layer(layer.name).get_weights())
            field = "weights" if isinstance(layer, Dense) else "kernel"
            layer = replace(layer, **{field: weights}, bias=bias)
        layers.append(layer)
    return layers


def mnist(data: Path | None, processes: int) -> dict:
    """All test digits through one program, float64, compared neuron by neuron."""
    network = networks.load_network("lenet")
    images, labels = digits(10_000 if data else 1_000, data)
    program = compile_program(network, dtype="float64")
    simulated = {
        layer.name: np.empty((len(images), *layer.output_shape), np.int16)
        for layer in network.firing_layers
    }
    predictions = np.empty(len(images), int)
    with progress_bar() as bar:
        task = bar.add_task("simulate digits", total=1)
        results = program.stream(
            images, processes=processes, progress=lambda share: bar.update(task, completed=share)
        )
        for index, result in enumerate(results):
            for name, latencies in result.latencies.items():
                simulated[name][index] = latencies[0]
            predictions[index] = result.predictions[0]
    different = 0
    for start in range(0, len(images), 500):
        part = slice(start, start + 500)
        analysis = analyse(network, images[part])
        different += sum(
            int((simulated[name][part] != latencies).sum())
            for name, latencies in analysis.latencies.items()
        )
    return {
        "images": len(images), "processes": processes, "seconds": results.seconds,
        "ms_per_image": 1e3 * results.seconds / len(images),
        "identical": different == 0, "disagreements": different,
        "neurons": sum(values.size for values in simulated.values()),
        "accuracy": float((predictions == labels).mean()),
        "peak_mib": results.peak_bytes / 2**20,
    }


def large(name: str, rounds: int) -> dict:
    """AlexNet or VGG-16 on a photograph: float32 for speed, float64 against the analysis."""
    network, image = large_network(name), photographs(1)
    program, result = _simulated_once(network, image)
    contenders = {"shared": lambda: _seconds(program, image)}
    result |= {
        "compile_seconds": program.compile_seconds or _compile_anew(network),
        "explicit_gib": explicit_bytes(network) / 2**30,
        "identical": _identical_in_double(network, image),
    }
    quiet, quiet_result = _simulated_once(large_network(name, silent_zeros=True), image)
    contenders["silent_zeros"] = lambda: _seconds(quiet, image)
    try:
        contenders["torch"] = torch_forward(plain_layers(name), image)
    except ImportError as error:
        say(f"note: torch was left out: {error}", style="yellow")
    seconds = alternate(contenders, rounds)
    result["seconds_per_image"] = statistics.median(seconds["shared"])
    result["silent_zeros"] = {
        **quiet_result, "seconds_per_image": statistics.median(seconds["silent_zeros"]),
        "ratio_to_all_firing": ratio(seconds["silent_zeros"], seconds["shared"]),
    }
    if "torch" in seconds:
        result["torch_seconds"] = statistics.median(seconds["torch"])
        result["ratio_to_torch"] = ratio(seconds["shared"], seconds["torch"])
    return result


def _simulated_once(network: SpikingNetwork, image) -> tuple[Program, dict]:
    """A program in float32, and how its firing times compare with their expected ones."""
    program = compile_program(network, dtype="float32")
    results = program.stream(image)
    simulation = next(results)
    judged = judge_image(network, image, simulation, "float32")
    return program, {
        "neurons": judged.neurons,
        "spikes": sum(simulation.spikes.values()),
        "peak_gib": results.peak_bytes / 2**30,
        "disagreements": judged.disagreements,
        "unexplained": judged.unexplained,
    }


def _seconds(program, images) -> float:
    results = program.stream(images)
    for _ in results:
        pass
    return results.seconds / len(images)


def _identical_in_double(network: SpikingNetwork, image) -> bool:
    """Whether every neuron fires when the analysis says, in float64."""
    simulation = next(compile_program(network, dtype="float64").stream(image))
    analysis = analyse(network, image)
    return all(
        np.array_equal(simulation.latencies[name], latencies)
        for name, latencies in analysis.latencies.items()
    )


def growth(side: int = 24, n_images: int = 20) -> dict:
    """Time and memory of shared projections with images, width, depth and leak."""
    rng = np.random.default_rng(0)
    rows = {"images": [], "width": [], "depth": [], "leak": []}

    def measure(axis, value, *, width=16, depth=3, leak=5.0, images=n_images):
        network = _random_network(rng, side, width, depth, leak)
        program = compile_program(network, dtype="float32")
        shown = rng.random((images, side, side, 1))
        elapsed = [_seconds(program, shown) for _ in range(3)]
        results = program.stream(shown[-1:])
        next(results)
        rows[axis].append({
            axis: value, "ms_per_image": 1e3 * min(elapsed),
            "peak_mib": results.peak_bytes / 2**20, "explicit_mib": explicit_bytes(network) / 2**20,
        })

    for value in (10, 100, 1000):
        measure("images", value, images=value)
    for value in (8, 16, 32):
        measure("width", value, width=value)
    for value in (2, 4, 8):
        measure("depth", value, depth=value)
    for value in (1.0, 5.0, 20.0):
        measure("leak", value, leak=value)
    return rows


def _random_network(rng, side, width, depth, leak) -> SpikingNetwork:
    layers, channels = [], 1
    for k in range(depth):
        kernel = rng.normal(0, (2 / (9 * channels)) ** 0.5, (3, 3, channels, width))
        layers.append(Conv2D(name=f"conv{k}", input_shape=(side, side, channels), kernel=kernel,
                             bias=np.zeros(width), padding=((1, 1), (1, 1))))
        channels = width
    n = side * side * width
    layers.append(Dense(name="dense", input_shape=(side, side, width), bias=np.zeros(10),
                        weights=rng.normal(0, n**-0.5, (n, 10))))
    return SpikingNetwork(layers=tuple(layers), leak=leak, name="random")


def table(summary: dict) -> Table:
    """The main figures side by side."""
    result = Table(title="seconds and memory, one core unless said")
    for title in ("", "ms an image", "peak MiB", "compile s", "beside it"):
        result.add_column(title, justify="left" if title in ("", "beside it") else "right")

    def number(value, factor=1.0):
        return "" if value is None else f"{factor * value:,.3g}"

    row = summary.get("lenet") or {}
    for name in ("shared", "explicit", "torch", "spikingjelly_t8", "spikingjelly_t16",
                 "shared_numpy", "explicit_numpy", "shared_cython", "explicit_cython",
                 "explicit_genn"):
        if entry := row.get(name):
            seconds = row["compile_seconds"] if name == "shared" else entry.get("compile_seconds")
            beside = entry.get("ratio_to_shared")
            result.add_row(f"LeNet, {name}", number(entry["ms_per_image"]), "", number(seconds),
                           "" if beside is None else f"{beside:.2f} x shared")
    if row := summary.get("mnist_10k"):
        result.add_row(
            f"LeNet, {row['images']:,} digits, {row['processes']} processes",
            number(row["ms_per_image"]), number(row["peak_mib"]), "",
            f"{row['seconds']:.1f} s in all; {'identical' if row['identical'] else 'DIFFERENT'}",
        )
    for name in ("alexnet", "vgg16"):
        if row := summary.get(name):
            result.add_row(
                name, number(row["seconds_per_image"], 1e3), number(row["peak_gib"], 1024),
                number(row["compile_seconds"]),
                f"{row.get('ratio_to_torch', float('nan')):.1f} x torch; "
                f"{row['unexplained']} unexplained",
            )
            quiet = row.get("silent_zeros")
            if quiet:
                result.add_row(
                    f"{name}, silent zeros", number(quiet["seconds_per_image"], 1e3),
                    number(quiet["peak_gib"], 1024), "",
                    f"{quiet['ratio_to_all_firing']:.2f} x all firing; "
                    f"{quiet['unexplained']} unexplained",
                )
    return result
