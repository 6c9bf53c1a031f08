"""Independent tasks of an evaluation: some images, one network, one noise, one flaw."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tdsnn_brian import SpikingNetwork, analyse, stream

from ..sweeps.flaws import FLAWS, flawed_program, flawed_setting
from ..sweeps.programs import run_interpreted


@dataclass(frozen=True, kw_only=True, eq=False)
class Task:
    """Some images, with noise, for one network."""

    network: SpikingNetwork
    images: NDArray
    labels: NDArray
    noise: float
    seed: tuple[int, ...]
    engine: str = "brian2"
    flaw: tuple[str, float] | None = None
    """Of the model, one of `validation.sweeps.flaws.FLAWS`, and its strength."""


def correct(task: Task) -> int:
    """How many of the task's images are classified rightly; a function of the task alone."""
    rng = np.random.default_rng(task.seed)
    images = task.images + task.noise * rng.standard_normal(task.images.shape)
    images = np.clip(images, 0, None)
    if task.flaw is not None:
        setting = flawed_setting(task.network, *task.flaw)
        program = flawed_program(
            task.network,
            images,
            analyse(task.network, images),
            living=FLAWS[task.flaw[0]].living,
        )
        predictions = run_interpreted(program, setting).predictions
    elif task.engine == "discrete":
        predictions = analyse(task.network, images).predictions
    else:
        results = stream(task.network, images, dtype="float32", record=(), processes=1, threads=1)
        predictions = np.concatenate([result.predictions for result in results])
    return int((predictions == task.labels).sum())


def make_tasks(
    by_leak: dict[float, SpikingNetwork],
    images: NDArray,
    labels: NDArray,
    noises: Sequence[float],
    *,
    engine: str = "brian2",
    part: int = 100,
    flaws: Sequence[tuple[str, float] | None] = (None,),
) -> list[Task]:
    """One task for each leak, noise, flaw and `part` images; all leaks see the same noise."""
    return [
        Task(
            network=network,
            images=images[start : start + part],
            labels=labels[start : start + part],
            noise=noise,
            seed=(level, start),
            engine=engine,
            flaw=flaw,
        )
        for network in by_leak.values()
        for level, noise in enumerate(noises)
        for flaw in flaws
        for start in range(0, len(images), part)
    ]


def accuracies(tasks: Sequence[Task], counts: Sequence[int]) -> list[dict]:
    """Rows of leak, noise, flaw and its strength, accuracy and the number of images."""
    rows: dict[tuple, list[int]] = {}
    for task, count in zip(tasks, counts, strict=True):
        key = float(task.network.leak), float(task.noise), *(task.flaw or (None, 0.0))
        row = rows.setdefault(key, [0, 0])
        row[0] += count
        row[1] += len(task.images)
    return [
        {
            "leak": leak,
            "noise": noise,
            "flaw": flaw,
            "strength": strength,
            "accuracy": right / shown,
            "images": shown,
        }
        for (leak, noise, flaw, strength), (right, shown) in rows.items()
    ]
