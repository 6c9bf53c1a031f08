"""The row of figures that each run of a sweep gives."""

from dataclasses import replace

import numpy as np

from tdsnn_brian import SILENT, DiscreteAnalysis, analyse
from tdsnn_brian.brian.explicit.perturbed_network import recorded_neurons
from tdsnn_brian.brian.explicit.perturbed_settings import Setting
from tdsnn_brian.firing_times import with_nan

from ..case import Case
from .programs import Outcome, Program


class Rows:
    """Makes the row of a run from its outcome."""

    def __init__(self, case: Case, analysis: DiscreteAnalysis):
        self._case, self._network, self._analysis = case, case.network, analysis

    def integration(self, program: Program, setting: Setting, outcome: Outcome) -> dict:
        return {
            "moved": self._moved(outcome),
            **self._answers(outcome),
            "potential_error": self._potential_error(program, setting, outcome),
        }

    def flawed(self, program: Program, setting: Setting, outcome: Outcome) -> dict:
        return {"moved": self._moved(outcome), **self._answers(outcome), "late": outcome.late}

    def finer_ticks(self, setting: Setting, outcome: Outcome, continuous) -> dict:
        m = setting.ticks_per_tick
        layers = [x.name for x in self._network.populations if x.kind.is_ticked]
        apart = [np.abs(with_nan(outcome.latencies[n]) - continuous.latencies[n]) for n in layers]
        grid = None
        if m:
            finer = analyse(replace(self._network, leak=self._network.leak * m), self._case.images)
            grid = float(1 - self._moved(outcome, finer, scale=m, least=0.5 / m))
        return {
            "mean_difference": float(np.nanmean(np.concatenate([a.ravel() for a in apart]))),
            "max_difference": float(max(np.nanmax(a) for a in apart)),
            **self._answers(outcome),
            "agreement_continuous": float(np.mean(outcome.predictions == continuous.predictions)),
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
            discrete = analysis.latencies[name]
            apart = np.abs(simulated - discrete / scale) >= least
            moved += int(
                np.where(
                    (simulated == SILENT) | (discrete == SILENT),
                    (simulated == SILENT) != (discrete == SILENT),
                    apart,
                ).sum()
            )
            total += simulated.size
        return moved / total

    def _potential_error(self, program, setting, outcome) -> float | None:
        """Of the first layer's potentials at release, relative, root mean square."""
        first = self._network.populations[0]
        if not first.kind.integrates or not outcome.release_potentials.size:
            return None
        total = first.activation([self._analysis.input_latencies])
        total = total.reshape(len(total), -1)
        schedule = program.plan(setting)
        since = schedule.windows[first.name] + 1 / setting.steps_per_tick
        recorded = recorded_neurons(first.n_neurons)
        exact = -total[:, recorded] * np.exp(-since / first.leak)
        error = outcome.release_potentials - exact
        return float(np.sqrt(np.mean(error**2) / np.mean(exact**2)))
