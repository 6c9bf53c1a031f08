"""Reading a `FiringNetwork` that has run: firing times, potentials, ticks."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from brian2 import get_device
from brian2.devices.device import RuntimeDevice
from numpy.typing import NDArray

from ..spec import SpikingNetwork, is_simplified_pool
from .groups import brian_name
from .network import FiringNetwork
from .shared import parse_records
from .sleeping import RECORDS


@dataclass(frozen=True, eq=False)
class Simulation:
    """What a simulation gave, comparable with `tdsnn_brian.DiscreteAnalysis` directly.

    Attributes
    ----------
    latencies : dict of str to ndarray
        (n_images, *layer shape) firing times in ticks after the layer's release, hops taken off;
        `nan` where a neuron did not fire.
    potentials : ndarray
        (n_images, n_classes) output potentials scaled to logits, `v exp(T_il / L)`.
    windows : dict of str to ndarray
        (n_images,) inhibitory period of each hidden synapse-based layer in ticks, as it happened.
    ticks : dict of str to ndarray
        (n_images,) how often each ticking neuron fired after release.
    spikes : dict of str to int
        Spikes of each layer over all images.
    seconds : dict of str to float
        Wall time: ``compile`` until the first step can be made (code generation and the
        compiler's work; 0 where a compiled program was kept), ``run`` from then on.
    """

    latencies: dict[str, NDArray]
    potentials: NDArray
    windows: dict[str, NDArray]
    ticks: dict[str, NDArray]
    spikes: dict[str, int]
    seconds: dict[str, float]

    @property
    def predictions(self) -> NDArray:
        """(n_images,) index of the largest output potential."""
        return self.potentials.argmax(axis=1)


def from_records(
    network: SpikingNetwork, records: NDArray, steps_per_tick: int, seconds: dict[str, float]
) -> Simulation:
    """Results of a network with shared projections, one record an image; see `shared`."""
    latencies, windows, ticks, spikes, logits = parse_records(network, records, steps_per_tick)
    return Simulation(
        {name: np.where(value >= 0, value, np.nan) for name, value in latencies.items()},
        logits, windows, ticks, spikes, seconds,
    )


def _read_shared(net, seconds):
    readout = net.shared.readout
    if isinstance(get_device(), RuntimeDevice):
        content = b"".join(readout.records)
    else:
        content = Path(get_device().results_dir, RECORDS).read_bytes()
    records = np.frombuffer(content, readout.record_dtype)
    steps = net.timing.steps_per_tick
    return from_records(net.spiking_network, records, steps, seconds or {})


def _steps(monitor, dt) -> NDArray:
    return np.rint(np.asarray(monitor.t_[:]) / float(dt)).astype(np.int64)


def _first_spikes(net: FiringNetwork, monitor, n: int) -> NDArray:
    """Step of each neuron's first spike after each image's onset, (n_images, n), nan if none."""
    steps, neurons = _steps(monitor, net.dt), np.asarray(monitor.i[:])
    image, after_onset = np.divmod(steps, net.timing.slot)
    first = np.full((net.n_images + 1, n), np.nan)
    np.fmin.at(first, (image, neurons), after_onset)
    return first[: net.n_images]


def read_results(net: FiringNetwork, seconds: dict[str, float] | None = None) -> Simulation:
    """Collect the results of a network that has run for its `duration`.

    Parameters
    ----------
    net : FiringNetwork
    seconds : dict, optional
        Wall times to keep with the results.

    Returns
    -------
    Simulation
    """
    if net.shared is not None:
        return _read_shared(net, seconds)
    timing = net.timing
    latencies, windows, ticks, spikes = {}, {}, {}, {}
    fires_first = np.zeros(net.n_images)  # step at which a spike of latency 0 is made
    origin = fires_first
    for layer in net.spiking_network.firing_layers:
        name = brian_name(layer.name)
        hops = timing.hops[layer.name]
        monitor = net[f"{name}_spikes"]
        if is_simplified_pool(layer):
            zero = fires_first + hops
        else:
            ticking = net[f"{name}_ticking_spikes"]
            release = _first_spikes(net, ticking, 1)[:, 0]
            origin = fires_first + hops
            windows[layer.name] = (release - origin - 1) / timing.steps_per_tick
            per_image = np.bincount(_steps(ticking, net.dt) // timing.slot,
                                    minlength=net.n_images)[: net.n_images]
            ticks[layer.name] = np.maximum(per_image - 1, 0)
            fires_first = zero = release + 1
        first = _first_spikes(net, monitor, layer.n_neurons)
        in_ticks = (first - zero[:, None]) / timing.steps_per_tick
        latencies[layer.name] = in_ticks.reshape(net.n_images, *layer.output_shape)
        spikes[layer.name] = int(monitor.num_spikes)
    output = net.spiking_network.output_layer
    readout = np.asarray(net[f"{brian_name(output.name)}_readout"].v_[:])
    origin = fires_first + timing.hops[output.name]
    elapsed = (timing.slot - 1 - origin) / timing.steps_per_tick
    with np.errstate(invalid="ignore"):
        potentials = readout[:, 1 : net.n_images + 1].T * np.exp(
            elapsed / net.spiking_network.leak
        )[:, None]
    return Simulation(latencies, potentials, windows, ticks, spikes, seconds or {})
