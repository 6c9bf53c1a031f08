"""Flaws over images on this machine: programs of the report's sweeps, compiled once a case."""

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
    # living neurons have the other flaws too, and one program is compiled in half the time
    kind = "living" if any(FLAWS[flaw].living for flaw, _, _ in flaws) else "flawed"
    programs, jobs, keys, done = {}, [], [], 0.0
    for label, network in networks.items():
        for level, noise in enumerate(noises):
            shown = with_noise(images, noise, (level, 0))
            sweeps = Sweeps(Case(network=network, images=shown, labels=labels), 1)
            name = f"{label}, noise {noise:g}"
            programs[name] = sweeps.programs[kind]
            for flaw in flaws:
                jobs.append(replace(sweeps.flaw_job(*flaw), program=name))
                keys.append({"network": label, "leak": float(network.leak), "noise": float(noise)})

    def advance(share: float) -> None:
        nonlocal done
        done += share
        progress(min(done, 1.0))

    runner = Runner(programs, directory / "sweeps", compiled=True, workers=workers, advance=advance)
    first, *others = programs
    rows = runner.run(jobs, bases=dict.fromkeys(others, first))
    return [
        key
        | {"flaw": row["kind"], "strength": row["strength"], "images": len(images)}
        | {"accuracy": row["accuracy"], "moved": row["moved"]}
        for key, row in zip(keys, rows, strict=True)
    ]
