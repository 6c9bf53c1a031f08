"""How contenders are timed against each other."""

import os
import statistics
from collections.abc import Mapping
from tempfile import TemporaryDirectory

from tdsnn_brian import SpikingNetwork
from tdsnn_brian.brian import compile_program
from tdsnn_brian.brian.event_driven.cache import DIRECTORY_VARIABLE
from tdsnn_brian.brian.event_driven.program import Program

from .contenders import Contender


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


def seconds_per_image(program: Program, images) -> float:
    """Of a compiled program, results read as they come."""
    results = program.stream(images, processes=1, threads=1)
    for _ in results:
        pass
    return results.seconds / len(images)


def compile_anew(network: SpikingNetwork) -> float:
    """Seconds to compile, whatever the cache holds."""
    before = os.environ.get(DIRECTORY_VARIABLE)
    with TemporaryDirectory(prefix="tdsnn-") as folder:
        os.environ[DIRECTORY_VARIABLE] = folder
        try:
            return compile_program(network, dtype="float32").compile_seconds
        finally:
            del os.environ[DIRECTORY_VARIABLE]
            if before is not None:
                os.environ[DIRECTORY_VARIABLE] = before
