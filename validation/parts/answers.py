"""Discrete, continuous and simulated latencies side by side."""

from pathlib import Path

import numpy as np
import xarray as xr

from tdsnn_brian import Result
from tdsnn_brian.analysis.continuous import closed_loop, open_loop
from tdsnn_brian.firing_times import with_nan
from tdsnn_brian.networks.whole_files import replacing

from ..simulated import Simulated

SHOWN_DISAGREEMENTS = 50


def beside(run: Simulated) -> tuple[dict[str, xr.Dataset], Result]:
    """Latencies in ticks by layer: ``discrete``, ``open_loop``, ``closed_loop``, ``simulated``."""
    network = run.case.network
    closed = closed_loop(network, run.case.images, run.windows)
    opened = open_loop(network, run.analysis, run.windows)
    result = {}
    for layer in run.comparisons:
        if layer.fires:
            times = layer.times[["discrete", "simulated", "distance"]]
            for kind, values in (("open_loop", opened), ("closed_loop", closed.latencies)):
                flat = with_nan(values[layer.name]).reshape(times.sizes["image"], -1)
                times = times.assign({kind: (("image", "neuron"), flat)})
            result[layer.name] = times
    return result, closed


def difference_rows(run: Simulated, answers: dict[str, xr.Dataset]) -> list[dict]:
    """How far the continuous latencies are from the discrete and the simulated ones, by layer."""
    rows = []
    for population in run.case.network.populations:
        if not population.fires:
            continue
        times, row = answers[population.name], {"name": population.name}
        for kind in ("open_loop", "closed_loop"):
            for reference in ("discrete", "simulated"):
                apart = np.abs(times[kind] - times[reference])
                row[f"{kind}_{reference}_mean"] = float(apart.mean())
                row[f"{kind}_{reference}_max"] = float(apart.max())
            # the ceiling alone parts open loop and discrete by less than a tick
            row[f"{kind}_rounds_to_simulated"] = float(
                (np.ceil(times[kind] - 1e-9) == times.simulated).mean()
            )
        row["pool"] = not population.kind.integrates
        rows.append(row)
    return rows


def disagreements(run: Simulated) -> list[dict]:
    """Neurons that did not fire when their layer's input says, furthest from a jump first."""
    rows = []
    for layer in run.comparisons:
        if not layer.fires:
            continue
        times = layer.times
        for image, neuron in zip(*np.nonzero(layer.disagrees.values), strict=True):
            distance = float(times.distance.values[image, neuron])
            rows.append(
                {
                    "name": layer.name,
                    "image": int(image),
                    "neuron": int(neuron),
                    "expected": _finite(times.expected.values[image, neuron]),
                    "simulated": _finite(times.simulated.values[image, neuron]),
                    "distance": _finite(distance),
                    "explained": bool(distance <= layer.boundary),
                }
            )
    rows.sort(key=lambda row: -np.inf if row["distance"] is None else -row["distance"])
    return rows[:SHOWN_DISAGREEMENTS]


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def save_latencies(answers: dict[str, xr.Dataset], path: Path) -> None:
    """One ``.npz``: ``<layer>.<kind>``, (n_images, *layer shape), in ticks; `nan` where silent."""
    arrays = {
        f"{name}.{kind}": times[kind]
        .values.reshape(times.sizes["image"], *times.attrs["shape"])
        .astype(np.float32)
        for name, times in answers.items()
        for kind in ("discrete", "open_loop", "closed_loop", "simulated")
    }
    with replacing(path) as draft:
        np.savez_compressed(draft, **arrays)
