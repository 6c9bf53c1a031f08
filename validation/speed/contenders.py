"""What the benchmark runs against each other: each is a function that gives seconds an image.

All work on one core. Those that need what is not installed raise `ImportError`, and the
benchmark says so.
"""

import json
import multiprocessing
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tdsnn_brian import SpikingNetwork, stream
from tdsnn_brian.layers import Layer, Shape

Contender = Callable[[], float]


def shared(network: SpikingNetwork, images: NDArray, dtype: str = "float32") -> Contender:
    """The compiled program with shared projections, every firing time recorded."""

    def run() -> float:
        results = stream(network, images, dtype=dtype, processes=1, threads=1)
        for _ in results:
            pass
        return results.seconds / len(images)

    return run


def in_own_process(function, *args):
    """Call `function` in a fresh process, so that its Brian2 device and memory are its own."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(function, *args).result()


def explicit_standalone(network: SpikingNetwork, images: NDArray) -> tuple[Contender, float]:
    """The explicit network in cpp_standalone, float64, and the seconds to build and compile it.

    Timed is the network's run alone, not the making of its synapses.
    """
    folder = tempfile.TemporaryDirectory(prefix="tdsnn-explicit-")  # until nobody runs it any more
    seconds = in_own_process(_build_explicit, network, images, folder.name)

    def run() -> float:
        subprocess.run(["./main"], cwd=folder.name, check=True, stdout=subprocess.DEVNULL)
        return float(Path(folder.name, "results/last_run_info.txt").read_text().split()[0]) / len(
            images
        )

    return run, seconds


def _build_explicit(network, images, folder) -> float:
    from brian2 import device, set_device

    from tdsnn_brian import build_network

    start = time.perf_counter()
    set_device("cpp_standalone", directory=folder, build_on_run=False)
    net = build_network(network, images, projection="explicit")
    net.run(net.duration, namespace={})
    device.build(directory=folder, run=False, compile=True, with_output=False)
    return time.perf_counter() - start


def runtime_seconds(
    network: SpikingNetwork, images: NDArray, target: str, projection: str
) -> float:
    """Seconds an image on a runtime target; what a run costs besides its images is taken off."""
    return in_own_process(_runtime_seconds, network, images, target, projection)


def _runtime_seconds(network, images, target, projection) -> float:
    from brian2 import prefs

    from tdsnn_brian import simulate

    prefs.codegen.target = target
    run = [
        simulate(network, images[:n], projection=projection, window=40).seconds["run"]
        for n in (1, 1, len(images))
    ]
    return max(run[2] - run[1], 0.0) / (len(images) - 1)


def genn_seconds(python: Path, n_images: int) -> dict[str, float]:
    """The shipped LeNet through GeNN's CPU backend, float64: ``compile``, and ``run`` an image.

    Parameters
    ----------
    python : Path
        Interpreter of the environment that has Brian2GeNN; see ``make genn``.
    n_images : int
        All in one run.
    """
    with tempfile.TemporaryDirectory(prefix="tdsnn-genn-") as output:
        done = subprocess.run(
            [
                python,
                "-m",
                "tdsnn_brian.validation",
                "validate",
                "--device",
                "genn",
                "--images",
                str(n_images),
                "--output",
                output,
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise ImportError(f"GeNN: {(done.stdout + done.stderr)[-300:].strip()}")
        seconds = json.loads(Path(output, "summary.json").read_text())["seconds"]
    return {"compile": seconds["compile"], "run": seconds["run_per_image"]}


def torch_forward(layers: Sequence[Layer], images: NDArray) -> Contender:
    """torch's dense forward pass through the same layers, float32, all images in one batch."""
    import torch
    from torch.nn import functional

    torch.set_num_threads(1)

    def tensor(values):
        return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))

    steps, shape = [], layers[0].input_shape
    for layer in layers:
        window, kernel = layer.projection.window, layer.projection.kernel
        if kernel is None:
            assert not any(map(any, window.padding)), f"{layer.name}: padded pools are not timed"
            pool = functional.avg_pool2d if layer.kind.integrates else functional.max_pool2d
            steps.append(lambda x, p=pool, w=window: p(x, w.size, w.strides))
        elif _is_dense(layer):
            weights = tensor(_dense_weights(kernel[0, 0], shape))
            steps.append(lambda x, w=weights: functional.relu(functional.linear(x.flatten(1), w)))
        else:
            (top, bottom), (left, right) = window.padding
            options = {
                "stride": window.strides,
                "dilation": window.dilation,
                "groups": window.groups,
            }
            if (top, left) == (bottom, right):
                options["padding"], margins = (top, left), None
            else:
                margins = (left, right, top, bottom)
            weights = tensor(kernel.transpose(3, 2, 0, 1))
            steps.append(
                lambda x, k=weights, o=options, m=margins: functional.relu(
                    functional.conv2d(functional.pad(x, m) if m else x, k, **o)
                )
            )
        shape = layer.output_shape
    batch = tensor(images.transpose(0, 3, 1, 2))

    def run() -> float:
        with torch.inference_mode():
            start = time.perf_counter()
            x = batch
            for step in steps:
                x = step(x)
            return (time.perf_counter() - start) / len(batch)

    return run


def _is_dense(layer: Layer) -> bool:
    return len(layer.output_shape) == 1


def _dense_weights(weights: NDArray, shape: Shape) -> NDArray:
    """(n_neurons, n_inputs) for inputs in torch's order, which flattens channels first."""
    if len(shape) == 3:
        weights = weights.reshape(*shape, -1).transpose(2, 0, 1, 3)
    return weights.reshape(prod(shape), -1).T


def spikingjelly(
    layers: Sequence[Layer], images: NDArray, calibration: NDArray, time_steps: int
) -> tuple[Contender, Callable[[], NDArray]]:
    """SpikingJelly's rate-coded conversion of the DNN, and its predictions.

    `layers` are convolutions, max-pools and dense layers of the DNN, biases included.
    """
    import torch
    from spikingjelly.activation_based import ann2snn, functional
    from torch import nn

    torch.set_num_threads(1)

    def tensor(values):
        return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))

    modules: list[nn.Module] = []
    shape = layers[0].input_shape
    for layer in layers:
        window, kernel = layer.projection.window, layer.projection.kernel
        if kernel is None:
            modules.append(nn.MaxPool2d(window.size, window.strides))
        elif _is_dense(layer):
            module = nn.Linear(layer.n_inputs, layer.n_neurons)
            module.weight.data = tensor(_dense_weights(kernel[0, 0], shape))
            module.bias.data = tensor(layer.bias)
            modules += [nn.Flatten(), module, nn.ReLU()]
        else:
            module = nn.Conv2d(window.input_shape[2], window.n_channels, window.size)
            module.weight.data = tensor(kernel.transpose(3, 2, 0, 1))
            module.bias.data = tensor(layer.bias)
            modules += [module, nn.ReLU()]
        shape = layer.output_shape
    dnn = nn.Sequential(*modules[:-1]).eval()
    inputs = tensor(calibration.transpose(0, 3, 1, 2))
    recipe = ann2snn.RateCodingRecipe([(inputs, torch.zeros(len(inputs)))], mode="Max")
    snn = ann2snn.FXConverter(recipe).convert(dnn).eval()
    batch = tensor(images.transpose(0, 3, 1, 2))

    def forward():
        with torch.inference_mode():
            functional.reset_net(snn)
            return sum(snn(batch) for _ in range(time_steps))

    def run() -> float:
        start = time.perf_counter()
        forward()
        return (time.perf_counter() - start) / len(batch)

    return run, lambda: forward().argmax(1).numpy()
