"""What the benchmark runs against each other: each is a function that gives seconds an image.

All work on one core. Those that need what is not installed raise `ImportError`, and the
benchmark says so.
"""

import json
import multiprocessing
import subprocess
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from numpy.typing import NDArray

from tdsnn_brian import SpikingNetwork, stream

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
    from tdsnn_brian.brian.making import economical_make

    start = time.perf_counter()
    set_device("cpp_standalone", directory=folder, build_on_run=False)
    net = build_network(network, images, projection="explicit")
    net.run(net.duration, namespace={})
    with economical_make():  # as `simulate` does
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
                "--simulate",
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


def torch_forward(network: SpikingNetwork, images: NDArray, device: str = "cpu") -> Contender:
    """torch's dense forward pass through the same weights, float32, all images in one batch.

    On one thread of the processor, or on ``"cuda"``.
    """
    import torch

    from .as_torch import AsTorch, batch

    torch.set_num_threads(1)
    dnn, inputs = AsTorch(network).eval().to(device), batch(images).to(device)

    def wait() -> None:
        if device == "cuda":
            torch.cuda.synchronize()

    def run() -> float:
        with torch.inference_mode():
            wait()
            start = time.perf_counter()
            dnn(inputs)
            wait()
            return (time.perf_counter() - start) / len(inputs)

    return run


def spikingjelly(
    network: SpikingNetwork, images: NDArray, calibration: NDArray, time_steps: int
) -> tuple[Contender, Callable[[], NDArray]]:
    """SpikingJelly's rate-coded conversion of the DNN, and its predictions.

    `network` has the weights of the DNN, neither scaled nor compensated.
    """
    import torch
    from spikingjelly.activation_based import ann2snn, functional

    from .as_torch import AsTorch, batch

    torch.set_num_threads(1)
    dnn, inputs = AsTorch(network, even=True).eval(), batch(calibration)
    recipe = ann2snn.RateCodingRecipe([(inputs, torch.zeros(len(inputs)))], mode="Max")
    snn, shown = ann2snn.FXConverter(recipe).convert(dnn).eval(), batch(images)

    def forward():
        with torch.inference_mode():
            functional.reset_net(snn)
            return sum(snn(shown) for _ in range(time_steps))

    def run() -> float:
        start = time.perf_counter()
        forward()
        return (time.perf_counter() - start) / len(shown)

    return run, lambda: forward().argmax(1).numpy()
