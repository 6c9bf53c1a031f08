"""The commands `train`, `adapt` and `evaluate`."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import keras
import typer
from rich.console import Console

import tdsnn_brian as td

from . import files, training
from .accuracy import Measured, accuracy_table, measure
from .data import Dataset, load_dataset
from .registry import NETWORKS, entry

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
    data: Data = None,
    output: Output = TRAINED,
    seed: Seed = 0,
) -> None:
    """Train NETWORK from scratch; write NETWORK.keras."""
    known = entry(network)
    recipe = replace(known.training, seed=seed, epochs=epochs or known.training.epochs)
    dataset = load_dataset(known.dataset, data)
    keras.utils.set_random_seed(seed)
    model = known.build()
    training.train(model, dataset.x_train, dataset.y_train, recipe, label=f"{network}, training")
    files.round_to_half(model)
    path = files.plain_path(network, output)
    files.save_model(model, path)
    _show(network, dataset, [_measure("DNN", model, dataset)])
    _say(f"wrote {path}")
    _say(f"next: python -m networks adapt {network} --weights {output}")


@app.command()
def adapt(
    network: Name,
    leak: Annotated[float, typer.Option(help="Membrane time constant in ticks.")] = 5,
    scale: Annotated[float, typer.Option(help="Factor on the input and all activations.")] = 1,
    compensate: Annotated[
        bool, typer.Option(help="Correct weights and biases for reverse coding beforehand.")
    ] = True,
    calibration: Annotated[
        int, typer.Option(min=0, help="Correct channels on so many training images; 0: do not.")
    ] = 0,
    retrain: Annotated[bool, typer.Option(help="Retrain with reverse coding in place.")] = True,
    epochs: Epochs = None,
    data: Data = None,
    weights: Weights = files.SHIPPED,
    output: Output = TRAINED,
    seed: Seed = 0,
) -> None:
    """Put reverse coding into NETWORK and retrain; write NETWORK-adapted.keras and NETWORK.npz."""
    known = entry(network)
    model = files.load_model(network, weights)
    dataset = load_dataset(known.dataset, data)
    adapted = td.adapt(
        model,
        leak=leak,
        compensate=compensate,
        scale=scale,
        calibration=dataset.x_train[:calibration] if calibration else None,
    )
    stages = [_measure("DNN", model, dataset)]
    if retrain:
        stages.append(_measure("adapted", adapted, dataset))
        recipe = replace(known.retraining, seed=seed, epochs=epochs or known.retraining.epochs)
        keras.utils.set_random_seed(seed)
        training.train(
            adapted, dataset.x_train, dataset.y_train, recipe, label=f"{network}, retraining"
        )
        files.round_to_half(adapted)
    stages.append(_measure("retrained" if retrain else "adapted", adapted, dataset))
    keras_path = files.adapted_path(network, output)
    network_path = files.converted_path(network, output)
    converted = td.convert(adapted)
    files.save_model(adapted, keras_path)
    converted.save(network_path)
    _show(f"{network}, leak {leak:g}, scale {scale:g}", dataset, stages)
    _say(f"wrote {keras_path}")
    _say(f"wrote {network_path}")


@app.command()
def evaluate(network: Name, data: Data = None, weights: Weights = files.SHIPPED) -> None:
    """Measure NETWORK on the full test set: as trained, adapted, and in discrete time."""
    known = entry(network)
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


def _measure(stage: str, model: keras.Model, dataset: Dataset) -> Measured:
    return measure(stage, lambda: training.predict(model, dataset.x_test), console)


def _show(title: str, dataset: Dataset, stages: list[Measured]) -> None:
    title = f"{title}: {dataset.name}, {len(dataset.y_test)} test images"
    console.print(accuracy_table(title, dataset.y_test, stages))


def _say(line: str) -> None:
    console.print(line, soft_wrap=True, highlight=False, markup=False)
