"""What layers that integrate have in common; in C++ each method is a header of its name."""

from typing import Any, cast

from brian2 import prefs
from numpy.typing import NDArray

from ...population import Population
from .code_objects import Globals, static_array
from .group import EventDrivenGroup, Place, State
from .projection import SharedProjection


class Integrator(EventDrivenGroup):
    """A layer that sums up spikes, with its inhibitory period and its bias neuron.

    The spikes of each source count from that source's own origin: with several sources, each one
    weighs what it would in a layer of its own.
    """

    sign: int
    potential: str

    def __init__(self, population: Population, place: Place):
        super().__init__(population, place)
        self.input = place.input
        self.sources = [place.groups[source] for source in population.sources]
        p = self.p
        p.leak = population.leak
        p.n_presynaptic = population.n_presynaptic
        p.has_bias = population.bias is not None
        p.bias_steps = population.bias_latency * p.steps_per_tick
        self._neurons("u")
        self._shared("origin", "release", "n_arrived", "n_missing", "leaked")
        self._shared("window_steps", start=place.window_steps)
        self._shared("image", start=-1)
        self.variables.add_constant("leak_steps", p.leak * p.steps_per_tick)
        self.variables.add_subexpression(
            "v",
            expr=f"({self.potential}) * exp((origin - leaked) / leak_steps)",
            dtype=prefs.core.default_float_dtype,
        )
        for index, source in enumerate(self.sources):
            self.variables.add_reference(f"released_{index}", source.released_by, "release")

    def effects(self, index: int) -> dict[str, dict]:
        """What spikes do: arguments of each `SharedProjection` from the source of that index."""
        origin = f"released_{index} + {1 + self.sources[index].hops}"
        return {
            "synapses": {
                "variable": "u",
                "counter": "n_arrived",
                "sign": self.sign,
                "factor": f"exp((t_in_timesteps - ({origin})) / leak_steps)",
            }
        }

    def join(self, projection: SharedProjection) -> None:
        """Take spikes of `projection` when they are needed, in a closed place."""
        self.incoming.append(projection.let_spikes_wait())

    @property
    def bias(self) -> NDArray:
        """What the bias neuron adds: its weights `b / G(1)` count `G(1)` fold when it fires.

        One value a channel stays one value a channel.
        """
        given, shape = cast(NDArray, self.population.bias), self.population.shape
        per_channel = given.ndim == 1 and len(given) == shape[-1]
        values = given if per_channel else self.population.bias_values
        return self.sign * values.astype(self.variables["u"].dtype)

    def template_arguments(self) -> dict[str, Any]:
        arguments = {
            **super().template_arguments(),
            "input": Globals(self.input),
            "sources": [Globals(source) for source in self.sources],
            "releases": [
                (f"{Globals(source.released_by).release}[0]", 1 + source.hops)
                for source in self.sources
            ],
        }
        if self.p.has_bias:
            bias = self.bias
            arguments["bias"] = static_array(self, "bias", bias)
            arguments["n_biases"] = len(bias)
        return arguments

    def _find_origin(self, s: State) -> None:
        """Set it once all sources have been released: that of the latest one."""
        releases = [source.released_by.values.release for source in self.sources]
        if s.origin == self.p.never and self.p.never not in releases:
            s.origin = max(
                release + 1 + source.hops
                for release, source in zip(releases, self.sources, strict=True)
            )

    def _missing(self, s: State) -> int:
        """Presynaptic neurons that have neither fired nor turned out silent."""
        silent = sum(source.values.n_silent for source in self.sources)
        return self.p.n_presynaptic - s.n_arrived - silent

    def _is_over(self, s: State, now: int, missing: int) -> bool:
        """Whether the inhibitory period is."""
        fixed = s.window_steps >= 0
        return now > s.origin + (s.window_steps if fixed else 0) and (fixed or missing <= 0)

    def _add_bias(self, s: State, now: int) -> None:
        if self.p.has_bias and now == s.origin + self.p.bias_steps:
            bias = self.bias
            s.u.reshape(-1, len(bias))[...] += bias
            s.n_arrived += 1
