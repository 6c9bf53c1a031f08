"""What every layer has."""

from dataclasses import dataclass, fields, replace
from enum import Enum
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..arguments import check_count, check_name, check_shape, is_number, real_array
from ..coding import check_leak
from ..errors import InvalidInputError, UnsupportedLayerError
from ..tables import times
from ..transfer import RELU, Transfer
from .projection import Projection
from .reads import Reads
from .window import Pair, Shape

IMAGE = ""
"""`source` of a layer, or of a projection, that takes the image itself; no layer is called so."""


class Kind(Enum):
    """What the neurons of a population do."""

    INPUT = "input"
    TICKED = "leaky integrators that a ticking neuron releases and drives"
    MAX_POOL = "fire with the last of their inputs"
    CONSTRAINED_POOL = "max-pool neurons that leak and are ticked"
    OUTPUT = "leaky integrators that are read out"

    @property
    def is_ticked(self) -> bool:
        """Whether a ticking neuron of their own releases the neurons."""
        return self in (Kind.TICKED, Kind.CONSTRAINED_POOL)

    @property
    def integrates(self) -> bool:
        """Whether the neurons sum up weighted spikes."""
        return self in (Kind.TICKED, Kind.OUTPUT)


@dataclass(frozen=True, kw_only=True, eq=False)
class Layer:
    """A population and the projections onto it: a name (that of the Keras layer) and shapes.

    Its arrays are copies that cannot be written to; `dataclasses.replace` makes a layer of others.

    Attributes
    ----------
    name : str
    input_shape : tuple of int
        Of one image, channels last.
    leak, v_threshold : float or None
        Of this layer's neurons; None: those of the network.
    source : str or None
        Name of the layer whose spikes it takes, or `IMAGE`; None: the one before it.
    reads : ndarray of int or None
        Shape of the input as a window sees it: which neuron of the source stands at each position,
        -1 for none (see `Reads`); None: all in their order.
    n_read : int or None
        Number of neurons of the source, if it `reads`.
    transfer : Transfer
        What its neurons make of their sums; ReLU, unless given.
    """

    name: str
    input_shape: Shape
    leak: float | None = None
    v_threshold: float | None = None
    source: str | None = None
    reads: NDArray | None = None
    n_read: int | None = None
    transfer: Transfer = RELU

    if TYPE_CHECKING:  # fields, properties or plain attributes of the kinds

        @property
        def kind(self) -> Kind: ...

        @property
        def bias(self) -> NDArray | None: ...

        @property
        def minimum(self) -> tuple[int, ...]: ...
    else:
        kind = Kind.TICKED
        bias = None
        minimum = ()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.__repr__ = Layer.__repr__  # type: ignore[method-assign]  # a dataclass makes its own

    def __repr__(self) -> str:
        shapes = f"{times(self.input_shape)} -> {times(self.output_shape)}"
        return f"<{type(self).__name__} {self.name!r}: {shapes}>"

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, np.ndarray) and value.flags.writeable:
                object.__setattr__(self, item.name, _constant(value))
        try:
            self.check()
        except InvalidInputError as error:
            if str(error).startswith("layer "):
                raise
            raise InvalidInputError(f"layer {self.name!r}: {error}") from None

    def check(self) -> None:
        """Raise `InvalidInputError` for a field that makes no sense; kinds add their own."""
        check_name("layer name", self.name)
        check_shape("input_shape", self.input_shape)
        if not isinstance(self.source, str | None):
            raise InvalidInputError(f"source must be a layer's name, got {self.source!r:.80}")
        if self.n_read is not None:
            check_count("n_read", self.n_read)
        if self.leak is not None:
            check_leak(self.leak)
        if self.v_threshold is not None:
            check_threshold(self.v_threshold)
        if not isinstance(self.transfer, Transfer):
            raise InvalidInputError(
                f"transfer must be a tdsnn_brian.Transfer, got {self.transfer!r}; for example "
                "Transfer(name='sigmoid')"
            )
        if self.kind is not Kind.TICKED and self.transfer != RELU:
            raise InvalidInputError(
                f"a max-pool passes firing times on, so it has no transfer {self.transfer.name!r}; "
                "give it to the layer before"
            )
        for projection in self.projections:
            if projection.kernel is not None:
                check_weights("weights", projection.kernel)
            if not projection.n_synapses:
                raise InvalidInputError("every window holds padding alone, so it has no synapses")
        if self.bias is not None:
            self._check_bias(self.bias)

    def _check_bias(self, bias: NDArray) -> None:
        check_weights("bias", bias)
        try:
            fits = np.broadcast_shapes(bias.shape, self.output_shape) == self.output_shape
        except ValueError:
            fits = False
        if not fits:
            raise InvalidInputError(
                f"bias has shape {bias.shape}, which does not broadcast over the neurons "
                f"{self.output_shape}; give one value a channel or one a neuron"
            )

    def connect(self) -> tuple[Projection, ...]:
        """What the layer connects; each kind says it."""
        raise UnsupportedLayerError(
            f"layer {self.name!r}: the kind {type(self).__name__} does not say what it connects; "
            "define connect(), which returns its Projections"
        )

    @cached_property
    def projections(self) -> tuple[Projection, ...]:
        """Those of `connect`, made once; with a map of neurons, it is put before them."""
        made = self.connect()
        if self.reads is None:
            return made
        if self.n_read is None:
            raise InvalidInputError("reads needs n_read, the number of neurons of the source")
        reads = Reads(places=self.reads, n_inputs=self.n_read)
        return tuple(replace(projection, reads=reads) for projection in made)

    @property
    def projection(self) -> Projection:
        """The only one of a layer with a single source."""
        (projection,) = self.projections
        return projection

    @property
    def output_shape(self) -> Shape:
        """Of the neurons of one image."""
        return self.projections[0].window.output_shape

    @property
    def n_channels(self) -> int:
        """Channels of the neurons."""
        return self.output_shape[-1]

    @property
    def window_shape(self) -> Pair:
        """Rows and columns that a neuron sees."""
        return self.projections[0].window.size

    @property
    def n_inputs(self) -> int:
        return sum(projection.n_inputs for projection in self.projections)

    @property
    def n_neurons(self) -> int:
        return prod(self.output_shape)


def _constant(values: NDArray) -> NDArray:
    """A copy that cannot be changed: whatever follows from it is worked out once."""
    copied = values.copy(order="K")
    copied.flags.writeable = False
    return copied


def check_threshold(v_threshold: float) -> float:
    """Return `v_threshold` as a float; raise `InvalidInputError` unless it is a finite number."""
    if not is_number(v_threshold):
        raise InvalidInputError(
            f"v_threshold must be a finite number, got {v_threshold!r:.80}; 0 is the default"
        )
    return float(v_threshold)


def check_weights(name: str, values: NDArray) -> None:
    """Raise `InvalidInputError` unless `values` is an array of finite real numbers."""
    if not isinstance(values, np.ndarray):
        raise InvalidInputError(
            f"{name} must be an array of real numbers, got {type(values).__name__}"
        )
    real_array(name, values)
    if not values.size:
        raise InvalidInputError(f"{name} is empty")
    # a view that repeats its values is looked at once
    distinct = values[tuple(slice(1) if not stride else slice(None) for stride in values.strides)]
    if values.dtype.kind == "f" and not np.isfinite(distinct).all():
        raise InvalidInputError(
            f"{name} holds NaN or infinite values, as after a training that diverged; train or "
            "load the weights again"
        )
