"""Spiking layers that cost nothing while they have nothing to do.

The same neurons as in `equations`, for networks too large to update every neuron in every step.
Two things make them cheap, and neither changes what fires when:

- Between spikes a potential only leaks, and that is known in closed form. Potentials are
  therefore kept as what they would be at the layer's time origin, ``u = v exp((t - origin) /
  tau_mem)``: nothing is to be done as time passes, and `v` is computed when it is read. A tick
  adds the same to all of them: it is kept once, as `drive`.
- Thresholds are compared with when a tick comes (max-pool: when a spike has come) and not
  before a layer is released or after its last neuron has fired.

Each layer counts arrivals and firing itself, as its ticking neuron does. Spikes stand in
``_spikespace``, as in every Brian2 group, for projections, synapses and monitors; with silent
zeros the neurons that turn out silent stand in ``_silentspace`` in the step in which they do.
"""

import numpy as np
from brian2 import Clock, CodeRunner, Group, prefs
from brian2.core.spikesource import SpikeSource
from brian2.core.variables import Variables
from brian2.devices import get_device
from numpy.typing import NDArray

from ..coding import SILENT, tie_tolerance
from ..ticking import leak_factor
from .projections import StandaloneCode, code_class

NEVER = -2
"""Step of what has not happened in the image at hand."""

JUDGED = -2
"""Latency of a neuron that has turned out silent; `SILENT` before that."""

RECORDS = "images.bin"
"""File among a standalone program's results with one record an image."""


class SleepingGroup(Group, CodeRunner, SpikeSource):
    """A group whose whole update is one object: C++ from a template, or the method `step`."""

    add_to_magic_network = True

    def __init__(self, n: int, template: str, *, name: str, clock: Clock, order: int,
                 when: str = "thresholds", silent_zeros: bool = False):
        Group.__init__(self, clock=clock, when=when, order=order, name=name)
        self.codeobj_class = self.codeobj = None
        self.silent_zeros = silent_zeros
        self.events = {"spike": None, **({"silent": None} if silent_zeros else {})}
        self.start, self.stop = 0, n
        self.namespace = {}
        self.variables = Variables(self)
        self.variables.create_clock_variables(clock)
        self.variables.add_constant("N", n)
        self.variables.add_arange("i", n)
        for event in self.events:
            self.variables.add_array(f"_{event}space", n + 1, dtype=np.int32)
        self._shared("n_silent")
        CodeRunner.__init__(self, self, template, clock=clock, when=when, order=order, name=None)

    def _neurons(self, name, dtype=None):
        self.variables.add_array(name, len(self), dtype=dtype or prefs.core.default_float_dtype)

    def _shared(self, *names, dtype=np.int64):
        for name in names:
            self.variables.add_array(name, 1, dtype=dtype, scalar=True)

    def __len__(self) -> int:
        return self.stop

    @property
    def spikes(self) -> NDArray:
        """Indices of the neurons that fired in the last step."""
        return self._fired[: self._fired[-1]]

    def _template_arguments(self) -> dict:
        """What the C++ template asks for; arrays by their global names."""
        silent = self.silent_zeros
        return {
            "never": NEVER, "waiting": SILENT, "judged": JUDGED,
            "silentspace": _global(self, "_silentspace")["_silentspace"] if silent else None,
        }

    def create_code_objects(self, run_namespace) -> None:
        if code_class() is StandaloneCode:
            self.codeobj_class = StandaloneCode
            self.template_kwds = self._template_arguments()
            super().create_code_objects(run_namespace)
        else:
            self.code_objects[:] = []
            self._values = {
                key: self.variables[key].get_value()
                for key in self.variables
                if key not in ("N", "t", "dt", "v")
            }

    @property
    def _fired(self):
        return self.variables["_spikespace"].get_value()

    def run(self) -> None:
        """One step: on a runtime target `step`, in a standalone program its code object."""
        if self.code_objects:
            super().run()
        else:
            for event in self.events:
                self._values[f"_{event}space"][-1] = 0
            self.step(self._values, int(self.variables["t_in_timesteps"].get_value().item()))

    def _emit(self, state, neurons, event="spike") -> None:
        state[f"_{event}space"][: len(neurons)] = neurons
        state[f"_{event}space"][-1] = len(neurons)

    def _fire(self, state, ready, tick) -> None:
        (neurons,) = np.nonzero(ready & (state["latency"] == SILENT))
        state["latency"][neurons] = tick
        self._emit(state, neurons)
        state["n_fired"] += len(neurons)

    def _judge(self, state, silent) -> None:
        (neurons,) = np.nonzero(silent & (state["latency"] == SILENT))
        state["latency"][neurons] = JUDGED
        self._emit(state, neurons, "silent")
        state["n_silent"] += len(neurons)


def _global(group: SleepingGroup, *names: str) -> dict[str, str]:
    device = get_device()
    return {name: device.get_array_name(group.variables[name]) for name in names}


def _static(group: SleepingGroup, what: str, values: NDArray) -> str:
    return get_device().static_array(f"{group.name}_{what}", np.ascontiguousarray(values))


class ImageInput(SleepingGroup):
    """Input neurons: each fires once an image, at the latency that the image has for it.

    Their `latency` is in steps after the onset, not in ticks: no ticking neuron drives them.

    Parameters
    ----------
    latencies : ndarray or None
        (n_images, n) in steps, `SILENT` for neurons that do not fire; None in a program that
        reads them from its standard input.
    slot : int
        Least number of steps from one image's onset to the next.
    """

    def __init__(self, n, latencies, *, slot, clock, silent_zeros=False, name="input"):
        super().__init__(n, "image_input", name=name, clock=clock, order=-1, when="start",
                         silent_zeros=silent_zeros)
        self.latencies = None if latencies is None else latencies.astype(np.int32)
        self.slot = slot
        self._neurons("latency", np.int32)
        self._shared("image", "onset", "release", "last")
        self.variables["image"].set_value(-1)
        self.readout: Readout | None = None
        self.windowed: list[TickedLayer] = []
        self._enable_group_attributes()

    def _template_arguments(self):
        streaming = self.latencies is None
        return {
            **super()._template_arguments(),
            "p": {
                "slot": self.slot, "streaming": streaming,
                "n_images": 0 if streaming else len(self.latencies),
            },
            "readout": _global(self.readout, "release"),
            "windows": [_global(layer, "window_steps")["window_steps"] for layer in self.windowed],
            "latencies": None if streaming else _static(self, "latencies", self.latencies),
        }

    def step(self, state, now):
        ready = self.readout.variables["release"].get_value()[0] != NEVER
        if state["image"] < 0 or (ready and now >= state["onset"] + self.slot):
            if state["image"] + 1 >= len(self.latencies):
                return
            state["image"] += 1
            state["latency"][:] = self.latencies[state["image"][0]]
            state["onset"][:], state["release"][:] = now, now - 1
            state["last"][:] = state["latency"].max()
            if self.silent_zeros:
                state["n_silent"][:] = 0
                self._judge(state, state["latency"] == SILENT)
        elapsed = now - int(state["onset"][0])
        if elapsed <= state["last"]:
            self._emit(state, np.flatnonzero(state["latency"] == elapsed))


class _Following(SleepingGroup):
    """A layer after another one; forgets the last image when the input shows a new one."""

    forgotten: tuple[str, ...] = ()

    def __init__(self, n, template, *, input, previous, source, hops, steps_per_tick, clock, name,
                 order, silent_zeros=False):
        super().__init__(n, template, name=name, clock=clock, order=order,
                         silent_zeros=silent_zeros)
        self.input, self.previous, self.source, self.hops = input, previous, source, hops
        self.steps_per_tick = steps_per_tick
        self._neurons("latency", np.int32)
        self._shared("image", "n_fired")
        self.variables["image"].set_value(-1)

    def _template_arguments(self):
        return {
            **super()._template_arguments(),
            "input": _global(self.input, "image"),
            "previous": _global(self.previous, "release"),
            "source": _global(self.source, "n_silent"),
            "p": {"hops": self.hops, "steps_per_tick": self.steps_per_tick},
        }

    def _forget(self, state) -> None:
        shown = self.input.variables["image"].get_value()
        if state["image"] != shown:
            for name in self.forgotten:
                state[name].fill(0)
            state["latency"].fill(SILENT)
            state["image"][:] = shown


class SleepingMaxPool(_Following):
    """A simplified max-pool: each neuron fires when the last of its `n_inputs` has fired.

    Inputs that turn out silent, counted by `n_quiet`, are waited for no longer; a neuron all of
    whose inputs do turns out silent itself.
    """

    forgotten = ("n_arrived", "n_events", "n_seen", "n_fired", "n_silent")

    def __init__(self, n_inputs: NDArray, **kwargs):
        super().__init__(len(n_inputs), "max_pool", **kwargs)
        self.n_inputs = n_inputs
        self._neurons("n_arrived")
        if self.silent_zeros:
            self._neurons("n_quiet")
            self.forgotten = (*self.forgotten, "n_quiet")
        self._shared("n_events", "n_seen")
        self._enable_group_attributes()

    def _template_arguments(self):
        needed = self.n_inputs
        if (needed == needed[0]).all():
            n_inputs = int(needed[0])
        else:
            n_inputs = f"{_static(self, 'n_inputs', needed.astype(np.int32))}[i]"
        quiet = _global(self, "n_quiet")["n_quiet"] if self.silent_zeros else None
        return {**super()._template_arguments(), "n_inputs": n_inputs, "quiet": quiet}

    def step(self, state, now):
        self._forget(state)
        if state["n_events"] == state["n_seen"]:
            return
        state["n_seen"][:] = state["n_events"]
        zero = int(self.previous.variables["release"].get_value()[0]) + 1 + self.hops
        fired = state["n_arrived"]
        done = (fired + state["n_quiet"] if self.silent_zeros else fired) >= self.n_inputs
        self._fire(state, done & (fired > 0), (now - zero) // self.steps_per_tick)
        if self.silent_zeros:
            self._judge(state, done & (fired == 0))


class TickedLayer(_Following):
    """A synapse-based layer together with its ticking neuron and its bias neuron.

    Parameters
    ----------
    n : int
    leak : float
        In ticks.
    bias : ndarray or None
        Values of one sign with the projection's weights; repeated over the neurons.
    bias_latency : int
        When the bias neuron fires, in ticks.
    n_presynaptic : int
        Spikes to come in an image, the bias neuron's included.
    window_steps : int
        Fixed length of the inhibitory period in steps; -1 to release when all have come.
    v_threshold : float
        In the unit of `v`.
    """

    forgotten = ("u", "drive", "n_arrived", "n_fired", "n_silent", "n_ticks")

    def __init__(self, n, *, leak, bias, bias_latency, n_presynaptic, window_steps,
                 v_threshold=0.0, template="ticked_layer", **kwargs):
        super().__init__(n, template, **kwargs)
        self.leak, self.bias, self.bias_latency = leak, bias, bias_latency
        self.n_presynaptic, self.v_threshold = n_presynaptic, v_threshold
        self._neurons("u")
        self._shared("origin", "release", "n_arrived", "n_ticks", "n_missing", "window_steps")
        self._shared("drive", dtype=np.float64)
        self.variables.add_constant("leak_steps", leak * self.steps_per_tick)
        self.variables.add_subexpression(
            "v", expr="(u + drive) * exp((origin - t_in_timesteps) / leak_steps)",
            dtype=prefs.core.default_float_dtype,
        )
        self.variables["window_steps"].set_value(window_steps)
        self._enable_group_attributes()

    @property
    def spike_effect(self) -> dict:
        """Arguments of the `SharedProjection` onto this layer."""
        return {
            "variable": "u", "counter": "n_arrived",
            "factor": "exp((t_in_timesteps - origin) / leak_steps)",
        }

    @property
    def _bias_values(self):
        return np.asarray(self.bias, self.variables["u"].dtype).ravel()

    def _template_arguments(self):
        arguments = super()._template_arguments()
        arguments["p"] |= {
            "leak": self.leak, "leak_factor": leak_factor(self.leak),
            "bias_steps": self.bias_latency * self.steps_per_tick,
            "n_presynaptic": self.n_presynaptic, "v_threshold": self.v_threshold,
            "tie": tie_tolerance(self.variables["u"].dtype),
        }
        arguments |= {"bias": None, "bias_index": "i", "real": self.variables["u"].dtype}
        if self.bias is not None:
            values = self._bias_values
            arguments["bias"] = _static(self, "bias", values)
            if len(values) != len(self):
                arguments["bias_index"] = f"i % {len(values)}"
        return arguments

    def _inhibitory_period(self, state, now) -> bool:
        """Whether the inhibitory period, or what is before it, goes on."""
        if state["origin"] == NEVER:
            released = int(self.previous.variables["release"].get_value()[0])
            if released == NEVER:
                return True
            state["origin"][:] = released + 1 + self.hops
        origin = int(state["origin"][0])
        if self.bias is not None and now == origin + self.bias_latency * self.steps_per_tick + 1:
            values = self._bias_values
            state["u"].reshape(-1, len(values))[:] += values
            state["n_arrived"] += 1
        if state["release"] != NEVER:
            return False
        if state["window_steps"] >= 0:
            over = now > origin + state["window_steps"]
        else:
            over = now > origin and self._n_missing(state) <= 0
        if over and self._may_end():
            state["release"][:] = now
            state["n_missing"][:] = self._n_missing(state)
        return True

    def _may_end(self) -> bool:
        return True

    def _n_missing(self, state):
        """Presynaptic neurons that have neither fired nor turned out silent."""
        silent = self.source.variables["n_silent"].get_value()
        return self.n_presynaptic - state["n_arrived"] - silent

    def _forget(self, state):
        before = int(state["image"][0])
        super()._forget(state)
        if state["image"] != before:
            state["origin"][:] = state["release"][:] = NEVER

    def step(self, state, now):
        self._forget(state)
        all_done = state["n_fired"] + state["n_silent"] == len(self)
        if all_done or self._inhibitory_period(state, now):
            return
        release = int(state["release"][0])
        tick, rest = divmod(now - release - 1, self.steps_per_tick)
        if rest:
            return
        weight = leak_factor(self.leak) * np.exp(tick / self.leak)
        if tick > 0:
            state["drive"] += weight
            state["n_ticks"][:] = tick
        window = (release - 1 - int(state["origin"][0])) / self.steps_per_tick
        threshold = self.v_threshold * np.exp((window + tick) / self.leak)
        limit = state["u"].dtype.type(
            threshold - (state["drive"][0] + tie_tolerance(state["u"].dtype) * weight)
        )
        if self.silent_zeros and tick == 0:
            self._judge(state, state["u"] >= limit)
        else:
            self._fire(state, state["u"] >= limit, tick)


def _is_busy(group: SleepingGroup) -> bool:
    done = sum(group.variables[name].get_value()[0] for name in ("n_fired", "n_silent"))
    return done < len(group)


class Readout(TickedLayer):
    """The output layer, which does not fire: when its potentials are complete, it is read.

    `recorded` lists (group, variable) whose values make up an image's record, in that order.
    `awaited` are groups with neurons that nobody listens to, which may fire after all others.
    """

    def __init__(self, n, **kwargs):
        self.recorded: list[tuple[SleepingGroup, str]] = []
        self.awaited: list[SleepingGroup] = []
        self.streaming = False
        self.records: list[bytes] = []
        super().__init__(n, template="readout", **kwargs)

    def _may_end(self):
        return not any(map(_is_busy, self.awaited))

    @property
    def record_dtype(self) -> np.dtype:
        """One image's record."""
        return np.dtype([
            (f"{group.name}.{name}", group.variables[name].dtype, (group.variables[name].size,))
            for group, name in self.recorded
        ])

    def _template_arguments(self):
        arguments = super()._template_arguments()
        arguments["p"]["streaming"] = self.streaming
        arguments["p"]["file"] = RECORDS
        arguments["awaited"] = [
            {"n": len(group), **_global(group, "n_fired", "n_silent")} for group in self.awaited
        ]
        arguments["recorded"] = [
            (_global(group, name)[name], group.variables[name].size)
            for group, name in self.recorded
        ]
        return arguments

    def step(self, state, now):
        self._forget(state)
        if state["release"] == NEVER:
            self._inhibitory_period(state, now)
            if state["release"] != NEVER:
                self.records.append(b"".join(
                    group.variables[name].get_value().tobytes() for group, name in self.recorded
                ))
