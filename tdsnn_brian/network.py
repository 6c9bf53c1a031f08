"""A converted network as plain data, free of Keras and of Brian2."""

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from os import PathLike

import numpy as np
from numpy.typing import NDArray

from .arguments import real_array
from .errors import InvalidInputError
from .image_pairs import as_pairs, doubled, halved
from .image_range import UNIT, Range, out_of_range
from .layers import Kind, Layer, Shape
from .network_checks import check_fields, check_layers, check_outputs
from .placing import populations_of
from .population import INPUT, Population
from .summary import summarise
from .tables import times
from .transfer import check_transfer


@dataclass(frozen=True, kw_only=True, eq=False)
class SpikingNetwork:
    """Populations of spiking neurons and projections between them: a directed acyclic graph.

    It is written down as a list of layers, each of which takes the spikes of the one before it
    unless it names another `source`; a chain is the simplest case. `populations` holds what
    follows from it.

    Parameters
    ----------
    layers : tuple of Layer
        In an order of spikes, from the first layer after the input to an output layer, which
        integrates and is read out but does not fire.
    leak : float
        Membrane time constant `L` in ticks, of all layers that have none of their own.
    input_scale : float
        Images are multiplied by it before they are coded as firing times.
    input_offset : float
        Is added to images before that, so that they may have values down to `-input_offset`.
    input_pairs : bool
        Whether each value of an image has two input neurons, neighbours along the last axis: ON
        for what is positive of it, OFF for what is negative, so that images may have any values.
    input_steps : int
        Input neurons fire at whole multiples of ``1 / input_steps`` ticks: no ticking neuron
        drives them, so that their code may be finer than that of the layers.
    silent_zeros : bool
        Whether neurons that are at or above threshold at release stay silent instead of firing
        at once.
    v_threshold : float
        Firing threshold of the hidden synapse-based layers, in the unit of their potentials at
        release, `-A exp(-T_il / L)`; latencies depend on the window unless it is 0 (Eq. 6).
    rounding : {"up", "nearest"}
        How latencies of inputs and layers become whole; see `tdsnn_brian.schedule`.
    name : str
    image_shape : tuple of int, optional
        Shape of an image where it differs from the first layer's input, of which it holds the
        same values in the same order.
    image_range : tuple of float, optional
        Lowest and highest value of the images that the network is meant for, where it is known:
        (0, 1), or (0, 255) of one that scales bytes itself.
    output_names : tuple of str, optional
        Layers that are read out, if they are several; the last one has to be among them.
    output_shape : tuple of int, or mapping of str to tuple of int, optional
        Shape of an image's potentials where it differs from that of the output layer's neurons, of
        which it holds the same values in the same order; of several outputs by the layer's name.
    metadata : dict
        Anything that JSON can hold; saved with the network.

    Raises
    ------
    InvalidInputError
        If a field makes no sense, or layers do not fit together.

    Examples
    --------
    >>> import numpy as np
    >>> from tdsnn_brian.layers import Dense
    >>> hidden = Dense(name="hidden", input_shape=(2,), weights=np.array([[1.0, 0.5], [0.5, 2]]))
    >>> output = Dense(name="output", input_shape=(2,), weights=np.array([[1.0], [-1]]))
    >>> network = SpikingNetwork(layers=(hidden, output), leak=5)
    >>> [population.name for population in network.populations]
    ['hidden', 'output']
    """

    layers: tuple[Layer, ...]
    leak: float
    input_scale: float = 1.0
    input_offset: float = 0.0
    input_pairs: bool = False
    input_steps: int = 1
    silent_zeros: bool = False
    v_threshold: float = 0.0
    rounding: str = "up"
    name: str = "network"
    image_shape: Shape | None = None
    image_range: Range | None = None
    output_names: tuple[str, ...] | None = None
    output_shape: Shape | Mapping[str, Shape] | None = None
    metadata: dict = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_fields(self)
        check_layers(self)
        check_outputs(self)
        for population in self.populations:  # sizes that do not fit show here
            check_transfer(population)
        if self.input_steps > 1:
            for population in self.input.followers:
                if population.kind in (Kind.MAX_POOL, Kind.CONSTRAINED_POOL):
                    raise InvalidInputError(
                        f"layer {population.name!r}: max-pools fire at ticks, so one that takes "
                        f"the image itself needs input_steps=1, got {self.input_steps}"
                    )

    @property
    def input_shape(self) -> Shape:
        """Of one image."""
        if self.image_shape is not None:
            return self.image_shape
        shape = self.layers[0].input_shape
        return halved(shape) if self.input_pairs else shape

    def input_values(self, images: NDArray) -> NDArray[np.float64]:
        """What is coded of images: `(x + input_offset) input_scale`, as pairs if it has those."""
        values = (images.astype(np.float64) + self.input_offset) * self.input_scale
        return as_pairs(values) if self.input_pairs else values

    @cached_property
    def input(self) -> Population:
        """The input neurons."""
        return Population(
            name=INPUT,
            shape=doubled(self.input_shape) if self.input_pairs else self.input_shape,
            kind=Kind.INPUT,
            leak=float(self.leak),
            silent_zeros=bool(self.silent_zeros),
            steps=self.input_steps,
            rounding=self.rounding,
        )

    @cached_property
    def populations(self) -> tuple[Population, ...]:
        """One for each layer, in their order; the input is apart."""
        defaults = {"leak": float(self.leak), "v_threshold": float(self.v_threshold)}
        return populations_of(self.layers, self.input, defaults, self._read_out)

    @property
    def _read_out(self) -> dict[str, Shape]:
        """The layers that are read out, and the shape of an image's potentials of each."""
        names = self.output_names or (self.layers[-1].name,)
        given = self.output_shape
        shapes = given if isinstance(given, Mapping) else {} if given is None else {names[0]: given}
        return {x.name: shapes.get(x.name, x.output_shape) for x in self.layers if x.name in names}

    def population(self, name: str) -> Population:
        """That of the layer `name`."""
        return next(x for x in self.populations if x.name == name)

    @property
    def integrating(self) -> tuple[Population, ...]:
        """Populations with an inhibitory period: all but simplified max-pools."""
        return tuple(x for x in self.populations if x.kind is not Kind.MAX_POOL)

    @cached_property
    def outputs(self) -> tuple[Population, ...]:
        """Populations that are read out."""
        return tuple(x for x in self.populations if not x.fires)

    @property
    def output(self) -> Population:
        """The only one of `outputs`.

        Raises
        ------
        InvalidInputError
            If there are several.
        """
        if len(self.outputs) > 1:
            names = ", ".join(repr(x.name) for x in self.outputs)
            raise InvalidInputError(
                f"network {self.name!r} has several outputs ({names}), and one is asked for; read "
                "network.outputs, or convert a model of one: keras.Model(model.inputs, "
                "model.outputs[0])"
            )
        return self.outputs[0]

    @property
    def is_chain(self) -> bool:
        """Whether every population projects onto the next one alone."""
        before = self.input
        for population in self.populations:
            if population.sources != (before,) or len(before.followers) != 1:
                return False
            before = population
        return True

    @property
    def firing_layers(self) -> tuple[Layer, ...]:
        """All layers but those that are read out."""
        pairs = zip(self.layers, self.populations, strict=True)
        return tuple(layer for layer, population in pairs if population.fires)

    @property
    def output_layer(self) -> Layer:
        """The only one that is read out; see `output`."""
        return next(x for x in self.layers if x.name == self.output.name)

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)

    def __getstate__(self) -> dict:
        """Without `populations`, which the other side works out again."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    def __setstate__(self, state: dict) -> None:
        self.__dict__.update(state)

    def summary(self) -> None:
        """Print a table of the layers: kind, shape, neurons, synapses, window, transfer.

        Examples
        --------
        >>> import numpy as np
        >>> from tdsnn_brian.layers import Dense
        >>> output = Dense(name="output", input_shape=(2,), weights=np.ones((2, 3)))
        >>> SpikingNetwork(layers=(output,), leak=5, name="small").summary()
        layer    kind  shape  neurons  synapses  window           transfer
        ------------------------------------------------------------------
        input   input      2        2                    ceil(5 ln(x + 1))
        output  Dense      3        3         6                     logits
        total                       5         6
        small: leak 5 ticks; synapses of bias neurons are not counted
        """
        print(summarise(self))

    def __repr__(self) -> str:
        populations = (self.input, *self.populations)
        return (
            f"<SpikingNetwork {self.name!r}: {times(self.input_shape)} -> "
            f"{' + '.join(times(x.shape) for x in self.outputs)}, {len(self.layers)} layers, "
            f"{sum(x.n_neurons for x in populations):,} neurons, "
            f"{sum(x.n_synapses for x in populations):,} synapses, leak {self.leak:g}>"
        )

    def _repr_html_(self) -> str:
        return summarise(self).to_html()

    def save(self, path: str | PathLike) -> None:
        """Write the network to one ``.npz`` file; see `tdsnn_brian.load`."""
        from .network_file import save

        save(self, path)


def check_network(network: SpikingNetwork) -> SpikingNetwork:
    """Return `network`; say what to call where something else was passed.

    Raises
    ------
    InvalidInputError
        If it is a Keras model, a path, or anything but a `SpikingNetwork`.
    """
    if isinstance(network, SpikingNetwork):
        return network
    if isinstance(network, str | PathLike):
        remedy = f"load it first: tdsnn_brian.load({str(network)!r})"
    elif any(kind.__module__.partition(".")[0] == "keras" for kind in type(network).__mro__):
        remedy = "convert it first: tdsnn_brian.convert(tdsnn_brian.adapt(model, leak=5))"
    elif isinstance(network, np.ndarray):
        remedy = "the network comes first, the images after it"
    else:
        remedy = "pass what tdsnn_brian.convert or tdsnn_brian.load gave"
    raise InvalidInputError(
        f"network must be a SpikingNetwork, got {type(network).__name__}; {remedy}"
    )


def check_images(network: SpikingNetwork, images: NDArray) -> NDArray:
    """Return `images` as a floating array (n_images, *input_shape), or say what is wrong.

    Raises
    ------
    InvalidInputError
        If the shape does not fit, there is no image, or a value is NaN, infinite or, without
        `input_pairs`, below ``-input_offset``; if they are whole numbers and the network takes
        values up to 1.

    Warns
    -----
    UserWarning
        If floating numbers are far from the network's `image_range`.
    """
    check_network(network)
    images = real_array("images", images)
    expected = ", ".join(map(str, network.input_shape))
    if images.shape[1:] != network.input_shape:
        hint = (
            "add the image axis with images[None]"
            if images.shape == network.input_shape
            else ("pass channels last, as the Keras model takes them")
        )
        raise InvalidInputError(
            f"images must have the shape (n_images, {expected}), got {images.shape}; {hint}"
        )
    if len(images) == 0:
        raise InvalidInputError("images is empty; pass at least one image")
    if wrong := out_of_range(images, network.image_range):
        if images.dtype.kind in "iu" and network.image_range == UNIT:
            raise InvalidInputError(f"network {network.name!r}: {wrong}")
        warnings.warn(f"network {network.name!r}: {wrong}", stacklevel=3)
    if images.dtype.kind != "f":
        images = images.astype(np.float64)
    if not np.isfinite(images).all():
        raise InvalidInputError("images holds NaN or infinite values; replace them by numbers")
    least = -network.input_offset * (1 + 1e-6)
    if images.min() < least and not network.input_pairs:
        raise InvalidInputError(
            f"images holds negative values (lowest {images.min():g}) that reverse coding with "
            f"input_offset={network.input_offset:g} has no firing times for; shift or rescale the "
            "images, for example to 0 .. 1, or adapt the model with "
            f"input_offset={-images.min():g} or input_pairs=True"
        )
    return images
