"""Simulate a subject once and compare it with the discrete analysis: what all commands share."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from brian2 import ms

import tdsnn_brian as td
from tdsnn_brian.brian.timing import choose_windows

from . import summary as summaries
from .comparison import LayerComparison, compare
from .devices import active_device
from .subject import Subject


@dataclass(frozen=True, kw_only=True, eq=False)
class Core:
    """A simulation beside its analysis; `summary` is what ``summary.json`` holds of it."""

    subject: Subject
    analysis: td.DiscreteAnalysis
    simulation: td.Simulation
    comparisons: list[LayerComparison]
    summary: dict


def run_core(
    subject: Subject,
    *,
    device: str,
    dt_per_tick: int = 1,
    window: int | str = "fixed",
    directory: Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> Core:
    """Simulate and compare.

    Parameters
    ----------
    subject : Subject
    device : str
        One of `validation.devices.DEVICES`.
    dt_per_tick : int, optional
        Integration steps a tick.
    window : {"fixed", "dynamic"} or int, optional
        See `tdsnn_brian.build_network`.
    directory : Path, optional
        Where a standalone program is kept.
    progress : callable, optional
        Called with the completed share of the simulation.
    """
    network, images = subject.network, subject.images
    analysis = td.analyse(network, images)
    with active_device(device, directory):
        simulation = td.simulate(
            network, images, tick=1 * ms, dt=1 * ms / dt_per_tick, window=window,
            progress=progress,
        )
    windows = None if window == "dynamic" else choose_windows(network, analysis, window)
    comparisons = compare(network, analysis, simulation, windows=windows)
    predictions = {
        **subject.predictions,
        "discrete": analysis.predictions,
        "brian2": simulation.predictions,
    }
    summary = {
        "schema": summaries.SCHEMA,
        "network": network.name,
        "device": device,
        "images": len(images),
        "leak": network.leak,
        "dt_per_tick": dt_per_tick,
        "window": window,
        "boundary_ticks": comparisons[0].boundary,
        "layers": summaries.layer_rows(comparisons),
        "output": summaries.output_row(comparisons),
        "accuracy": summaries.accuracies(predictions, subject.labels),
        "agreement": summaries.agreements(predictions),
        "seconds": {
            "compile": simulation.seconds["compile"],
            "run_per_image": simulation.seconds["run"] / len(images),
        },
        "notes": list(subject.notes),
    }
    return Core(
        subject=subject, analysis=analysis, simulation=simulation, comparisons=comparisons,
        summary=summary,
    )
