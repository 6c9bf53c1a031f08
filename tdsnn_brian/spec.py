"""A converted network as plain data: one frozen dataclass per kind of layer.

Every layer takes the values of the layer before it, in C order, as `input_shape` (channels last,
without the image axis) and gives `output_shape`; reshaping and flattening are thereby nothing.
Weights stand as trained, not negated: the sign belongs to the simulation.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import prod
from os import PathLike

import numpy as np
from numpy.typing import NDArray

from .coding import check_leak, check_steps
from .errors import InvalidInputError

Shape = tuple[int, ...]
Pair = tuple[int, int]
Padding = tuple[Pair, Pair]


@dataclass(frozen=True, kw_only=True, eq=False)
class Layer:
    """What every layer has: a name (that of the Keras layer) and its shapes."""

    name: str
    input_shape: Shape

    @property
    def output_shape(self) -> Shape:
        raise NotImplementedError

    @property
    def n_inputs(self) -> int:
        return prod(self.input_shape)

    @property
    def n_neurons(self) -> int:
        return prod(self.output_shape)


@dataclass(frozen=True, kw_only=True, eq=False)
class Dense(Layer):
    """`weights` (n_inputs, n_neurons) and `bias`, broadcast over the output, or None."""

    weights: NDArray
    bias: NDArray | None = None

    @property
    def output_shape(self) -> Shape:
        return (self.weights.shape[1],)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Sliding(Layer):
    """A window that slides over rows and columns of a (rows, columns, channels) input.

    `padding` counts the positions added before and after rows and columns. No neuron stands
    there: a padded position has no synapse.
    """

    strides: Pair = (1, 1)
    padding: Padding = ((0, 0), (0, 0))
    dilation: Pair = (1, 1)

    @property
    def window_shape(self) -> Pair:
        raise NotImplementedError

    @property
    def n_channels(self) -> int:
        raise NotImplementedError

    @property
    def output_shape(self) -> Shape:
        sizes = []
        for axis in range(2):
            reach = (self.window_shape[axis] - 1) * self.dilation[axis] + 1
            padded = self.input_shape[axis] + sum(self.padding[axis])
            sizes.append((padded - reach) // self.strides[axis] + 1)
        return (*sizes, self.n_channels)


@dataclass(frozen=True, kw_only=True, eq=False)
class Conv2D(_Sliding):
    """`kernel` (rows, columns, input channels / groups, output channels), `bias` or None.

    `bias` broadcasts over `output_shape`: one value a channel, or one a neuron where the border
    needs its own (see `tdsnn_brian.adapt`, `compensate`).
    """

    kernel: NDArray
    bias: NDArray | None = None
    groups: int = 1

    @property
    def window_shape(self) -> Pair:
        return self.kernel.shape[:2]

    @property
    def n_channels(self) -> int:
        return self.kernel.shape[3]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Pool(_Sliding):
    pool_size: Pair

    @property
    def window_shape(self) -> Pair:
        return self.pool_size

    @property
    def n_channels(self) -> int:
        return self.input_shape[2]


@dataclass(frozen=True, kw_only=True, eq=False)
class AveragePool2D(_Pool):
    """Mean over the positions of a window that are not padding, times `scale`, plus `bias`."""

    scale: float = 1.0
    bias: NDArray | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class MaxPool2D(_Pool):
    """Maximum over a window: a neuron that fires when the last of its inputs has fired.

    A `constrained` one leaks and is driven by a ticking neuron, with weights that Eq. (13) admits
    (see `tdsnn_brian.pooling`). Channels in `minimum` pass on the minimum instead: their neurons
    fire with the first of their inputs.
    """

    constrained: bool = False
    minimum: tuple[int, ...] = ()


def is_simplified_pool(layer: Layer) -> bool:
    """Whether a layer passes spikes on at once, without a ticking neuron of its own."""
    return isinstance(layer, MaxPool2D) and not layer.constrained


def _check_minimum(layer: MaxPool2D) -> None:
    if not set(layer.minimum) <= set(range(layer.n_channels)):
        raise InvalidInputError(
            f"layer {layer.name!r}: minimum={layer.minimum} names channels that are not there; "
            f"it has {layer.n_channels}, counted from 0"
        )
    if layer.minimum and layer.constrained:
        raise InvalidInputError(
            f"layer {layer.name!r}: a constrained max-pool passes on maxima alone, but channels "
            f"{layer.minimum} ask for the minimum; use max_pool='simplified'"
        )


SYNAPTIC_LAYERS = (Dense, Conv2D, AveragePool2D)


@dataclass(frozen=True, kw_only=True, eq=False)
class SpikingNetwork:
    """A chain of layers with one leak, free of Keras and of Brian2.

    Parameters
    ----------
    layers : tuple of Layer
        From the first layer after the input to the output layer, which integrates and is read
        out but does not fire.
    leak : float
        Membrane time constant `L` in ticks.
    input_scale : float
        Images are multiplied by it before they are coded as firing times.
    input_steps : int
        Input neurons fire at whole multiples of ``1 / input_steps`` ticks: no ticking neuron
        drives them, so that their code may be finer than that of the layers.
    silent_zeros : bool
        Whether neurons that are at or above threshold at release stay silent instead of firing
        at once.
    v_threshold : float
        Firing threshold of the hidden synapse-based layers, in the unit of their potentials at
        release, `-A exp(-T_il / L)`; latencies depend on the window unless it is 0 (Eq. 6).
    name : str
    image_shape : tuple of int, optional
        Shape of an image where it differs from the first layer's input, of which it holds the
        same values in the same order.
    metadata : dict
        Anything that JSON can hold; saved with the network.
    """

    layers: tuple[Layer, ...]
    leak: float
    input_scale: float = 1.0
    input_steps: int = 1
    silent_zeros: bool = False
    v_threshold: float = 0.0
    name: str = "network"
    image_shape: Shape | None = None
    metadata: dict = field(default_factory=dict)

    def __post_init__(self):
        check_leak(self.leak)
        object.__setattr__(self, "input_steps", check_steps(self.input_steps, "input_steps"))
        if not np.isfinite(self.v_threshold):
            raise InvalidInputError(
                f"v_threshold must be a finite number, got {self.v_threshold!r}; 0 is the default"
            )
        if not self.layers or not isinstance(self.layers[-1], SYNAPTIC_LAYERS):
            raise InvalidInputError(
                f"network {self.name!r} must end in a synapse-based layer whose potentials are "
                "read out; add a Dense layer at the end"
            )
        if self.image_shape is not None:
            object.__setattr__(self, "image_shape", tuple(self.image_shape))
            if prod(self.image_shape) != self.layers[0].n_inputs:
                raise InvalidInputError(
                    f"image_shape={self.image_shape} does not hold the {self.layers[0].n_inputs} "
                    f"inputs of layer {self.layers[0].name!r}"
                )
        if self.input_steps > 1 and isinstance(self.layers[0], MaxPool2D):
            raise InvalidInputError(
                f"layer {self.layers[0].name!r}: max-pools fire at ticks, so one that takes the "
                f"image itself needs input_steps=1, got {self.input_steps}"
            )
        names = [layer.name for layer in self.layers]
        if len(set(names)) != len(names):
            raise InvalidInputError(f"layer names must differ from each other, got {names}")
        constrained = [x.name for x in self.layers if getattr(x, "constrained", False)]
        if constrained and self.silent_zeros:
            raise InvalidInputError(
                f"layer {constrained[0]!r}: a constrained max-pool needs all its inputs to fire; "
                "use max_pool='simplified' with silent zeros"
            )
        for layer in self.layers:
            if isinstance(layer, MaxPool2D):
                _check_minimum(layer)
        for before, layer in zip(self.layers, self.layers[1:], strict=False):
            if before.n_neurons != layer.n_inputs:
                raise InvalidInputError(
                    f"layer {layer.name!r} takes {layer.n_inputs} inputs but {before.name!r} "
                    f"has {before.n_neurons} neurons"
                )

    @property
    def input_shape(self) -> Shape:
        """Of one image."""
        return self.layers[0].input_shape if self.image_shape is None else self.image_shape

    @property
    def firing_layers(self) -> tuple[Layer, ...]:
        """All layers but the output layer."""
        return self.layers[:-1]

    @property
    def output_layer(self) -> Layer:
        return self.layers[-1]

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)

    def save(self, path: str | PathLike) -> None:
        """Write the network to one ``.npz`` file; see `tdsnn_brian.load`."""
        from .serialization import save

        save(self, path)


def check_images(network: SpikingNetwork, images: NDArray) -> NDArray:
    """Return `images` as a floating array (n_images, *input_shape), or say what is wrong.

    Raises
    ------
    InvalidInputError
        If the shape does not fit, there is no image, or a value is negative, NaN or infinite.
    """
    images = np.asarray(images)
    expected = ", ".join(map(str, network.input_shape))
    if images.shape[1:] != network.input_shape:
        hint = "add the image axis with images[None]" if images.shape == network.input_shape else (
            "pass channels last, as the Keras model takes them"
        )
        raise InvalidInputError(
            f"images must have the shape (n_images, {expected}), got {images.shape}; {hint}"
        )
    if len(images) == 0:
        raise InvalidInputError("images is empty; pass at least one image")
    if images.dtype.kind not in "fiub":
        raise InvalidInputError(f"images must be numbers, got dtype {images.dtype}")
    if images.dtype.kind != "f":
        images = images.astype(np.float64)
    if not np.isfinite(images).all():
        raise InvalidInputError("images holds NaN or infinite values; replace them by numbers >= 0")
    if images.min() < 0:
        raise InvalidInputError(
            f"images holds negative values (lowest {images.min():g}); reverse coding has firing "
            "times for values >= 0 only, so shift or rescale the images, for example to 0 .. 1"
        )
    return images
