"""Independent tasks of an evaluation: some images, one network, one noise, one flaw."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tdsnn_brian import SpikingNetwork, analyse, stream

from ..sweeps.flaws import FLAWS, flawed_program, flawed_setting
from ..sweeps.programs import run_interpreted

Drawn = tuple[str, float, int]
"""A flaw of the model, one of `validation.sweeps.flaws.FLAWS`, its strength, and a seed."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Task:
    """Some images, with noise, for one network."""

    label: str
    network: SpikingNetwork
    images: NDArray
    labels: NDArray
    noise: float
    seed: tuple[int, ...]
    engine: str = "brian2"
    flaw: Drawn | None = None


def correct(task: Task) -> int:
    """How many of the task's images are classified rightly; a function of the task alone."""
    images = with_noise(task.images, task.noise, task.seed)
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


def with_noise(images: NDArray, noise: float, seed: tuple[int, ...]) -> NDArray:
    """Images with noise of that standard deviation on their pixels, none below 0."""
    drawn = np.random.default_rng(seed).standard_normal(images.shape)
    return np.clip(images + noise * drawn, 0, None)


def make_tasks(
    networks: Mapping[str, SpikingNetwork],
    images: NDArray,
    labels: NDArray,
    noises: Sequence[float],
    *,
    engine: str = "brian2",
    part: int = 100,
    flaws: Sequence[Drawn | None] = (None,),
) -> list[Task]:
    """One task for each network, noise, flaw and `part` images; all see the same noise."""
    return [
        Task(
            label=label,
            network=network,
            images=images[start : start + part],
            labels=labels[start : start + part],
            noise=noise,
            seed=(level, start),
            engine=engine,
            flaw=flaw,
        )
        for label, network in networks.items()
        for level, noise in enumerate(noises)
        for flaw in flaws
        for start in range(0, len(images), part)
    ]


def accuracies(tasks: Sequence[Task], counts: Sequence[int]) -> list[dict]:
    """Rows of network, leak, noise, flaw, strength, accuracy and number of images, one a seed."""
    rows: dict[tuple, list[int]] = {}
    for task, count in zip(tasks, counts, strict=True):
        flaw = task.flaw or (None, 0.0, 0)
        key = task.label, float(task.network.leak), float(task.noise), *flaw
        row = rows.setdefault(key, [0, 0])
        row[0] += count
        row[1] += len(task.images)
    names = ("network", "leak", "noise", "flaw", "strength")
    return [
        {**dict(zip(names, key, strict=True)), "accuracy": right / shown, "images": shown}
        for (*key, _), (right, shown) in rows.items()
    ]
