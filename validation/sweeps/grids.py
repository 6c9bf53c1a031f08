"""The grids of runs behind the report, and the row that each run gives."""

from dataclasses import dataclass, replace
from itertools import pairwise
from math import ceil

import numpy as np
from numpy.typing import NDArray

from tdsnn_brian import SILENT, DiscreteAnalysis, SpikingNetwork, analyse
from tdsnn_brian.brian.perturbations import Setting, slot_ticks
from tdsnn_brian.discrete import overhang
from tdsnn_brian.spec import MaxPool2D

from ..case import Case
from ..judge.continuous import closed_loop
from .fit import Order, fit_order
from .jobs import Job
from .programs import Outcome, Program, recorded_neurons

METHODS = {"exact": None, "exponential_euler": None, "euler": 1, "rk2": 2, "rk4": 4}
"""Integration methods and their theoretical orders; None: this equation is solved to rounding."""

STEPS = (1, 2, 5, 10, 20, 50)
TICKS = (1, 2, 4, 8, 16, 32, 64, 0)
FLOOR = {"float64": 1e-12, "float32": 3e-6}
"""Relative errors of potentials that are rounding."""

HEADROOM = 3.0


@dataclass(frozen=True, kw_only=True)
class Perturbation:
    """A flaw: which field of `Setting` holds its strength, in what unit, how strong."""

    field: str
    title: str
    unit: str
    strengths: tuple[float, ...]
    steps_per_tick: int = 1
    headroom: float = 0.0


PERTURBATIONS = {
    "jitter": Perturbation(
        field="jitter", title="Spike-time jitter", unit="ticks (standard deviation)",
        strengths=(0.1, 0.2, 0.4, 0.7, 1.0), steps_per_tick=10, headroom=HEADROOM,
    ),
    "delay": Perturbation(
        field="delay", title="Synaptic delay, uniform", unit="ticks",
        strengths=(0.1, 0.3, 0.5, 1.0, 2.0), steps_per_tick=10,
    ),
    "delay_spread": Perturbation(
        field="delay_spread", title="Synaptic delays, spread from 0", unit="ticks (largest)",
        strengths=(0.2, 0.5, 1.0, 2.0, 3.0), steps_per_tick=10,
    ),
    "leak": Perturbation(
        field="leak_spread", title="Leak constants that differ", unit="relative",
        strengths=(0.01, 0.02, 0.05, 0.1, 0.2, 0.4),
    ),
    "weight_noise": Perturbation(
        field="weight_noise", title="Weight noise", unit="relative to each weight",
        strengths=(0.02, 0.05, 0.1, 0.2, 0.5, 1.0),
    ),
    "threshold": Perturbation(
        field="threshold_offset", title="Threshold offset", unit="tick weights",
        strengths=(0.02, 0.05, 0.1, 0.2, 0.5, 1.0),
    ),
    "short_window": Perturbation(
        field="window_cut", title="Window that ends too early", unit="ticks",
        strengths=(1, 2, 3, 4, 6, 8),
    ),
    "late_ticks": Perturbation(
        field="lateness", title="Ticking neuron that is late", unit="ticks",
        strengths=(0.1, 0.3, 0.5, 1.0, 2.0), steps_per_tick=10,
    ),
    "lost_ticks": Perturbation(
        field="drop", title="Ticks that get lost", unit="share",
        strengths=(0.01, 0.02, 0.05, 0.1, 0.2, 0.4),
    ),
}


def perturbed_program(
    network: SpikingNetwork, images: NDArray, analysis: DiscreteAnalysis
) -> Program:
    """The perturbed model, with room in time for every flaw; `analysis` is of the same images."""
    last = {name: ceil(window.max()) for name, window in analysis.windows.items()}
    wide = slot_ticks(
        network, last, margin=_margin(network), headroom=HEADROOM,
        overhang=overhang(network, analysis),
    )
    return Program(
        network=network, last_spikes=last, images=images, slot=wide, leak_of_each=True
    )


def _margin(network: SpikingNetwork) -> int:
    """Ticks that windows are longer than the images need."""
    return int(np.ceil(network.leak))


def flawed(network: SpikingNetwork, kind: str, strength: float) -> Setting:
    """The setting of one of `PERTURBATIONS`."""
    flaw = PERTURBATIONS[kind]
    values = {"window_cut": -_margin(network), flaw.field: strength}
    steps = flaw.steps_per_tick * network.input_steps
    return Setting(steps_per_tick=steps, headroom=flaw.headroom, **values)


class Sweeps:
    """Programs and jobs for a case.

    Parameters
    ----------
    case : Case
        With the images of the sweeps.
    integration_images : int
        How many of them the many integration steps are tried on.
    """

    def __init__(self, case: Case, integration_images: int):
        self.case = case
        network = case.network
        self._few = replace(
            case, images=case.images[:integration_images],
            labels=None if case.labels is None else case.labels[:integration_images],
        )
        analysis = analyse(network, case.images)
        self.programs = {"perturbed": perturbed_program(network, case.images, analysis)}
        self.bases = {}
        last = self.programs["perturbed"].last_spikes
        common = {"network": network, "last_spikes": last}
        narrow = slot_ticks(network, last, margin=0, overhang=overhang(network, analysis))
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
        judge = _Judge(self._few, _first(self._analysis, len(self._few.images)))
        return [
            Job(
                program=f"{dtype} {method}",
                setting=Setting(steps_per_tick=steps * self.case.network.input_steps),
                key={"method": method, "dtype": dtype,
                     "dt_per_tick": steps * self.case.network.input_steps},
                evaluate=judge.integration,
            )
            for dtype in FLOOR for method in METHODS for steps in STEPS
        ]

    def tick_jobs(self) -> list[Job]:
        judge = _Judge(self.case, self._analysis)
        continuous = closed_loop(self.case.network, self.case.images)
        return [
            Job(
                program="perturbed",
                setting=Setting(
                    steps_per_tick=(m or max(TICKS)) * self.case.network.input_steps,
                    ticks_per_tick=m,
                    window_cut=-_margin(self.case.network),
                ),
                key={"m": m or None},
                evaluate=lambda p, s, o: judge.finer_ticks(s, o, continuous),
            )
            for m in TICKS
        ]

    def perturbation_jobs(self) -> list[Job]:
        judge = _Judge(self.case, self._analysis)
        jobs = []
        for kind, flaw in PERTURBATIONS.items():
            for strength in (0.0, *flaw.strengths):
                setting = flawed(self.case.network, kind, strength)
                key = {"kind": kind, "strength": strength}
                jobs.append(
                    Job(program="perturbed", setting=setting, key=key, evaluate=judge.perturbed)
                )
        return jobs


def _first(analysis: DiscreteAnalysis, n: int) -> DiscreteAnalysis:
    def cut(value):
        return {k: v[:n] for k, v in value.items()} if isinstance(value, dict) else value[:n]

    fields = DiscreteAnalysis.__dataclass_fields__
    return DiscreteAnalysis(**{name: cut(getattr(analysis, name)) for name in fields})


class _Judge:
    """Makes rows of outcomes."""

    def __init__(self, case: Case, analysis: DiscreteAnalysis):
        self._case, self._network, self._analysis = case, case.network, analysis

    def integration(self, program: Program, setting: Setting, outcome: Outcome) -> dict:
        return {
            "moved": self._moved(outcome),
            **self._answers(outcome),
            "potential_error": self._potential_error(program, setting, outcome),
        }

    def perturbed(self, program: Program, setting: Setting, outcome: Outcome) -> dict:
        return {"moved": self._moved(outcome), **self._answers(outcome), "late": outcome.late}

    def finer_ticks(self, setting: Setting, outcome: Outcome, continuous) -> dict:
        m = setting.ticks_per_tick
        layers = [x.name for x in self._network.firing_layers if not isinstance(x, MaxPool2D)]
        apart = [
            np.abs(outcome.latencies[n] - _flat(continuous.latencies[n])) for n in layers
        ]
        grid = None
        if m:
            finer = analyse(replace(self._network, leak=self._network.leak * m),
                            self._case.images)
            grid = float(1 - self._moved(outcome, finer, scale=m, least=0.5 / m))
        return {
            "mean_difference": float(np.nanmean(np.concatenate([a.ravel() for a in apart]))),
            "max_difference": float(max(np.nanmax(a) for a in apart)),
            **self._answers(outcome),
            "agreement_continuous": float(
                np.mean(outcome.predictions == continuous.predictions)
            ),
            "identical_on_grid": grid,
        }

    def _answers(self, outcome: Outcome) -> dict:
        labels, predictions = self._case.labels, outcome.predictions
        return {
            "accuracy": None if labels is None else float(np.mean(predictions == labels)),
            "agreement": float(np.mean(predictions == self._analysis.predictions)),
        }

    def _moved(self, outcome, analysis=None, *, scale=1, least=0.5) -> float:
        """Share of firing times `least` ticks or more from the discrete ones, or missing."""
        analysis, moved, total = analysis or self._analysis, 0, 0
        for name, simulated in outcome.latencies.items():
            discrete = _flat(analysis.latencies[name])
            discrete = np.where(discrete == SILENT, np.nan, discrete / scale)
            apart = np.abs(simulated - discrete) >= least
            moved += int((apart | (np.isnan(simulated) != np.isnan(discrete))).sum())
            total += simulated.size
        return moved / total

    def _potential_error(self, program, setting, outcome) -> float | None:
        """Of the first layer's potentials at release, relative, root mean square."""
        from tdsnn_brian.coding import gain
        from tdsnn_brian.propagation import activation

        first = self._network.layers[0]
        if isinstance(first, MaxPool2D) or not outcome.release_potentials.size:
            return None
        total = _flat(activation(first, gain(self._analysis.input_latencies, self._network.leak)))
        schedule = program.plan(setting)
        since = schedule.windows[first.name] + 1 / setting.steps_per_tick
        exact = -total[:, recorded_neurons(program)] * np.exp(-since / self._network.leak)
        error = outcome.release_potentials - exact
        return float(np.sqrt(np.mean(error**2) / np.mean(exact**2)))


def _flat(values: NDArray) -> NDArray:
    return values.reshape(len(values), -1)


def integration_orders(rows: list[dict]) -> list[dict]:
    """Observed order of each method and type, from the potentials' errors."""
    result = []
    for dtype in FLOOR:
        for method, theory in METHODS.items():
            own = [r for r in rows if (r["method"], r["dtype"]) == (method, dtype)]
            fit = fit_order(
                [1 / r["dt_per_tick"] for r in own],
                [np.nan if r["potential_error"] is None else r["potential_error"] for r in own],
                floor=FLOOR[dtype],
            )
            result.append({"method": method, "dtype": dtype, "theory": theory, **_fields(fit)})
    return result


def tick_orders(rows: list[dict]) -> tuple[list[dict], dict]:
    """Rows with the order between each and the one before it, and the fit over all."""
    result, before = [], None
    for row in rows:
        order = None
        if before is not None and row["m"] and row["mean_difference"] and before["mean_difference"]:
            order = float(
                np.log(before["mean_difference"] / row["mean_difference"])
                / np.log(row["m"] / before["m"])
            )
        result.append({**row, "order": order})
        before = row
    fine = [row for row in rows if row["m"]]
    fit = fit_order([1 / r["m"] for r in fine], [r["mean_difference"] for r in fine])
    return result, _fields(fit)


def _fields(fit: Order) -> dict:
    return {"order": fit.order, "residual": fit.residual, "points": fit.points}


def _right(row: dict) -> float:
    return row["agreement"] if row["accuracy"] is None else row["accuracy"]


def one_point_strengths(rows: list[dict]) -> list[dict]:
    """For each kind, the strength at which accuracy (else agreement) has fallen by one point.

    Interpolated between the strengths that were tried; None where it never fell so far.
    """
    result = []
    for kind, flaw in PERTURBATIONS.items():
        own = sorted((r for r in rows if r["kind"] == kind), key=lambda r: r["strength"])
        limit = None
        if own:
            goal = _right(own[0]) - 0.01
            for low, high in pairwise(own):
                if _right(high) <= goal + 1e-12:
                    share = (_right(low) - goal) / (_right(low) - _right(high))
                    limit = low["strength"] + share * (high["strength"] - low["strength"])
                    break
        result.append(
            {"kind": kind, "title": flaw.title, "unit": flaw.unit, "one_point_strength": limit}
        )
    return result
