"""AlexNet and VGG-16 on a photograph."""

import statistics

import numpy as np
from numpy.typing import NDArray

from tdsnn_brian import SpikingNetwork, analyse
from tdsnn_brian.brian import Program, compile_program
from tdsnn_brian.brian.memory import explicit_bytes
from tdsnn_brian.networks.data.imagenet import Convolution, trained_convolutions
from tdsnn_brian.networks.data.photographs import photographs
from tdsnn_brian.networks.models.large import large_network

from ..console import say
from ..judge.one_image import judge_image
from .contenders import torch_forward
from .timing import alternate, compile_anew, ratio, seconds_per_image


def large(name: str, rounds: int) -> dict:
    """AlexNet or VGG-16 on a photograph: float32 for speed, float64 against the analysis."""
    network, image = large_network(name), photographs(1)
    program, result = simulated_once(network, image)
    contenders = {"shared": lambda: seconds_per_image(program, image)}
    result |= {
        "compile_seconds": program.compile_seconds or compile_anew(network),
        "explicit_gib": explicit_bytes(network) / 2**30,
        "identical": identical_in_double(network, image),
    }
    quiet, quiet_result = simulated_once(large_network(name, silent_zeros=True), image)
    contenders["silent_zeros"] = lambda: seconds_per_image(quiet, image)
    try:
        contenders["torch"] = torch_forward(network, image)
    except ImportError as error:
        say(f"note: torch was left out: {error}", style="yellow")
    seconds = alternate(contenders, rounds)
    result["seconds_per_image"] = statistics.median(seconds["shared"])
    result["silent_zeros"] = {
        **quiet_result,
        "seconds_per_image": statistics.median(seconds["silent_zeros"]),
        "ratio_to_all_firing": ratio(seconds["silent_zeros"], seconds["shared"]),
    }
    if "torch" in seconds:
        result["torch_seconds"] = statistics.median(seconds["torch"])
        result["ratio_to_torch"] = ratio(seconds["shared"], seconds["torch"])
    return result


def shown_to(name: str) -> tuple[list[Convolution], NDArray]:
    """The trained convolutions that `large` simulates, and the photograph."""
    return trained_convolutions(name), photographs(1)


def simulated_once(network: SpikingNetwork, image) -> tuple[Program, dict]:
    """A program in float32, and how its firing times compare with their expected ones."""
    program = compile_program(network, dtype="float32")
    results = program.stream(image, processes=1, threads=1)
    simulation = next(results)
    judged = judge_image(network, image, simulation, "float32")
    return program, {
        "neurons": judged.neurons,
        "spikes": sum(simulation.spikes.values()),
        "peak_gib": results.peak_bytes / 2**30,
        "disagreements": judged.disagreements,
        "unexplained": judged.unexplained,
    }


def identical_in_double(network: SpikingNetwork, image) -> bool:
    """Whether every neuron fires when the analysis says, in float64."""
    simulation = next(compile_program(network, dtype="float64").stream(image))
    analysis = analyse(network, image)
    return all(
        np.array_equal(simulation.latencies[name], latencies)
        for name, latencies in analysis.latencies.items()
    )
