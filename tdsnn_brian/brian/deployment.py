"""Deployment without ticking neurons (Fig. 6).

Neurons of every synapse-based layer integrate with the weights as trained and never fire. What
lies between two such layers, ReLU, max-pool and `T(x)`, is one encoding of potentials as firing
times.
"""

from dataclasses import dataclass
from math import ceil

import numpy as np
from brian2 import Clock, Network, NeuronGroup, Quantity, StateMonitor, get_device, ms
from brian2.devices.device import RuntimeDevice
from numpy.typing import NDArray

from ..coding import SILENT, gain, latency
from ..discrete import _window, bias_latency, input_latencies
from ..errors import InvalidInputError, UnsupportedDeviceError
from ..propagation import latest
from ..spec import MaxPool2D, SpikingNetwork, check_images
from . import equations, groups
from .memory import choose_projection
from .projections import SharedProjection
from .timing import choose_steps, in_steps


@dataclass(frozen=True, eq=False)
class Deployment:
    """What the deployed network gave.

    Attributes
    ----------
    latencies : dict of str to ndarray of int32
        (n_images, *layer shape) encoded firing times in ticks; `SILENT` for a neuron without.
    potentials : ndarray
        (n_images, n_classes) output potentials scaled to logits.
    """

    latencies: dict[str, NDArray]
    potentials: NDArray

    @property
    def predictions(self) -> NDArray:
        """(n_images,) index of the largest output potential."""
        return self.potentials.argmax(axis=1)


def deploy(
    network: SpikingNetwork,
    images: NDArray,
    *,
    tick: Quantity = 1 * ms,
    dt: Quantity | None = None,
    projection: str = "auto",
) -> Deployment:
    """Run `images` through integrating neurons in Brian2, layer by layer, and encode in between.

    Parameters
    ----------
    network : SpikingNetwork
    images : array_like
        (n_images, *input shape), channels last, finite and not negative.
    tick : Quantity, optional
        A tick, a time.
    dt : Quantity, optional
        Integration step, a whole fraction of `tick`; if not given, `tick` itself, or
        ``tick / input_steps`` where the inputs fire between ticks.
    projection : {"auto", "explicit", "shared"}, optional
        See `build_network`.

    Returns
    -------
    Deployment

    Raises
    ------
    InvalidInputError
        If an argument is impossible, or the network's threshold is not 0.
    UnsupportedDeviceError
        On a standalone device: potentials are encoded between runs.
    """
    if not isinstance(get_device(), RuntimeDevice):
        raise UnsupportedDeviceError(
            "deploy() encodes potentials between runs, which standalone devices do not allow; "
            "use set_device('runtime')"
        )
    if network.v_threshold:
        raise InvalidInputError(
            f"v_threshold={network.v_threshold:g}: neurons that never fire have no threshold; "
            "deploy a network with v_threshold=0"
        )
    images = check_images(network, images)
    dt, steps = choose_steps(network, tick, dt)
    shared = choose_projection(network, projection) == "shared"
    spikes, latencies = input_latencies(network, images), {}
    for layer in network:
        if isinstance(layer, MaxPool2D):
            latencies[layer.name] = spikes = latest(layer, spikes)
            continue
        activation = _integrate(network, layer, spikes, tick, dt, steps, shared)
        if layer is network.output_layer:
            return Deployment(latencies, activation.reshape(len(images), -1))
        spikes = latency(activation, network.leak, silent_zeros=network.silent_zeros)
        latencies[layer.name] = spikes
    raise AssertionError("a network ends in its output layer")


def _integrate(network, layer, spikes, tick, dt, steps, shared) -> NDArray:
    """Sum that each neuron's potential stands for, (n_images, *layer shape)."""
    n_images = len(spikes)
    window = ceil(_window(network, layer, spikes).max())
    slot = window * steps + 2
    clock = Clock(dt, name="tdsnn_deployed_clock*")
    image_clock = Clock(slot * dt, name="tdsnn_deployed_image_clock*")
    flat = spikes.reshape(n_images, -1)
    image, neuron = np.nonzero(flat != SILENT)
    source = groups.spike_source(
        "source*", flat.shape[1], neuron, image * slot + in_steps(flat[image, neuron], steps), clock
    )
    neurons = NeuronGroup(
        layer.n_neurons, equations.OUTPUT, clock=clock, method="exact", name="integrating*",
        namespace={"tau_mem": network.leak * tick},
    )
    neurons.run_regularly(equations.OUTPUT_NEW_IMAGE, clock=image_clock, when="start")
    readout = StateMonitor(neurons, "v", record=True, clock=image_clock, when="start", order=-1)
    net = Network(source, neurons, neurons.contained_objects, readout)
    net.add(
        SharedProjection(source, neurons, layer, clock=clock) if shared
        else groups.weighted_synapses(layer, source, neurons, +1)
    )
    if layer.bias is not None:
        at = bias_latency(network)
        onsets = np.arange(n_images) * slot + at * steps
        bias = groups.spike_source("bias*", 1, np.zeros(n_images, int), onsets, clock)
        weights = np.broadcast_to(layer.bias, layer.output_shape).ravel() / gain(at, network.leak)
        net.add(bias, groups.bias_synapses(weights, bias, neurons, 0 * ms))
    net.run((n_images * slot + 1) * dt, namespace={})
    elapsed = (slot - 1) / steps / network.leak
    potentials = np.asarray(readout.v_[:])[:, 1 : n_images + 1].T * np.exp(elapsed)
    return potentials.reshape(n_images, *layer.output_shape)
