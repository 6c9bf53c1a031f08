"""Event-driven networks for tests, and what becomes of them step by step."""

from dataclasses import dataclass, replace

import numpy as np
from brian2 import Clock, Network, StateMonitor, ms

import tdsnn_brian as td
from helpers import random_images
from tdsnn_brian.analysis.closed_form import choose_windows, unread_ticks
from tdsnn_brian.brian.event_driven.build import SharedParts, Shown, add_shared
from tdsnn_brian.brian.event_driven.records import RecordReader
from tdsnn_brian.brian.naming import Names
from tdsnn_brian.brian.timing import Timing, schedule
from tdsnn_brian.firing_times import in_steps
from tdsnn_brian.layers import AveragePool2D, Conv2D, Dense, MaxPool2D, Sum


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
        records = self.parts.records()
        reader = RecordReader(
            self.network, self.parts.names, records.dtype, self.timing.steps_per_tick
        )
        return reader.read(records)


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
    """Groups, means and windows that reach into padding."""
    rng = np.random.default_rng(5)
    same = ((1, 1), (1, 1))
    layers = (
        Conv2D(
            name="conv",
            input_shape=(5, 4, 2),
            kernel=rng.normal(0, 0.4, (3, 3, 1, 4)),
            groups=2,
            padding=same,
            bias=rng.normal(0, 0.3, (5, 4, 4)),
        ),
        MaxPool2D(
            name="maximum",
            input_shape=(5, 4, 4),
            pool_size=(3, 3),
            strides=(2, 2),
            padding=same,
            minimum=(1,),
        ),
        AveragePool2D(
            name="average",
            input_shape=(3, 2, 4),
            pool_size=(3, 2),
            padding=((1, 1), (0, 1)),
        ),
        Dense(
            name="output",
            input_shape=(3, 2, 4),
            weights=rng.normal(0, 1, (24, 3)),
            bias=rng.normal(0, 1, 3),
        ),
    )
    return td.SpikingNetwork(layers=layers, leak=4, name="padded", **fields)


def branched_network():
    """A sum with a threshold over two layers, one of them early, and a max-pool between.

    Ticks differ in weight.
    """
    rng = np.random.default_rng(6)

    def dense(name, source=None, **fields):
        weights = rng.normal(0, 0.5, (8, 8))
        return Dense(name=name, input_shape=(8,), weights=weights, source=source, **fields)

    layers = (
        dense("first", bias=rng.normal(0, 0.5, 8)),
        MaxPool2D(name="pool", input_shape=(2, 2, 2), pool_size=(2, 2), padding=((0, 1), (1, 0))),
        dense("second", leak=2.0, transfer=td.Transfer(name="sigmoid", scale=2.0)),
        Sum(
            name="sum",
            terms=(dense("of_second", "second"), dense("of_pool", "pool")),
            v_threshold=0.01,
        ),
        Dense(name="output", input_shape=(8,), weights=rng.normal(0, 1, (8, 2))),
    )
    return td.SpikingNetwork(layers=layers, leak=5, rounding="nearest", name="branched")


def feature_networks() -> dict[str, tuple]:
    """Small networks that have all features between them: network and options of `built`."""
    return {
        "fixed": (
            with_leaks(padded_network(input_steps=2, v_threshold=0.002), [2.0, None, 3.0, 7.0]),
            {"window": "fixed", "steps": 4},
        ),
        "silent": (padded_network(silent_zeros=True, v_threshold=-0.002), {"steps": 2}),
        "branched": (branched_network(), {}),
    }


def traced(network, images, **options) -> tuple[Case, dict[str, StateMonitor]]:
    """A case, and monitors of everything that its groups hold at the end of each step."""
    case, monitors = built(network, images, **options), {}
    for population, group in case.parts.groups.items():
        names = [
            name
            for name, variable in group.variables.items()
            if getattr(variable, "owner", None) is not None
            and variable.owner.name == group.name
            and not name.startswith("_")
            and name not in ("N", "i")
        ]
        monitors[population.name] = StateMonitor(
            group, sorted(names), record=True, when="end", clock=group.clock
        )
    case.net.add(monitors.values())
    return case, monitors


def trace(monitors: dict[str, StateMonitor]) -> dict[str, np.ndarray]:
    """(n_neurons, n_steps) of each variable of each layer."""
    return {
        f"{layer}.{name}": np.array(getattr(monitor, f"{name}_"))
        for layer, monitor in monitors.items()
        for name in monitor.record_variables
    }


def feature_traces() -> dict[str, tuple[Case, dict[str, StateMonitor]]]:
    """`traced` of each of the `feature_networks`."""
    return {
        name: traced(network, random_images(network, 2), prefix=f"{name}_", **options)
        for name, (network, options) in feature_networks().items()
    }
