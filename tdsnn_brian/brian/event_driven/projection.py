"""Synapses that share their weights: any `Projection` between two Brian2 groups.

`brian2.Synapses` stores every synapse, so that a kernel is copied for each position of its
window. A `SharedProjection` stores the kernel once and works out where a spike goes when it
comes: its work is that of the spikes that happen, times their fan-out.
"""

from functools import cached_property
from typing import Any, Self, TypedDict, Unpack

import numpy as np
from brian2 import Clock, CodeRunner, Group, Quantity, get_device
from brian2.core.variables import Variables
from numpy.typing import NDArray

from ...arguments import check_kind
from ...errors import InvalidInputError, NotInNetworkError
from ...layers import Layer, Projection
from ..devices import is_cuda
from . import endpoints
from .code_objects import StandaloneCode, code_class, mapped_array, static_array
from .scatter import pack, scatter
from .tiles import Tiles, tiled


class Schedule(TypedDict, total=False):
    """When a Brian2 object runs, and its name."""

    when: str
    order: int
    name: str
    clock: Clock | None
    delay: Quantity | None


class _OfSynapses:
    """What `Synapses` have and a projection does not."""

    def __init__(self, name: str):
        self.name = name

    def __get__(self, projection: Any, owner: type | None = None) -> Self:
        if projection is None:
            return self
        raise NotInNetworkError(
            f"projection {projection.name!r} has no {self.name!r}: it stores its weights once and "
            "makes no synapses. Read projection.weights or projection.synapses() of it; to change "
            'weights build the network from a changed layer, or use projection="explicit"'
        )

    def __set__(self, projection: Any, value: object) -> None:
        self.__get__(projection)


class SharedProjection(CodeRunner, Group):  # type: ignore[misc]  # Brian2 has no types
    """From a spiking group to another, with the weights of one projection stored once.

    Takes the place of a `brian2.Synapses` with ``on_pre="<variable>_post += w"`` and without
    delays: add it to a `Network`, read its ``name``, ``when``, ``order``, ``clock``, switch it
    by ``active``. Runs on the numpy and cython targets, in cpp_standalone and in cuda_standalone.

    Parameters
    ----------
    source : SpikeSource
        Group, or part of one, with as many neurons as `layer` has inputs.
    target : Group
        Group, or part of one, with as many neurons as `layer` has. Both count in C order of the
        layer's shapes, channels last. Refractory neurons take nothing if `variable` is declared
        ``(unless refractory)``.
    layer : Layer or Projection
        Shapes and weights, see `tdsnn_brian.layers`; the weights of a max-pool are 1. No synapse
        stands at a padded position. A bias is not looked at.
    variable : str, optional
        State variable of `target` that spikes add to; a floating one without a unit.
    sign : float, optional
        Factor of all weights.
    factor : str, optional
        Expression that further multiplies the weights, evaluated in each step that brings
        spikes; from shared variables and constants of the target, ``t`` and ``dt``.
    counter : str, optional
        Shared variable of `target` to which the number of arrived spikes is added.
    on_event : str, optional
        Event of `source` that is projected, as in `Synapses`.
    **schedule : optional
        `when`, `order` and `name`, as in Brian2; by default those of the pathway of a `Synapses`:
        slot ``synapses``, order -1. The clock is the source's, as that of the pathway.

    Raises
    ------
    InvalidInputError
        If sizes do not fit, `variable` is not one that spikes can add plain numbers to, or a
        delay or another clock is asked for.
    UnsupportedDeviceError
        When it is run on another target.

    Examples
    --------
    >>> from brian2 import NeuronGroup, SpikeGeneratorGroup, Network, ms
    >>> import numpy as np
    >>> from tdsnn_brian.layers import Conv2D
    >>> image = SpikeGeneratorGroup(25, [12], [0] * ms)
    >>> feature = NeuronGroup(9 * 4, "v : 1")
    >>> kernel = Conv2D(name="edges", input_shape=(5, 5, 1), kernel=np.ones((3, 3, 1, 4)))
    >>> Network(image, feature, SharedProjection(image, feature, kernel)).run(1 * ms)
    >>> float(sum(feature.v))
    36.0
    """

    add_to_magic_network = True

    w = _OfSynapses("w")
    i = _OfSynapses("i")
    j = _OfSynapses("j")
    delay = _OfSynapses("delay")
    connect = _OfSynapses("connect")

    def __init__(
        self,
        source: Group,
        target: Group,
        layer: Layer | Projection,
        *,
        variable: str = "v",
        sign: float = 1.0,
        factor: str = "1",
        counter: str | None = None,
        on_event: str = "spike",
        **schedule: Unpack[Schedule],
    ):
        title, self.projection = _single(layer)
        for argument, text in (
            ("variable", variable),
            ("factor", factor),
            ("on_event", on_event),
            ("counter", "" if counter is None else counter),
        ):
            check_kind(f"{title}: {argument}", text, str, "pass a name or an expression in quotes")
        self.spikes_variable = endpoints.source(title, source, self.projection, on_event)
        self.target_variable = endpoints.target(title, target, self.projection, variable)
        self.counter_variable = endpoints.counter(title, target, counter)
        self.source, self.target = source, target
        self.sign = endpoints.number(title, "sign", sign)
        self.waiting = self.listing = ""
        self.codeobj_class: type | None = None
        plan = _plan(title, source, schedule)
        Group.__init__(self, **plan)
        self.namespace = target.namespace
        self.variables = Variables(self)
        self.variables.add_references(
            target,
            [
                key
                for key in target.variables
                if key not in ("N", "t", "dt", "t_in_timesteps") and not key.endswith("space")
            ],
        )
        self.variables.create_clock_variables(source.clock)
        self.variables.add_constant("N", 1)
        self.variables.add_reference("_source_spikespace", source, f"_{on_event}space")
        self.variables.add_auxiliary_variable("_factor", dtype=np.float64, scalar=True)
        needed = ["_source_spikespace", variable]
        needed += [] if counter is None else [counter]
        needed += [] if self.listening_variable is None else [self.listening_variable.name]
        CodeRunner.__init__(
            self,
            self,
            "projection",
            code=f"_factor = {factor}",
            needed_variables=needed,
            **{**plan, "name": None},
        )
        self.add_dependency(source)
        self.add_dependency(target)
        self._enable_group_attributes()

    @property
    def listening_variable(self) -> Any:
        """Which neurons take spikes, where some are refractory."""
        return getattr(self.target_variable, "conditional_write", None)

    @cached_property
    def packed(self) -> NDArray:
        """See `pack`."""
        return pack(self.projection, self.sign, self.target_variable.dtype)

    @cached_property
    def tiled(self) -> NDArray:
        """The weights as the compiled targets read them; see `tiled`."""
        packed = pack(self.projection, self.sign, self.target_variable.dtype)
        return packed if self.tiles is None else tiled(packed, self.tiles)

    @property
    def tiles(self) -> Tiles | None:
        """See `Tiles`."""
        return None if self.listing else Tiles.of(self.projection, self.target_variable.dtype)

    def create_code_objects(self, run_namespace: Any) -> None:
        self.codeobj_class = code_class()
        self.template_kwds = {
            "window": self.projection.window,
            "tiles": self.tiles,
            "real": {"float32": "float", "float64": "double"}[
                np.dtype(self.target_variable.dtype).name
            ],
            "n_inputs": self.projection.n_inputs,
            "seats": None if self.projection.reads is None else self.projection.reads.seats,
            "shares": None if self.projection.share is None else self.projection.share.ravel(),
            "source_start": self.source.start,
            "target_start": self.target.start,
            "whole": len(self.source) == self.spikes_variable.size - 1,
            "spikes": self.spikes_variable,
            "target": self.target_variable,
            "counter": self.counter_variable,
            "listening": self.listening_variable,
            "waiting": self.waiting,
            "listing": self.listing,
        }
        if self.codeobj_class is StandaloneCode:
            if self.waiting:
                self.template_kwds |= {
                    "global_target": get_device().get_array_name(self.target_variable),
                    "n_weights": self.tiled.size,
                    "weights": mapped_array(self, "weights", self.tiled),
                }
            else:
                self.template_kwds["weights"] = static_array(self, "weights", self.tiled.ravel())
            del self.tiled
        if is_cuda(get_device()):
            from ..cuda.code import stored_once, threads

            weights = stored_once(self.packed, self.projection.window)
            self.template_kwds["stored_channels"] = weights.shape[1]
            self.template_kwds["weights"] = static_array(self, "weights", weights.ravel())
            self.template_kwds |= threads(self.projection)._asdict()
            del self.packed
        super().create_code_objects(run_namespace)

    def let_spikes_wait(self) -> str:
        """In a standalone program, add spikes when the function of the name that is returned says.

        For targets whose variable nobody reads before: all spikes are then added together.
        """
        self.waiting = f"_add_waiting_{self.name}"
        return self.waiting

    def list_targets(self) -> str:
        """In a standalone program, list the targets of spikes, for the function that is named."""
        self.listing = f"_targets_{self.name}"
        return self.listing

    def own(self, spikes: NDArray) -> NDArray:
        """Those of the last step that come from the source, which may be a part of a group."""
        spikes = spikes[: spikes[-1]] - self.source.start
        return spikes[(spikes >= 0) & (spikes < self.projection.n_inputs)]

    def scatter(self, spikes: NDArray, factor: float, values: NDArray) -> None:
        """Add the weights of `spikes`, times `factor`, to the target's `values`, in numpy."""
        start = self.target.start
        part = values[start : start + self.projection.n_outputs]
        scatter(self.projection, self.packed, spikes, factor, part)

    def scatter_to(
        self, listening: NDArray, spikes: NDArray, factor: float, values: NDArray
    ) -> None:
        """The same, but neurons that do not listen, as they are refractory, take nothing."""
        before = values.copy()
        self.scatter(spikes, factor, values)
        np.copyto(values, before, where=~listening.astype(bool))


def _single(layer: Layer | Projection) -> tuple[str, Projection]:
    """How errors name it, and what it projects by."""
    if isinstance(layer, Projection):
        return "projection", layer
    if not isinstance(layer, Layer):
        raise InvalidInputError(
            "a projection takes a layer or a projection of tdsnn_brian.layers, got "
            f"{type(layer).__name__}; pass for example Dense(name='fc', input_shape=(3,), "
            "weights=...)"
        )
    if len(layer.projections) != 1:
        raise InvalidInputError(
            f"layer {layer.name!r} has {len(layer.projections)} projections; make a "
            "SharedProjection of each one in its .projections, from the source of that one"
        )
    return f"projection of layer {layer.name!r}", layer.projection


def _plan(title: str, source: Group, schedule: Schedule) -> dict:
    """Arguments of a Brian2 object: those of a `Synapses` pathway where not given."""
    given: dict[str, Any] = {
        "when": "synapses",
        "order": -1,
        "name": "sharedprojection*",
        **schedule,
    }
    if given.pop("delay", None) is not None:
        raise InvalidInputError(
            f"{title}: spikes of a SharedProjection arrive in the step in which they are made; "
            "use brian2.Synapses for a delay"
        )
    clock = given.pop("clock", None)
    if clock is not None and clock is not source.clock:
        raise InvalidInputError(
            f"{title}: it runs on the clock of its source {source.name!r}, as the pathway of a "
            f"Synapses does, not on {getattr(clock, 'name', clock)!r:.80}; leave clock out"
        )
    if unknown := set(given) - {"when", "order", "name"}:
        raise TypeError(f"SharedProjection got unexpected arguments {sorted(unknown)}")
    return {**given, "clock": source.clock}
