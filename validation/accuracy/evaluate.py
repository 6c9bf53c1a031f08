"""The command `evaluate`: accuracy over images x networks x noises x flaws, spread over processes.

Noise is on the pixels; the flaws are those that the report sweeps over.
"""

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from tdsnn_brian import SpikingNetwork, load, networks
from tdsnn_brian.errors import InvalidInputError
from tdsnn_brian.image_range import UNIT

from ..case import digits, with_range
from ..console import console, progress_bar, say
from ..distribution import connected, spread
from ..output import prepare_directory, write_json
from ..sweeps.flaws import FLAWS, SEEDS, seeds_of
from ..sweeps.programs import compilable
from ..sweeps.trends import over_seeds
from .compiled import compiled_rows
from .tasks import accuracies, correct, make_tasks

ONE_ROW = ("network", "leak", "noise", "flaw", "strength", "images")
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
            "Simulated in C++; on the numpy target where there is no compiler and on a cluster of "
            f"your own. Kinds: {', '.join(FLAWS)}."
        ),
    ] = None,
    seeds: Annotated[
        int, typer.Option(min=1, help="How often to draw each flaw; more than one give intervals.")
    ] = 1,
    network: Annotated[
        list[Path] | None,
        typer.Option(
            help="A network for 28 x 28 digits of 0 to 1; may be given more than once.",
            show_default="the LeNet that ships",
            exists=True,
            dir_okay=False,
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
    """Accuracy of networks over leaks, noise and flaws, spread over processes or machines."""
    if engine not in ENGINES:
        raise InvalidInputError(f"engine must be one of {', '.join(ENGINES)}, got {engine!r}")
    named = networks_by_leak(leak) if network is None else networks_in(network, leak)
    flaws = [
        (kind, strength, seed)
        for kind, strength in map(parse_flaw, flaw or ())
        for seed in seeds_of(kind, strength, range(SEEDS[0], SEEDS[0] + seeds))
    ]
    prepare_directory(output)
    pixels, labels = digits(n, data)
    shown = {"networks": named, "images": pixels, "labels": labels, "noises": noise or [0.0]}
    with progress_bar() as bar:
        line = bar.add_task("evaluate", total=1)

        def progress(share: float) -> None:
            bar.update(line, completed=share)

        if flaws and scheduler is None and compilable():
            rows = compiled_rows(
                **shown, flaws=flaws, directory=output, workers=workers or 1, progress=progress
            )
        else:
            tasks = make_tasks(
                **shown, engine=engine, flaws=flaws or [None], part=20 if flaws else 100
            )
            local = scheduler is None and workers == 0
            with nullcontext() if local else connected(scheduler, workers) as client:
                counts = spread(correct, tasks, client=client, progress=progress)
            rows = accuracies(tasks, counts)
    rows = over_seeds(rows, by=ONE_ROW)
    write_json({"engine": engine, "rows": rows}, output / "summary.json")
    console.print(table_of(rows, engine))
    say(f"wrote {output / 'summary.json'}")


def table_of(rows: Sequence[dict], engine: str) -> Table:
    """Rows of means over seeds, as the terminal shows them."""
    table = Table(title=f"Accuracy, {engine}")
    for title in ("network", "leak", "noise", "flaw", "accuracy", "seeds", "images"):
        table.add_column(title, justify="right")
    for row in rows:
        described = "" if row["flaw"] is None else f"{row['flaw']} {row['strength']:g}"
        interval = "" if row["interval"] is None else f" ± {row['interval']:.2%}"
        table.add_row(
            row["network"],
            f"{row['leak']:g}",
            f"{row['noise']:g}",
            described,
            f"{row['accuracy']:.2%}{interval}",
            f"{row['seeds']}",
            f"{row['images']:,}",
        )
    return table


def networks_in(paths: Sequence[Path], leaks: Sequence[float] | None) -> dict[str, SpikingNetwork]:
    """The networks in files, by the files' names."""
    if leaks:
        raise InvalidInputError(
            f"--leak {leaks[0]:g} is for the LeNet that ships, and a network in a file has a leak "
            "of its own; leave it out"
        )
    return {str(path): with_range(load(path), UNIT) for path in paths}


def networks_by_leak(leaks: Sequence[float] | None) -> dict[str, SpikingNetwork]:
    """The LeNet that ships; for another leak converted anew, without retraining."""
    shipped = networks.load_network("lenet")
    result = {}
    for leak in leaks or [shipped.leak]:
        if leak == shipped.leak:
            result["lenet"] = shipped
        else:
            from tdsnn_brian import adapt, convert

            model = networks.load_model("lenet")
            adapted = adapt(model, leak=leak, scale=3, compensate=True)
            result[f"lenet, leak {leak:g}"] = convert(adapted, image_range=shipped.image_range)
    return result
