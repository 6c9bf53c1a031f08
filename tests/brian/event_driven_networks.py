"""Event-driven networks for tests, and what becomes of them step by step."""

from dataclasses import dataclass, replace

import numpy as np
from brian2 import Clock, EventMonitor, Network, SpikeMonitor, StateMonitor, ms

import tdsnn_brian as td
from helpers import random_images, small_network
from tdsnn_brian.analysis.closed_form import unread_ticks
from tdsnn_brian.brian.event_driven.build import SharedParts, Shown, add_shared
from tdsnn_brian.brian.event_driven.records import from_records
from tdsnn_brian.brian.naming import Names
from tdsnn_brian.brian.timing import Timing, choose_windows, schedule
from tdsnn_brian.firing_times import in_steps
from tdsnn_brian.layers import AveragePool2D, Conv2D, Dense, MaxPool2D


@dataclass
class Case:
    """A network that is shown images, built but not run."""

    network: td.SpikingNetwork
    net: Network
    parts: SharedParts
    timing: Timing
    analysis: td.DiscreteAnalysis

    @property
    def duration(self):
        return (self.analysis.n_images * self.timing.slot + 1) * self.parts.input.clock.dt

    @property
    def result(self):
        return from_records(
            self.network, self.parts.names, self.parts.records(), self.timing.steps_per_tick
        )


def built(network, images, *, window="dynamic", steps=None, prefix="") -> Case:
    steps = steps or network.input_steps
    analysis = td.analyse(network, images, window=window)
    timing = schedule(
        network,
        choose_windows(network, analysis, window),
        steps,
        unread_ticks=unread_ticks(network, analysis),
    )
    names = Names(network, prefix)
    net = Network(name=f"{prefix}network*")
    shown = Shown(
        latencies=in_steps(analysis.input_latencies.reshape(len(images), -1), steps),
        windows=None if window == "dynamic" else timing.windows,
        slot=timing.slot,
    )
    clock = Clock(1 * ms / steps, name=names.alone("clock"))
    parts = add_shared(net, network, clock, names, shown, steps_per_tick=steps)
    return Case(network, net, parts, timing, analysis)


def ran(network, images, **options) -> Case:
    case = built(network, images, **options)
    case.net.run(case.duration, namespace={})
    return case


def assert_as_analysed(case: Case):
    comparison = case.result.compare(case.analysis)
    assert comparison, str(comparison)


def with_minima(network):
    """The max-pool of `small_network` passes on minima of two channels."""
    return replace(
        network,
        layers=tuple(
            replace(layer, minimum=(1, 3)) if isinstance(layer, MaxPool2D) else layer
            for layer in network
        ),
    )


def with_leaks(network, leaks):
    layers = zip(network.layers, leaks, strict=True)
    return replace(network, layers=tuple(replace(layer, leak=leak) for layer, leak in layers))


def padded_network(**fields):
    rng = np.random.default_rng(5)
    same = ((1, 1), (1, 1))
    return td.SpikingNetwork(
        leak=4,
        name="padded",
        layers=(
            Conv2D(
                name="conv",
                input_shape=(7, 6, 2),
                kernel=rng.normal(0, 0.4, (3, 3, 1, 4)),
                groups=2,
                padding=same,
                bias=rng.normal(0, 0.3, (7, 6, 4)),
            ),
            MaxPool2D(
                name="maximum",
                input_shape=(7, 6, 4),
                pool_size=(3, 3),
                strides=(2, 2),
                padding=same,
            ),
            AveragePool2D(
                name="average",
                input_shape=(4, 3, 4),
                pool_size=(3, 2),
                strides=(1, 1),
                padding=((1, 1), (0, 1)),
            ),
            Dense(
                name="output",
                input_shape=(4, 3, 4),
                weights=rng.normal(0, 1, (48, 3)),
                bias=rng.normal(0, 1, 3),
            ),
        ),
        **fields,
    )


def feature_networks() -> dict[str, tuple]:
    """Small networks that have all features between them: network and options of `built`."""
    plain = small_network()
    return {
        "plain": (plain, {}),
        "finer": (padded_network(v_threshold=0.002), {"window": "fixed", "steps": 3}),
        "silent": (with_minima(replace(plain, silent_zeros=True)), {"steps": 2}),
        "leaks": (
            with_leaks(replace(plain, input_steps=2), [2.0, None, 3, None, 7.0, 4.0]),
            {"window": "fixed"},
        ),
    }


@dataclass
class Traced:
    """Monitors of everything that a case's groups hold, at the end of each step."""

    case: Case
    states: dict[str, StateMonitor]
    events: dict[str, EventMonitor]


def traced(network, images, **options) -> Traced:
    case = built(network, images, **options)
    states, events = {}, {}
    for group in case.parts.groups.values():
        names = [
            name
            for name, variable in group.variables.items()
            if getattr(variable, "owner", None) is not None
            and variable.owner.name == group.name
            and not name.startswith("_")
            and name not in ("N", "i")
        ]
        states[group.name] = StateMonitor(
            group,
            sorted(names),
            record=True,
            when="end",
            clock=group.clock,
            name=f"{group.name}_states",
        )
        for event in group.events:
            kind = {"spike": SpikeMonitor}.get(event)
            name = f"{group.name}_{event}s"
            events[name] = kind(group, name=name) if kind else EventMonitor(group, event, name=name)
    case.net.add(states.values(), events.values())
    return Traced(case, states, events)


def trace(traced: Traced) -> dict[str, np.ndarray]:
    """All of it as arrays: (n_neurons or 1, n_steps) for variables."""
    found = {}
    for name, monitor in traced.states.items():
        for variable in monitor.record_variables:
            found[f"{name}.{variable}"] = np.array(getattr(monitor, f"{variable}_"))
    for name, monitor in traced.events.items():
        order = np.lexsort((monitor.i[:], monitor.t_[:]))
        found[f"{name}.i"] = np.array(monitor.i[:])[order]
        found[f"{name}.t"] = np.array(monitor.t_[:])[order]
    return found


def feature_traces() -> dict[str, Traced]:
    return {
        name: traced(network, random_images(network, 2), prefix=f"{name}_", **options)
        for name, (network, options) in feature_networks().items()
    }
