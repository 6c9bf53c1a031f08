"""A network of sleeping layers and shared projections: what `projection="shared"` builds.

Also used for programs that read images from their standard input (`program`): everything here
depends on the network and not on the images.
"""

from dataclasses import dataclass

import numpy as np
from brian2 import Clock, Network
from numpy.typing import NDArray

from ..connectivity import fan_out
from ..discrete import bias_latency
from ..errors import InvalidInputError, WindowTooShortError
from ..propagation import window_counts
from ..spec import MaxPool2D, SpikingNetwork
from .groups import brian_name
from .projections import SharedProjection
from .sleeping import ImageInput, Readout, SleepingMaxPool, TickedLayer

COUNTS = ("origin", "release", "n_ticks", "n_fired", "n_missing")


@dataclass(frozen=True)
class SharedParts:
    """The groups of a network by the names of its layers."""

    input: ImageInput
    layers: dict[str, TickedLayer | SleepingMaxPool]
    readout: Readout


def add_shared(
    net: Network,
    network: SpikingNetwork,
    clock: Clock,
    *,
    steps_per_tick: int,
    latencies: NDArray | None,
    windows: dict[str, int] | None = None,
    slot: int = 0,
    record: tuple[str, ...] | None = None,
) -> SharedParts:
    """Add the groups and projections of `network` to `net`.

    Parameters
    ----------
    net : Network
    network : SpikingNetwork
    clock : Clock
    steps_per_tick : int
    latencies : ndarray or None
        (n_images, n_inputs) firing times in steps after an image's onset, `SILENT` for inputs
        that do not fire; None in a program that reads them.
    windows : dict of str to int, optional
        Fixed inhibitory periods in ticks; without, they last until all spikes have come.
    slot : int
        Least number of steps from one image's onset to the next.
    record : tuple of str, optional
        Layers whose firing times are kept for every image; all if not given.

    Raises
    ------
    InvalidInputError
        If `record` names no firing layer.
    """
    names = [layer.name for layer in network.firing_layers]
    record = tuple(names) if record is None else tuple(record)
    if unknown := set(record) - set(names):
        raise InvalidInputError(
            f"record names {sorted(unknown)}, which are no firing layers of {network.name!r}; "
            f"its firing layers are {names}"
        )
    source = previous = image = ImageInput(
        network.layers[0].n_inputs, latencies, slot=slot, clock=clock,
        silent_zeros=network.silent_zeros,
    )
    net.add(image)
    parts, hops, awaited = {}, 0, []
    for order, layer in enumerate(network):
        hops += isinstance(layer, MaxPool2D)
        common = {
            "input": image, "previous": previous, "source": source, "hops": hops, "clock": clock,
            "order": order, "steps_per_tick": steps_per_tick, "name": brian_name(layer.name),
            "silent_zeros": network.silent_zeros and layer is not network.output_layer,
        }
        if isinstance(layer, MaxPool2D):
            group = SleepingMaxPool(window_counts(layer).ravel(), **common)
            if source is not image and (fan_out(layer) == 0).any():
                awaited.append(source)
            effect = {"variable": "n_arrived", "counter": "n_events"}
            if network.silent_zeros:
                net.add(SharedProjection(
                    source, group, layer, variable="n_quiet", counter="n_events",
                    on_event="silent", name=f"{group.name}_silent_inputs", clock=clock,
                ))
        else:
            group = _synaptic(network, layer, windows, common)
            effect = {
                "sign": 1 if layer is network.output_layer else -1, **group.spike_effect,
            }
            image.windowed.append(group)
            previous, hops = group, 0
        net.add(group, SharedProjection(
            source, group, layer, name=f"{group.name}_synapses", clock=clock, **effect
        ))
        source = parts[layer.name] = group
    image.readout = readout = parts.pop(network.output_layer.name)
    readout.awaited = awaited
    readout.recorded = [(parts[name], "latency") for name in record] + [
        (group, count) for group in image.windowed for count in COUNTS
    ] + [(image, "onset"), (readout, "u")]
    return SharedParts(image, parts, readout)


def _synaptic(network, layer, windows, common):
    readout = layer is network.output_layer
    steps = -1 if windows is None else windows[layer.name] * common["steps_per_tick"]
    bias = layer.bias
    if bias is not None:
        # one value a channel stays one value a channel
        bias = np.asarray(bias, np.float64)
        if bias.ndim != 1 or len(bias) != layer.output_shape[-1]:
            bias = np.broadcast_to(bias, layer.output_shape).ravel()
        # a bias neuron's weight b / G(1) counts G(1) fold at its firing time
        bias = bias if readout else -bias
    kind = Readout if readout else TickedLayer
    return kind(
        layer.n_neurons, leak=float(network.leak), bias=bias, bias_latency=bias_latency(network),
        n_presynaptic=layer.n_inputs + (bias is not None), window_steps=steps,
        v_threshold=0.0 if readout else float(network.v_threshold), **common,
    )


def parse_records(
    network: SpikingNetwork, records: NDArray, steps_per_tick: int
) -> tuple[dict, dict, dict, dict, NDArray]:
    """Latencies, windows, ticks, spikes and logits from the records of `Readout`.

    Raises
    ------
    WindowTooShortError
        If spikes came after a fixed window had ended.
    """
    latencies, windows, ticks, spikes = {}, {}, {}, {}
    for layer in network.firing_layers:
        name = brian_name(layer.name)
        if f"{name}.latency" in records.dtype.names:
            latencies[layer.name] = records[f"{name}.latency"].reshape(-1, *layer.output_shape)
    for layer in network:
        name = brian_name(layer.name)
        if isinstance(layer, MaxPool2D):
            if layer.name in latencies:
                spikes[layer.name] = int((latencies[layer.name] >= 0).sum())
            continue
        count = {key: records[f"{name}.{key}"][:, 0] for key in COUNTS}
        if count["n_missing"].any():
            worst = int(count["n_missing"].max())
            raise WindowTooShortError(
                f"layer {layer.name!r}: its window ended before {worst} of its presynaptic "
                "spikes; give it a longer window, or window='dynamic'"
            )
        if layer is network.output_layer:
            break
        windows[layer.name] = (count["release"] - count["origin"] - 1) / steps_per_tick
        ticks[layer.name] = count["n_ticks"]
        spikes[layer.name] = int(count["n_fired"].sum())
    logits = records[f"{brian_name(network.output_layer.name)}.u"]
    return latencies, windows, ticks, spikes, logits.astype(np.float64)


