"""How strong each flaw of the perturbed model is, and what follows for schedule and parameters."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from ...arguments import check_count, is_number
from ...coding import continuous_latency, latency
from ...errors import InvalidInputError
from ...firing_times import silence_zeros
from ...layers import Kind
from ...network import SpikingNetwork
from ...ticking import leak_factor
from ..naming import Names
from ..timing import Timing, schedule
from .perturbed_model import PERTURBED


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What one run is to be like; the default is the model as it should be.

    Attributes
    ----------
    steps_per_tick : int
        Integration steps a tick.
    ticks_per_tick : int
        How often the ticking neuron fires in a tick, with its weight adapted; at most
        `steps_per_tick`, and a divisor of it. 0: a constant current instead.
    jitter : float
        Standard deviation of the firing times, in ticks.
    delay : float
        Of all synapses, in ticks.
    delay_spread : float
        Synaptic delays are drawn from 0 to this, in ticks, each for itself.
    leak_spread : float
        Standard deviation of the neurons' leak constants, relative.
    weight_noise : float
        Standard deviation of the weights, relative to each weight.
    threshold_offset : float
        Of the firing threshold, in tick weights.
    window_cut : float
        Ticks by which the inhibitory periods end before the last presynaptic spike; negative:
        after it. The output layer is not read before it.
    lateness : float
        Ticks by which the ticking neuron is behind.
    drop : float
        Share of ticks that get lost.
    headroom : float
        Ticks that all firing is put off by, for `jitter` to be early.
    membrane_noise : float
        Standard deviation that white noise gives to a potential, in tick weights.
    background : float
        Rate of spikes from elsewhere, a tick and neuron, as many that excite as inhibit, each a
        tenth of a tick's weight.
    threshold_spread : float
        Standard deviation of the neurons' thresholds, in tick weights.
    adaptation : float
        Strength of a current that follows the potential four times as slowly as the membrane, and
        pulls it back.
    seed : int
        Of what is drawn.
    """

    steps_per_tick: int = 1
    ticks_per_tick: int = 1
    jitter: float = 0.0
    delay: float = 0.0
    delay_spread: float = 0.0
    leak_spread: float = 0.0
    weight_noise: float = 0.0
    threshold_offset: float = 0.0
    window_cut: float = 0.0
    lateness: float = 0.0
    drop: float = 0.0
    headroom: float = 0.0
    membrane_noise: float = 0.0
    background: float = 0.0
    threshold_spread: float = 0.0
    adaptation: float = 0.0
    seed: int = 4

    def __post_init__(self) -> None:
        check_count("steps_per_tick", self.steps_per_tick)
        check_count("ticks_per_tick", self.ticks_per_tick, least=0)
        check_count("seed", self.seed, least=0)
        if self.ticks_per_tick and self.steps_per_tick % self.ticks_per_tick:
            raise InvalidInputError(
                f"ticks_per_tick={self.ticks_per_tick} must divide steps_per_tick="
                f"{self.steps_per_tick}: the ticking neuron fires at integration steps"
            )
        for name in _STRENGTHS:
            value, signed = getattr(self, name), name in _SIGNED
            if not (is_number(value) and (signed or value >= 0)):
                raise InvalidInputError(
                    f"{name} must be a finite number{'' if signed else ' of 0 or more'}, got "
                    f"{value!r:.80}; 0 is the model as it should be"
                )
        if self.drop > 1:
            raise InvalidInputError(f"drop must be a share of ticks, 0 to 1, got {self.drop!r}")


BACKGROUND_WEIGHT = 0.1
"""Of spikes from elsewhere, in tick weights."""
_NOT_IN_ALL = {
    "leak_spread": ("leak_spread", "leak_of_each=True"),
    "membrane_noise": ("noise", "living=True"),
    "background": ("background_rate", "living=True"),
    "threshold_spread": ("threshold_spread", "living=True"),
    "adaptation": ("adaptation", "living=True"),
}
"""Settings by whose variables neurons have them, in which variants."""
_SIGNED = ("threshold_offset", "window_cut", "lateness")
_STRENGTHS = tuple(x.name for x in fields(Setting) if x.type is float)


def plan(
    network: SpikingNetwork, last_spikes: Mapping[str, int], setting: Setting, slot_ticks: int = 0
) -> Timing:
    """When things happen in a run, releases as intended, not late.

    Parameters
    ----------
    network : SpikingNetwork
    last_spikes : mapping of str to int
        Last presynaptic spike of each synapse-based layer in ticks.
    setting : Setting
    slot_ticks : int, optional
        Ticks an image; as many as needed, if not given.
    """
    windows = {name: max(last - setting.window_cut, 0) for name, last in last_spikes.items()}
    output = network.output.name
    windows[output] = max(windows[output], last_spikes[output])  # it is read, not released
    headroom = round(setting.headroom * setting.steps_per_tick)
    timing = schedule(
        network,
        windows,
        setting.steps_per_tick,
        onset=headroom,
        firing=PERTURBED.firing_steps + headroom,
    )
    slot = slot_ticks * setting.steps_per_tick if slot_ticks else timing.slot
    return replace(timing, slot=slot, read=timing.releases[output])


def slot_ticks(
    network: SpikingNetwork,
    last_spikes: Mapping[str, int],
    *,
    margin: float,
    headroom: float = 0,
    unread_ticks: int = 0,
) -> int:
    """Ticks an image that suffice for any integration step, with `margin` ticks to each window.

    `unread_ticks`: see `tdsnn_brian.analysis.closed_form`.
    """
    coarse = Setting(window_cut=-margin, headroom=headroom)
    last = plan(network, last_spikes, coarse).releases[network.output.name]
    return int(np.ceil(last)) + 2 + unread_ticks


def input_times(network: SpikingNetwork, images: NDArray, ticks_per_tick: int = 1) -> NDArray:
    """Firing times of the inputs in ticks, (n_images, n_inputs), with ticks so many times finer.

    0 gives `L ln(x + 1)` itself.
    """
    source = network.input
    values = network.input_values(np.asarray(images))
    if ticks_per_tick == 0:
        times = continuous_latency(values, source.leak)
    else:
        times = latency(values, source.leak, steps=ticks_per_tick * source.steps)
    if source.silent_zeros:
        times = silence_zeros(times)
    return times.reshape(len(times), -1)


def parameters(
    network: SpikingNetwork,
    timing: Timing,
    setting: Setting,
    variables: Mapping[str, Iterable[str]],
    tick: float = 1e-3,
) -> dict[tuple[str, str], float]:
    """Value of each parameter, by group and variable, in SI units.

    Parameters
    ----------
    network : SpikingNetwork
    timing : Timing
        What `plan` gives for `setting`.
    setting : Setting
    variables : mapping of str to iterable of str
        The shared variables that each group has; see `PerturbedNetwork.variables`.
    tick : float, optional
        In seconds.

    Raises
    ------
    InvalidInputError
        If a setting would have no effect, for want of its variable.
    """
    known = set(chain.from_iterable(variables.values()))
    for name, (variable, remedy) in _NOT_IN_ALL.items():
        if getattr(setting, name) and variable not in known:
            raise InvalidInputError(
                f"{name}={getattr(setting, name)!r} would have no effect on neurons without "
                f"{variable!r}; build the network with Variant({remedy})"
            )
    steps, fine, names = setting.steps_per_tick, setting.ticks_per_tick, Names(network)
    same_everywhere = {
        **asdict(setting),
        "mean_delay": setting.delay,
        "extra_delay": setting.delay_spread,
        "background_rate": setting.background,
        "dt_wanted": tick / steps,
        "interval": steps // fine if fine else 10**6 * steps,
    }
    values = {
        (group, name): same_everywhere[name]
        for group, its in variables.items()
        for name in its
        if name in same_everywhere
    }
    for population in network.integrating:
        leak, name = population.leak, names.of(population)
        if population.bias is not None:
            at = timing.origins[population.name] + population.bias_latency * steps
            values[names.of(population, "bias"), "bias_step"] = at
        # the layer is released one step after its window's last
        end = np.exp(-(timing.windows[population.name] + 1 / steps) / leak)
        whole_tick = leak_factor(leak) * end
        if "noise" in variables[name]:
            values[name, "noise"] = setting.membrane_noise * whole_tick
            values[name, "background_weight"] = BACKGROUND_WEIGHT * whole_tick
        if population.kind is Kind.OUTPUT:
            values[name, "read_step"] = timing.read
            continue
        late = round(setting.lateness * steps)
        ticking = names.of(population, "ticking")
        values[name, "w_tick"] = whole_tick
        values[name, "v_threshold"] = setting.threshold_offset * whole_tick
        values[ticking, "release_step"] = timing.releases[population.name] + late
        values[ticking, "w"] = leak_factor(leak * fine) * end if fine else 0.0
        values[ticking, "w_current"] = 0.0 if fine else end
    return values
