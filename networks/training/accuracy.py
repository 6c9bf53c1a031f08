"""Accuracies on a test set, as a table for the terminal."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, kw_only=True, eq=False)
class Measured:
    """Predicted classes (n,) of one stage of a network, and how long they took."""

    stage: str
    predictions: NDArray
    seconds: float


def measure(stage: str, predict: Callable[[], NDArray], console: Console) -> Measured:
    """Call `predict` and time it, with a sign of life on the terminal."""
    start = time.perf_counter()
    with console.status(stage):
        predictions = predict()
    return Measured(stage=stage, predictions=predictions, seconds=time.perf_counter() - start)


def accuracy_table(title: str, labels: NDArray, stages: list[Measured]) -> Table:
    """One row a stage: accuracy, error, agreement with the stage above it, seconds."""
    table = Table(title=title)
    table.add_column("stage")
    for heading in ("accuracy", "error", "wrong", "same class as above", "seconds"):
        table.add_column(heading, justify="right")
    before = None
    for stage in stages:
        wrong = stage.predictions != labels
        same = "" if before is None else f"{np.mean(stage.predictions == before):.2%}"
        table.add_row(
            stage.stage,
            f"{1 - wrong.mean():.2%}",
            f"{wrong.mean():.2%}",
            f"{wrong.sum()} of {len(labels)}",
            same,
            f"{stage.seconds:.1f}",
        )
        before = stage.predictions
    return table
