"""What a validation found, as plain data: the content of ``summary.json``.

The page and the table show these values and no others.
"""

import numpy as np
from numpy.typing import NDArray

from .judge.comparison import LayerComparison

SCHEMA = 1


def layer_rows(comparisons: list[LayerComparison]) -> list[dict]:
    """One row for each layer that fires."""
    return [
        {
            "name": layer.name,
            "neurons": layer.neurons,
            "identical": layer.identical,
            "max_difference_ticks": layer.max_difference,
            "mean_difference_ticks": layer.mean_difference,
            "missing_spikes": layer.missing,
            "spikes_per_neuron": layer.spikes_per_neuron,
            "window_ticks": layer.window_ticks,
            "inherited": layer.inherited,
            "explained": layer.explained,
            "unexplained": layer.unexplained,
        }
        for layer in comparisons
        if layer.fires
    ]


def output_row(comparisons: list[LayerComparison]) -> dict:
    output = comparisons[-1]
    return {"name": output.name, "unexplained": output.unexplained}


def accuracies(predictions: dict[str, NDArray], labels: NDArray | None) -> dict:
    """Share of right answers of ``dnn``, ``adapted``, ``discrete``, ``brian2``; None if unknown."""
    return {
        kind: None
        if labels is None or kind not in predictions
        else float(np.mean(predictions[kind] == labels))
        for kind in ("dnn", "adapted", "discrete", "brian2")
    }


def agreements(predictions: dict[str, NDArray]) -> dict:
    """Share of images with the same answer, right or wrong."""
    pairs = (("adapted", "discrete"), ("discrete", "brian2"))
    return {
        f"{left}_{right}": float(np.mean(predictions[left] == predictions[right]))
        if left in predictions and right in predictions
        else None
        for left, right in pairs
    }


def image_values(images: NDArray) -> str:
    """Type and range of the images that were given."""
    return f"{images.dtype}, {images.min():.4g} to {images.max():.4g}"


def unexplained(summary: dict) -> list[str]:
    """Names of the layers with an unexplained disagreement."""
    return [row["name"] for row in [*summary["layers"], summary["output"]] if row["unexplained"]]
