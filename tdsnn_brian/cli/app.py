"""The commands of `tdsnn`."""

from pathlib import Path
from typing import Annotated, Any

import typer

import tdsnn_brian as td

from ..analysis.closed_form import analyse
from ..arguments import shown
from ..engines import require
from ..errors import InvalidInputError
from ..network_file import load
from ..tuning import Share
from ..whole_files import replacing
from .options import Count, Images, Model, Network, NetworkOutput, Offset, Pairs, Range
from .progress import progress_lines

app = typer.Typer(
    help="Trained Keras networks as time-to-first-spike networks in Brian2.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"tdsnn-brian {td.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Say which one."),
    ] = False,
) -> None:
    """Trained Keras networks as time-to-first-spike networks in Brian2."""


@app.command()
def info(network: Network) -> None:
    """Print the layers of NETWORK, and what its file says of it."""
    converted = load(network)
    converted.summary()
    for key, value in converted.metadata.items():
        print(shown(f"{key}: {value}"))


@app.command()
def convert(
    model: Model,
    leak: Annotated[float, typer.Option(help="Membrane time constant in ticks.")] = 5,
    scale: Annotated[float, typer.Option(help="Factor on the input and all activations.")] = 3,
    input_steps: Annotated[
        int, typer.Option(min=1, help="Let the input fire so many times finer than at ticks.")
    ] = 1,
    silent_zeros: Annotated[
        bool, typer.Option(help="Let neurons with nothing to say stay silent.")
    ] = False,
    rounding: Annotated[
        str, typer.Option(help="Let neurons fire at the next tick (up) or at the nearest one.")
    ] = "up",
    images: Annotated[
        Path | None,
        typer.Option(help="Correct channels on these images: an .npy or .npz file.", exists=True),
    ] = None,
    n: Count = None,
    input_offset: Offset = 0.0,
    input_pairs: Pairs = False,
    image_range: Range = None,
    output: NetworkOutput = None,
) -> None:
    """Convert MODEL without retraining; a model with ReverseCoding layers as it is."""
    from ..keras.saved import is_adapted

    trained = _load_model(model)
    calibration = None
    if images is not None:
        calibration, _ = _images(images, trained, n, image_range)
    adapted = trained
    if not is_adapted(trained):
        adapted = td.adapt(
            trained,
            leak,
            scale=scale,
            input_steps=input_steps,
            silent_zeros=silent_zeros,
            rounding=rounding,
            input_offset=input_offset,
            input_pairs=input_pairs,
            calibration=calibration,
        )
    network = td.convert(adapted, image_range=image_range)
    network.summary()
    _save(network, model, output)


@app.command()
def tune(
    model: Model,
    images: Images,
    n: Count = None,
    max_loss: Annotated[
        float | None,
        typer.Option(help="Share of accuracy that may be lost.", show_default="0.005"),
    ] = None,
    max_ticks: Annotated[float | None, typer.Option(help="Ticks until the answer.")] = None,
    max_operations: Annotated[
        float | None, typer.Option(help="Additions and multiplications of an image.")
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw the frontier into this file.")] = None,
    input_offset: Offset = 0.0,
    input_pairs: Pairs = False,
    image_range: Range = None,
    adapted: Annotated[
        Path | None, typer.Option(help="Write the adapted Keras model to this file.")
    ] = None,
    output: NetworkOutput = None,
) -> None:
    """Find how to convert MODEL without retraining; with labels, losses are ones of accuracy."""
    trained = _load_model(model)
    values, labels = _images(images, trained, n, image_range)
    with progress_lines() as progress:
        tuned = td.tune(
            trained,
            values,
            labels,
            max_loss=max_loss,
            max_ticks=max_ticks,
            max_operations=max_operations,
            input_offset=input_offset,
            input_pairs=input_pairs,
            progress=lambda share: progress("tune", share),
        )
    print(tuned)
    if plot is not None:
        from matplotlib.figure import Figure

        figure = Figure(figsize=(8, 5))
        tuned.plot(figure.add_subplot())
        with replacing(plot) as draft:
            figure.savefig(draft)
        print(f"wrote {plot}")
    if adapted is not None:
        with replacing(adapted) as draft:
            tuned.adapted.save(draft)
        print(f"wrote {adapted}")
    _save(tuned.network, model, output)


@app.command()
def evaluate(network: Network, images: Images, n: Count = None, image_range: Range = None) -> None:
    """Accuracy of NETWORK on labelled IMAGES, by the discrete analysis."""
    from ..networks.data.images import read_images

    converted = load(network)
    require("report", converted)
    values, labels, notes = read_images(
        images, converted.input_shape, image_range or converted.image_range
    )
    if labels is None:
        raise InvalidInputError(
            f"{str(images)!r} holds no labels to evaluate by; give an .npz of images and labels"
        )
    answers = analyse(converted, values[:n]).predictions
    for note in notes:
        print(f"note: {note}")
    print(f"{Share.of(answers == labels[:n])} of {len(answers)} images")


def _load_model(path: Path) -> Any:
    from ..keras.saved import read_model

    return read_model(path)


def _images(path: Path, model: Any, n: int | None, image_range: Any) -> tuple[Any, Any]:
    """As the model takes them, and labels if there are any."""
    from ..keras.reader import read
    from ..networks.data.images import read_images

    graph = read(model)
    images, labels, notes = read_images(path, graph.image_shape, image_range or graph.image_range)
    for note in notes:
        print(f"note: {note}")
    return images[:n], None if labels is None else labels[:n]


def _save(network: td.SpikingNetwork, model: Path, output: Path | None) -> None:
    path = output or model.with_suffix(".npz")
    network.save(path)
    print(f"wrote {path}")


def _add_validation() -> None:
    """The commands of `python -m validation` that a converted network needs."""
    from ..validation.commands import report_command
    from ..validation.speed.benchmark import benchmark

    app.command("report")(report_command)
    app.command("bench")(benchmark)


_add_validation()
