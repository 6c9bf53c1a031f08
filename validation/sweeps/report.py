"""The sweeps of a report: run, and put into its summary."""

import os
from pathlib import Path

import numpy as np

from tdsnn_brian.analysis.continuous import closed_loop
from tdsnn_brian.brian.explicit.perturbed_model import LIVING, PERTURBED
from tdsnn_brian.brian.explicit.perturbed_network import seeds_differ

from ..case import Case
from ..options import Options, Progress
from ..parts.physical import equation_rows
from . import programs
from .flaws import SEEDS
from .grids import Sweeps
from .jobs import Runner
from .trends import integration_orders, one_point_strengths, over_seeds, tick_orders


def add_sweeps(
    case: Case, options: Options, wanted: list[str], output: Path, summary: dict, progress: Progress
) -> None:
    """Run the parts that are `wanted`, and put their rows and trends into `summary`."""
    compiled = options.device != "numpy" and programs.compilable()
    n = min(options.sweep_images or (100 if compiled else 3), len(case.images))
    few = min(options.integration_images or (40 if compiled else 2), n)
    part = case.first(n)
    sweeps = Sweeps(part, few, len(SEEDS) if not compiled or seeds_differ() else 1)
    done = 0.0

    def advance(share: float) -> None:
        nonlocal done
        done += share
        progress("sweeps", min(done, 1.0))

    jobs = {
        "integration": sweeps.integration_jobs,
        "ticks": sweeps.tick_jobs,
        "perturbations": sweeps.flaw_jobs,
    }
    listed = [(kind, job) for kind in wanted for job in jobs[kind]()]
    runner = Runner(
        sweeps.programs,
        output / "sweeps",
        compiled=compiled,
        workers=options.workers or os.cpu_count() or 1,
        advance=advance,
    )
    rows = runner.run([job for _, job in listed], sweeps.bases)
    progress("sweeps", 1.0)
    found = {
        kind: [row for (of, _), row in zip(listed, rows, strict=True) if of == kind]
        for kind in wanted
    }
    summary["sweep_images"], summary["integration_images"] = n, few
    if "integration" in found:
        summary["integration"] = found["integration"]
        summary["integration_orders"] = integration_orders(found["integration"])
    if "ticks" in found:
        summary["ticks"], summary["ticks_fit"] = tick_orders(found["ticks"])
        continuous = closed_loop(part.network, part.images)
        summary["continuous_accuracy"] = (
            None if part.labels is None else float(np.mean(continuous.predictions == part.labels))
        )
    if "perturbations" in found:
        summary["perturbations"] = over_seeds(found["perturbations"])
        summary["perturbation_limits"] = one_point_strengths(summary["perturbations"])
        summary["perturbation_equations"] = [
            {"of": f"{row['of']}, {model.name} model", "text": row["text"]}
            for model in (PERTURBED, LIVING)
            for row in equation_rows(model)
            if model is PERTURBED or row["of"] == "layer"  # the others are the same
        ]
