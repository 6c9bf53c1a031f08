"""The command `validate`: the shipped LeNet, simulated and compared."""

from pathlib import Path
from typing import Annotated

import typer

from tdsnn_brian import load

from .case import Case, digits, shipped_lenet
from .report import (
    ALL,
    BASIC,
    Device,
    Float,
    Output,
    Steps,
    Window,
    conclude,
    parse_window,
    report,
    run_with_progress,
)


def validate(
    images: Annotated[int, typer.Option(min=1, help="How many digits to simulate.")] = 100,
    device: Device = None,
    float_type: Float = "float64",
    dt_per_tick: Steps = 1,
    window: Window = "fixed",
    full: Annotated[
        bool, typer.Option("--full", help="All parts of the report, the sweeps too.")
    ] = False,
    network: Annotated[
        Path | None,
        typer.Option(
            help="A network for 28 x 28 digits.", show_default="the LeNet that ships",
            exists=True, dir_okay=False,
        ),
    ] = None,
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
    case = _case(network, images, data)
    summary = run_with_progress(
        lambda progress: report(
            case.network, case.images, labels=case.labels,
            predictions=case.predictions, notes=case.notes, output=output, device=device,
            float_type=float_type, dt_per_tick=dt_per_tick, window=window,
            parts=ALL if full else BASIC, progress=progress,
        )
    )
    conclude(summary, output)


def _case(path: Path | None, images: int, data: Path | None) -> Case:
    if path is None:
        return shipped_lenet(images, data)
    pixels, labels = digits(images, data)
    note = f"{path.name} came without its Keras models."
    return Case(network=load(path), images=pixels, labels=labels, notes=[note])
