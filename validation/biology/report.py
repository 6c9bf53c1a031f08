"""What the page of neuron models shows."""

from brian2 import mV

from tdsnn_brian.brian import models

from ..case import Case
from ..kept import Kept
from ..parts.physical import equation_rows
from .runs import FEW, Runs, Say, last_layers


def assemble(case: Case, parts: tuple[str, ...], kept: Kept, say: Say) -> dict:
    """The summary of a case, of the parts that are asked for."""
    part = last_layers(case)
    runs = Runs(part, kept, say)
    summary: dict = {
        "network": part.network.name,
        "images": len(part.images),
        "few_images": min(FEW, len(part.images)),
        "notes": [],
    }
    if "circuit" in parts:
        summary["circuit"] = runs.circuit()
        summary["circuit_equations"] = equation_rows(models.OSCILLATING)
    if "currents" in parts:
        summary["currents"] = runs.currents()
        summary["currents_equations"] = [
            {"of": f"{shape} current, {row['of']}", "text": row["text"]}
            for shape in ("exponential", "alpha")
            for row in equation_rows(models.current_synapses(shape))
            if row["of"] in ("layer", "synapses")
        ]
    if "conductances" in parts:
        summary["conductances"] = runs.conductances()
        summary["conductances_equations"] = equation_rows(models.conductance_synapses(unit=1 * mV))
    return summary
