"""Runs of neuron models: a network, a model, and the row of figures that it gives."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from brian2 import Quantity, ms, mV

from tdsnn_brian import Result, SpikingNetwork, analyse, simulate
from tdsnn_brian.brian import models
from tdsnn_brian.brian.explicit.models import NeuronModel

from ..case import Case
from ..devices import active_device
from ..kept import Kept

RATIOS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7)
UNITS = (0.001, 0.01, 0.03, 0.1, 0.3, 1.0)
FINE = 10
"""Integration steps a tick where equations are not linear."""
FEW = 20
"""Images for those."""

Say = Callable[[str], None]


def last_layers(case: Case) -> Case:
    """The last two layers of a chain, with what those before them pass on as images.

    A hidden layer and the output layer of a trained network, small enough for many runs.
    """
    network = case.network
    kept = network.layers[-2:]
    before = network.populations[-3]
    passed = analyse(network, case.images).latencies[before.name]
    images = np.expm1(passed / before.leak).reshape(len(passed), *kept[0].input_shape)
    name = f"{network.name}, from {kept[0].name} on"
    part = SpikingNetwork(layers=kept, leak=network.leak, name=name)
    return replace(case, network=part, images=images, predictions={}, logits={})


class Runs:
    """Rows of runs on the numpy target, kept when they are done.

    Parameters
    ----------
    case : Case
    kept : Kept
    say : callable
        Told what runs.
    """

    def __init__(self, case: Case, kept: Kept, say: Say):
        self._case, self._kept, self._say = case, kept, say

    def row(
        self, key: dict, model: NeuronModel, *, images: int | None = None, steps: int = 1
    ) -> dict:
        """Figures of one model, with the entries of `key`."""
        case = self._case if images is None else self._case.first(images)
        depends = (key, case.network, case.images, case.labels, steps)
        found = self._kept.find("model", *depends)
        if found is None:
            self._say(f"{model.name}: {', '.join(f'{k} {v}' for k, v in key.items())}")
            found = self._kept.keep("model", key | measure(case, model, 1 * ms / steps), *depends)
        return found

    def circuit(self) -> list[dict]:
        """Ticking neurons made of neurons, with steps of a tick and finer."""
        return [
            self.row({"steps_per_tick": steps}, models.OSCILLATING, images=FEW, steps=steps)
            for steps in (1, 4)
        ]

    def currents(self) -> list[dict]:
        """Exponential and alpha currents, without and with the corrections."""
        ways: dict[str, dict[str, Any]] = {
            "none": {"corrected": False},
            "weights": {"wait": 0},
            "weights and release": {},
        }
        return [
            self.row(
                {"shape": shape, "ratio": ratio, "correction": correction},
                models.current_synapses(shape, ratio=ratio, **way),
            )
            for shape in ("exponential", "alpha")
            for correction, way in ways.items()
            for ratio in RATIOS
        ]

    def conductances(self) -> list[dict]:
        """Conductances of ever larger postsynaptic potentials."""
        return [
            self.row(
                {"unit_mv": unit},
                models.conductance_synapses(ratio=0.1, unit=unit * mV),
                images=FEW,
                steps=FINE,
            )
            for unit in UNITS
        ]


def measure(case: Case, model: NeuronModel, dt: Quantity) -> dict:
    """Firing times and answers of one model beside the analysis."""
    analysis = analyse(case.network, case.images)
    with active_device("numpy"):
        result = simulate(
            case.network,
            case.images,
            dt=dt,
            model=model,
            projection="explicit",
            strict=False,
        )
    hidden = case.network.populations[0]
    return {"wait": model.waits(hidden.leak), **beside(result, analysis, case.labels)}


def beside(result: Result, analysis: Result, labels: Any) -> dict:
    """Share of moved firing times, their mean shift in ticks, and what is answered."""
    apart = np.concatenate(
        [
            (result.latencies[name] - times).ravel()
            for name, times in analysis.latencies.items()
            if name in result.latencies
        ]
    )
    return {
        "moved": float(np.mean(np.abs(apart) >= 0.5)),
        "mean_shift": float(np.mean(apart)),
        "accuracy": None if labels is None else float(np.mean(result.predictions == labels)),
        "agreement": float(np.mean(result.predictions == analysis.predictions)),
    }
