"""Simulate a case once and compare it with the discrete analysis: what all commands share."""

from collections.abc import Callable
from dataclasses import dataclass
from math import lcm
from pathlib import Path

from brian2 import ms

import tdsnn_brian as td
from tdsnn_brian.analysis.closed_form import choose_windows
from tdsnn_brian.image_range import describe

from . import summary as summaries
from .case import Case
from .devices import active_device
from .judge.comparison import LayerComparison, compare
from .judge.verdicts import analysis_verdict, simulation_checks


def float_notes(comparisons: list[LayerComparison], float_type: str) -> list[str]:
    """How many firing times a narrow floating type moved, and why."""
    if float_type == "float64":
        return []
    layers = [layer for layer in comparisons if layer.fires]
    total = sum(layer.times.simulated.size for layer in layers)
    differ = sum(round((1 - layer.identical) * layer.times.simulated.size) for layer in layers)
    rounded = sum(layer.explained for layer in layers)
    return [
        f"{float_type} moved {differ:,} of {total:,} firing times: {rounded:,} because "
        "L ln(A + 1) lies so near to a whole number that rounding decides, the others because a "
        "neuron before them had moved."
    ]


@dataclass(frozen=True, kw_only=True, eq=False)
class Simulated:
    """A simulation beside its analysis; `summary` is what ``summary.json`` holds of it.

    `windows` are the fixed inhibitory periods in ticks, None for those that end with the last
    spike.
    """

    case: Case
    analysis: td.DiscreteAnalysis
    simulation: td.Simulation
    comparisons: list[LayerComparison]
    windows: dict[str, int] | None
    summary: dict


def simulate_case(
    case: Case,
    *,
    device: str,
    float_type: str = "float64",
    dt_per_tick: int = 1,
    window: int | str = "fixed",
    directory: Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> Simulated:
    """Simulate and compare.

    Parameters
    ----------
    case : Case
    device : str
        One of `validation.devices.DEVICES`.
    float_type : {"float64", "float32"}, optional
        Of the simulated potentials.
    dt_per_tick : int, optional
        Integration steps a tick; raised to a multiple of the network's `input_steps`.
    window : {"fixed", "dynamic"} or int, optional
        See `tdsnn_brian.build_network`.
    directory : Path, optional
        Where a standalone program is kept.
    progress : callable, optional
        Called with the completed share of the simulation.
    """
    network, images = case.network, case.images
    dt_per_tick = lcm(dt_per_tick, network.input_steps)
    analysis = td.analyse(network, images, window=window)
    with active_device(device, directory, float_type=float_type):
        simulation = td.simulate(
            network,
            images,
            tick=1 * ms,
            dt=1 * ms / dt_per_tick,
            window=window,
            strict=False,  # what came too late is for the report to say
            progress=progress,
        )
    windows = None if window == "dynamic" else choose_windows(network, analysis, window)
    comparisons = compare(network, analysis, simulation, windows=windows, dtype=float_type)
    checks = simulation_checks(network, comparisons, simulation)
    predictions = {
        **case.predictions,
        "discrete": analysis.predictions,
        "brian2": simulation.predictions,
    }
    summary = {
        "schema": summaries.SCHEMA,
        "network": network.name,
        "device": device,
        "float_type": float_type,
        "images": len(images),
        "leak": network.leak,
        "input_steps": network.input_steps,
        "dt_per_tick": dt_per_tick,
        "window": window,
        "image_range": None if network.image_range is None else describe(network.image_range),
        "image_values": summaries.image_values(images),
        "boundary_ticks": comparisons[0].boundary,
        "layers": summaries.layer_rows(comparisons),
        "output": summaries.output_row(comparisons),
        "checks": checks,
        "verdicts": {"analysis": analysis_verdict(checks)},
        "accuracy": summaries.accuracies(predictions, case.labels),
        "agreement": summaries.agreements(predictions),
        "seconds": {
            "compile": simulation.seconds["compile"],
            "run_per_image": simulation.seconds["run"] / len(images),
        },
        "notes": [*case.notes, *float_notes(comparisons, float_type)],
    }
    return Simulated(
        case=case,
        analysis=analysis,
        simulation=simulation,
        comparisons=comparisons,
        windows=windows,
        summary=summary,
    )
