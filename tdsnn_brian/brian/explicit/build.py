"""Networks of explicit synapses: a NeuronGroup for each layer, a Synapses for each projection."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from brian2 import (
    Clock,
    EventMonitor,
    NeuronGroup,
    Quantity,
    SpikeMonitor,
    TimedArray,
    get_device,
    prefs,
)
from brian2.equations import Equations
from numpy.typing import NDArray

from ...analysis.pool_constraints import pool_weights
from ...firing_times import SILENT, tie_tolerance
from ...layers import Dense, Kind
from ...population import Population
from ..cuda.recording import Readings, SpikeRecorder, make_room
from ..devices import is_cuda
from . import groups, models
from .cells import Cells
from .dynamic_windows import DynamicWindows
from .groups import Events
from .max_pools import add_max_pool
from .network import ExplicitNetwork, spikes_of
from .ticking_neurons import TickingNeurons


class ExplicitBuilder:
    """Adds one population after the other to an `ExplicitNetwork`.

    Parameters
    ----------
    net : ExplicitNetwork
        Without objects; its timing, names and model are read.
    tick : Quantity
    clock : Clock
        For the integration.
    method : str
        Integration method, where the model has none of its own.
    """

    def __init__(self, net: ExplicitNetwork, tick: Quantity, clock: Clock, method: str):
        self.net, self.model, self.timing, self.names = net, net.model, net.timing, net.names
        self.tick, self.dt = tick, net.dt
        self.method = net.model.method or method
        # its own name, or two networks of one script would differ in nothing else
        image = Clock(net.timing.slot * net.dt, name=net.names.alone("tdsnn_image_clock"))
        self.clocks = groups.Clocks(clock, image)
        self.on_card = is_cuda(get_device())
        self.tie = tie_tolerance(prefs.core.default_float_dtype)
        self.groups: dict[Population, object] = {}
        self.silences: dict[Population, Events] = {}  # how they tell that they will not fire
        self.tickings: dict[Population, NeuronGroup] = {}
        self.ticking = TickingNeurons(self)
        self.dynamic = DynamicWindows(self)

    def build(self, input_latencies: NDArray) -> None:
        """Add everything.

        Parameters
        ----------
        input_latencies : ndarray
            (n_images, ...) in ticks.
        """
        network = self.net.spiking_network
        self._input(network.input, input_latencies.reshape(self.net.n_images, -1))
        for population in network.populations:
            match population.kind:
                case Kind.MAX_POOL:
                    add_max_pool(self, population)
                case Kind.TICKED | Kind.CONSTRAINED_POOL:
                    self._ticked(population)
                case Kind.OUTPUT:
                    self._output(population)
                case _:
                    raise NotImplementedError(f"layer {population.name!r}: {population.kind}")
        if self.net.dynamic:
            self.dynamic.count_arrivals()
        self.net.finished()

    def add(self, *objects: Any) -> Any:
        self.net.add(*objects)
        return objects[0]

    def neurons(
        self,
        name: str,
        cells: Cells,
        n: int,
        constants: Mapping[str, object] | None = None,
        **options: Any,
    ) -> NeuronGroup:
        """A group whose constants are those that its equations do not declare as variables."""
        declared = Equations(cells.equations).names
        constants = {**(constants or {}), **self.model.parameters}
        namespace = {key: value for key, value in constants.items() if key not in declared}
        made = groups.neurons(cells, n, self.clocks, name, namespace=namespace, **options)
        if self.model.offset and "v" in Equations(cells.equations).diff_eq_names:
            made.v = self.model.zero  # before the first image too
        return self.add(made)

    # --- the input

    def _input(self, source: Population, latencies: NDArray) -> None:
        name, n = self.names.of(source), latencies.shape[1]
        if self.model.input is not None:
            table = TimedArray(
                latencies.astype(np.float64),
                dt=self.clocks.image.dt,
                name=self.names.of(source, "latency"),
            )
            self.net.input_table = table
            constants = {
                "input_latency": table,
                "steps_per_tick": self.timing.steps_per_tick,
                "first_spike": self.timing.first_spike,
            }
            self.groups[source] = self.neurons(name, self.model.input, n, constants)
            return
        self.groups[source] = self._spikes(name, latencies)
        if source.silent_zeros:
            # the silent ones tell so at each image's onset
            silent = np.where(latencies == SILENT, 0.0, float(SILENT))
            self.silences[source] = (self._spikes(f"{name}_silent", silent), "spike")

    def _spikes(self, name: str, latencies: NDArray) -> Any:
        """Neurons that fire at given ticks after each image's onset, (n_images, n)."""
        neuron, steps = spikes_of(latencies, self.timing)
        return self.add(
            groups.spike_source(name, latencies.shape[1], neuron, steps, self.clocks.step)
        )

    def signals(
        self,
        source: Any,
        neurons: NeuronGroup,
        on_pre: str | Mapping[str, str],
        name: str,
        *,
        delay: int = 0,
        namespace: Mapping[str, object] | None = None,
    ) -> None:
        """Let one neuron's spikes reach all of a layer, `delay` steps later."""
        if self.net.shares_weights:
            self.add(*groups.broadcasts(source, neurons, on_pre, name, delay, namespace))
            return
        waits = delay * self.dt if delay else None
        self.add(groups.signals(source, neurons, on_pre, name, delay=waits, namespace=namespace))

    def record(self, neurons: NeuronGroup, variable: str, name: str) -> None:
        """Keep a variable at each image's onset, before it is set back."""
        if self.on_card:
            n_readings = self.net.n_images + 1
            self.add(Readings(neurons, variable, self.clocks.image, n_readings, name))
        else:
            self.add(groups.at_onsets(neurons, variable, self.clocks, name))

    def record_spikes(
        self, neurons: NeuronGroup, name: str, *, event: str = "spike", most: int
    ) -> None:
        """Keep when neurons fire: all together, so many times an image at the most."""
        most *= self.net.n_images
        if self.net.shares_weights:
            n_steps = self.net.n_images * self.timing.slot + 1
            self.add(SpikeRecorder(neurons, event, most, n_steps, name))
            return
        monitor = (
            SpikeMonitor(neurons, name=name)
            if event == "spike"
            else EventMonitor(neurons, event, name=name)
        )
        if self.on_card:
            make_room(monitor, most)
        self.add(monitor)

    def spike_at(self, name: str, step: int) -> Any:
        """One neuron that fires so many steps after each image's onset."""
        steps = np.arange(self.net.n_images) * self.timing.slot + step
        neuron = np.zeros(len(steps), np.int32)
        return self.add(groups.spike_source(name, 1, neuron, steps, self.clocks.step))

    def events_of(self, source: Population) -> Events:
        """The group of a population, and the event by which it sends spikes."""
        return self.groups[source], self.model.emission if source.kind.is_ticked else "spike"

    # --- layers that integrate

    def _output(self, population: Population) -> None:
        neurons = self.neurons(
            self.names.of(population),
            self.model.membrane + self.net.beside_output,
            population.n_neurons,
            self._constants(population),
            method=self.method,
        )
        self.groups[population] = neurons
        self._weights(population, neurons, sign=+1)
        self._bias(population, neurons, sign=+1)
        self.record(neurons, self.net.read_variable, self.names.of(population, "readout"))

    def _ticked(self, population: Population) -> None:
        cells, events = self.model.membrane + self.model.gate, {}
        if self.net.dynamic:
            cells = cells + models.PULSE
        if population.silent_zeros:
            events[models.SILENT] = (cells.fires + models.IS_NOT_JUDGED, cells.after_spike)
            cells = (
                cells + models.JUDGED + Cells(equations="", fires=cells.fires + models.IS_JUDGED)
            )
        if self.model.emits:
            events["emits"] = (self.model.emits, "")
        # The release and the threshold test each come one step after the potentials of the
        # discrete analysis, so the threshold and ties leak as they do.
        leaked = np.exp(-2 / (population.leak * self.timing.steps_per_tick))
        v_threshold = self.model.zero + self.model.unit * (population.v_threshold * leaked)
        neurons = self.neurons(
            self.names.of(population),
            cells,
            population.n_neurons,
            {**self._constants(population), "v_threshold": v_threshold, "tie": self.tie * leaked},
            method=self.method,
            events=events,
        )
        self.groups[population] = neurons
        if population.silent_zeros:
            self.silences[population] = (neurons, models.SILENT)
        if population.kind is Kind.CONSTRAINED_POOL:
            self._constrained(population, neurons)
        else:
            self._weights(population, neurons, sign=-1)
        self._bias(population, neurons, sign=-1)
        ticking = self.ticking.add(population, neurons)
        part = self.names.of(population, "spikes")
        self.record_spikes(neurons, part, event=self.model.emission, most=len(neurons))
        part = self.names.of(population, "ticking_spikes")
        self.record_spikes(ticking, part, most=self.timing.slot)

    def _weights(self, population: Population, neurons: NeuronGroup, *, sign: int) -> None:
        for number, (source, projection) in enumerate(
            zip(population.sources, population.projections, strict=True)
        ):
            early = self.waits(source, population)
            group, event = self.events_of(source)
            if self.net.shares_weights and not early:
                name = self.names.onto(population, number)
                self.add(groups.shared(projection, (group, event), neurons, "v", name, sign))
                continue
            self.add(
                groups.weighted_synapses(
                    projection,
                    group,
                    neurons,
                    self.names.onto(population, number),
                    sign=sign,
                    equations=self.model.weights,
                    on_pre=self.model.weighted,
                    unit=self.model.weight_unit,
                    event=event,
                    namespace=self._constants(population),
                    delay=early * self.dt if early else None,
                )
            )

    def waits(self, source: Population, population: Population) -> int:
        """Steps that a source's spikes wait for those that reach a layer last."""
        waiting = self.dynamic.levels if self.net.dynamic else self.timing
        return waiting.waits(source, population)

    def _constants(self, population: Population) -> dict[str, object]:
        """Those of a layer that leaks, and of its synapses."""
        return {
            "tick": self.tick,
            "tau_mem": population.leak * self.tick,
            **self.model.constants(population.leak),
        }

    def _constrained(self, population: Population, neurons: NeuronGroup) -> None:
        """Synapses of a constrained max-pool, whose weights differ between images."""
        weights = pool_weights(population, self.net.analysis.latencies[population.name])
        # one step more: the release is read a step after the window's end
        weights = np.append(weights, weights[-1:], axis=0)
        table = TimedArray(
            weights, dt=self.clocks.image.dt, name=self.names.of(population, "w_pool")
        )
        self.add(
            groups.counting_synapses(
                population.projection,
                self.groups[population.source],
                neurons,
                "v_post -= w_pool(t, i_post)",  # Brian2CUDA's loops have a `j` of their own
                self.names.of(population, "synapses"),
                namespace={"w_pool": table},
            )
        )

    def _bias(self, population: Population, neurons: NeuronGroup, *, sign: int) -> None:
        """The layer's bias neuron, if it has one, and its synapses."""
        if population.bias is None:
            return
        name, hops = self.names.of(population, "bias"), 0
        at = population.bias_latency * self.timing.steps_per_tick
        if self.model.bias is not None:
            bias = self.neurons(name, self.model.bias, 1)
        elif not self.net.dynamic:
            bias = self.spike_at(name, self.timing.origins[population.name] + at)
        else:
            bias = self.dynamic.bias(population, name, at)
            hops = self.dynamic.levels.hops(population)
        part = self.names.of(population, "bias_synapses")
        if self.net.shares_weights and not hops:
            weights = population.bias_weights[None]
            every = Dense(name=part, input_shape=(1,), weights=weights)
            self.add(groups.shared(every.projection, (bias, "spike"), neurons, "v", part, sign))
            return
        self.add(
            groups.bias_synapses(
                sign * population.bias_weights,
                bias,
                neurons,
                part,
                delay=hops * self.dt if hops else None,
                equations=self.model.weights,
                on_pre=self.model.weighted,
                unit=self.model.weight_unit,
                namespace=self._constants(population),
            )
        )
