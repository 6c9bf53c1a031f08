"""The command `evaluate`: accuracy over images x leaks x noises x flaws, spread over processes.

Noise is on the pixels; the flaws are those that the report sweeps over.
"""

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from tdsnn_brian import SpikingNetwork, networks
from tdsnn_brian.errors import InvalidInputError

from ..case import digits
from ..console import console, progress_bar, say
from ..distribution import connected, spread
from ..output import prepare_directory, write_json
from ..sweeps.flaws import FLAWS
from .tasks import accuracies, correct, make_tasks

ENGINES = ("brian2", "discrete")


def parse_flaw(text: str) -> tuple[str, float]:
    """``KIND=STRENGTH`` from the command line."""
    kind, _, strength = text.partition("=")
    known = ", ".join(f"{name} ({flaw.unit})" for name, flaw in FLAWS.items())
    try:
        if kind not in FLAWS:
            raise ValueError(f"{kind!r} is none")
        return kind, float(strength)
    except ValueError as error:
        raise InvalidInputError(
            f"flaw {text!r} is not KIND=STRENGTH ({error}); kinds are {known}"
        ) from error


def evaluate(
    n: Annotated[int, typer.Option("--n", min=1, help="How many test digits.")] = 1000,
    leak: Annotated[
        list[float] | None,
        typer.Option(
            help="Leak in ticks; may be given more than once.",
            show_default="that of the LeNet that ships",
        ),
    ] = None,
    noise: Annotated[
        list[float] | None,
        typer.Option(
            help="Standard deviation of noise on the pixels; may be given more than once.",
            show_default="0",
        ),
    ] = None,
    flaw: Annotated[
        list[str] | None,
        typer.Option(
            help="KIND=STRENGTH, a flaw of the model; may be given more than once. "
            f"Simulated on the numpy target. Kinds: {', '.join(FLAWS)}."
        ),
    ] = None,
    engine: Annotated[str, typer.Option(help=f"One of: {', '.join(ENGINES)}.")] = "brian2",
    scheduler: Annotated[
        str | None,
        typer.Option(
            help="A Dask cluster of your own, tcp://...",
            show_default="a cluster of processes on this machine",
        ),
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
    prepare_directory(output)
    pixels, labels = digits(n, data)
    tasks = make_tasks(
        networks_by_leak(leak),
        pixels,
        labels,
        noise or [0.0],
        engine=engine,
        flaws=flaws,
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
    write_json({"engine": engine, "rows": rows}, output / "summary.json")
    table = Table(title=f"LeNet, {engine}")
    for title in ("leak", "noise", "flaw", "accuracy", "images"):
        table.add_column(title, justify="right")
    for row in rows:
        described = "" if row["flaw"] is None else f"{row['flaw']} {row['strength']:g}"
        table.add_row(
            f"{row['leak']:g}",
            f"{row['noise']:g}",
            described,
            f"{row['accuracy']:.2%}",
            f"{row['images']:,}",
        )
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
            adapted = adapt(model, leak=leak, scale=3, compensate=True)
            result[leak] = convert(adapted, image_range=shipped.image_range)
    return result
