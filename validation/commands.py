"""The commands `validate` and `report`."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from tdsnn_brian import load
from tdsnn_brian.cli.options import Count, Images, Network, Range
from tdsnn_brian.cli.progress import progress_lines
from tdsnn_brian.errors import InvalidInputError
from tdsnn_brian.networks.data.images import read_images

from . import summary as summaries
from .case import digits_case, with_range
from .console import accuracy_table, console, layer_table, progress_bar, say, verdict
from .devices import DEVICES, FLOAT_TYPES
from .options import ALL, BASIC, Progress
from .report import report

Device = Annotated[
    str | None,
    typer.Option(
        help=f"One of: {', '.join(DEVICES)}; runtime stands for cython.",
        show_default="cpp_standalone with a C++ compiler, else numpy",
    ),
]
Float = Annotated[str, typer.Option("--float", help=f"One of: {', '.join(FLOAT_TYPES)}.")]
Steps = Annotated[int, typer.Option(min=1, help="Integration steps a tick.")]
Window = Annotated[str, typer.Option(help="Inhibitory periods: fixed, dynamic, or ticks.")]
Output = Annotated[Path, typer.Option(help="Directory to write to.")]
Full = Annotated[bool, typer.Option("--full", help="All parts of the report, the sweeps too.")]
Model = Annotated[
    Path | None,
    typer.Option(
        help="The Keras model that the network was converted from, to be compared with.",
        exists=True,
        dir_okay=False,
    ),
]
Simulate = Annotated[
    int, typer.Option(min=1, help="Simulate so many images; the analysis answers the others.")
]
Part = Annotated[
    list[str] | None,
    typer.Option(
        "--part", help=f"Make this part alone; may be repeated. One of: {', '.join(ALL)}."
    ),
]

SAMPLE = 1000
"""Digits that the analysis answers beside those that are simulated, so that some are wrong."""


def validate(
    simulate: Simulate = 100,
    device: Device = None,
    float_type: Float = "float64",
    dt_per_tick: Steps = 1,
    window: Window = "fixed",
    full: Full = False,
    network: Annotated[
        Path | None,
        typer.Option(
            help="A network for 28 x 28 digits.",
            show_default="the LeNet that ships",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    model: Model = None,
    image_range: Range = None,
    data: Annotated[
        Path | None,
        typer.Option(
            help="Directory with mnist.npz, for more than the 1,000 digits that ship.",
            show_default="the environment variable TDSNN_DATA, else keras.datasets",
        ),
    ] = None,
    output: Output = Path("reports/lenet"),
) -> None:
    """Simulate handwritten digits and compare every firing time with the discrete analysis."""
    window = parse_window(window)
    case = digits_case(network, max(simulate, SAMPLE), data, image_range, model)
    summary = run_with_progress(
        lambda progress: report(
            case.network,
            case.images,
            labels=case.labels,
            predictions=case.predictions,
            logits=case.logits,
            notes=case.notes,
            simulate=simulate,
            output=output,
            device=device,
            float_type=float_type,
            dt_per_tick=dt_per_tick,
            window=window,
            parts=ALL if full else BASIC,
            progress=progress,
        )
    )
    conclude(summary, output)


def report_command(
    network: Network,
    images: Images,
    n: Count = None,
    model: Model = None,
    simulate: Simulate = 100,
    full: Full = False,
    image_range: Range = None,
    device: Device = None,
    float_type: Float = "float64",
    dt_per_tick: Steps = 1,
    window: Window = "fixed",
    part: Part = None,
    sweep_images: Annotated[int | None, typer.Option(min=1, help="Images of the sweeps.")] = None,
    integration_images: Annotated[
        int | None, typer.Option(min=1, help="Images of the sweep over integration steps.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="Directory to write to.", show_default="reports/NETWORK")
    ] = None,
) -> None:
    """Report on NETWORK: continuous time against the discrete analysis, and what would harm it."""
    if model is not None:
        from tdsnn_brian.keras.saved import read_model

    converted = with_range(load(network), image_range)
    values, labels, notes = read_images(images, converted.input_shape, converted.image_range)
    output = output or Path("reports") / network.stem
    summary = run_with_progress(
        lambda progress: report(
            converted,
            values[:n],
            labels=None if labels is None else labels[:n],
            model=None if model is None else read_model(model),
            notes=notes,
            output=output,
            simulate=simulate,
            device="cython" if device == "runtime" else device,
            float_type=float_type,
            dt_per_tick=dt_per_tick,
            window=parse_window(window),
            parts=part or (ALL if full else BASIC),
            sweep_images=sweep_images,
            integration_images=integration_images,
            progress=progress,
        )
    )
    conclude(summary, output)


def run_with_progress(work: Callable[[Progress], dict]) -> dict:
    """Do `work` with a progress bar for each of its stages, with an estimate of what is left.

    Without a terminal there are lines instead.
    """
    if not console.is_terminal:
        with progress_lines() as advance:
            return work(advance)
    with progress_bar() as bar:
        tasks = {"simulate": bar.add_task("build and simulate", total=None)}

        def advance(stage: str, share: float) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=1)
            bar.update(tasks[stage], description=stage, completed=share, total=1)

        return work(advance)


def conclude(summary: dict, output: Path) -> None:
    """Print the tables; exit with 1 if a verdict fails."""
    console.print(layer_table(summary))
    console.print(accuracy_table(summary))
    for note in summary["notes"]:
        say(f"note: {note}", style="yellow")
    say(f"wrote {output / 'index.html'} and {output / 'summary.json'}")
    verdict(summaries.unexplained(summary))
    verdicts = summary["verdicts"]
    for found in verdicts.values():
        say(found["says"], style=None if found["status"] == "pass" else "yellow")
    if any(found["status"] == "fail" for found in verdicts.values()):
        raise typer.Exit(1)


def parse_window(window: str) -> int | str:
    """``fixed``, ``dynamic`` or a number of ticks, from the command line."""
    if window in ("fixed", "dynamic"):
        return window
    if not window.isdecimal():
        raise InvalidInputError(
            f"window must be fixed, dynamic or a number of ticks, got {window!r}"
        )
    return int(window)
