"""The commands `train`, `adapt` and `evaluate`."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import keras
import typer
from rich.console import Console

import tdsnn_brian as td
from tdsnn_brian.errors import InvalidInputError
from tdsnn_brian.image_range import UNIT
from tdsnn_brian.provenance import digest

from . import files
from .data import Dataset, load_dataset
from .data.images import read_images
from .files import as_arguments, file_name
from .registry import NETWORKS, Entry, entry
from .training.accuracy import Measured, accuracy_table, measure
from .training.recipe import Recipe, predict

app = typer.Typer(
    help="Train the networks of this project, adapt them to reverse coding, measure them.",
    no_args_is_help=True,
    add_completion=False,
)
console = Console()

TRAINED = Path(__file__).parent / "trained"

Name = Annotated[
    str, typer.Argument(metavar="NETWORK", help=f"One of: {', '.join(sorted(NETWORKS))}.")
]
Data = Annotated[
    Path | None,
    typer.Option(
        help="Directory with the data set (for MNIST: mnist.npz).",
        show_default="the environment variable TDSNN_DATA, else keras.datasets",
    ),
]
On = Annotated[
    str | None,
    typer.Option(
        "--dataset",
        help="Another data set than that of the recipe, for networks that are made for it: "
        "cifar10, cifar100 (of keras.datasets, or an .npz file of that name).",
        show_default="that of the recipe",
    ),
]
Epochs = Annotated[
    int | None, typer.Option(min=1, help="Epochs.", show_default="those of the network's recipe")
]
Seed = Annotated[int, typer.Option(min=0, help="Seed of weights, batches and augmentation.")]
Weights = Annotated[
    Path,
    typer.Option(
        help="Directory to read trained networks from.",
        show_default="networks/weights, those that ship",
    ),
]
Output = Annotated[
    Path,
    typer.Option(
        help="Directory to write to; files of the same name are replaced.",
        show_default="networks/trained",
    ),
]


@app.command()
def train(
    network: Name,
    epochs: Epochs = None,
    on: On = None,
    data: Data = None,
    output: Output = TRAINED,
    seed: Seed = 0,
) -> None:
    """Train NETWORK; write NETWORK.keras, or its output layer where that alone is trained.

    What was interrupted goes on after its last epoch when the same command is given again. On
    another data set the file is called NETWORK-on-DATASET.keras.
    """
    known = _with_dataset(network, on)
    network = file_name(network, on)
    recipe = replace(known.training, seed=seed, epochs=epochs or known.training.epochs)
    dataset = load_dataset(known.dataset, data)
    keras.utils.set_random_seed(seed)
    model = known.build()
    _train(model, recipe, dataset, f"{network}, training", output / f".{network}")
    if known.output_layer_only:
        path = files.output_layer_path(network, output)
        files.save_output_layer(model, path)
    else:
        files.round_to_half(model)
        path = files.plain_path(network, output)
        files.save_model(model, path)
    _show(network, dataset, [_measure("DNN", model, dataset)])
    _say(f"wrote {path}")
    named = as_arguments(network)
    _say(f"next: python -m tdsnn_brian.networks adapt {named} --weights {output}")


@app.command()
def load(
    network: Name,
    file: Annotated[
        Path, typer.Argument(help="Your weights: .keras, .weights.h5, .h5, or .npz in order.")
    ],
    output: Output = TRAINED,
) -> None:
    """Put your own weights into the definition of NETWORK; write NETWORK.keras."""
    model = entry(network).build()
    files.read_weights(model, file)
    path = files.plain_path(network, output)
    files.save_model(model, path)
    _say(f"wrote {path}: {model.count_params():,} weights")
    _say(f"next: python -m tdsnn_brian.networks adapt {network} --no-retrain --weights {output}")


@app.command()
def adapt(
    network: Name,
    leak: Annotated[float, typer.Option(help="Membrane time constant in ticks.")] = 5,
    scale: Annotated[float, typer.Option(help="Factor on the input and all activations.")] = 1,
    compensate: Annotated[
        bool, typer.Option(help="Correct weights and biases for reverse coding beforehand.")
    ] = True,
    silent_zeros: Annotated[
        bool, typer.Option(help="Let neurons with nothing to say stay silent.")
    ] = False,
    input_steps: Annotated[
        int, typer.Option(min=1, help="Let the input fire so many times finer than at ticks.")
    ] = 1,
    rounding: Annotated[
        str, typer.Option(help="Let firing times be rounded up, or to the nearest tick: nearest.")
    ] = "up",
    calibration: Annotated[
        int, typer.Option(min=0, help="Correct channels on so many training images; 0: do not.")
    ] = 0,
    calibration_images: Annotated[
        Path | None,
        typer.Option(help="Correct channels on these images instead: an .npy file, 0 .. 1."),
    ] = None,
    retrain: Annotated[bool, typer.Option(help="Retrain with reverse coding in place.")] = True,
    noise: Annotated[
        float, typer.Option(help="Retrain against errors of firing times: deviation in ticks.")
    ] = 0,
    epochs: Epochs = None,
    on: On = None,
    data: Data = None,
    weights: Weights = files.SHIPPED,
    output: Output = TRAINED,
    seed: Seed = 0,
) -> None:
    """Put reverse coding into NETWORK and retrain; write NETWORK-adapted.keras and NETWORK.npz.

    Retraining that was interrupted goes on when the same command is given again.
    """
    known = _with_dataset(network, on) if retrain or calibration else entry(network, on)
    if noise and (known.output_layer_only or not retrain):
        raise InvalidInputError(
            f"--noise {noise:g} would have no effect: it is for hidden layers that are retrained, "
            f"and those of {network!r} are not; leave it out"
        )
    network = file_name(network, on)
    keras.utils.set_random_seed(seed)
    model = files.load_model(network, weights)
    if calibration_images is not None:
        images, _, _ = read_images(calibration_images, model.input_shape[1:], UNIT)
    elif calibration:
        images = load_dataset(known.dataset, data).x_train[:calibration]
    else:
        images = None
    adapted = td.adapt(
        model,
        leak=leak,
        compensate=compensate,
        scale=scale,
        silent_zeros=silent_zeros,
        input_steps=input_steps,
        rounding=rounding,
        calibration=images,
        noise=noise,
    )
    dataset = None if known.dataset is None else load_dataset(known.dataset, data)
    stages = [] if dataset is None else [_measure("DNN", model, dataset)]
    if retrain:
        stages.append(_measure("adapted", adapted, dataset))
        recipe = replace(known.retraining, seed=seed, epochs=epochs or known.retraining.epochs)
        start, backup = (adapted.to_json(), *adapted.get_weights()), output / f".{network}-adapted"
        _train(adapted, recipe, dataset, f"{network}, retraining", backup, *start)
        if not known.output_layer_only:
            files.round_to_half(adapted)
    if dataset is not None:
        stages.append(_measure("retrained" if retrain else "adapted", adapted, dataset))
    keras_path = files.adapted_path(network, output)
    network_path = files.converted_path(network, output)
    converted = td.convert(adapted, image_range=UNIT)
    files.save_model(adapted, keras_path)
    converted.save(network_path)
    if dataset is not None:
        finer = f", {input_steps} input steps a tick" if input_steps > 1 else ""
        nearest = f", rounding {rounding}" if rounding != "up" else ""
        against = f", against noise of {noise:g} ticks" if noise else ""
        _show(
            f"{network}, leak {leak:g}, scale {scale:g}{finer}{nearest}{against}", dataset, stages
        )
    _say(f"wrote {keras_path}")
    _say(f"wrote {network_path}")


@app.command()
def evaluate(
    network: Name, on: On = None, data: Data = None, weights: Weights = files.SHIPPED
) -> None:
    """Measure NETWORK on the full test set: as trained, adapted, and in discrete time."""
    known = _with_dataset(network, on)
    network = file_name(network, on)
    model = files.load_model(network, weights)
    adapted = files.load_adapted(network, weights)
    converted = files.load_network(network, weights)
    dataset = load_dataset(known.dataset, data)
    stages = [
        _measure("DNN", model, dataset),
        _measure("adapted DNN", adapted, dataset),
        measure("discrete SNN", lambda: td.analyse(converted, dataset.x_test).predictions, console),
    ]
    _show(f"{network}, leak {converted.leak:g}", dataset, stages)


def _with_dataset(network: str, on: str | None) -> Entry:
    known = entry(network, on)
    if known.dataset is None:
        raise InvalidInputError(
            f"network {network!r} has no data set here to train or to measure on; give it weights "
            f"of your own (python -m tdsnn_brian.networks load {network} FILE), and adapt it with "
            "--no-retrain, --calibration-images for the images to correct channels on"
        )
    return known


def _train(
    model: keras.Model, recipe: Recipe, dataset: Dataset, label: str, backup: Path, *start: object
) -> None:
    """Go on from the backup of what was begun by the same recipe, data and `start`, if any."""
    images, labels = dataset.x_train, dataset.y_train
    begun = digest(recipe, *start, images, labels)[:16]
    recipe.train(
        model, images, labels, label=label, backup=backup.with_name(f"{backup.name}-{begun}")
    )


def _measure(stage: str, model: keras.Model, dataset: Dataset) -> Measured:
    return measure(stage, lambda: predict(model, dataset.x_test), console)


def _show(title: str, dataset: Dataset, stages: list[Measured]) -> None:
    title = f"{title}: {dataset.name}, {len(dataset.y_test)} test images"
    console.print(accuracy_table(title, dataset.y_test, stages))


def _say(line: str) -> None:
    console.print(line, soft_wrap=True, highlight=False, markup=False)
