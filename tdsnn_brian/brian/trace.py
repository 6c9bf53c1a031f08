"""StateMonitors of layers, and what they kept as a `Trace`."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from brian2 import StateMonitor, second
from brian2.core.variables import ArrayVariable, Subexpression
from numpy.typing import NDArray

from ..arguments import check_choice, check_kind
from ..errors import InvalidInputError, RunError
from ..traces import Trace
from .firing_network import FiringNetwork

Recorded = str | tuple[str, Iterable[int]]
"""A variable of all neurons of a layer, or of these."""


def trace(net: FiringNetwork, monitor: StateMonitor, variable: str | None = None) -> Trace:
    """Arrange what a StateMonitor of a network's layer kept, after the run.

    Parameters
    ----------
    net : FiringNetwork
        That has run for its `duration`.
    monitor : StateMonitor
        Of a layer's neurons, added to `net` before the run, with the network's own integration
        step.
    variable : str, optional
        Which one, where it records several.

    Raises
    ------
    InvalidInputError
        If the monitor is none of a layer of `net`, or has another clock.
    RunError
        If the run is not complete.

    Examples
    --------
    >>> import numpy as np, tdsnn_brian as td
    >>> from brian2 import StateMonitor, ms, prefs
    >>> prefs.codegen.target = "numpy"
    >>> layers = [td.layers.Dense(name=name, input_shape=(2,), weights=np.eye(2)) for name in "ab"]
    >>> network = td.SpikingNetwork(layers=layers, leak=5)
    >>> net = td.build_network(network, np.array([[0.2, 0.9]]), dt=0.5 * ms)
    >>> monitor = StateMonitor(net["a"], "v", record=[1], clock=net["a"].clock)
    >>> net.add(monitor)
    >>> net.run(net.duration)
    >>> trace(net, monitor).ticks[0, :4]
    array([0. , 0.5, 1. , 1.5])
    """
    check_kind("net", net, FiringNetwork, "pass what build_network gave")
    check_kind("monitor", monitor, StateMonitor, "pass one of a layer of net")
    if variable is None:
        (variable, *others) = monitor.record_variables
        if others:
            raise InvalidInputError(
                f"the monitor records {list(monitor.record_variables)}; name one with variable="
            )
    check_choice("variable", variable, monitor.record_variables)
    population = next(
        (x for x in net.spiking_network.populations if net.names.of(x) == monitor.source.name),
        None,
    )
    if population is None:
        layers = [net.names.of(x) for x in net.spiking_network.populations]
        raise InvalidInputError(
            f"the monitor's source {monitor.source.name!r} is no layer of this network; its layers "
            f"are {layers}"
        )
    net.check_complete()
    slot, dt = net.timing.slot, float(net.dt)
    steps = np.rint(np.asarray(monitor.t / second) / dt).astype(np.int64)
    if not np.array_equal(steps[: net.n_images * slot], np.arange(net.n_images * slot)):
        raise RunError(
            "the monitor has not recorded every integration step of the run; give it the clock of "
            f"its layer (clock=net[{monitor.source.name!r}].clock) and add it before the run"
        )
    kept = slice(net.n_images * slot)
    values = getattr(monitor, variable)[:, kept]
    by_image = (net.n_images, slot)
    release = None
    if population.kind.is_ticked and not net.dynamic:
        release = net.timing.releases[population.name] / net.timing.steps_per_tick
    return Trace(
        layer=population.name,
        variable=variable,
        neurons=np.asarray(monitor.record),
        ticks=np.tile(np.arange(slot) / net.timing.steps_per_tick, (net.n_images, 1)),
        t=monitor.t[kept].reshape(by_image),
        values=values.reshape(-1, *by_image).swapaxes(0, 1),
        release=release,
    )


def add_monitors(
    net: FiringNetwork, wanted: Mapping[str, Recorded]
) -> dict[str, tuple[StateMonitor, str]]:
    """Add StateMonitors of layers to `net`, by the name of the layer.

    Raises
    ------
    InvalidInputError
        If there is no such layer, variable or neuron.
    """
    check_kind("monitors", wanted, Mapping, "pass for example {'conv1': 'v'}")
    added = {}
    known = {x.name: x for x in net.spiking_network.populations}
    for layer, recorded in wanted.items():
        if layer not in known:
            raise InvalidInputError(
                f"monitors names {layer!r}, which is no layer of the network; those are "
                f"{list(known)}"
            )
        variable, neurons = _variable(layer, recorded)
        group = net[net.names.of(known[layer])]
        if not _is_state(group.variables.get(variable)):
            raise InvalidInputError(
                f"layer {layer!r} has no variable {variable!r} to monitor; 'v' is its potential"
            )
        indices = True if neurons is None else _indices(layer, neurons, known[layer].n_neurons)
        name = net.names.alone(f"{net.names.of(known[layer])}_monitor")
        monitor = StateMonitor(group, variable, record=indices, clock=group.clock, name=name)
        net.add(monitor)
        added[layer] = (monitor, variable)
    return added


def _variable(layer: str, recorded: Any) -> tuple[str, Any]:
    """The variable to record, and of which neurons; None: all."""
    if isinstance(recorded, str):
        return recorded, None
    if isinstance(recorded, tuple | list) and len(recorded) == 2 and isinstance(recorded[0], str):
        return recorded[0], recorded[1]
    raise InvalidInputError(
        f"monitors of layer {layer!r} must be the name of a variable, or such a name and neurons "
        f"as ('v', range(5)), got {recorded!r:.80}"
    )


def _is_state(variable: Any) -> bool:
    """Whether a StateMonitor can record it: one value a neuron, or one for all, that changes."""
    return isinstance(variable, ArrayVariable | Subexpression) and not variable.name.startswith("_")


def _indices(layer: str, neurons: Iterable[int], n: int) -> NDArray:
    indices = np.asarray(list(neurons)) if np.iterable(neurons) else np.asarray(neurons)
    if indices.ndim != 1 or not indices.size:
        raise InvalidInputError(
            f"monitors of layer {layer!r} must name neurons as ('v', range(5)), got {neurons!r:.80}"
        )
    if indices.dtype.kind not in "iu" or not ((indices >= 0) & (indices < n)).all():
        raise InvalidInputError(
            f"monitors asks for neurons {indices.tolist()} of layer {layer!r}, which has those "
            f"from 0 to {n - 1}"
        )
    return indices
