"""The flaws of hardware and biology that are tried, and how strong."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from tdsnn_brian import DiscreteAnalysis, SpikingNetwork
from tdsnn_brian.analysis.closed_form import unread_ticks
from tdsnn_brian.brian.explicit.perturbed_settings import Setting, slot_ticks

from .programs import Program

HEADROOM = 3.0


@dataclass(frozen=True, kw_only=True)
class Flaw:
    """Which field of `Setting` holds its strength, in what unit, how strong.

    Those of `living` neurons run in a program of their own. What is not `drawn` is the same with
    every seed.
    """

    field: str
    title: str
    unit: str
    strengths: tuple[float, ...]
    steps_per_tick: int = 1
    headroom: float = 0.0
    living: bool = False
    drawn: bool = True


FLAWS = {
    "jitter": Flaw(
        field="jitter",
        title="Spike-time jitter",
        unit="ticks (standard deviation)",
        strengths=(0.1, 0.2, 0.4, 0.7, 1.0),
        steps_per_tick=10,
        headroom=HEADROOM,
    ),
    "delay": Flaw(
        field="delay",
        title="Synaptic delay, uniform",
        unit="ticks",
        strengths=(0.1, 0.3, 0.5, 1.0, 2.0),
        steps_per_tick=10,
        drawn=False,
    ),
    "delay_spread": Flaw(
        field="delay_spread",
        title="Synaptic delays, spread from 0",
        unit="ticks (largest)",
        strengths=(0.2, 0.5, 1.0, 2.0, 3.0),
        steps_per_tick=10,
    ),
    "leak": Flaw(
        field="leak_spread",
        title="Leak constants that differ",
        unit="relative",
        strengths=(0.01, 0.02, 0.05, 0.1, 0.2, 0.4),
    ),
    "weight_noise": Flaw(
        field="weight_noise",
        title="Weight noise",
        unit="relative to each weight",
        strengths=(0.02, 0.05, 0.1, 0.2, 0.5, 1.0),
    ),
    "threshold": Flaw(
        field="threshold_offset",
        title="Threshold offset",
        unit="tick weights",
        strengths=(0.02, 0.05, 0.1, 0.2, 0.5, 1.0),
        drawn=False,
    ),
    "short_window": Flaw(
        field="window_cut",
        title="Window that ends too early",
        unit="ticks",
        strengths=(1, 2, 3, 4, 6, 8),
        drawn=False,
    ),
    "late_ticks": Flaw(
        field="lateness",
        title="Ticking neuron that is late",
        unit="ticks",
        strengths=(0.1, 0.3, 0.5, 1.0, 2.0),
        steps_per_tick=10,
        drawn=False,
    ),
    "lost_ticks": Flaw(
        field="drop",
        title="Ticks that get lost",
        unit="share",
        strengths=(0.01, 0.02, 0.05, 0.1, 0.2, 0.4),
    ),
    "membrane_noise": Flaw(
        field="membrane_noise",
        title="Membrane noise, white",
        unit="tick weights (standard deviation)",
        strengths=(0.1, 0.3, 1.0, 3.0),
        steps_per_tick=2,
        living=True,
    ),
    "background": Flaw(
        field="background",
        title="Background spikes, Poisson",
        unit="spikes of 0.1 tick weights, a tick and sign",
        strengths=(0.3, 3.0, 30.0, 300.0),
        living=True,
    ),
    "threshold_spread": Flaw(
        field="threshold_spread",
        title="Thresholds that differ",
        unit="tick weights (standard deviation)",
        strengths=(0.1, 0.3, 1.0, 3.0),
        living=True,
    ),
    "adaptation": Flaw(
        field="adaptation",
        title="Adaptation",
        unit="of the potential",
        strengths=(0.01, 0.05, 0.1, 0.2, 0.5),
        living=True,
        drawn=False,
    ),
}
SEEDS = (4, 5, 6)
"""Of what is drawn in a report, shown as means with intervals."""


def seeds_of(kind: str, strength: float, seeds: Sequence[int]) -> Sequence[int]:
    """The seeds that tell something of a flaw: the first where nothing is drawn."""
    return seeds if FLAWS[kind].drawn and strength else seeds[:1]


def flawed_program(
    network: SpikingNetwork, images: NDArray, analysis: DiscreteAnalysis, *, living: bool = False
) -> Program:
    """The model with flaws, with room in time for every flaw; `analysis` is of the same images."""
    last = {name: ceil(window.max()) for name, window in analysis.windows.items()}
    wide = slot_ticks(
        network,
        last,
        margin=margin(network),
        headroom=HEADROOM,
        unread_ticks=unread_ticks(network, analysis),
    )
    return Program(
        network=network,
        last_spikes=last,
        images=images,
        slot=wide,
        leak_of_each=True,
        living=living,
        method="euler" if living else "exact",
    )


def margin(network: SpikingNetwork) -> int:
    """Ticks that windows are longer than the images need."""
    return int(np.ceil(network.leak))


def flawed_setting(
    network: SpikingNetwork, kind: str, strength: float, seed: int = SEEDS[0]
) -> Setting:
    """The setting of one of `FLAWS`."""
    flaw = FLAWS[kind]
    values = {"window_cut": -margin(network), flaw.field: strength}
    steps = flaw.steps_per_tick * network.input_steps
    return Setting(steps_per_tick=steps, headroom=flaw.headroom, seed=seed, **values)
