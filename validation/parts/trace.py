"""One image followed closely: potentials of a few neurons at a fine integration step."""

from dataclasses import dataclass
from math import lcm

import numpy as np
from brian2 import StateMonitor, ms
from numpy.typing import NDArray

from tdsnn_brian import Simulation, SpikingNetwork, build_network
from tdsnn_brian.brian import read_results
from tdsnn_brian.brian.interrupts import run_whole
from tdsnn_brian.brian.timing import Timing

from ..devices import active_device


@dataclass(frozen=True, kw_only=True, eq=False)
class Potentials:
    """Of chosen neurons of one layer.

    Attributes
    ----------
    neurons : ndarray
        (n,) indices in C order of the layer's shape.
    steps : ndarray
        (n_steps,) integration steps after the image's onset.
    v : ndarray
        (n, n_steps)
    """

    neurons: NDArray
    steps: NDArray
    v: NDArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Trace:
    """One image in all layers.

    `input_latencies` (n_inputs,) in ticks; `dt_per_tick` integration steps a tick.
    """

    simulation: Simulation
    timing: Timing
    input_latencies: NDArray
    potentials: dict[str, Potentials]


def trace_image(
    network: SpikingNetwork, image: NDArray, *, steps_per_tick: int = 10, neurons: int = 3
) -> Trace:
    """Simulate one image on the numpy target and record potentials.

    Parameters
    ----------
    network : SpikingNetwork
    image : ndarray
        (*input shape)
    steps_per_tick : int, optional
        Raised to a multiple of the network's `input_steps`.
    neurons : int, optional
        How many to record in each layer: from the earliest to the latest to fire.
    """
    steps_per_tick = lcm(steps_per_tick, network.input_steps)
    with active_device("numpy"):
        net = build_network(network, image[None], tick=1 * ms, dt=1 * ms / steps_per_tick)
        monitors = {}
        for population in network.populations:
            if population.kind.is_ticked:
                group = net[net.names.of(population)]
                chosen = _spread(net.analysis.latencies[population.name].ravel(), neurons)
                monitors[population.name] = StateMonitor(
                    group, "v", record=chosen, clock=group.clock
                )
        net.add(*monitors.values())
        run_whole(net, net.duration)
    potentials = {
        name: Potentials(
            neurons=np.asarray(monitor.record),
            steps=np.arange(monitor.v.shape[1]),
            v=np.asarray(monitor.v),
        )
        for name, monitor in monitors.items()
    }
    return Trace(
        simulation=read_results(net),
        timing=net.timing,
        potentials=potentials,
        input_latencies=net.analysis.input_latencies.ravel(),
    )


def _spread(latencies: NDArray, n: int) -> NDArray:
    """Neurons whose latencies lie evenly between the first after release and the last."""
    late = np.flatnonzero(latencies > 0)
    if len(late) == 0:
        late = np.arange(len(latencies))
    order = late[np.argsort(latencies[late], kind="stable")]
    wanted = np.linspace(latencies[order[0]], latencies[order[-1]], n)
    places = np.searchsorted(latencies[order], wanted)
    return np.unique(order[np.minimum(places, len(order) - 1)])
