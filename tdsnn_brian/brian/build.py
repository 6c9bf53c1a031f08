"""Putting the pieces together: a `brian2.Network` for a `SpikingNetwork` and images."""

from collections.abc import Mapping

import numpy as np
from brian2 import (
    Clock,
    Network,
    Quantity,
    SpikeMonitor,
    StateMonitor,
    TimedArray,
    defaultclock,
    get_device,
    ms,
)
from numpy.typing import NDArray

from ..coding import gain
from ..discrete import DiscreteAnalysis, analyse, bias_latency, overhang
from ..errors import InvalidInputError
from ..pooling import pool_weights
from ..spec import MaxPool2D, SpikingNetwork, check_images, is_simplified_pool
from ..ticking import leak_factor, tick_weight
from . import equations, genn, groups
from .memory import choose_projection
from .shared import SharedParts, add_shared
from .timing import Timing, choose_steps, choose_windows, in_steps, schedule


class FiringNetwork(Network):
    """A `brian2.Network` that shows images to a `SpikingNetwork`, one after the other.

    Run it for `duration`. Its objects carry the names of the Keras layers: ``net["conv1"]`` is
    the NeuronGroup of layer ``conv1``, ``net["conv1_synapses"]`` its weights,
    ``net["conv1_ticking"]`` its ticking neuron, ``net["conv1_spikes"]`` a SpikeMonitor.

    Attributes
    ----------
    spiking_network : SpikingNetwork
    analysis : DiscreteAnalysis
        Of the same images.
    timing : Timing
    dynamic : bool
        Whether the inhibitory periods end with the last presynaptic spike.
    n_images : int
    dt : Quantity
        Integration step.
    shared : SharedParts or None
        The groups of a network with ``projection="shared"``.
    """

    def __init__(self, spiking_network, analysis, timing, dynamic, dt):
        super().__init__(name="tdsnn*")
        self.spiking_network: SpikingNetwork = spiking_network
        self.analysis: DiscreteAnalysis = analysis
        self.timing: Timing = timing
        self.dynamic: bool = dynamic
        self.n_images: int = len(analysis.logits)
        self.dt: Quantity = dt
        self.shared: SharedParts | None = None

    @property
    def duration(self) -> Quantity:
        """Time that all images take, and one step more to read the last one out."""
        return (self.n_images * self.timing.slot + 1) * self.dt


def build_network(
    network: SpikingNetwork,
    images: NDArray,
    *,
    tick: Quantity = 1 * ms,
    dt: Quantity | None = None,
    window: int | str | Mapping[str, int] = "fixed",
    method: str = "exact",
    projection: str = "auto",
) -> FiringNetwork:
    r"""Build the Brian2 network that shows `images` to a converted network.

    Parameters
    ----------
    network : SpikingNetwork
        What `tdsnn_brian.convert` or `tdsnn_brian.load` gave.
    images : array_like
        (n_images, \*input shape), channels last, finite and not negative.
    tick : Quantity, optional
        Interval of the ticking neuron, a time.
    dt : Quantity, optional
        Integration step, a whole fraction of `tick`; if not given, `tick` itself, or
        ``tick / input_steps`` where the inputs fire between ticks.
    window : {"fixed", "dynamic"}, int or mapping, optional
        Inhibitory period in ticks: fixed at the last presynaptic spike found in the data, or as
        given (one number, or one for each layer name), or until all presynaptic neurons of the
        image at hand have fired.
    method : str, optional
        Brian2's integration method for the potentials.
    projection : {"auto", "explicit", "shared"}, optional
        Whether each synapse is made (``"explicit"``: `Synapses` and the equations of
        `tdsnn_brian.brian.equations`), or weights are stored once and layers sleep when they
        have nothing to do (``"shared"``: `SharedProjection` and
        `tdsnn_brian.brian.sleeping`). ``"auto"`` chooses by the number of synapses.

    Returns
    -------
    FiringNetwork
        A `brian2.Network` to add monitors to and to run for its `duration`.

    Raises
    ------
    InvalidInputError
        If the images, `tick`, `dt` or `window` are impossible.
    WindowTooShortError
        If a given window ends before the last presynaptic spike.
    ExplicitMemoryError
        If the synapses would not fit into memory.
    UnsupportedDeviceError
        If the active device is GeNN and cannot take the network: see `tdsnn_brian.brian.genn`.
    """
    images = check_images(network, images)
    dt, steps = choose_steps(network, tick, dt)
    if genn.is_genn(get_device()):
        genn.check_network(network, len(images), dt)
    shared = choose_projection(network, projection, method) == "shared"
    if network.v_threshold < 0 and steps > 1 and not shared:
        raise InvalidInputError(
            f"v_threshold={network.v_threshold:g} with dt={dt!s} below tick={tick!s}: a leaking "
            "potential rises past a negative threshold between two ticks; use dt=tick, "
            'projection="shared", or a threshold >= 0'
        )
    analysis = analyse(network, images, window=window)
    timing = schedule(
        network, choose_windows(network, analysis, window), steps, overhang(network, analysis)
    )
    net = FiringNetwork(network, analysis, timing, isinstance(window, str) and window == "dynamic",
                        dt)
    clock = defaultclock if defaultclock.dt == dt else Clock(dt, name="tdsnn_clock*")
    if shared:
        net.shared = add_shared(
            net, network, clock, steps_per_tick=steps, slot=timing.slot,
            latencies=in_steps(analysis.input_latencies.reshape(len(images), -1), steps),
            windows=None if net.dynamic else timing.windows,
        )
        return net
    clocks = groups.Clocks(clock, Clock(timing.slot * dt, name="tdsnn_image_clock*"))
    _Builder(net, tick, clocks, method).build()
    return net


class _Builder:
    """Adds one layer after the other to a `FiringNetwork`."""

    def __init__(self, net: FiringNetwork, tick: Quantity, clocks: groups.Clocks, method: str):
        self.net, self.clocks, self.method = net, clocks, method
        self.network, self.timing, self.dt = net.spiking_network, net.timing, net.dt
        self.tick = tick
        self.tau_mem = self.network.leak * tick
        self.bias_latency = bias_latency(self.network)
        self.names = set()
        self.released = None  # of the layer before, with dynamic windows

    def build(self) -> None:
        source, silent = self._input()
        driver = None
        layers = self.network.layers
        for index, layer in enumerate(layers):
            self._check_name(layer)
            if is_simplified_pool(layer):
                source, silent = self._max_pool(layer, source, silent)
            elif layer is self.network.output_layer:
                self._output(layer, source, driver)
            else:
                source, driver, silent = self._hidden(
                    layer, source, driver, silent, layers[index + 1 :]
                )

    def _add(self, *objects):
        self.net.add(*objects)
        return objects[0]

    def _check_name(self, layer):
        name = groups.brian_name(layer.name)
        if name in self.names:
            raise InvalidInputError(
                f"layer {layer.name!r}: another layer's name also becomes {name!r} in Brian2; "
                "rename one of the Keras layers"
            )
        self.names.add(name)

    def _spikes_once_an_image(self, name, latency):
        onsets = np.arange(self.net.n_images) * self.timing.slot
        steps = onsets + latency * self.timing.steps_per_tick
        neuron = np.zeros(len(steps), dtype=np.int32)
        return self._add(groups.spike_source(name, 1, neuron, steps, self.clocks.step))

    def _input(self):
        """The input neurons, and who tells that they are silent: (group, its event) or None."""
        latencies = self.net.analysis.input_latencies.reshape(self.net.n_images, -1)
        image, neuron = np.nonzero(latencies >= 0)
        after_onset = in_steps(latencies[image, neuron], self.timing.steps_per_tick)
        steps = image * self.timing.slot + after_onset
        n, clock = latencies.shape[1], self.clocks.step
        source = self._add(groups.spike_source("input", n, neuron, steps, clock))
        if not self.network.silent_zeros:
            return source, None
        image, neuron = np.nonzero(latencies < 0)
        onsets = image * self.timing.slot
        return source, (
            self._add(groups.spike_source("input_silent", n, neuron, onsets, clock)), "spike"
        )

    def _max_pool(self, layer, source, silent):
        neurons = self._add(groups.max_pool_neurons(layer, self.clocks, silent is not None))
        self._add(
            groups.pool_synapses(layer, source, neurons, equations.ARRIVED, "synapses"),
            SpikeMonitor(neurons, name=f"{neurons.name}_spikes"),
        )
        if silent is None:
            return neurons, None
        self._add(
            groups.pool_synapses(layer, source, neurons, equations.FIRED, "fired"),
            groups.pool_synapses(
                layer, silent[0], neurons, equations.ARRIVED, "silent_inputs", silent[1]
            ),
        )
        return neurons, (neurons, equations.SILENT)

    def _hidden(self, layer, source, driver, silent, following):
        # The release and the threshold test each come one step after the potentials of the
        # discrete analysis, so the threshold leaks as they do.
        v_threshold = self.network.v_threshold * np.exp(-2 * float(self.dt / self.tau_mem))
        if isinstance(layer, MaxPool2D):
            v_threshold = 0.0
        silent_zeros = self.network.silent_zeros
        neurons = self._add(
            groups.layer_neurons(
                layer, self.tau_mem, self.clocks, self.method, v_threshold,
                dynamic=self.net.dynamic, silent_zeros=silent_zeros,
            )
        )
        if isinstance(layer, MaxPool2D):
            self._add(self._constrained_synapses(layer, source, neurons))
            bias = None
        else:
            self._add(groups.weighted_synapses(layer, source, neurons, -1))
            bias = self._bias(layer, neurons, driver, sign=-1)
        next_layer = next(x for x in following if not is_simplified_pool(x))
        ticking = self._ticking(layer, neurons, source, driver, silent, bias, next_layer)
        self._add(
            SpikeMonitor(neurons, name=f"{neurons.name}_spikes"),
            SpikeMonitor(ticking, name=f"{ticking.name}_spikes"),
        )
        return neurons, ticking, (neurons, equations.SILENT) if silent_zeros else None

    def _constrained_synapses(self, layer, source, neurons):
        """Synapses of a constrained max-pool, whose weights differ between images."""
        weights = pool_weights(layer, self.net.analysis.latencies[layer.name], self.network.leak)
        # one step more: the release is read a step after the window's end
        weights = np.append(weights, weights[-1:], axis=0)
        table = TimedArray(weights, dt=self.timing.slot * self.dt, name=f"{neurons.name}_w_pool*")
        return groups.constrained_synapses(layer, source, neurons, table)

    def _output(self, layer, source, driver):
        neurons = self._add(
            groups.output_neurons(layer, self.tau_mem, self.clocks, self.method)
        )
        self._add(groups.weighted_synapses(layer, source, neurons, +1))
        self._bias(layer, neurons, driver, sign=+1)
        # read before the next image sets the potentials back
        self._add(
            StateMonitor(
                neurons, "v", record=True, clock=self.clocks.image, when="start", order=-1,
                name=f"{neurons.name}_readout",
            )
        )

    def _bias(self, layer, neurons, driver, sign):
        """The layer's bias neuron (None if it has no bias) and its synapses."""
        if layer.bias is None:
            return None
        name = f"{neurons.name}_bias"
        if driver is None:
            bias = self._spikes_once_an_image(name, self.bias_latency)
        else:
            bias = self._add(
                groups.bias_neuron(name, self.bias_latency, self.clocks)
            )
            self._add(
                groups.signals(driver, bias, equations.COUNT_TICK, f"{name}_ticks"),
                groups.signals(bias, driver, equations.FIRED, f"{name}_done"),
            )
        weights = np.broadcast_to(layer.bias, layer.output_shape).ravel().astype(np.float64)
        scaled = sign * weights / gain(self.bias_latency, self.network.leak)
        hops = self.timing.hops[layer.name] * self.dt
        self._add(groups.bias_synapses(scaled, bias, neurons, hops))
        return bias

    def _ticking(self, layer, neurons, source, driver, silent, bias, next_layer):
        name = f"{neurons.name}_ticking"
        common = {
            "steps_per_tick": self.timing.steps_per_tick,
            "n_driven": layer.n_neurons + (getattr(next_layer, "bias", None) is not None),
        }
        if self.net.dynamic:
            ticking = self._add(
                groups.ticking_neuron(
                    name, self.clocks, **common,
                    n_presynaptic=layer.n_inputs + (bias is not None),
                )
            )
            self._count_arrivals(layer, ticking, source, silent, bias)
            self._measure_window(layer, neurons, ticking)
            release, tick = equations.RELEASE_DYNAMIC, equations.TICK_DYNAMIC
            one_step = np.exp(float(self.dt / self.tau_mem))
            constants = {"pulse_weight": leak_factor(self.network.leak) * one_step}
        else:
            release_step = self.timing.releases[layer.name]
            ticking = self._add(
                groups.ticking_neuron(
                    name, self.clocks, **common, release_step=release_step
                )
            )
            inhibited = release_step - self.timing.origins[layer.name]
            release, tick = equations.RELEASE, equations.TICK
            constants = {
                "w_tick": tick_weight(self.network.leak, inhibited / self.timing.steps_per_tick)
            }
        self._add(
            groups.signals(ticking, neurons, release, f"{name}_release", namespace=constants),
            # the k-th tick arrives k ticks after release
            groups.signals(
                ticking, neurons, tick, f"{name}_ticks", delay=self.tick, namespace=constants
            ),
            groups.signals(neurons, ticking, equations.FIRED, f"{name}_done"),
        )
        if self.network.silent_zeros:
            self._add(
                groups.signals(
                    ticking, neurons, equations.JUDGE, f"{name}_judge", delay=self.dt
                ),
                groups.signals(
                    neurons, ticking, equations.FIRED, f"{name}_silent", event=equations.SILENT
                ),
            )
        return ticking

    def _count_arrivals(self, layer, ticking, source, silent, bias):
        """Let the ticking neuron know when all presynaptic neurons have fired or stay silent."""
        self._add(groups.signals(source, ticking, equations.ARRIVED, f"{ticking.name}_arrivals"))
        if silent is not None:
            self._add(
                groups.signals(
                    silent[0], ticking, equations.ARRIVED, f"{ticking.name}_silent_inputs",
                    event=silent[1],
                )
            )
        if bias is not None:
            self._add(
                groups.signals(
                    bias, ticking, equations.ARRIVED, f"{ticking.name}_bias_arrival",
                    delay=self.timing.hops[layer.name] * self.dt,
                )
            )

    def _measure_window(self, layer, neurons, ticking):
        """Let a pulse tell the time from the layer's origin to one step after its release.

        A neuron that fires then, as a bias neuron of latency 0 would, stops it and starts that of
        the layer after.
        """
        name, hops = neurons.name, self.timing.hops[layer.name]
        onset = self.released
        if onset is None:
            onset = self._spikes_once_an_image(f"{name}_onset", 0)
        self.released = self._add(groups.bias_neuron(f"{name}_released", 0, self.clocks))
        self._add(
            groups.signals(
                onset, neurons, equations.START_PULSE, f"{name}_pulse", delay=hops * self.dt
            ),
            groups.signals(ticking, self.released, equations.COUNT_TICK, f"{name}_released_ticks"),
            groups.signals(self.released, neurons, equations.STOP_PULSE, f"{name}_pulse_stop"),
        )
