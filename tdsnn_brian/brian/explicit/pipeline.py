"""A stream of images (Fig. 3): each layer takes the next one as soon as it is free.

The active period of a layer is the inhibitory period of the next. A layer is free when all its
neurons have fired; a layer before it that is ready earlier stays inhibited until then, which its
ticking neuron's weight takes into account.
"""

from functools import partial
from typing import Any

import numpy as np
from brian2 import (
    Clock,
    Network,
    NeuronGroup,
    Quantity,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    TimedArray,
    ms,
    prefs,
)
from numpy.typing import NDArray

from ...analysis.closed_form import DiscreteAnalysis, analyse
from ...engines import require
from ...firing_times import in_steps, tie_tolerance
from ...layers import Kind
from ...network import SpikingNetwork, check_images
from ...population import Population
from ...ticking import leak_factor
from ..default_clock import check_own_clocks
from ..floating_range import check_ranges
from ..interrupts import run_whole
from ..levels import Levels, with_relays
from ..naming import Names
from ..timing import choose_steps
from . import groups, models
from .pipeline_run import PipelineRun, Reader
from .pipeline_schedule import Schedule, plan_pipeline

# One image's state is set back when the layer is done with it, not at a common onset.
_PULSE = "dpulse/dt = -pulse / tau_mem : 1"
_RESET = "v_post = 0\ndrive_post = 0\nfired_post = 0\npulse_post = 0"
_START = "pulse_post = 1"
_LET_GO = "n_fired_post = 0\nnext_tick_post = timestep(t, dt) + 1"
_RELEASE = "drive_post += leak_factor * pulse_post"
_TICK = "v_post += drive_post"
# Ticks of different weights, as in `models`.
_FIRST = "v_post += share(0 * tick) * leak_factor * pulse_post"
_LET_GO_COUNTED = _LET_GO + "\nn_ticks_post = 0"
_SHARED_TICK = "v_post += share(n_ticks_pre * tick) * drive_post"


def run_pipeline(
    network: SpikingNetwork,
    images: NDArray,
    *,
    tick: Quantity = 1 * ms,
    dt: Quantity | None = None,
    window: str = "dynamic",
) -> PipelineRun:
    """Simulate a stream of images in Brian2, several of them under way at once.

    Parameters
    ----------
    network : SpikingNetwork
        With threshold 0, all neurons firing.
    images : array_like
        (n_images, *input shape), in their order.
    tick : Quantity, optional
        Interval of the ticking neurons.
    dt : Quantity, optional
        Integration step, a whole fraction of `tick`; if not given, `tick` itself, or
        ``tick / input_steps`` where the inputs fire between ticks.
    window : {"fixed", "dynamic"}, optional
        See `plan_pipeline`.

    Returns
    -------
    PipelineRun

    Raises
    ------
    InvalidInputError
        If an argument is impossible, or the network has silent zeros or another threshold.
    UnsupportedDeviceError
        On GeNN and Brian2CUDA.

    Examples
    --------
    >>> import numpy as np, tdsnn_brian as td
    >>> weights = np.array([[1.0, -1.0], [0.5, 1.0]])
    >>> hidden = td.layers.Dense(name="hidden", input_shape=(2,), weights=weights)
    >>> output = td.layers.Dense(name="output", input_shape=(2,), weights=weights)
    >>> network = td.SpikingNetwork(layers=(hidden, output), leak=5)
    >>> from brian2 import prefs
    >>> prefs.codegen.target = "numpy"  # nothing to compile
    >>> run = td.run_pipeline(network, np.array([[0.2, 0.9], [0.5, 0.1]]))
    >>> run.latencies["hidden"].tolist()
    [[7.0, 4.0], [7.0, 0.0]]
    """
    images = check_images(network, images)
    check_own_clocks("run_pipeline()")
    require("pipeline", network)
    asked, network = network, with_relays(network)
    analysis = analyse(network, images)
    dt, steps = choose_steps(network, tick, dt)
    schedule = plan_pipeline(network, analysis, window, steps)
    longest = (schedule.releases - schedule.origins).max(axis=0) / steps
    inhibited = {x.name: longest[x.level - 1] for x in network.integrating}
    check_ranges(network, inhibited, prefs.core.default_float_dtype)
    return _Stream(network, analysis, schedule, tick, dt).run().of(asked)


class _Stream:
    """Builds the network of a stream, runs and reads it."""

    def __init__(
        self,
        network: SpikingNetwork,
        analysis: DiscreteAnalysis,
        schedule: Schedule,
        tick: Quantity,
        dt: Quantity,
    ):
        self.network, self.analysis, self.schedule = network, analysis, schedule
        self.tick, self.dt, self.clock = tick, dt, Clock(dt, name="tdsnn_stream_clock*")
        self.net = Network(name="tdsnn_stream*")
        self.names = Names(network)
        self.levels = Levels(network)
        self.place = {population: population.level - 1 for population in network.integrating}

    def run(self) -> PipelineRun:
        network = self.network
        made: dict[Population, object] = {network.input: self._input()}
        monitors = {}
        for population in network.populations:
            sources = [made[source] for source in population.sources]
            match population.kind:
                case Kind.MAX_POOL:
                    made[population] = self._max_pool(population, *sources)
                case Kind.TICKED | Kind.OUTPUT:
                    made[population] = self._integrating(population, sources)
                case _:
                    raise NotImplementedError(f"layer {population.name!r}: {population.kind}")
            if population.fires:
                monitors[population] = SpikeMonitor(made[population])
                self.net.add(monitors[population])
        readouts = {
            output: StateMonitor(
                made[output], "v", record=True, clock=self.clock, when="thresholds"
            )
            for output in network.outputs
        }
        self.net.add(*readouts.values())
        run_whole(self.net, int(self.schedule.ends.max() + 2) * self.dt)
        return Reader(network, self.schedule, self.dt).read(monitors, readouts)

    def _input(self) -> SpikeGeneratorGroup:
        latencies = self.analysis.input_latencies.reshape(len(self.schedule.onsets), -1)
        image, neuron = np.nonzero(latencies >= 0)
        at = self.schedule.onsets[image]
        at = at + in_steps(latencies[image, neuron], self.schedule.steps_per_tick)
        source = groups.spike_source(
            self.names.of(self.network.input), latencies.shape[1], neuron, at, self.clock
        )
        self.net.add(source)
        return source

    def _signal(self, name: str, steps: NDArray) -> SpikeGeneratorGroup:
        """A neuron that fires at the given steps."""
        signal = groups.spike_source(name, 1, np.zeros(len(steps), int), steps, self.clock)
        self.net.add(signal)
        return signal

    def _max_pool(self, population: Population, source: Any) -> NeuronGroup:
        cells = models.MAX_POOL
        neurons = NeuronGroup(
            population.n_neurons,
            cells.equations,
            threshold=cells.fires,
            reset=cells.after_spike,
            clock=self.clock,
            name=self.names.of(population),
        )
        neurons.n_awaited = population.n_awaited
        neurons.n_inputs = population.projection.fan_in.ravel()
        self.net.add(
            neurons,
            groups.counting_synapses(
                population.projection,
                source,
                neurons,
                models.ARRIVED,
                self.names.of(population, "synapses"),
            ),
        )
        return neurons

    def _integrating(self, population: Population, sources: list) -> NeuronGroup:
        schedule, place = self.schedule, self.place[population]
        part = partial(self.names.of, population)
        is_output = population.kind is Kind.OUTPUT
        cells = models.MEMBRANE + models.GATE
        neurons = NeuronGroup(
            population.n_neurons,
            f"{cells.equations}\n{_PULSE}",
            clock=self.clock,
            name=part(),
            method="exact",
            threshold="False" if is_output else cells.fires,
            reset=cells.after_spike,
            namespace={
                "tau_mem": population.leak * self.tick,
                "v_threshold": 0.0,
                "tie": tie_tolerance(prefs.core.default_float_dtype),
            },
        )
        sign = 1 if is_output else -1
        ends = self._signal(part("end"), schedule.ends[:, place] - 1)
        origins = self._signal(part("start"), schedule.origins[:, place])
        self.net.add(
            neurons,
            *self._weights(population, sources, neurons, sign),
            groups.signals(ends, neurons, _RESET, part("reset")),
            groups.signals(origins, neurons, _START, part("origin")),
        )
        if population.bias is not None:
            at = population.bias_latency * schedule.steps_per_tick
            bias = self._signal(part("bias"), schedule.origins[:, place] + at)
            self.net.add(
                groups.bias_synapses(
                    sign * population.bias_weights, bias, neurons, part("bias_synapses")
                )
            )
        if not is_output:
            self.net.add(*self._ticking(population, neurons))
        return neurons

    def _weights(
        self, population: Population, sources: list, neurons: NeuronGroup, sign: int
    ) -> list[Synapses]:
        made = []
        for number, (source, projection) in enumerate(
            zip(population.sources, population.projections, strict=True)
        ):
            waits = self.levels.waits(source, population)
            made.append(
                groups.weighted_synapses(
                    projection,
                    sources[number],
                    neurons,
                    self.names.onto(population, number),
                    sign=sign,
                    delay=waits * self.dt if waits else None,
                )
            )
        return made

    def _ticking(
        self, population: Population, neurons: NeuronGroup
    ) -> list[NeuronGroup | Synapses]:
        part = partial(self.names.of, population)
        plain, cells = population.schedule.is_plain, models.TICKING
        if not plain:
            cells = cells + models.TICKS_COUNTED
        ticking = NeuronGroup(
            1,
            cells.equations,
            threshold=cells.fires,
            reset=cells.after_spike,
            clock=self.clock,
            name=part("ticking"),
            namespace={
                "n_driven": population.n_neurons,
                "steps_per_tick": self.schedule.steps_per_tick,
            },
        )
        ticking.n_fired = population.n_neurons  # none to drive before the first release
        go = self._signal(part("go"), self.schedule.releases[:, self.place[population]] - 1)
        constants: dict[str, object] = {"leak_factor": leak_factor(population.leak)}
        if not plain:
            constants |= {"tick": self.tick, "share": self._shares(population)}
        released = {
            "namespace": constants,
            "delay": self.dt,
        }  # with the ticking neuron's first spike
        made = [
            ticking,
            groups.signals(
                go, ticking, _LET_GO if plain else _LET_GO_COUNTED, part("ticking_let_go")
            ),
            groups.signals(go, neurons, _RELEASE, part("ticking_release"), **released),
            groups.signals(
                ticking,
                neurons,
                _TICK if plain else _SHARED_TICK,
                part("ticking_ticks"),
                delay=self.tick,
                namespace=constants,
            ),
            groups.signals(neurons, ticking, models.FIRED, part("ticking_done")),
        ]
        if not plain:
            made.append(groups.signals(go, neurons, _FIRST, part("ticking_first"), **released))
        return made

    def _shares(self, population: Population) -> TimedArray:
        last = int(self.analysis.latencies[population.name].max(initial=0)) + 1
        name = self.names.of(population, "tick_shares")
        return groups.tick_shares(population, last, self.tick, name)
