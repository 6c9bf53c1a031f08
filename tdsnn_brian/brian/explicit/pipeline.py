"""A stream of images (Fig. 3): each layer takes the next one as soon as it is free.

The active period of a layer is the inhibitory period of the next. A layer is free when all its
neurons have fired; a layer before it that is ready earlier stays inhibited until then, which its
ticking neuron's weight takes into account.
"""

from dataclasses import dataclass

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
    ms,
)
from numpy.typing import NDArray

from ..coding import gain
from ..discrete import DiscreteAnalysis, analyse, bias_latency
from ..errors import InvalidInputError
from ..spec import MaxPool2D, SpikingNetwork
from ..ticking import leak_factor
from . import equations, groups
from .timing import choose_steps, in_steps

_RESET = "v_post = 0\ndrive_post = 0\nfired_post = 0\npulse_post = 0"
_START = "pulse_post = 1"
_LET_GO = "n_fired_post = 0\nnext_tick_post = timestep(t, dt) + 1"
_RELEASE = "drive_post += leak_factor * pulse_post"
_TICK = "v_post += drive_post"
_PULSE = "dpulse/dt = -pulse / tau_mem : 1\n"


@dataclass(frozen=True, eq=False)
class Schedule:
    """When each layer works on each image, in steps; one row an image, one column a layer.

    Attributes
    ----------
    steps_per_tick : int
    onsets : ndarray
        (n_images,) first input spike.
    origins, releases, ends : ndarray
        (n_images, n_layers): a spike of latency 0 arrives, the ticking neuron first fires, the
        layer is free. For the output layer, `releases` is the step after which it is read out.
    """

    steps_per_tick: int
    onsets: NDArray
    origins: NDArray
    releases: NDArray
    ends: NDArray

    @property
    def latency(self) -> NDArray:
        """(n_images,) ticks from an image's onset to its result."""
        return (self.releases[:, -1] - self.onsets) / self.steps_per_tick

    @property
    def interval(self) -> float:
        """Mean number of ticks from one result to the next."""
        done = self.releases[:, -1]
        return float(np.diff(done).mean()) / self.steps_per_tick if len(done) > 1 else np.nan

    @property
    def throughput(self) -> float:
        """Images a tick."""
        return 1 / self.interval


@dataclass(frozen=True, eq=False)
class PipelineRun:
    """What a stream of images gave; latencies and potentials as in `Simulation`."""

    schedule: Schedule
    latencies: dict[str, NDArray]
    potentials: NDArray

    @property
    def predictions(self) -> NDArray:
        """(n_images,) index of the largest output potential."""
        return self.potentials.argmax(axis=1)


def plan_pipeline(
    network: SpikingNetwork, analysis: DiscreteAnalysis, window: str, steps: int = 1
) -> Schedule:
    """Earliest times at which every layer can take every image.

    Parameters
    ----------
    network : SpikingNetwork
    analysis : DiscreteAnalysis
        Of the images in their order.
    window : {"fixed", "dynamic"}
        Inhibitory periods of the longest image, or of the one at hand.
    steps : int, optional
        Integration steps a tick.
    """
    if window not in ("fixed", "dynamic"):
        raise InvalidInputError(f"window must be 'fixed' or 'dynamic', got {window!r}")
    layers = [layer for layer in network if not isinstance(layer, MaxPool2D)]
    windows = np.stack([in_steps(analysis.windows[x.name], steps) for x in layers], axis=1)
    if window == "fixed":
        windows = np.broadcast_to(windows.max(axis=0), windows.shape)
    active = np.concatenate([windows[:, 1:], np.zeros((len(windows), 1), int)], axis=1)
    for k, layer in enumerate(layers[:-1]):  # the last to fire may be one that nobody listens to
        own = analysis.latencies[layer.name].reshape(len(windows), -1).max(axis=1)
        active[:, k] = np.maximum(active[:, k], own * steps)
    hops = _hops(network)
    shape = windows.shape
    onsets = np.zeros(shape[0], int)
    origins, releases, ends = (np.zeros(shape, int) for _ in range(3))
    free, last_release = np.zeros(shape[1], int), np.full(shape[1], -(10**9))
    last_active = np.zeros(shape[1], int)
    for image in range(shape[0]):
        start = max(free[0] - hops[0], 0)
        onsets[image] = start
        for k in range(shape[1]):
            origin = start + hops[k]
            release = origin + windows[image, k] + 1
            if k + 1 < shape[1]:
                # ticks of the image before are still under way for two ticks
                release = max(release, free[k + 1] - hops[k + 1] - 1,
                              last_release[k] + last_active[k] + 2 * steps + 1)
            origins[image, k], releases[image, k] = origin, release
            free[k] = ends[image, k] = release + active[image, k] + 3
            last_release[k], last_active[k] = release, active[image, k]
            start = release + 1
    return Schedule(steps, onsets, origins, releases, ends)


def _hops(network: SpikingNetwork) -> list[int]:
    """Max-pools before each synapse-based layer; each costs a step."""
    hops, pools = [], 0
    for layer in network:
        if isinstance(layer, MaxPool2D):
            pools += 1
        else:
            hops.append(pools)
            pools = 0
    return hops


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
    """
    if network.silent_zeros or network.v_threshold:
        raise InvalidInputError(
            "a pipeline needs a network whose neurons all fire, with threshold 0; convert without "
            "silent_zeros, or simulate() one image after the other"
        )
    if any(getattr(layer, "constrained", False) for layer in network):
        raise InvalidInputError(
            "a pipeline has no constrained max-pools; convert with max_pool='simplified'"
        )
    analysis = analyse(network, images)
    dt, steps = choose_steps(network, tick, dt)
    schedule = plan_pipeline(network, analysis, window, steps)
    return _Stream(network, analysis, schedule, tick, dt).run()


class _Stream:
    """Builds the network of a stream, runs and reads it."""

    def __init__(self, network, analysis, schedule, tick, dt):
        self.network, self.analysis, self.schedule = network, analysis, schedule
        self.tick, self.dt, self.clock = tick, dt, Clock(dt, name="tdsnn_stream_clock*")
        self.tau_mem = network.leak * tick
        self.net = Network(name="tdsnn_stream*")

    def run(self) -> PipelineRun:
        source, monitors, place = self._input(), {}, 0
        for layer in self.network:
            if isinstance(layer, MaxPool2D):
                source = self._max_pool(layer, source)
            else:
                source = self._synaptic(layer, source, place)
                place += 1
            if layer is not self.network.output_layer:
                monitors[layer.name] = SpikeMonitor(source)
                self.net.add(monitors[layer.name])
        readout = StateMonitor(source, "v", record=True, clock=self.clock, when="thresholds")
        self.net.add(readout)
        self.net.run(int(self.schedule.ends.max() + 2) * self.dt, namespace={})
        return PipelineRun(self.schedule, self._latencies(monitors), self._potentials(readout))

    def _input(self):
        latencies = self.analysis.input_latencies.reshape(len(self.schedule.onsets), -1)
        image, neuron = np.nonzero(latencies >= 0)
        at = self.schedule.onsets[image]
        at = at + in_steps(latencies[image, neuron], self.schedule.steps_per_tick)
        source = groups.spike_source("input", latencies.shape[1], neuron, at, self.clock)
        self.net.add(source)
        return source

    def _signal(self, name: str, steps: NDArray) -> SpikeGeneratorGroup:
        """A neuron that fires at the given steps."""
        signal = groups.spike_source(name, 1, np.zeros(len(steps), int), steps, self.clock)
        self.net.add(signal)
        return signal

    def _max_pool(self, layer, source):
        neurons = NeuronGroup(
            layer.n_neurons, equations.MAX_POOL, threshold=equations.MAX_POOL_FIRES,
            reset=equations.MAX_POOL_AFTER_SPIKE, clock=self.clock,
            name=groups.brian_name(layer.name),
        )
        neurons.n_inputs = groups.window_counts(layer).ravel()
        self.net.add(
            neurons, groups.pool_synapses(layer, source, neurons, equations.ARRIVED, "synapses")
        )
        return neurons

    def _synaptic(self, layer, source, place):
        name = groups.brian_name(layer.name)
        schedule, is_output = self.schedule, layer is self.network.output_layer
        neurons = NeuronGroup(
            layer.n_neurons, equations.LAYER + _PULSE, clock=self.clock, name=name, method="exact",
            threshold="False" if is_output else equations.LAYER_FIRES,
            reset=equations.LAYER_AFTER_SPIKE,
            namespace={"tau_mem": self.tau_mem, "v_threshold": 0.0, "tie": 1e-9},
        )
        sign = 1 if is_output else -1
        self.net.add(neurons, groups.weighted_synapses(layer, source, neurons, sign))
        ends = self._signal(f"{name}_end", schedule.ends[:, place] - 1)
        origins = self._signal(f"{name}_start", schedule.origins[:, place])
        self.net.add(
            groups.signals(ends, neurons, _RESET, f"{name}_reset"),
            groups.signals(origins, neurons, _START, f"{name}_origin"),
        )
        if layer.bias is not None:
            at = bias_latency(self.network)
            bias = self._signal(
                f"{name}_bias", schedule.origins[:, place] + at * schedule.steps_per_tick
            )
            weights = np.broadcast_to(layer.bias, layer.output_shape).ravel()
            scaled = sign * weights / gain(at, self.network.leak)
            self.net.add(groups.bias_synapses(scaled, bias, neurons, 0 * ms))
        if not is_output:
            self.net.add(*self._ticking(layer, name, neurons, place))
        return neurons

    def _ticking(self, layer, name, neurons, place) -> list[NeuronGroup | Synapses]:
        ticking = NeuronGroup(
            1, equations.TICKING, threshold=equations.TICKING_FIRES,
            reset=equations.TICKING_AFTER_SPIKE, clock=self.clock, name=f"{name}_ticking",
            namespace={"n_driven": layer.n_neurons,
                       "steps_per_tick": self.schedule.steps_per_tick},
        )
        ticking.n_fired = layer.n_neurons  # none to drive before the first release
        go = self._signal(f"{name}_go", self.schedule.releases[:, place] - 1)
        factor = {"leak_factor": leak_factor(self.network.leak)}
        return [
            ticking,
            groups.signals(go, ticking, _LET_GO, f"{name}_let_go"),
            # with the ticking neuron's first spike
            groups.signals(go, neurons, _RELEASE, f"{name}_release", delay=self.dt,
                           namespace=factor),
            groups.signals(ticking, neurons, _TICK, f"{name}_ticks", delay=self.tick),
            groups.signals(neurons, ticking, equations.FIRED, f"{name}_done"),
        ]

    def _latencies(self, monitors) -> dict[str, NDArray]:
        latencies, place, pools = {}, -1, 0
        for layer in self.network.firing_layers:
            if isinstance(layer, MaxPool2D):
                pools += 1
            else:
                place, pools = place + 1, 0
            zero = (self.schedule.onsets if place < 0 else self.schedule.releases[:, place] + 1)
            zero = zero + pools
            monitor = monitors[layer.name]
            step = np.rint(np.asarray(monitor.t_[:]) / float(self.dt)).astype(int)
            image = np.searchsorted(zero, step, side="right") - 1
            times = np.full((len(zero), layer.n_neurons), np.nan)
            times[image, np.asarray(monitor.i[:])] = (
                step - zero[image]
            ) / self.schedule.steps_per_tick
            latencies[layer.name] = times.reshape(len(zero), *layer.output_shape)
        return latencies

    def _potentials(self, readout) -> NDArray:
        at, origins = self.schedule.releases[:, -1], self.schedule.origins[:, -1]
        elapsed = (at - origins) / self.schedule.steps_per_tick / self.network.leak
        return np.asarray(readout.v_[:])[:, at].T * np.exp(elapsed)[:, None]
