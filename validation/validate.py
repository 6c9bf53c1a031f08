"""The command `validate`: the shipped LeNet, simulated and compared."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from brian2 import ms

from tdsnn_brian import load
from tdsnn_brian.errors import InvalidInputError

from . import figures, page, sections
from . import summary as summaries
from .console import accuracy_table, console, layer_table, progress_bar, say, verdict
from .core import Core, run_core
from .devices import DEVICES, FLOAT_TYPES, GENN, choose_device
from .subject import Subject, digits, shipped_lenet
from .trace import Trace, trace_image

Images = Annotated[int, typer.Option("--images", min=1, help="How many digits to simulate.")]
Device = Annotated[
    str | None,
    typer.Option(
        help=f"One of: {', '.join(DEVICES)}.",
        show_default="cpp_standalone with a C++ compiler, else numpy",
    ),
]
Float = Annotated[str, typer.Option("--float", help=f"One of: {', '.join(FLOAT_TYPES)}.")]
Steps = Annotated[int, typer.Option(min=1, help="Integration steps a tick.")]
Window = Annotated[str, typer.Option(help="Inhibitory periods: fixed, dynamic, or ticks.")]
Output = Annotated[Path, typer.Option(help="Directory to write to.")]
Data = Annotated[
    Path | None,
    typer.Option(
        help="Directory with mnist.npz, for more than the 1,000 digits that ship.",
        show_default="the environment variable TDSNN_DATA, else keras.datasets",
    ),
]


def validate(
    images: Images = 100,
    device: Device = None,
    float_type: Float = "float64",
    dt_per_tick: Steps = 1,
    window: Window = "fixed",
    network: Annotated[
        Path | None,
        typer.Option(help="A network for 28 x 28 digits.", show_default="the LeNet that ships"),
    ] = None,
    data: Data = None,
    output: Output = Path("reports/lenet"),
) -> None:
    """Simulate handwritten digits and compare every firing time with the discrete analysis."""
    device, note = choose_device(device)
    if note:
        say(f"note: {note}", style="yellow")
    if float_type not in FLOAT_TYPES:
        raise InvalidInputError(
            f"float {float_type!r} is not known; choose from {', '.join(FLOAT_TYPES)}"
        )
    window = parse_window(window)
    output = prepare_directory(output)
    subject = _subject(network, images, data)
    if note:
        subject = replace(subject, notes=[*subject.notes, note])
    if device in GENN:
        from . import genn

        genn.require(subject, dt=1 * ms / dt_per_tick, window=window)
    with progress_bar() as bar:
        task = bar.add_task("build and compile" if device != "numpy" else "build", total=1)

        def advance(share: float) -> None:
            bar.update(task, description="simulate", completed=share)

        core = run_core(
            subject, device=device, float_type=float_type, dt_per_tick=dt_per_tick,
            window=window, progress=advance,
        )
        bar.update(task, completed=1)
        trace = trace_image(subject.network, subject.images[0])
    finish(core, trace, output)


def finish(core: Core, trace: Trace, output: Path) -> None:
    """Print the tables, write summary and page, and exit with 1 if anything is unexplained."""
    network, summary = core.subject.network, core.summary
    failed = summaries.unexplained(summary)
    plots = [figures.latency_histograms(core.comparisons)]
    seen = [figures.raster(network, trace), figures.potentials(network, trace)]
    text = page.render(
        summary,
        [sections.overview(), sections.layers(plots), sections.one_image(seen)],
        title=f"{network.name}: Brian2 against the discrete analysis",
        failed=failed,
    )
    page.write(text, output / "index.html")
    summaries.write(summary, output / "summary.json")
    console.print(layer_table(summary))
    console.print(accuracy_table(summary))
    for note in summary["notes"]:
        say(f"note: {note}", style="yellow")
    say(f"wrote {output / 'index.html'} and {output / 'summary.json'}")
    verdict(failed)
    if failed:
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


def prepare_directory(output: Path) -> Path:
    """Make the directory that results go to."""
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInputError(
            f"output {str(output)!r} is no directory that can be written to ({error}); "
            "name another one"
        ) from error
    return output


def _subject(path: Path | None, images: int, data: Path | None) -> Subject:
    if path is None:
        return shipped_lenet(images, data)
    pixels, labels = digits(images, data)
    note = f"{path.name} came without its Keras models."
    return Subject(network=load(path), images=pixels, labels=labels, notes=[note])
