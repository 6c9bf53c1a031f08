"""What an image costs: steps, spikes, ticks, operations, wall time."""

from dataclasses import asdict

import numpy as np
from brian2 import ms

import tdsnn_brian as td
from tdsnn_brian.analysis.closed_form import choose_windows, unread_ticks
from tdsnn_brian.analysis.operations import Operations, count_dnn, measure_snn
from tdsnn_brian.brian.timing import schedule

from ..devices import active_device
from ..simulated import Simulated

FEW = 3


def cost(run: Simulated) -> dict:
    """Rows by layer, totals, and wall time by device, for ``summary.json``."""
    network, summary = run.case.network, run.summary
    window = summary["window"]
    timing = schedule(
        network,
        choose_windows(network, run.analysis, window),
        summary["dt_per_tick"],
        unread_ticks=unread_ticks(network, run.analysis),
    )
    dnn = count_dnn(network)
    snn = measure_snn(network, run.analysis.input_latencies, run.simulation.latencies)
    spikes = {row["name"]: row["spikes_per_neuron"] for row in summary["layers"]}
    rows = [
        {
            "name": layer.name,
            "neurons": layer.n_neurons,
            "synapses": layer.n_synapses,
            "spikes": spikes.get(layer.name, 0.0) * layer.n_neurons,
            "ticks": _mean(run.simulation.ticks.get(layer.name)),
            **_operations("dnn", dnn[layer.name]),
            **_operations("snn", snn[layer.name]),
        }
        for layer in network.populations
    ]
    summed = (
        "neurons",
        "synapses",
        "spikes",
        *(
            f"{kind}_{what}"
            for kind in ("dnn", "snn")
            for what in ("additions", "multiplications", "comparisons", "nanojoules")
        ),
    )
    for row in rows:
        row["spikes_per_neuron"] = row["spikes"] / row["neurons"]
    total = {key: sum(row[key] for row in rows) for key in summed}
    total["spikes_per_neuron"] = total["spikes"] / total["neurons"]
    return {
        "steps_per_image": timing.slot,
        "layers": rows,
        "total": total,
        "ratio": {
            what: _ratio(total[f"dnn_{what}"], total[f"snn_{what}"])
            for what in ("additions", "multiplications", "nanojoules")
        },
        "devices": _devices(run),
    }


def _operations(kind: str, counted: Operations) -> dict[str, float]:
    energy = {"nanojoules": counted.energy_with_comparisons / 1000}
    return {f"{kind}_{key}": value for key, value in (asdict(counted) | energy).items()}


def _ratio(dnn: float, snn: float) -> float | None:
    return dnn / snn if snn else None


def _mean(values) -> float | None:
    return None if values is None else float(np.mean(values))


def _devices(run: Simulated) -> list[dict]:
    """The device of the report, and the numpy target on a few images."""
    seconds = run.summary["seconds"]
    rows = [{"device": run.summary["device"], "images": run.summary["images"], **seconds}]
    if run.summary["device"] != "numpy":
        images = run.case.images[:FEW]
        with active_device("numpy"):
            result = td.simulate(
                run.case.network, images, tick=1 * ms, dt=1 * ms / run.summary["dt_per_tick"]
            )
        rows.append(
            {
                "device": "numpy",
                "images": len(images),
                "compile": result.seconds["compile"],
                "run_per_image": result.seconds["run"] / len(images),
            }
        )
    return rows
