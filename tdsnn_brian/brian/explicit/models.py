"""Neuron models as data: equations, thresholds, resets and what a spike does, as Brian2 reads them.

`LEAKY` is the model of the paper. A model of your own is another value of `NeuronModel`, made with
`dataclasses.replace`, and is passed to `tdsnn_brian.build_network`. All state that belongs to one
image is set back by the ``new_image`` statements. Each spike writes one variable of the neuron that
it reaches, by ``+=``, and reads none of the neuron it comes from, the form that GeNN accepts too;
but where ticks differ in weight, the ticking neuron's spikes do more.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ...engines import FEATURES, lacking
from ...errors import InvalidInputError
from ...network import SpikingNetwork
from .cells import Cells, Circuit, Signal

# Leaky integrators, of layers that fire and of the output layer, which is read out.
MEMBRANE = Cells(equations="dv/dt = -v / tau_mem : 1", new_image="v = 0")

# A layer is inhibited until its ticking neuron drives it and inhibited again once it has fired.
# `drive` comes from the ticking neuron's spikes, the releasing one first: 0 in the inhibitory
# period, at least the weight of a tick (Eq. 9) after it.
GATE = Cells(
    equations="drive : 1\nfired : 1",
    new_image="drive = 0\nfired = 0",
    fires="drive > 0 and fired == 0 and v >= v_threshold - tie * drive",
    after_spike="fired = 1",
)

# With a dynamic window, a pulse of 1 at the layer's time origin leaks like the potential until one
# step after the release and so measures exp(-T_il / L), of which the tick's weight is a multiple.
PULSE = Cells(
    equations="dpulse/dt = -measuring * pulse / tau_mem : 1\nmeasuring : 1",
    new_image="pulse = 0\nmeasuring = 1",
)

# With silent zeros, a neuron at or above threshold at release is done without a spike: it tells so
# by the event `SILENT` in the one step before `judged` is set, so that nobody waits for it.
SILENT = "silent"
JUDGED = Cells(equations="judged : 1", new_image="judged = 0")
IS_JUDGED = " and judged > 0"
IS_NOT_JUDGED = " and judged == 0"

# A max-pool fires when as many inputs as it awaits have fired: the last one, or for a minimum the
# first one, and then none of its `n_inputs` counts any more.
MAX_POOL = Cells(
    equations="n_arrived : 1\nn_awaited : 1 (constant)\nn_inputs : 1 (constant)",
    new_image="n_arrived = 0",
    fires="n_arrived >= n_awaited",
    after_spike="n_arrived -= n_inputs",
)

# With silent inputs it fires when the last has fired or turned out silent, unless all are silent.
COUNTING = Cells(equations="n_fired : 1", new_image="n_fired = 0")
SOME_FIRED = " and n_fired > 0"
NONE_FIRED = " and n_fired == 0"

# The ticking neuron: its first spike releases the layer, each later one is a tick.
TICKING = Cells(
    equations="n_fired : 1\nnext_tick : integer",
    new_image="n_fired = 0\nnext_tick = timestep(t, dt) + release_step",
    fires="timestep(t, dt) >= next_tick and n_fired < n_driven",
    after_spike="next_tick = timestep(t, dt) + steps_per_tick",
)

# With ticks of different weights it counts them: the k-th arrives when the count is k.
TICKS_COUNTED = Cells(
    equations="n_ticks : 1",
    new_image="n_ticks = 0",
    after_spike=TICKING.after_spike + "\nn_ticks += 1",
)

# With a dynamic window it waits until all presynaptic neurons have fired.
TICKING_DYNAMIC = Cells(
    equations="n_fired : 1\nnext_tick : integer\nn_arrived : 1",
    new_image="n_fired = 0\nnext_tick = timestep(t, dt)\nn_arrived = 0",
    fires=TICKING.fires + " and n_arrived >= n_presynaptic",
    after_spike=TICKING.after_spike,
)

# With dynamic windows a bias neuron, an input of value 1, fires at T(1), counted by the ticks of
# the ticking neuron that drives its layer (the first spike of which is the release).
BIAS_DYNAMIC = Cells(
    equations="n_ticks : 1\nfired : 1",
    new_image="n_ticks = 0\nfired = 0",
    fires="n_ticks > bias_latency and fired == 0",
    after_spike="fired = 1",
)

# What spikes do. (No statement reads what it writes: Brian2's numpy target would run it as a Python
# loop.)
WEIGHTED = "v_post += w"
ARRIVED = "n_arrived_post += 1"
FIRED = "n_fired_post += 1"
JUDGE = "judged_post += 1"
COUNT_TICK = "n_ticks_post += 1"
START_PULSE = "pulse_post += 1"
STOP_PULSE = "measuring_post += -1"
RELEASE = "drive_post += w_tick"
TICK = "v_post += w_tick * int(drive_post > 0)"
RELEASE_DYNAMIC = "drive_post += pulse_weight * pulse_post"
TICK_DYNAMIC = "v_post += pulse_weight * pulse_post * int(drive_post > 0)"
# Where ticks differ in weight, `share` is that of each one over Eq. (9), and the releasing spike is
# one too: it acts on the potential before it lets `drive` know. It alone does, so that ties stay as
# wide as those of the analysis: thresholds may grow far less from tick to tick than those of ReLU.
FIRST = "v_post += share(0 * tick) * w_tick * int(drive_post == 0)"
SHARED_TICK = "v_post += share(n_ticks_pre * tick) * w_tick * int(drive_post > 0)"
RELEASED = RELEASE + " * int(n_ticks_pre == 0)"
FIRST_DYNAMIC = "v_post += share(0 * tick) * leak_factor * pulse_post * int(drive_post == 0)"
RELEASED_DYNAMIC = RELEASE_DYNAMIC + " * int(n_ticks_pre == 0)"
SHARED_TICK_DYNAMIC = (
    "v_post += share(n_ticks_pre * tick) * pulse_weight * pulse_post * int(drive_post > 0)"
)


TICKS = {"release": Signal(on_pre=RELEASE), "ticks": Signal(on_pre=TICK, delayed=True)}
TICKS_DYNAMIC = {
    "release": Signal(on_pre=RELEASE_DYNAMIC),
    "ticks": Signal(on_pre=TICK_DYNAMIC, delayed=True),
}
SHARES = {
    "release": Signal(on_pre={"first": FIRST, "release": RELEASED}),
    "ticks": Signal(on_pre=SHARED_TICK, delayed=True),
}
SHARES_DYNAMIC = {
    "release": Signal(on_pre={"first": FIRST_DYNAMIC, "release": RELEASED_DYNAMIC}),
    "ticks": Signal(on_pre=SHARED_TICK_DYNAMIC, delayed=True),
}

# What models lack that nobody has run on other devices.
UNTRIED = "is tried on Brian2's own devices alone; use cpp_standalone, or the plain model"


@dataclass(frozen=True, kw_only=True)
class NeuronModel:
    r"""A model of all neurons and synapses of a network of explicit synapses.

    Attributes
    ----------
    name : str
    membrane : Cells
        Potential `v` of layers and of the output layer; ``tau_mem`` is theirs.
    gate : Cells
        When a layer's neurons fire, and what a spike leaves behind. With the default,
        ``drive > 0`` means that the layer has been released.
    max_pool, ticking : Cells
    input, bias : Cells or None
        None: neurons that are told when to fire.
    emits : str
        Condition of the event ``emits`` that a layer's synapses carry on where that is not its
        threshold crossing.
    weights, weighted : str
        Equations and effect of the synapses that carry weights.
    ticks : mapping of str to Signal
        Synapses from a ticking neuron to its layer, by the last part of their names.
    circuit : Circuit or None
        None: the ticking neuron knows when to begin, and counts the layer's spikes itself.
    firing_steps : int
        Integration steps from a release to the first spikes.
    fewest_steps : int
        Integration steps that a tick must have.
    parameters : mapping
        Constants of the equations, with units.
    zero, unit : Quantity or float
        Potential `v` that stands for 0, and difference of potentials that stands for 1.
    weight_unit : Quantity or float
        What a synapse of weight 1 has as `w`, and a tick of weight 1 as `w_tick`.
    lacks : mapping of str to str
        Features of networks and devices that it does not have, each with reason and remedy.
    of_layer : callable or None
        Further constants of a layer, from its leak in ticks.
    wait : callable or None
        Ticks by which the release of a layer waits after the last presynaptic spike, from its
        leak in ticks.
    method : str or None
        Brian2's integration method; None: the one that is asked for.

    Examples
    --------
    Noise on the membrane:

    >>> from dataclasses import replace
    >>> noisy = replace(
    ...     LEAKY, name="noisy", method="euler", parameters={"sigma": 0.01},
    ...     membrane=Cells(
    ...         equations="dv/dt = -v / tau_mem + sigma * sqrt(2 / tau_mem) * xi : 1",
    ...         new_image="v = 0"))

    An adaptation current, driven by the potential:

    >>> from brian2 import ms
    >>> adapting = replace(
    ...     LEAKY, name="adapting", method="rk4", parameters={"a": 0.05, "tau_w": 20 * ms},
    ...     membrane=Cells(
    ...         equations="dv/dt = -(v + w) / tau_mem : 1\ndw/dt = (a * v - w) / tau_w : 1",
    ...         new_image="v = 0\nw = 0"))
    """

    name: str
    membrane: Cells = MEMBRANE
    gate: Cells = GATE
    max_pool: Cells = MAX_POOL
    ticking: Cells = TICKING
    input: Cells | None = None
    bias: Cells | None = None
    emits: str = ""
    weights: str = "w : 1 (constant)"
    weighted: str = WEIGHTED
    ticks: Mapping[str, Signal] = field(default_factory=lambda: TICKS)
    circuit: Circuit | None = None
    firing_steps: int = 1
    fewest_steps: int = 1
    parameters: Mapping[str, object] = field(default_factory=dict)
    method: str | None = None
    zero: Any = 0.0
    unit: Any = 1.0
    weight_unit: Any = 1.0
    lacks: Mapping[str, str] = field(default_factory=dict)
    of_layer: Callable[[float], Mapping[str, object]] | None = None
    wait: Callable[[float], int] | None = None

    @property
    def offset(self) -> float:
        """How far 0 lies from the zero of the unit that potentials are kept in."""
        return abs(float(self.zero) / float(self.unit))

    def check(
        self,
        network: SpikingNetwork,
        *,
        dynamic: bool,
        device: str = "",
        steps_per_tick: int | None = None,
    ) -> None:
        """Refuse windows, networks, devices and steps with which this would not run as it says.

        Parameters
        ----------
        network : SpikingNetwork
        dynamic : bool
            Whether windows end with the last spike of each image.
        device : str, optional
            As `lacks` names it.
        steps_per_tick : int, optional
            Integration steps a tick, where they are known.

        Raises
        ------
        InvalidInputError
            With the part of the model, the cause and the remedy.
        """
        title = f"model {self.name!r}"
        if device in self.lacks:
            raise InvalidInputError(f"{title} does not run on {device}: it {self.lacks[device]}")
        features = {key: why for key, why in self.lacks.items() if key in FEATURES}
        if why := lacking(title, features, network):
            raise InvalidInputError(why)
        if steps_per_tick is not None and steps_per_tick < self.fewest_steps:
            raise InvalidInputError(
                f"{title} needs {self.fewest_steps} integration steps a tick or more, for its "
                f"equations are not solved exactly, and dt=tick/{steps_per_tick}; use "
                f"dt=tick/{self.fewest_steps} or a smaller one"
            )
        for population in network.populations:
            if population.v_threshold and self.waits(population.leak):
                raise InvalidInputError(
                    f"layer {population.name!r} has thresholds: {title} lets releases wait for "
                    "currents, on which latencies depend unless v_threshold=0; use 0, wait=0 or "
                    "the plain model"
                )
        own = [
            part
            for part in ("ticking", "ticks", "input", "bias", "emits")
            if getattr(self, part) != getattr(LEAKY, part)
        ]
        if self.wait and dynamic:
            raise InvalidInputError(
                f"{title} has releases that wait for currents, and with dynamic windows a layer is "
                "released by the last spike; use window='fixed' or a number of ticks"
            )
        if own and dynamic:
            raise InvalidInputError(
                f"{title} has {own[0]} of its own, in whose place dynamic windows put "
                "neurons that count arrivals; use window='fixed' or a number of ticks"
            )
        changed = [part for part in own if part in ("ticking", "ticks")]
        if changed and not all(x.schedule.is_plain for x in network.populations):
            raise InvalidInputError(
                f"{title} has {changed[0]} of its own, in whose place a network with "
                "other transfers than ReLU, or rounding to the nearest tick, puts ticks of other "
                "weights; leave them as they are in LEAKY, or use rounding='up' and ReLU"
            )
        if network.silent_zeros and (self.emits or self.input is not None):
            raise InvalidInputError(
                f"{title} has {'emits' if self.emits else 'input'} of its own, and no "
                "event by which silent neurons tell that they are done; convert without "
                "silent_zeros"
            )

    def waits(self, leak: float) -> int:
        """Ticks between the last presynaptic spike and the release of a layer."""
        return self.wait(leak) if self.wait else 0

    def constants(self, leak: float) -> dict[str, object]:
        """Constants of the equations of a layer that leaks with `leak` ticks."""
        return {**self.parameters, **(self.of_layer(leak) if self.of_layer else {})}

    @property
    def emission(self) -> str:
        """Event of a layer that its synapses carry on."""
        return "emits" if self.emits else "spike"


LEAKY = NeuronModel(name="leaky")
"""Leaky integrators with instantaneous synapses: the model of the paper."""

EXCHANGEABLE = replace(
    LEAKY,
    name="exchangeable",
    input=Cells(
        equations="fire_at : integer",
        new_image=(
            "fire_at = timestep(t, dt) + first_spike"
            " + int(floor(input_latency(t, i) * steps_per_tick + 0.5))"
        ),
        fires="timestep(t, dt) == fire_at",
    ),
)
"""The same with input neurons that look up when to fire, so that a compiled program can show other
images: see `ExplicitNetwork.run_args`.
"""
