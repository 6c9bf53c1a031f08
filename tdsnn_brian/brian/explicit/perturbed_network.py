"""A `brian2.Network` of the perturbed model: one program for every setting of its flaws.

One compiled program serves many values of the parameters (``run_args`` of cpp_standalone), other
integration steps and finer ticks included.
"""

from collections.abc import Mapping

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
from . import equations
from . import perturbed_equations as variant
from .groups import brian_name
from .perturbations import Plan, Setting, parameters, plan


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
            "input", values.values.shape[1], variant.INPUT, variant.INPUT_NEW_IMAGE,
            {"input_latency": values}, threshold=variant.INPUT_FIRES, reset="",
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
        tau = variant.TAU_OF_EACH if self.leak_of_each else variant.TAU_OF_ALL
        if output:
            group = self._group(
                name, layer.n_neurons, variant.OUTPUT + tau, equations.OUTPUT_NEW_IMAGE
            )
        else:
            group = self._group(
                name, layer.n_neurons, variant.LAYER + tau, variant.LAYER_NEW_IMAGE,
                threshold=variant.LAYER_CROSSES, reset=variant.LAYER_AFTER_CROSSING,
                events={"emits": variant.LAYER_EMITS},
            )
        if self.leak_of_each:
            self.expressions.append((group, "tau", variant.TAU))
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
            source, group, "" if pool else variant.WEIGHTS, clock=self.clock,
            on_pre=equations.ARRIVED if pool else equations.WEIGHTED,
            on_event=emits, name=f"{group.name}_synapses", namespace={"tick": self.tick},
        )
        synapses.connect(i=i, j=j)
        self.result.net.add(synapses)
        if not pool:
            synapses.w = sign * w.astype(np.float64)
            self.expressions.append((synapses, "w", variant.NOISY_WEIGHT))
        self.expressions.append((synapses, "delay", variant.SYNAPTIC_DELAY))

    def _bias(self, layer, group, sign):
        name = f"{group.name}_bias"
        bias = self._group(
            name, 1, variant.BIAS, variant.BIAS_NEW_IMAGE, threshold=variant.BIAS_FIRES, reset=""
        )
        network = self.result.network
        weights = np.broadcast_to(layer.bias, layer.output_shape).ravel()
        synapses = Synapses(
            bias, group, variant.WEIGHTS, on_pre=equations.WEIGHTED, clock=self.clock,
            name=f"{name}_synapses", namespace={"tick": self.tick},
        )
        synapses.connect(i=np.zeros(len(weights), dtype=np.int32), j=np.arange(len(weights)))
        synapses.w = sign * weights / gain(bias_latency(network), network.leak)
        self.expressions += [
            (synapses, "w", variant.NOISY_WEIGHT), (synapses, "delay", variant.SYNAPTIC_DELAY)
        ]
        self.result.net.add(synapses)

    def _ticking(self, layer, group):
        name = f"{group.name}_ticking"
        ticking = self._group(
            name, 1, variant.TICKING, variant.TICKING_NEW_IMAGE, {"n_driven": layer.n_neurons},
            threshold=variant.TICKING_FIRES, reset=variant.TICKING_AFTER_SPIKE,
        )
        ticks = Synapses(
            ticking, group,
            on_pre={"release": variant.RELEASE, "current": variant.CURRENT, "tick": variant.TICK,
                    "count": variant.COUNT},
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
    """Firing times of the inputs in ticks, (n_images, n_inputs), with ticks so many times finer.

    0 gives `L ln(x + 1)` itself.
    """
    from ..coding import continuous_latency

    values = np.asarray(images, dtype=np.float64) * network.input_scale
    if ticks_per_tick == 0:
        times = continuous_latency(values, network.leak)
    else:
        times = latency(values, network.leak, steps=ticks_per_tick * network.input_steps)
    if network.silent_zeros:
        times = np.where(times > 0, times, -1e6)
    return times.reshape(len(times), -1)
