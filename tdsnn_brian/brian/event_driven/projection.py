"""Synapses that share their weights: convolution, pooling and dense layers for Brian2.

`brian2.Synapses` stores every synapse, so that a kernel is copied for each position of its
window. A `SharedProjection` stores the kernel once and works out where a spike goes when it
comes: its work is that of the spikes that happen, times their fan-out.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from brian2 import Clock, CodeRunner, Group
from brian2.codegen.runtime.cython_rt import CythonCodeObject
from brian2.codegen.runtime.numpy_rt import NumpyCodeObject
from brian2.core.variables import ArrayVariable, Variables
from brian2.devices import get_device
from brian2.devices.cpp_standalone.codeobject import CPPStandaloneCodeObject
from numpy.typing import DTypeLike, NDArray

from ..errors import InvalidInputError, UnsupportedDeviceError
from ..propagation import window_counts
from ..spec import AveragePool2D, Conv2D, Dense, Layer


class StandaloneCode(CPPStandaloneCodeObject):
    """C++ standalone code from this package's templates."""

    templater = CPPStandaloneCodeObject.templater.derive("tdsnn_brian.brian")


class CythonCode(CythonCodeObject):
    """Cython code from this package's templates."""

    templater = CythonCodeObject.templater.derive("tdsnn_brian.brian")


class NumpyCode(NumpyCodeObject):
    """Numpy code from this package's templates."""

    templater = NumpyCodeObject.templater.derive("tdsnn_brian.brian")


def code_class(target: type | None = None) -> type:
    """Our code object class for the active device and target.

    Raises
    ------
    UnsupportedDeviceError
        On any target but numpy, cython and cpp_standalone.
    """
    active = get_device().code_object_class(target)
    for ours in (StandaloneCode, CythonCode, NumpyCode):
        if active in (ours, ours.__base__):
            return ours
    raise UnsupportedDeviceError(
        f"shared weights have no code for {active.__name__}; use the numpy or cython target or "
        'cpp_standalone, or projection="explicit"'
    )


@dataclass(frozen=True, eq=False)
class Geometry:
    """Which targets a source reaches, as a window over rows, columns and channels.

    A dense layer is a window of one position over one position. `channels` inputs come in
    groups of `group_inputs` that reach `group_outputs` channels each; `shares` are factors of
    the output positions (None: 1).
    """

    n_inputs: int
    n_outputs: int
    columns: int
    channels: int
    group_inputs: int
    group_outputs: int
    out_rows: int
    out_columns: int
    out_channels: int
    tap_rows: int
    tap_columns: int
    row_step: int = 1
    column_step: int = 1
    row_gap: int = 1
    column_gap: int = 1
    pad_top: int = 0
    pad_left: int = 0
    shares: tuple[float, ...] | None = None
    source_start: int = 0
    target_start: int = 0

    @cached_property
    def contiguous(self) -> bool:
        """Whether the targets of neighbouring taps lie side by side."""
        return (
            self.column_step == self.column_gap == 1
            and self.group_outputs == self.out_channels
            and self.shares is None
        )


def _geometry(layer: Layer, source_start: int, target_start: int) -> Geometry:
    common = {
        "n_inputs": layer.n_inputs, "n_outputs": layer.n_neurons,
        "source_start": source_start, "target_start": target_start,
    }
    if isinstance(layer, Dense):
        n_in, n_out = layer.weights.shape
        return Geometry(
            **common, columns=1, channels=n_in, group_inputs=n_in, group_outputs=n_out,
            out_rows=1, out_columns=1, out_channels=n_out, tap_rows=1, tap_columns=1,
        )
    channels, shares = layer.input_shape[2], None
    groups = layer.groups if isinstance(layer, Conv2D) else channels
    if isinstance(layer, AveragePool2D):
        counts = window_counts(layer)[:, :, 0].ravel()
        shares = tuple(float(share) for share in layer.scale / counts)
    rows, columns, out_channels = layer.output_shape
    return Geometry(
        **common, columns=layer.input_shape[1], channels=channels,
        group_inputs=channels // groups, group_outputs=out_channels // groups,
        out_rows=rows, out_columns=columns, out_channels=out_channels,
        tap_rows=layer.window_shape[0], tap_columns=layer.window_shape[1],
        row_step=layer.strides[0], column_step=layer.strides[1],
        row_gap=layer.dilation[0], column_gap=layer.dilation[1],
        pad_top=layer.padding[0][0], pad_left=layer.padding[1][0], shares=shares,
    )


def pack(layer: Layer, sign: float, dtype: DTypeLike) -> NDArray:
    """The weights as the inner loop reads them: tap row, input channel, tap column, output.

    Tap columns run backwards, for the targets of one spike then run forwards.
    """
    if isinstance(layer, Dense):
        return (sign * layer.weights).astype(dtype)[None, :, None, :]
    if not isinstance(layer, Conv2D):
        channels = layer.input_shape[2]
        return np.full((layer.window_shape[0], channels, layer.window_shape[1], 1), sign, dtype)
    rows, columns, inputs, outputs = layer.kernel.shape
    kernel = (sign * layer.kernel[:, ::-1]).astype(dtype).reshape(
        rows, columns, inputs, layer.groups, outputs // layer.groups
    )
    return np.ascontiguousarray(kernel.transpose(0, 3, 2, 1, 4)).reshape(
        rows, layer.groups * inputs, columns, outputs // layer.groups
    )


class SharedProjection(CodeRunner, Group):
    """From a spiking group to another, with the weights of one layer stored once.

    Takes the place of a `brian2.Synapses` with ``on_pre="<variable>_post += w"`` and without
    delays: add it to a `Network`, read its ``name``, ``when``, ``order``, ``clock``, switch it
    by ``active``. Runs on the numpy and cython targets and in cpp_standalone.

    Parameters
    ----------
    source : SpikeSource
        Group, or part of one, with `layer.n_inputs` neurons.
    target : Group
        Group, or part of one, with `layer.n_neurons` neurons. Both count in C order of the
        layer's shapes, channels last.
    layer : Dense, Conv2D, AveragePool2D or MaxPool2D
        Shapes and weights, see `tdsnn_brian.spec`; the weights of a max-pool are 1. No synapse
        stands at a padded position. A bias is not looked at.
    variable : str, optional
        State variable of `target` that spikes add to; float32 or float64.
    sign : float, optional
        Factor of all weights.
    factor : str, optional
        Expression that further multiplies the weights, evaluated in each step that brings
        spikes; from shared variables and constants of the target, ``t`` and ``dt``.
    counter : str, optional
        Shared variable of `target` to which the number of arrived spikes is added.
    on_event : str, optional
        Event of `source` that is projected, as in `Synapses`.
    when, order, name, clock
        As in Brian2; by default in the slot ``synapses``, on the target's clock.

    Raises
    ------
    InvalidInputError
        If the sizes do not fit, or there is no such variable.
    UnsupportedDeviceError
        When it is run on another target.

    Examples
    --------
    >>> from brian2 import NeuronGroup, SpikeGeneratorGroup, Network, ms
    >>> import numpy as np
    >>> from tdsnn_brian.spec import Conv2D
    >>> image = SpikeGeneratorGroup(25, [12], [0] * ms)
    >>> feature = NeuronGroup(9 * 4, "v : 1")
    >>> kernel = Conv2D(name="edges", input_shape=(5, 5, 1), kernel=np.ones((3, 3, 1, 4)))
    >>> Network(image, feature, SharedProjection(image, feature, kernel)).run(1 * ms)
    >>> float(sum(feature.v))
    36.0
    """

    add_to_magic_network = True

    def __init__(
        self,
        source,
        target,
        layer: Layer,
        *,
        variable: str = "v",
        sign: float = 1.0,
        factor: str = "1",
        counter: str | None = None,
        on_event: str = "spike",
        when: str = "synapses",
        order: int = 0,
        name: str = "sharedprojection*",
        clock: Clock | None = None,
    ):
        self.source, self.target, self.layer = source, target, layer
        self.sign = sign
        _check_sizes(source, target, layer, on_event)
        self.target_variable = _array(target, variable, "fi")
        if not np.issubdtype(self.target_variable.dtype, np.floating):
            raise InvalidInputError(
                f"projection onto {target.name!r}: {variable!r} is of "
                f"{np.dtype(self.target_variable.dtype)}; declare it as a floating variable"
            )
        self.geometry = _geometry(layer, source.start, target.start)
        self.spikes_variable = source.variables[f"_{on_event}space"]
        self.counter_variable = None if counter is None else _array(target, counter, "fi")
        self.codeobj_class = None
        Group.__init__(
            self, clock=clock or target.clock, when=when, order=order, name=name
        )
        self.namespace = target.namespace
        self.variables = Variables(self)
        self.variables.add_references(
            target, [key for key in target.variables if key != "N" and not key.endswith("space")]
        )
        self.variables.add_constant("N", 1)
        self.variables.add_reference("_source_spikespace", source, f"_{on_event}space")
        self.variables.add_auxiliary_variable("_factor", dtype=np.float64, scalar=True)
        needed = ["_source_spikespace", variable, *([] if counter is None else [counter])]
        CodeRunner.__init__(
            self, self, "projection", code=f"_factor = {factor}", needed_variables=needed,
            clock=self.clock, when=when, order=order, name=None,
        )
        self.add_dependency(source)
        self.add_dependency(target)
        self._enable_group_attributes()

    @cached_property
    def packed(self) -> NDArray:
        """The weights in one row; see `pack`."""
        return pack(self.layer, self.sign, self.target_variable.dtype).ravel()

    def create_code_objects(self, run_namespace) -> None:
        device = get_device()
        self.codeobj_class = code_class()
        self.template_kwds = {
            "g": self.geometry, "spikes": self.spikes_variable, "target": self.target_variable,
            "counter": self.counter_variable,
        }
        if self.codeobj_class is StandaloneCode:
            self.template_kwds["weights"] = device.static_array(
                f"{self.name}_weights", self.packed
            )
            del self.packed
        super().create_code_objects(run_namespace)

    def scatter(self, spikes: NDArray, factor: float, values: NDArray) -> None:
        """Add the weights of `spikes`, times `factor`, to the target's `values`, in numpy."""
        g = self.geometry
        weights = self.packed.reshape(g.tap_rows, g.channels, g.tap_columns, g.group_outputs)
        spikes = spikes - g.source_start
        spikes = spikes[(spikes >= 0) & (spikes < g.n_inputs)]
        values = values[g.target_start : g.target_start + g.n_outputs]
        position, channel = np.divmod(spikes, g.channels)
        if g.n_inputs == g.channels and g.contiguous and g.n_outputs == g.out_channels:
            values += factor * weights[0, channel, 0].sum(axis=0)
            return
        row, column = np.divmod(position, g.columns)
        within_group = np.arange(g.group_outputs)
        for tap_row in range(g.tap_rows):
            out_row, row_hit = _hits(
                row + g.pad_top - tap_row * g.row_gap, g.row_step, g.out_rows
            )
            for tap in range(g.tap_columns):
                gap = (g.tap_columns - 1 - tap) * g.column_gap
                out_column, column_hit = _hits(
                    column + g.pad_left - gap, g.column_step, g.out_columns
                )
                hit = row_hit & column_hit
                at = out_row[hit] * g.out_columns + out_column[hit]
                added = factor * weights[tap_row, channel[hit], tap]
                if g.shares is not None:
                    added = added * np.asarray(g.shares)[at, None]
                first = at * g.out_channels + channel[hit] // g.group_inputs * g.group_outputs
                np.add.at(values, first[:, None] + within_group, added.astype(values.dtype))


def _hits(at: NDArray, step: int, size: int) -> tuple[NDArray, NDArray]:
    """Output positions, and whether the tap meets one."""
    out, rest = np.divmod(at, step)
    return out, (rest == 0) & (out >= 0) & (out < size)


def _check_sizes(source, target, layer: Layer, on_event: str) -> None:
    for what, group, size in (
        ("source", source, layer.n_inputs), ("target", target, layer.n_neurons)
    ):
        if f"_{on_event}space" not in group.variables and what == "source":
            remedy = "give it a threshold" if on_event == "spike" else "define it there"
            raise InvalidInputError(
                f"projection of layer {layer.name!r}: its source {group.name!r} has no event "
                f"{on_event!r}; {remedy}"
            )
        if len(group) != size:
            raise InvalidInputError(
                f"projection of layer {layer.name!r}: its {what} {group.name!r} has {len(group)} "
                f"neurons but the layer's shapes "
                f"{layer.input_shape} -> {layer.output_shape} ask for {size}"
            )


def _array(target, name: str, kinds: str) -> ArrayVariable:
    variable = target.variables.get(name)
    if not isinstance(variable, ArrayVariable) or np.dtype(variable.dtype).kind not in kinds:
        raise InvalidInputError(
            f"projection onto {target.name!r}: it has no state variable {name!r}; choose one of "
            + ", ".join(k for k, v in target.variables.items()
                        if isinstance(v, ArrayVariable) and not k.startswith("_"))
        )
    return variable
