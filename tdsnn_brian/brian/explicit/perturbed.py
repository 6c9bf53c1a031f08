"""How strong each flaw of the perturbed model is, and what follows for its schedule and parameters.

The equations of the model are in `perturbed_equations`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field

import numpy as np

from ..discrete import bias_latency
from ..spec import MaxPool2D, SpikingNetwork
from ..ticking import leak_factor
from .groups import brian_name


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
        after it.
    lateness : float
        Ticks by which the ticking neuron is behind.
    drop : float
        Share of ticks that get lost.
    headroom : float
        Ticks that all firing is put off by, for `jitter` to be early.
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


@dataclass(frozen=True, kw_only=True, eq=False)
class Plan:
    """When things happen in a run, in integration steps after an image's onset.

    Attributes
    ----------
    steps_per_tick, slot : int
        `slot`: from one image to the next.
    zeros : dict of str to int
        When a neuron of latency 0 of each firing layer emits.
    origins, releases : dict of str to int
        As in `Timing`, for the synapse-based layers; releases as intended, not late.
    windows : dict of str to float
        Inhibitory periods in ticks.
    """

    steps_per_tick: int
    slot: int
    zeros: dict[str, int] = field(default_factory=dict)
    origins: dict[str, int] = field(default_factory=dict)
    releases: dict[str, int] = field(default_factory=dict)
    windows: dict[str, float] = field(default_factory=dict)


def plan(
    network: SpikingNetwork, last_spikes: Mapping[str, int], setting: Setting, slot_ticks: int
) -> Plan:
    """Lay out the layers' periods.

    Parameters
    ----------
    network : SpikingNetwork
    last_spikes : mapping of str to int
        Last presynaptic spike of each synapse-based layer in ticks.
    setting : Setting
    slot_ticks : int
        Ticks an image.
    """
    steps = setting.steps_per_tick
    result = Plan(steps_per_tick=steps, slot=slot_ticks * steps)
    headroom = round(setting.headroom * steps)
    zero = headroom
    for layer in network:
        if isinstance(layer, MaxPool2D):
            zero += 1
            result.zeros[layer.name] = zero
            continue
        window = max(last_spikes[layer.name] - setting.window_cut, 0)
        result.windows[layer.name] = window
        result.origins[layer.name] = zero
        result.releases[layer.name] = zero + round(window * steps) + 1
        zero = result.releases[layer.name] + 2 + headroom
        if layer is not network.output_layer:
            result.zeros[layer.name] = zero
    return result


def slot_ticks(
    network: SpikingNetwork,
    last_spikes: Mapping[str, int],
    *,
    margin: float,
    headroom: float = 0,
    overhang: int = 0,
) -> int:
    """Ticks an image that suffice for any integration step, with `margin` ticks to each window.

    `overhang`: see `tdsnn_brian.discrete.overhang`.
    """
    coarse = Setting(window_cut=-margin, headroom=headroom)
    last = plan(network, last_spikes, coarse, 0).releases[network.output_layer.name]
    return int(np.ceil(last)) + 2 + overhang


def parameters(
    network: SpikingNetwork,
    schedule: Plan,
    setting: Setting,
    variables: Mapping[str, Iterable[str]],
    tick: float = 1e-3,
) -> dict[tuple[str, str], float]:
    """Value of each parameter, by group and variable, in SI units.

    Parameters
    ----------
    network : SpikingNetwork
    schedule : Plan
        For `setting`.
    setting : Setting
    variables : mapping of str to iterable of str
        The shared variables that each group has; see `PerturbedNetwork.variables`.
    tick : float, optional
        In seconds.
    """
    steps, fine = setting.steps_per_tick, setting.ticks_per_tick
    same_everywhere = {
        **asdict(setting),
        "mean_delay": setting.delay,
        "extra_delay": setting.delay_spread,
        "dt_wanted": tick / steps,
        "interval": steps // fine if fine else 10**6 * steps,
    }
    values = {
        (group, name): same_everywhere[name]
        for group, names in variables.items()
        for name in names
        if name in same_everywhere
    }
    for layer in network:
        if layer.name not in schedule.windows:
            continue
        name = brian_name(layer.name)
        if layer.bias is not None:
            at = schedule.origins[layer.name] + bias_latency(network) * steps
            values[f"{name}_bias", "bias_step"] = at
        if layer is network.output_layer:
            continue
        # the layer is released one step after its window's last
        end = np.exp(-(schedule.windows[layer.name] + 1 / steps) / network.leak)
        whole_tick = leak_factor(network.leak) * end
        late = round(setting.lateness * steps)
        values[name, "w_tick"] = whole_tick
        values[name, "v_threshold"] = setting.threshold_offset * whole_tick
        values[f"{name}_ticking", "release_step"] = schedule.releases[layer.name] + late
        values[f"{name}_ticking", "w"] = leak_factor(network.leak * fine) * end if fine else 0.0
        values[f"{name}_ticking", "w_current"] = 0.0 if fine else end
    return values
