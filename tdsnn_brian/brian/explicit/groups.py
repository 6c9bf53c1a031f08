"""NeuronGroups and Synapses of one layer, made from the strings in `equations`.

Every function returns Brian2 objects and adds them to no network.
"""

import re
from typing import NamedTuple

import numpy as np
from brian2 import Clock, NeuronGroup, Quantity, SpikeGeneratorGroup, Synapses, TimedArray, prefs

from ..coding import tie_tolerance
from ..connectivity import connections
from ..propagation import window_counts
from ..spec import Layer, MaxPool2D
from . import equations


def brian_name(layer_name: str) -> str:
    """A Keras layer's name as Brian2 allows it: letters, digits and underscores."""
    name = re.sub(r"\W", "_", layer_name, flags=re.ASCII)
    return name if re.match(r"[A-Za-z]", name) else f"layer_{name}"


def spike_source(
    name: str, n: int, indices: np.ndarray, steps: np.ndarray, clock: Clock
) -> SpikeGeneratorGroup:
    """Neurons that fire at given integration steps."""
    return SpikeGeneratorGroup(n, indices, steps * clock.dt, clock=clock, name=name)


class Clocks(NamedTuple):
    """`step` for the integration, `image` for what happens at each image's onset."""

    step: Clock
    image: Clock


def _group(n, model, clocks, name, namespace, on_new_image, **kwargs):
    group = NeuronGroup(n, model, clock=clocks.step, name=name, namespace=namespace, **kwargs)
    # Brian2GeNN knows such operations by their names
    group.run_regularly(
        on_new_image, clock=clocks.image, when="start", name=f"{name}_run_regularly_new_image"
    )
    return group


def layer_neurons(
    layer: Layer, tau_mem: Quantity, clocks: Clocks, method: str, v_threshold: float = 0.0,
    dynamic: bool = False, silent_zeros: bool = False,
) -> NeuronGroup:
    """Neurons of a hidden synapse-based layer.

    `dynamic` ones measure their window, and `silent_zeros` gives them the silent event.
    """
    model, on_new_image = equations.LAYER, equations.LAYER_NEW_IMAGE
    fires, events = equations.LAYER_FIRES, {}
    if dynamic:
        model, on_new_image = model + equations.PULSE, on_new_image + equations.PULSE_NEW_IMAGE
    if silent_zeros:
        model, on_new_image = model + equations.JUDGED, on_new_image + equations.JUDGED_NEW_IMAGE
        fires = equations.LAYER_FIRES_JUDGED
        events = {"events": {equations.SILENT: equations.LAYER_IS_SILENT}}
    group = _group(
        layer.n_neurons,
        model,
        clocks,
        brian_name(layer.name),
        {
            "tau_mem": tau_mem,
            "v_threshold": v_threshold,
            "tie": tie_tolerance(prefs.core.default_float_dtype),
        },
        on_new_image,
        threshold=fires,
        reset=equations.LAYER_AFTER_SPIKE,
        method=method,
        **events,
    )
    if silent_zeros:
        group.run_on_event(equations.SILENT, equations.LAYER_AFTER_SPIKE)
    return group


def output_neurons(
    layer: Layer, tau_mem: Quantity, clocks: Clocks, method: str
) -> NeuronGroup:
    """Neurons of the output layer, which do not fire."""
    name = brian_name(layer.name)
    namespace = {"tau_mem": tau_mem}
    return _group(
        layer.n_neurons, equations.OUTPUT, clocks, name, namespace, equations.OUTPUT_NEW_IMAGE,
        method=method,
    )


def max_pool_neurons(
    layer: MaxPool2D, clocks: Clocks, silent_zeros: bool = False
) -> NeuronGroup:
    """Neurons of a simplified max-pool; with `silent_zeros` they have the silent event."""
    silent = {"events": {equations.SILENT: equations.MAX_POOL_IS_SILENT}} if silent_zeros else {}
    group = _group(
        layer.n_neurons,
        equations.MAX_POOL_COUNTING if silent_zeros else equations.MAX_POOL,
        clocks,
        brian_name(layer.name),
        {},
        equations.MAX_POOL_COUNTING_NEW_IMAGE if silent_zeros else equations.MAX_POOL_NEW_IMAGE,
        threshold=equations.MAX_POOL_COUNTING_FIRES if silent_zeros else equations.MAX_POOL_FIRES,
        reset=equations.MAX_POOL_AFTER_SPIKE,
        **silent,
    )
    if silent_zeros:
        group.run_on_event(equations.SILENT, equations.MAX_POOL_AFTER_SPIKE)
    group.n_inputs = window_counts(layer).ravel()
    return group


def ticking_neuron(
    name: str,
    clocks: Clocks,
    *,
    steps_per_tick: int,
    n_driven: int,
    release_step: int | None = None,
    n_presynaptic: int | None = None,
) -> NeuronGroup:
    """The neuron that releases a layer and drives it by ticks until `n_driven` have fired.

    With `release_step` the inhibitory period is fixed; with `n_presynaptic` it lasts until so many
    spikes have arrived.
    """
    namespace = {"steps_per_tick": steps_per_tick, "n_driven": n_driven}
    if release_step is not None:
        return _group(
            1, equations.TICKING, clocks, name, {**namespace, "release_step": release_step},
            equations.TICKING_NEW_IMAGE,
            threshold=equations.TICKING_FIRES, reset=equations.TICKING_AFTER_SPIKE,
        )
    return _group(
        1, equations.TICKING_DYNAMIC, clocks, name, {**namespace, "n_presynaptic": n_presynaptic},
        equations.TICKING_DYNAMIC_NEW_IMAGE,
        threshold=equations.TICKING_DYNAMIC_FIRES, reset=equations.TICKING_AFTER_SPIKE,
    )


def bias_neuron(name: str, latency: int, clocks: Clocks) -> NeuronGroup:
    """A neuron that fires `latency` ticks after the release of the layer it stands beside."""
    return _group(
        1, equations.BIAS, clocks, name, {"bias_latency": latency}, equations.BIAS_NEW_IMAGE,
        threshold=equations.BIAS_FIRES, reset=equations.BIAS_AFTER_SPIKE,
    )


def pool_synapses(
    layer: MaxPool2D, source, target: NeuronGroup, on_pre: str, suffix: str, event: str = "spike"
) -> Synapses:
    """From each neuron of a pooling window to its max-pool neuron."""
    i, j, _ = connections(layer)
    synapses = Synapses(
        source, target, on_pre=on_pre, on_event=event, clock=target.clock,
        name=f"{target.name}_{suffix}",
    )
    synapses.connect(i=i, j=j)
    return synapses


def constrained_synapses(
    layer: MaxPool2D, source, target: NeuronGroup, weights: TimedArray
) -> Synapses:
    """From each neuron of a pooling window to its neuron; `weights(t, j)` is what a spike takes."""
    i, j, _ = connections(layer)
    synapses = Synapses(
        source, target, on_pre="v_post -= w_pool(t, j)", clock=target.clock,
        name=f"{target.name}_synapses", namespace={"w_pool": weights},
    )
    synapses.connect(i=i, j=j)
    return synapses


def weighted_synapses(layer: Layer, source, target: NeuronGroup, sign: int) -> Synapses:
    """The layer's weights, one synapse each."""
    i, j, w = connections(layer)
    name = f"{target.name}_synapses"
    synapses = Synapses(
        source, target, "w : 1 (constant)", on_pre=equations.WEIGHTED, clock=target.clock, name=name
    )
    synapses.connect(i=i, j=j)
    synapses.w = sign * w.astype(np.float64)
    return synapses


def bias_synapses(
    weights: np.ndarray, source, target: NeuronGroup, delay: Quantity
) -> Synapses:
    """From a bias neuron to a layer; `weights` has one entry a neuron of the layer."""
    synapses = Synapses(
        source, target, "w : 1 (constant)", on_pre=equations.WEIGHTED, delay=delay,
        clock=target.clock, name=f"{target.name}_bias_synapses",
    )
    (targets,) = np.nonzero(weights)
    synapses.connect(i=np.zeros(len(targets), dtype=np.int32), j=targets)
    synapses.w = weights[targets]
    return synapses


def signals(
    source, target, on_pre: str, name: str, *, delay: Quantity | None = None,
    namespace: dict | None = None, event: str = "spike",
) -> Synapses:
    """Synapses from every neuron of `source` to every neuron of `target`, without weights."""
    synapses = Synapses(
        source, target, on_pre=on_pre, delay=delay, clock=target.clock, name=name,
        namespace=namespace or {}, on_event=event,
    )
    synapses.connect(
        i=np.repeat(np.arange(source.N), target.N), j=np.tile(np.arange(target.N), source.N)
    )
    return synapses
