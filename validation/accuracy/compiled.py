"""Flaws over images on this machine: programs of the report's sweeps, compiled once a network."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from numpy.typing import NDArray

from tdsnn_brian import SpikingNetwork

from ..case import Case
from ..sweeps.flaws import FLAWS
from ..sweeps.grids import Sweeps
from ..sweeps.jobs import Runner
from .tasks import Drawn, with_noise


def compiled_rows(
    *,
    networks: Mapping[str, SpikingNetwork],
    images: NDArray,
    labels: NDArray,
    noises: Sequence[float],
    flaws: Sequence[Drawn],
    directory: Path,
    workers: int,
    progress: Callable[[float], None],
) -> list[dict]:
    """The rows of `accuracies`, and the share of firing times that `moved`.

    Runs are kept in `directory`, and count again when they are asked for again.
    """
    rows, done = [], 0.0
    # living neurons have the other flaws too, and one program is compiled in half the time
    program = "living" if any(FLAWS[kind].living for kind, _, _ in flaws) else "flawed"

    def advance(share: float) -> None:
        nonlocal done
        done += share / (len(networks) * len(noises))
        progress(min(done, 1.0))

    for label, network in networks.items():
        for level, noise in enumerate(noises):
            shown = with_noise(images, noise, (level, 0))
            sweeps = Sweeps(Case(network=network, images=shown, labels=labels), 1)
            jobs = [replace(sweeps.flaw_job(*flaw), program=program) for flaw in flaws]
            runner = Runner(
                sweeps.programs,
                directory / "sweeps",
                compiled=True,
                workers=workers,
                advance=advance,
            )
            for (kind, strength, _), row in zip(flaws, runner.run(jobs, sweeps.bases), strict=True):
                rows.append(
                    {
                        "network": label,
                        "leak": float(network.leak),
                        "noise": float(noise),
                        "flaw": kind,
                        "strength": strength,
                        "accuracy": row["accuracy"],
                        "images": len(images),
                        "moved": row["moved"],
                    }
                )
    return rows
