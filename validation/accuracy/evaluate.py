"""The command `evaluate`: accuracy over images x leaks x perturbations, spread over processes.

Perturbations are noise on the pixels, and the flaws of hardware that the report sweeps over.
"""

import json
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray
from rich.table import Table

import networks
from tdsnn_brian import SpikingNetwork, analyse, stream
from tdsnn_brian.errors import InvalidInputError

from ..case import digits
from ..console import console, progress_bar, say
from ..distribution import connected, spread
from ..sweeps.grids import PERTURBATIONS, flawed, perturbed_program
from ..sweeps.programs import run_interpreted

ENGINES = ("brian2", "discrete")


@dataclass(frozen=True, kw_only=True, eq=False)
class Task:
    """Some images, perturbed by noise, for one network."""

    network: SpikingNetwork
    images: NDArray
    labels: NDArray
    noise: float
    seed: tuple[int, ...]
    engine: str = "brian2"
    flaw: tuple[str, float] | None = None
    """Of the model, one of `validation.sweeps.grids.PERTURBATIONS`, and its strength."""


def correct(task: Task) -> int:
    """How many of the task's images are classified rightly; a function of the task alone."""
    rng = np.random.default_rng(task.seed)
    images = task.images + task.noise * rng.standard_normal(task.images.shape)
    images = np.clip(images, 0, None)
    if task.flaw is not None:
        setting = flawed(task.network, *task.flaw)
        program = perturbed_program(task.network, images, analyse(task.network, images))
        predictions = run_interpreted(program, setting).predictions
    elif task.engine == "discrete":
        predictions = analyse(task.network, images).predictions
    else:
        results = stream(task.network, images, dtype="float32", record=())
        predictions = np.concatenate([result.predictions for result in results])
    return int((predictions == task.labels).sum())


def make_tasks(
    by_leak: dict[float, SpikingNetwork], images: NDArray, labels: NDArray,
    noises: Sequence[float], *, engine: str = "brian2", part: int = 100,
    flaws: Sequence[tuple[str, float] | None] = (None,),
) -> list[Task]:
    """One task for each leak, noise, flaw and `part` images; all leaks see the same noise."""
    return [
        Task(network=network, images=images[start : start + part],
             labels=labels[start : start + part], noise=noise, seed=(level, start),
             engine=engine, flaw=flaw)
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
        {"leak": leak, "noise": noise, "flaw": flaw, "strength": strength,
         "accuracy": right / shown, "images": shown}
        for (leak, noise, flaw, strength), (right, shown) in rows.items()
    ]


def parse_flaw(text: str) -> tuple[str, float]:
    """``KIND=STRENGTH`` from the command line."""
    kind, _, strength = text.partition("=")
    known = ", ".join(f"{name} ({flaw.unit})" for name, flaw in PERTURBATIONS.items())
    try:
        if kind not in PERTURBATIONS:
            raise ValueError(f"{kind!r} is none")
        return kind, float(strength)
    except ValueError as error:
        raise InvalidInputError(
            f"flaw {text!r} is not KIND=STRENGTH ({error}); kinds are {known}"
        ) from error


def evaluate(
    images: Annotated[int, typer.Option(min=1, help="How many test digits.")] = 1000,
    leak: Annotated[
        list[float] | None,
        typer.Option(help="Leak in ticks; may be given more than once.",
                     show_default="that of the LeNet that ships"),
    ] = None,
    noise: Annotated[
        list[float] | None,
        typer.Option(help="Standard deviation of noise on the pixels; may be given more than once.",
                     show_default="0"),
    ] = None,
    flaw: Annotated[
        list[str] | None,
        typer.Option(help="KIND=STRENGTH, a flaw of the model; may be given more than once. "
                     f"Simulated on the numpy target. Kinds: {', '.join(PERTURBATIONS)}."),
    ] = None,
    engine: Annotated[str, typer.Option(help=f"One of: {', '.join(ENGINES)}.")] = "brian2",
    scheduler: Annotated[
        str | None,
        typer.Option(help="A Dask cluster of your own, tcp://...",
                     show_default="a cluster of processes on this machine"),
    ] = None,
    workers: Annotated[
        int, typer.Option(min=0, help="Processes of the local cluster; 0 for none.")
    ] = 2,
    data: Annotated[Path | None, typer.Option(help="Directory with mnist.npz.")] = None,
    output: Annotated[Path, typer.Option(help="Directory to write to.")] = Path(
        "reports/evaluation"
    ),
) -> None:
    """Accuracy of LeNet over leaks, noise and flaws, spread over processes or machines."""
    if engine not in ENGINES:
        raise InvalidInputError(f"engine must be one of {', '.join(ENGINES)}, got {engine!r}")
    flaws = [parse_flaw(text) for text in flaw or ()] or [None]
    pixels, labels = digits(images, data)
    tasks = make_tasks(
        networks_by_leak(leak), pixels, labels, noise or [0.0], engine=engine, flaws=flaws,
        part=100 if flaw is None else 20,
    )
    local = scheduler is None and workers == 0
    with (
        nullcontext() if local else connected(scheduler, workers) as client,
        progress_bar() as bar,
    ):
        line = bar.add_task("evaluate", total=1)
        counts = spread(
            correct, tasks, client=client, progress=lambda share: bar.update(line, completed=share)
        )
    rows = accuracies(tasks, counts)
    output.mkdir(parents=True, exist_ok=True)
    (output / "summary.json").write_text(json.dumps({"engine": engine, "rows": rows}, indent=1))
    table = Table(title=f"LeNet, {engine}")
    for title in ("leak", "noise", "flaw", "accuracy", "images"):
        table.add_column(title, justify="right")
    for row in rows:
        described = "" if row["flaw"] is None else f"{row['flaw']} {row['strength']:g}"
        table.add_row(f"{row['leak']:g}", f"{row['noise']:g}", described,
                      f"{row['accuracy']:.2%}", f"{row['images']:,}")
    console.print(table)
    say(f"wrote {output / 'summary.json'}")


def networks_by_leak(leaks: Sequence[float] | None) -> dict[float, SpikingNetwork]:
    """The LeNet that ships; for another leak converted anew, without retraining."""
    shipped = networks.load_network("lenet")
    result = {}
    for leak in leaks or [shipped.leak]:
        if leak == shipped.leak:
            result[leak] = shipped
        else:
            from tdsnn_brian import adapt, convert

            model = networks.load_model("lenet")
            result[leak] = convert(adapt(model, leak=leak, scale=3, compensate=True))
    return result
