"""The shipped LeNet: beside explicit synapses, torch and SpikingJelly, and all digits of MNIST."""

import statistics
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tdsnn_brian import SpikingNetwork, analyse, networks
from tdsnn_brian.brian import compile_program
from tdsnn_brian.brian.memory import explicit_bytes
from tdsnn_brian.errors import TDSNNError

from ..case import digits
from ..console import progress_bar
from .contenders import (
    explicit_standalone,
    genn_seconds,
    runtime_seconds,
    shared,
    spikingjelly,
    torch_forward,
)
from .timing import alternate, compile_anew, ratio


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
        "leak": network.leak,
        "images": n_images,
        "compile_seconds": program.compile_seconds,
        "explicit_gib": explicit_bytes(network) / 2**30,
        "notes": notes,
    }
    if not program.compile_seconds:
        result["compile_seconds"] = compile_anew(network)
    contenders["explicit"], explicit_compile = explicit_standalone(network, images[:n_explicit])
    results = program.stream(images, processes=1, threads=1)
    predictions = {"shared": np.concatenate([image.predictions for image in results])}
    result["peak_mib"] = results.peak_bytes / 2**20
    try:
        dnn = _dnn(network)
        contenders["torch"] = torch_forward(dnn, images)
        for time_steps in (8, 16):
            name = f"spikingjelly_t{time_steps}"
            contenders[name], predict = spikingjelly(dnn, images, images[:100], time_steps)
            predictions[name] = predict()
    except (ImportError, TDSNNError) as error:
        notes.append(f"torch or SpikingJelly was left out: {error}")
    seconds = alternate(contenders, rounds)
    for name in ("shared", "explicit", "torch", "spikingjelly_t8", "spikingjelly_t16"):
        result[name] = (
            None
            if name not in seconds
            else {
                "ms_per_image": 1e3 * statistics.median(seconds[name]),
                "ratio_to_shared": ratio(seconds[name], seconds["shared"]),
            }
        )
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
                "ms_per_image": 1e3 * measured["run"],
                "compile_seconds": measured["compile"],
            }
        except ImportError as error:
            notes.append(f"GeNN was left out: {error}")
    return result


def _dnn(network: SpikingNetwork) -> SpikingNetwork:
    """The trained DNN before adaptation, in the spiking network's layers."""
    model = networks.load_model("lenet")
    layers = []
    for layer in network:
        if layer.kind.integrates:
            weights, bias = map(np.asarray, model.get_layer(layer.name).get_weights())
            field = "weights" if weights.ndim == 2 else "kernel"
            layer = replace(layer, **{field: weights}, bias=bias)
        layers.append(layer)
    return replace(network, layers=tuple(layers))


def all_digits(data: Path | None) -> tuple[NDArray, NDArray]:
    """The whole test set from a directory, else the digits that ship."""
    return digits(10_000 if data else 1_000, data)


def mnist(data: Path | None, processes: int) -> dict:
    """All test digits through one program, float64, compared neuron by neuron."""
    network = networks.load_network("lenet")
    images, labels = all_digits(data)
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
        "images": len(images),
        "processes": processes,
        "seconds": results.seconds,
        "ms_per_image": 1e3 * results.seconds / len(images),
        "identical": different == 0,
        "disagreements": different,
        "neurons": sum(values.size for values in simulated.values()),
        "accuracy": float((predictions == labels).mean()),
        "peak_mib": results.peak_bytes / 2**20,
    }
