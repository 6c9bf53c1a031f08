"""The grids of runs behind the report."""

from tdsnn_brian import analyse
from tdsnn_brian.analysis.closed_form import unread_ticks
from tdsnn_brian.analysis.continuous import closed_loop
from tdsnn_brian.brian.explicit.perturbed_settings import Setting, slot_ticks

from ..case import Case
from .flaws import FLAWS, SEEDS, flawed_program, flawed_setting, margin, seeds_of
from .jobs import Job
from .programs import Program
from .rows import Rows

METHODS = {"exact": None, "exponential_euler": None, "euler": 1, "rk2": 2, "rk4": 4}
"""Integration methods and their theoretical orders; None: this equation is solved to rounding."""

STEPS = (1, 2, 5, 10, 20, 50)
TICKS = (1, 2, 4, 8, 16, 32, 64, 0)
FLOOR = {"float64": 1e-12, "float32": 3e-6}
"""Relative errors of potentials that are rounding."""


class Sweeps:
    """Programs and jobs for a case.

    Parameters
    ----------
    case : Case
        With the images of the sweeps.
    integration_images : int
        How many of them the many integration steps are tried on.
    seeds : int, optional
        How often each flaw that is drawn at random is drawn.
    """

    def __init__(self, case: Case, integration_images: int, seeds: int = 1):
        self._seeds = seeds
        self.case = case
        network = case.network
        self._few = case.first(integration_images)
        analysis = analyse(network, case.images)
        self.programs = {
            name: flawed_program(network, case.images, analysis, living=name == "living")
            for name in ("flawed", "living")
        }
        self.bases = {}
        last = self.programs["flawed"].last_spikes
        common = {"network": network, "last_spikes": last}
        narrow = slot_ticks(network, last, margin=0, unread_ticks=unread_ticks(network, analysis))
        for dtype in FLOOR:
            for method in METHODS:
                name = f"{dtype} {method}"
                self.programs[name] = Program(
                    **common, images=self._few.images, slot=narrow, method=method, dtype=dtype
                )
                if method != "exact":
                    self.bases[name] = f"{dtype} exact"
        self._analysis = analysis

    def integration_jobs(self) -> list[Job]:
        rows = Rows(self._few, self._analysis.take(slice(len(self._few.images))))
        return [
            Job(
                program=f"{dtype} {method}",
                setting=Setting(steps_per_tick=steps * self.case.network.input_steps),
                key={
                    "method": method,
                    "dtype": dtype,
                    "dt_per_tick": steps * self.case.network.input_steps,
                },
                evaluate=rows.integration,
                labels=self._few.labels,
            )
            for dtype in FLOOR
            for method in METHODS
            for steps in STEPS
        ]

    def tick_jobs(self) -> list[Job]:
        rows = Rows(self.case, self._analysis)
        continuous = closed_loop(self.case.network, self.case.images)
        return [
            Job(
                program="flawed",
                setting=Setting(
                    steps_per_tick=(m or max(TICKS)) * self.case.network.input_steps,
                    ticks_per_tick=m,
                    window_cut=-margin(self.case.network),
                ),
                key={"m": m or None},
                evaluate=lambda p, s, o: rows.finer_ticks(s, o, continuous),
                labels=self.case.labels,
            )
            for m in TICKS
        ]

    def flaw_jobs(self) -> list[Job]:
        return [
            self.flaw_job(kind, strength, seed)
            for kind, flaw in FLAWS.items()
            for strength in (0.0, *flaw.strengths)
            for seed in seeds_of(kind, strength, SEEDS[: self._seeds])
        ]

    def flaw_job(self, kind: str, strength: float, seed: int) -> Job:
        """One run with one of `FLAWS`."""
        return Job(
            program="living" if FLAWS[kind].living else "flawed",
            setting=flawed_setting(self.case.network, kind, strength, seed),
            key={"kind": kind, "strength": strength},
            evaluate=Rows(self.case, self._analysis).flawed,
            labels=self.case.labels,
        )
