r"""The model with flaws that hardware and biology would have, each a variable to be set.

A variant of the model in `equations`, of the same layers and weights, whose parameters are
variables: with all of them at 0 it fires exactly like the original. One compiled program serves
many values of them (``run_args`` of cpp_standalone), other integration steps and finer ticks
included.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field

import numpy as np
from brian2 import (
    Clock,
    EventMonitor,
    Network,
    NeuronGroup,
    Quantity,
    StateMonitor,
    Synapses,
    TimedArray,
    get_device,
    ms,
    prefs,
)
from brian2.core.variables import ArrayVariable
from numpy.typing import NDArray

from ..coding import gain, latency, tie_tolerance
from ..connectivity import connections
from ..discrete import bias_latency
from ..propagation import window_counts
from ..spec import MaxPool2D, SpikingNetwork
from ..ticking import leak_factor
from . import equations
from .groups import brian_name

# Inputs fire when told, each by its own error (`jitter`, in ticks, around a latency that
# `headroom` makes late enough to be early).
INPUT = """
fire_at : integer
jitter : 1 (shared)
headroom : 1 (shared)
steps_per_tick : 1 (shared)
dt_wanted : second (shared)
"""
INPUT_FIRES = "timestep(t, dt) == fire_at"
INPUT_NEW_IMAGE = """
error = clip(headroom + jitter * randn(), 0, inf)
fire_at = timestep(t, dt) + int(floor((input_latency(t, i) + error) * steps_per_tick + 0.5))
"""

# A layer: each neuron may leak at its own rate. It crosses its threshold (a spike to Brian2) and
# then emits, a step and `headroom` later, give or take its error. `current` drives it where
# ticks are so fine that they are none.
LAYER = """
dv/dt = (current - v) / tau : 1
current : 1
n_ticks : 1
fired : 1
emit_at : integer
v_release : 1
w_tick : 1 (shared)
v_threshold : 1 (shared)
leak_spread : 1 (shared)
weight_noise : 1 (shared)
mean_delay : 1 (shared)
extra_delay : 1 (shared)
jitter : 1 (shared)
headroom : 1 (shared)
steps_per_tick : 1 (shared)
"""
TAU_OF_EACH = "tau : second\n"
TAU_OF_ALL = "tau : second (shared)\n"
LAYER_CROSSES = "n_ticks > 0 and fired == 0 and v >= v_threshold - tie * n_ticks * w_tick"
LAYER_AFTER_CROSSING = """
fired = 1
error = clip(headroom + jitter * randn(), 0, inf)
emit_at = timestep(t, dt) + 1 + int(floor(error * steps_per_tick + 0.5))
"""
LAYER_EMITS = "timestep(t, dt) == emit_at"
LAYER_NEW_IMAGE = """
v = 0
current = 0
n_ticks = 0
fired = 0
emit_at = -1
v_release = 0
"""
TAU = "tau_mem * clip(1 + leak_spread * randn(), 0.1, 10)"

OUTPUT = """
dv/dt = -v / tau : 1
leak_spread : 1 (shared)
weight_noise : 1 (shared)
mean_delay : 1 (shared)
extra_delay : 1 (shared)
"""

# The ticking neuron may release late, and lose a share `drop` of its ticks on the way.
TICKING = """
n_fired : 1
next_tick : integer
kept : 1
release_step : 1 (shared)
interval : 1 (shared)
w : 1 (shared)
w_current : 1 (shared)
drop : 1 (shared)
"""
TICKING_FIRES = "timestep(t, dt) >= next_tick and n_fired < n_driven"
TICKING_AFTER_SPIKE = """
next_tick = timestep(t, dt) + int(interval)
kept = int(rand() >= drop)
"""
TICKING_NEW_IMAGE = """
n_fired = 0
next_tick = timestep(t, dt) + int(release_step)
kept = 1
"""
# The first spike releases and adds nothing; the k-th after it is the k-th tick.
RELEASE = "v_release_post += v_post * int(n_ticks_post == 0)"
CURRENT = "current_post += w_current_pre * int(n_ticks_post == 0)"
TICK = "v_post += w_pre * kept_pre * int(n_ticks_post > 0)"
COUNT = "n_ticks_post += 1"

BIAS = """
fire_at : integer
bias_step : 1 (shared)
"""
BIAS_FIRES = "timestep(t, dt) == fire_at"
BIAS_NEW_IMAGE = "fire_at = timestep(t, dt) + int(bias_step)"

WEIGHTS = "w : 1"
NOISY_WEIGHT = "w * (1 + weight_noise_post * randn())"
SYNAPTIC_DELAY = "(mean_delay_post + extra_delay_post * rand()) * tick"


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


class PerturbedNetwork:
    """A `brian2.Network` of the variant; see `build_perturbed`.

    Attributes
    ----------
    net : brian2.Network
    groups : dict of str to NeuronGroup
    plan : Plan
    input_latency : TimedArray
        Firing times of the inputs in ticks.
    """

    def __init__(self, network: SpikingNetwork, schedule: Plan, slot: Quantity, tick: Quantity):
        self.network, self.plan, self.slot, self.tick = network, schedule, slot, tick
        self.net = Network(name="perturbed*")
        self.groups: dict[str, NeuronGroup] = {}
        self.input_latency: TimedArray | None = None

    @property
    def variables(self) -> dict[str, list[str]]:
        """Parameters of each group: its variables that all its neurons share."""
        internal = {"t", "t_in_timesteps", "dt", "N", "tau"}
        return {
            name: sorted(
                key for key, variable in group.variables.items()
                if isinstance(variable, ArrayVariable) and variable.scalar and key not in internal
            )
            for name, group in self.groups.items()
        }


def build_perturbed(
    network: SpikingNetwork,
    input_latencies: NDArray,
    last_spikes: Mapping[str, int],
    setting: Setting,
    *,
    slot: int,
    tick: Quantity = 1 * ms,
    method: str = "exact",
    leak_of_each: bool = True,
    recorded: int = 200,
) -> PerturbedNetwork:
    """Build the variant on the active device, set to `setting`.

    On cpp_standalone, run arguments given to the program take the place of the parameters.

    Parameters
    ----------
    network : SpikingNetwork
    input_latencies : ndarray
        (n_images, n_inputs) in ticks, not necessarily whole.
    last_spikes : mapping of str to int
        Last presynaptic spike of each synapse-based layer in ticks.
    setting : Setting
    slot : int
        Ticks an image; see `slot_ticks`.
    tick : Quantity, optional
    method : str, optional
        Brian2's integration method.
    leak_of_each : bool, optional
        Give each neuron a leak constant of its own; without it, `leak_spread` has no effect and
        steps cost less.
    recorded : int, optional
        Neurons of the first layer whose potentials at release are kept.
    """
    schedule = plan(network, last_spikes, setting, slot)
    result = PerturbedNetwork(network, schedule, slot * tick, tick)
    clock = Clock(tick / setting.steps_per_tick, name="perturbed_clock")
    builder = _Builder(result, clock, method, leak_of_each, len(input_latencies))
    builder.build(np.asarray(input_latencies), setting, recorded)
    return result


class _Builder:
    def __init__(self, result, clock, method, leak_of_each, n_images):
        self.result, self.clock, self.method = result, clock, method
        self.leak_of_each, self.n_images = leak_of_each, n_images
        self.tick = result.tick
        self.tau_mem = result.network.leak * result.tick
        self.slot = result.slot
        self.expressions = []

    def build(self, latencies, setting, recorded):
        network, result = self.result.network, self.result
        source = self._input(latencies)
        for layer in network:
            if isinstance(layer, MaxPool2D):
                source = self._max_pool(layer, source)
            else:
                source = self._synaptic(layer, source)
        self._monitor_release(recorded)
        values = parameters(
            network, result.plan, setting, result.variables, float(result.tick)
        )
        for (name, variable), value in values.items():
            setattr(result.groups[name], f"{variable}_", value)
        self._apply_run_args()
        for group, variable, expression in self.expressions:
            setattr(group, variable, expression)

    def _apply_run_args(self):
        """From here on parameters have the values of the run, the integration step included."""
        device = get_device()
        if not hasattr(device, "apply_run_args"):
            return
        device.apply_run_args()
        step = device.get_array_name(self.clock.variables["dt"], access_data=False)
        wanted = device.get_array_name(
            self.result.groups["input"].variables["dt_wanted"], access_data=False
        )
        device.insert_code("main", f"{step}[0] = {wanted}[0];")

    def _group(self, name, n, model, on_new_image, namespace=None, **kwargs):
        constants = {"tau_mem": self.tau_mem, "tick": self.tick, "inf": np.inf,
                     "tie": tie_tolerance(prefs.core.default_float_dtype)}
        group = NeuronGroup(
            n, model, clock=self.clock, name=name, namespace={**constants, **(namespace or {})},
            method=self.method, **kwargs,
        )
        group.run_regularly(on_new_image, dt=self.slot, when="start", name=f"{name}_new_image")
        self.result.groups[name] = group
        self.result.net.add(group)
        return group

    def _input(self, latencies):
        values = TimedArray(
            latencies.reshape(self.n_images, -1).astype(np.float64), dt=self.slot,
            name="input_latency",
        )
        self.result.input_latency = values
        return self._group(
            "input", values.values.shape[1], INPUT, INPUT_NEW_IMAGE, {"input_latency": values},
            threshold=INPUT_FIRES, reset="",
        )

    def _max_pool(self, layer, source):
        group = self._group(
            brian_name(layer.name), layer.n_neurons,
            equations.MAX_POOL + "mean_delay : 1 (shared)\nextra_delay : 1 (shared)\n",
            equations.MAX_POOL_NEW_IMAGE,
            threshold=equations.MAX_POOL_FIRES, reset=equations.MAX_POOL_AFTER_SPIKE,
        )
        group.n_inputs = window_counts(layer).ravel()
        self._synapses(layer, source, group, sign=1)
        self._record(group, "spike")
        return group

    def _synaptic(self, layer, source):
        name, output = brian_name(layer.name), layer is self.result.network.output_layer
        tau = TAU_OF_EACH if self.leak_of_each else TAU_OF_ALL
        if output:
            group = self._group(name, layer.n_neurons, OUTPUT + tau, equations.OUTPUT_NEW_IMAGE)
        else:
            group = self._group(
                name, layer.n_neurons, LAYER + tau, LAYER_NEW_IMAGE,
                threshold=LAYER_CROSSES, reset=LAYER_AFTER_CROSSING, events={"emits": LAYER_EMITS},
            )
        if self.leak_of_each:
            self.expressions.append((group, "tau", TAU))
        else:
            group.tau = self.tau_mem
        self._synapses(layer, source, group, sign=1 if output else -1)
        if layer.bias is not None:
            self._bias(layer, group, sign=1 if output else -1)
        if output:
            self.result.net.add(
                StateMonitor(group, "v", record=True, dt=self.slot, when="start", order=-1,
                             name="readout")
            )
        else:
            self._ticking(layer, group)
            self._record(group, "emits")
        return group

    def _record(self, group, event):
        self.result.net.add(EventMonitor(group, event, name=f"{group.name}_spikes"))

    def _synapses(self, layer, source, group, sign):
        i, j, w = connections(layer)
        emits = "emits" if "emits" in source.events else "spike"
        pool = isinstance(layer, MaxPool2D)
        synapses = Synapses(
            source, group, "" if pool else WEIGHTS, clock=self.clock,
            on_pre=equations.ARRIVED if pool else equations.WEIGHTED,
            on_event=emits, name=f"{group.name}_synapses", namespace={"tick": self.tick},
        )
        synapses.connect(i=i, j=j)
        self.result.net.add(synapses)
        if not pool:
            synapses.w = sign * w.astype(np.float64)
            self.expressions.append((synapses, "w", NOISY_WEIGHT))
        self.expressions.append((synapses, "delay", SYNAPTIC_DELAY))

    def _bias(self, layer, group, sign):
        name = f"{group.name}_bias"
        bias = self._group(name, 1, BIAS, BIAS_NEW_IMAGE, threshold=BIAS_FIRES, reset="")
        network = self.result.network
        weights = np.broadcast_to(layer.bias, layer.output_shape).ravel()
        synapses = Synapses(
            bias, group, WEIGHTS, on_pre=equations.WEIGHTED, clock=self.clock,
            name=f"{name}_synapses", namespace={"tick": self.tick},
        )
        synapses.connect(i=np.zeros(len(weights), dtype=np.int32), j=np.arange(len(weights)))
        synapses.w = sign * weights / gain(bias_latency(network), network.leak)
        self.expressions += [
            (synapses, "w", NOISY_WEIGHT), (synapses, "delay", SYNAPTIC_DELAY)
        ]
        self.result.net.add(synapses)

    def _ticking(self, layer, group):
        name = f"{group.name}_ticking"
        ticking = self._group(
            name, 1, TICKING, TICKING_NEW_IMAGE, {"n_driven": layer.n_neurons},
            threshold=TICKING_FIRES, reset=TICKING_AFTER_SPIKE,
        )
        ticks = Synapses(
            ticking, group, on_pre={"release": RELEASE, "current": CURRENT, "tick": TICK,
                                    "count": COUNT},
            clock=self.clock, name=f"{name}_ticks",
        )
        for order, pathway in enumerate(("release", "current", "tick", "count")):
            getattr(ticks, pathway).order = order
        ticks.connect(i=np.zeros(group.N, dtype=np.int32), j=np.arange(group.N))
        done = Synapses(group, ticking, on_pre=equations.FIRED, clock=self.clock,
                        name=f"{name}_done")
        done.connect(i=np.arange(group.N), j=np.zeros(group.N, dtype=np.int32))
        self.result.net.add(ticks, done)

    def _monitor_release(self, recorded):
        network = self.result.network
        first = next(x for x in network if not isinstance(x, MaxPool2D))
        if first is network.output_layer:
            return
        group = self.result.groups[brian_name(first.name)]
        chosen = np.unique(np.linspace(0, group.N - 1, min(recorded, group.N)).astype(int))
        self.result.net.add(
            StateMonitor(group, "v_release", record=chosen, dt=self.slot, when="start", order=-1,
                         name="release_potentials")
        )


def input_latencies(
    network: SpikingNetwork, images: NDArray, ticks_per_tick: int = 1
) -> NDArray:
    """Firing times of the inputs in ticks, (n_images, n_inputs), on a grid of `1/ticks_per_tick`.

    0 gives `L ln(x + 1)` itself.
    """
    from ..coding import continuous_latency

    values = np.asarray(images, dtype=np.float64) * network.input_scale
    if ticks_per_tick == 0:
        times = continuous_latency(values, network.leak)
    else:
        times = latency(values, network.leak * ticks_per_tick) / ticks_per_tick
    if network.silent_zeros:
        times = np.where(times > 0, times, -1e6)
    return times.reshape(len(times), -1)
