"""A `brian2.Network` of the perturbed model: one program for every setting of its flaws.

One compiled program serves many values of the parameters (``run_args`` of cpp_standalone), other
integration steps and finer ticks included.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from brian2 import Clock, NeuronGroup, Quantity, StateMonitor, get_device, ms
from brian2 import __version__ as brian2_version
from brian2.core.variables import ArrayVariable
from numpy.typing import NDArray

from ...analysis.closed_form import DiscreteAnalysis
from ...engines import require
from ...layers import Kind
from ...network import SpikingNetwork
from ..naming import Names
from .build import ExplicitBuilder
from .models import NeuronModel
from .network import ExplicitNetwork
from .perturbed_model import (
    BACKGROUND,
    LIVING,
    MEMBRANE_OF_ALL,
    NOISY_WEIGHT,
    OUTPUT,
    OWN_THRESHOLD,
    PERTURBED,
    SYNAPTIC_DELAY,
    TAU,
)
from .perturbed_settings import Setting, input_times, parameters, plan


class PerturbedNetwork(ExplicitNetwork):
    """An `ExplicitNetwork` of the perturbed model; see `build_perturbed`."""

    closed = True
    beside_output = OUTPUT
    read_variable = "v_read"

    @cached_property
    def variables(self) -> dict[str, list[str]]:
        """Parameters of each group: its variables that all its neurons share."""
        internal = {"t", "t_in_timesteps", "dt", "N", "tau"}
        return {
            group.name: sorted(
                key
                for key, variable in group.variables.items()
                if isinstance(variable, ArrayVariable) and variable.scalar and key not in internal
            )
            for group in self.objects
            if isinstance(group, NeuronGroup)
        }


@dataclass(frozen=True, kw_only=True)
class Variant:
    """What is the same in all runs of one program.

    Attributes
    ----------
    slot_ticks : int
        Ticks an image; see `slot_ticks`.
    tick : Quantity
    method : str
        Brian2's integration method.
    leak_of_each : bool
        Give each neuron a leak constant of its own; without it, `leak_spread` is refused and
        steps cost less.
    recorded : int
        Neurons of the first layer whose potentials at release are kept.
    living : bool
        Give neurons noise, spikes from elsewhere, thresholds of their own and adaptation. Without
        it those settings are refused.
    """

    slot_ticks: int
    tick: Quantity = field(default_factory=lambda: 1 * ms)
    method: str = "exact"
    leak_of_each: bool = True
    recorded: int = 200
    living: bool = False

    @property
    def model(self) -> NeuronModel:
        if self.living:
            return LIVING
        return PERTURBED if self.leak_of_each else replace(PERTURBED, membrane=MEMBRANE_OF_ALL)


def build_perturbed(
    network: SpikingNetwork,
    images: NDArray,
    analysis: DiscreteAnalysis,
    last_spikes: Mapping[str, int],
    setting: Setting,
    variant: Variant,
) -> PerturbedNetwork:
    """Build the perturbed model on the active device, set to `setting`.

    On cpp_standalone, run arguments given to the program take the place of the parameters.

    Parameters
    ----------
    network : SpikingNetwork
    images : ndarray
        (n_images, *input shape)
    analysis : DiscreteAnalysis
        Of these images.
    last_spikes : mapping of str to int
        Last presynaptic spike of each synapse-based layer in ticks.
    setting : Setting
    variant : Variant

    Raises
    ------
    InvalidInputError
        If the network has what the model does not, or `setting` what `variant` does not.
    """
    require("perturbed", network)
    timing = plan(network, last_spikes, setting, variant.slot_ticks)
    tick = variant.tick
    net = PerturbedNetwork(
        network, analysis, timing, False, tick / setting.steps_per_tick, Names(network)
    )
    net.model = variant.model
    clock = Clock(net.dt, name="perturbed_clock")
    builder = ExplicitBuilder(net, tick, clock, variant.method)
    builder.build(input_times(network, images, setting.ticks_per_tick))
    for population in network.integrating:
        group = net[net.names.of(population)]
        group.tau = population.leak * tick
        if variant.living:
            group.namespace["tick"] = tick
            group.run_regularly(BACKGROUND, clock=clock, when="before_synapses")
    _record_release(net, builder, variant.recorded)
    for (name, variable), value in parameters(
        network, timing, setting, net.variables, float(tick)
    ).items():
        setattr(net[name], f"{variable}_", value)
    _apply_run_args(net, clock)
    _draw(net, variant)
    return net


def _record_release(net: PerturbedNetwork, builder: ExplicitBuilder, recorded: int) -> None:
    first = net.spiking_network.integrating[0]
    if first.kind is Kind.OUTPUT:
        return
    chosen = recorded_neurons(first.n_neurons, recorded)
    net.add(
        StateMonitor(
            net[net.names.of(first)],
            "v_release",
            record=chosen,
            clock=builder.clocks.image,
            when="start",
            order=-1,
            name="release_potentials",
        )
    )


def recorded_neurons(n: int, recorded: int = 200) -> NDArray[np.int64]:
    """Which of `n` neurons of the first layer have their potentials at release kept."""
    return np.unique(np.linspace(0, n - 1, min(recorded, n)).astype(int))


def _apply_run_args(net: PerturbedNetwork, clock: Clock) -> None:
    """From here on parameters have the values of the run, the integration step included."""
    device = get_device()
    if not hasattr(device, "apply_run_args"):
        return
    device.apply_run_args()
    source = net[net.names.of(net.spiking_network.input)]
    step = device.get_array_name(clock.variables["dt"], access_data=False)
    wanted = device.get_array_name(source.variables["dt_wanted"], access_data=False)
    device.insert_code("main", f"{step}[0] = {wanted}[0];")
    if seeds_differ():
        seed = device.get_array_name(source.variables["seed"], access_data=False)
        device.insert_code(
            "main",
            "for (size_t _i = 0; _i < brian::_random_generators.size(); _i++) "
            f"brian::_random_generators[_i].seed((unsigned long){seed}[0] + _i);",
        )


def seeds_differ() -> bool:
    """Whether runs of one program can draw other numbers: in Brian2 2.9 and later."""
    return tuple(int(x) for x in brian2_version.split(".")[:2]) >= (2, 9)


def _draw(net: PerturbedNetwork, variant: Variant) -> None:
    """What differs between neurons and between synapses, by the parameters of the run."""
    for population in net.spiking_network.populations:
        if population.kind.integrates:
            if variant.leak_of_each or variant.living:
                net[net.names.of(population)].tau = TAU
            if variant.living and population.kind.is_ticked:
                net[net.names.of(population)].own_threshold = OWN_THRESHOLD
            net[net.names.of(population, "synapses")].w = NOISY_WEIGHT
        net[net.names.of(population, "synapses")].delay = SYNAPTIC_DELAY
        if population.bias is not None:
            bias = net[net.names.of(population, "bias_synapses")]
            bias.w, bias.delay = NOISY_WEIGHT, SYNAPTIC_DELAY
