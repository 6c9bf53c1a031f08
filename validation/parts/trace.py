"""Some images followed closely: potentials of a few neurons at a fine integration step."""

from dataclasses import dataclass
from math import lcm

import numpy as np
from brian2 import Quantity, StateMonitor, ms
from numpy.typing import NDArray

from tdsnn_brian import Simulation, SpikingNetwork, build_network
from tdsnn_brian.brian import read_results
from tdsnn_brian.brian.explicit.models import LEAKY, NeuronModel
from tdsnn_brian.brian.interrupts import run_whole
from tdsnn_brian.brian.timing import Timing

from ..devices import active_device
from ..simulated import Simulated

SHOWN_OUTPUTS = 10


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

    Attributes
    ----------
    image : ndarray
        (*input shape)
    simulation : Simulation
        Of this image alone.
    timing : Timing
    input_latencies : ndarray
        (n_inputs,) in ticks.
    potentials : dict of str to Potentials
        Of the layers that ticking neurons drive.
    output : Potentials
        Of the output layer.
    """

    image: NDArray
    simulation: Simulation
    timing: Timing
    input_latencies: NDArray
    potentials: dict[str, Potentials]
    output: Potentials


def trace_images(
    network: SpikingNetwork,
    images: NDArray,
    *,
    steps_per_tick: int = 10,
    neurons: int = 3,
    tick: Quantity = 1 * ms,
    model: NeuronModel = LEAKY,
) -> list[Trace]:
    """Simulate some images on the numpy target and record potentials.

    Parameters
    ----------
    network : SpikingNetwork
    images : ndarray
        (n_images, *input shape)
    steps_per_tick : int, optional
        Raised to a multiple of the network's `input_steps`.
    neurons : int, optional
        How many to record in each layer: from the earliest to the latest to fire in the first
        image.
    tick : Quantity, optional
    model : NeuronModel, optional
        In whose units potentials are.
    """
    steps_per_tick = lcm(steps_per_tick, network.input_steps)
    with active_device("numpy"):
        net = build_network(
            network,
            images,
            tick=tick,
            dt=tick / steps_per_tick,
            projection="explicit",
            model=model,
        )
        monitors = {}
        for population in network.populations:
            if population.kind.is_ticked:
                chosen = _spread(net.analysis.latencies[population.name][0].ravel(), neurons)
            elif population is network.output:
                chosen = np.arange(min(population.n_neurons, SHOWN_OUTPUTS))
            else:
                continue
            group = net[net.names.of(population)]
            monitors[population.name] = StateMonitor(group, "v", record=chosen, clock=group.clock)
        net.add(*monitors.values())
        run_whole(net, net.duration)
    result, slot = read_results(net, strict=False), net.timing.slot
    traces = []
    for index, image in enumerate(images):
        potentials = {
            name: Potentials(
                neurons=np.asarray(monitor.record),
                steps=np.arange(slot),
                v=np.asarray(monitor.v)[:, index * slot : (index + 1) * slot],
            )
            for name, monitor in monitors.items()
        }
        traces.append(
            Trace(
                image=image,
                simulation=result.take(slice(index, index + 1)),
                timing=net.timing,
                output=potentials.pop(network.output.name),
                potentials=potentials,
                input_latencies=net.analysis.input_latencies[index].ravel(),
            )
        )
    return traces


def chosen_images(run: Simulated, n: int = 3) -> list[int]:
    """The first image, one that is wrong, the one least sure of, then others."""
    case, logits = run.case, run.simulation.potentials.reshape(len(run.case.images), -1)
    truth = case.labels if case.labels is not None else case.predictions.get("dnn")
    wrong = []
    if truth is not None:
        differs = (run.simulation.predictions != truth).reshape(len(truth), -1).any(axis=1)
        wrong = np.flatnonzero(differs)[:1].tolist()
    highest = np.sort(logits, axis=1)
    unsure = [] if logits.shape[1] < 2 else [int(np.argmin(highest[:, -1] - highest[:, -2]))]
    wanted = [0, *wrong, *unsure, *range(len(case.images))]
    return list(dict.fromkeys(wanted))[:n]


def _spread(latencies: NDArray, n: int) -> NDArray:
    """Neurons whose latencies lie evenly between the first after release and the last."""
    late = np.flatnonzero(latencies > 0)
    if len(late) == 0:
        late = np.arange(len(latencies))
    order = late[np.argsort(latencies[late], kind="stable")]
    wanted = np.linspace(latencies[order[0]], latencies[order[-1]], n)
    places = np.searchsorted(latencies[order], wanted)
    return np.unique(order[np.minimum(places, len(order) - 1)])
