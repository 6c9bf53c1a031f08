"""Several images in each run: copies of a network that stand side by side in its channels."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from math import ceil
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from .arguments import check_count
from .engines import require
from .errors import InvalidInputError
from .firing_times import SILENT
from .layers import IMAGE, Layer, Projection, Shape
from .layers.given import Given
from .layers.reads import Reads
from .layers.window import Window
from .network import SpikingNetwork, check_images, check_network
from .outputs import by_name
from .population import Population
from .results import Result

R = TypeVar("R", bound=Result)


@dataclass(frozen=True, kw_only=True, eq=False)
class SideBySide:
    """`copies` of a network as one network, which show as many images at once.

    A step of a small network costs a card, and Brian2's runtime targets, as much as one of a large
    network. Each copy has channels, groups and weights of its own, so that every way to run a
    network runs them; weights take `copies` times the memory, and a file holds the one network
    alone. Fixed windows are those of all images anyway; with dynamic ones a layer waits for the
    last of the images at once.

    Attributes
    ----------
    one : SpikingNetwork
    copies : int

    Examples
    --------
    >>> import numpy as np, tdsnn_brian as td
    >>> weights = np.array([[1.0, -1.0], [0.5, 1.0]])
    >>> hidden = td.layers.Dense(name="hidden", input_shape=(2,), weights=weights)
    >>> output = td.layers.Dense(name="output", input_shape=(2,), weights=weights)
    >>> one = td.SpikingNetwork(layers=(hidden, output), leak=5)
    >>> images = np.array([[0.2, 0.9], [0.5, 0.1], [0.3, 0.3]])
    >>> two = SideBySide(one=one, copies=2)
    >>> wide = td.analyse(two.network, two.arranged(images))  # or simulate(), stream()
    >>> wide.latencies["hidden"].tolist()
    [[7, 4, 7, 0], [6, 0, 6, 0]]
    >>> two.separated(wide, len(images)).latencies["hidden"].tolist()
    [[7, 4], [7, 0], [6, 0]]
    """

    one: SpikingNetwork
    copies: int

    def __post_init__(self) -> None:
        check_network(self.one)
        check_count("copies", self.copies)

    @cached_property
    def network(self) -> SpikingNetwork:
        """All copies as one network.

        Raises
        ------
        InvalidInputError
            If a layer sums up terms whose neurons are arranged in different ways, or has a
            threshold other than 0.
        """
        require("side by side", self.one)
        layers = tuple(map(self._widened, self.one.layers, self.one.populations))
        return replace(self.one, layers=layers, image_shape=None, output_shape=None)

    def arranged(self, images: NDArray) -> NDArray:
        r"""Images as the wide network takes them, the last one again where some are missing.

        Parameters
        ----------
        images : array_like
            (n_images, \*input shape)

        Returns
        -------
        ndarray
            (ceil(n_images / copies), \*input shape of the wide network)
        """
        images = check_images(self.one, images)
        missing = -len(images) % self.copies
        images = np.concatenate([images, np.repeat(images[-1:], missing, axis=0)])
        shape = self.one.input_shape
        apart = images.reshape(-1, self.copies, *shape)
        return np.moveaxis(apart, 1, -2).reshape(-1, *self._wide(shape))

    def separated(self, result: R, n_images: int) -> R:
        """What the wide network gave, image by image.

        Parameters
        ----------
        result : Result
            Of `arranged` images.
        n_images : int
            How many there were.

        Returns
        -------
        Result
            Windows, ticks and schedules are those of the run that showed an image.

        Raises
        ------
        InvalidInputError
            If there were other images, or the result has traces, of neurons of the wide network.
        """
        if ceil(n_images / self.copies) != result.n_images:
            raise InvalidInputError(
                f"{result.n_images} runs of {self.copies} images side by side are not those of "
                f"{n_images} images; pass the number that was arranged"
            )
        if getattr(result, "traces", None):
            raise InvalidInputError(
                "result has traces, which hold neurons of the wide network by their numbers there; "
                "read them from it, and separate one that was simulated without monitors"
            )
        shapes = {layer.name: layer.output_shape for layer in self.one.layers}

        def of_images(name: str, values: Any) -> Any:
            if not isinstance(values, np.ndarray):
                return values
            if values.ndim == 1:
                return repeated(values)
            return self._apart(values, shapes[name])[:n_images]

        def repeated(values: NDArray) -> NDArray:
            """What is the same of all images of a run."""
            return np.repeat(values, self.copies, axis=0)[:n_images]

        changed: dict[str, Any] = {}
        for item in fields(result):
            value = getattr(result, item.name)
            if isinstance(value, Mapping) and item.name != "potentials":
                changed[item.name] = {x: of_images(x, values) for x, values in value.items()}
            elif hasattr(value, "mapped"):
                changed[item.name] = value.mapped(repeated)
        if hasattr(result, "spikes"):  # without those of images that were shown again
            changed["spikes"] = {
                name: int(np.count_nonzero(values != SILENT))
                for name, values in changed["latencies"].items()
            }
        changed["potentials"] = {
            output.name: of_images(output.name, values).reshape(n_images, *output.shape)
            for output, (_, values) in zip(
                self.one.outputs, by_name(result.potentials), strict=True
            )
        }
        if hasattr(result, "input_latencies"):
            shown = self._apart(result.input_latencies, self.one.input.shape)
            changed["input_latencies"] = shown[:n_images]
        return replace(result, **changed)

    def _wide(self, shape: Shape) -> Shape:
        return (*shape[:-1], self.copies * shape[-1])

    def _apart(self, values: NDArray, shape: Shape) -> NDArray:
        apart = values.reshape(len(values), *shape[:-1], self.copies, shape[-1])
        return np.moveaxis(apart, -2, 1).reshape(-1, *shape)

    def _tiled(self, values: NDArray) -> NDArray:
        """Along the channels."""
        return np.tile(values, self.copies)

    def _widened(self, layer: Layer, population: Population) -> Given:
        shape = layer.output_shape
        for projection in population.projections:
            if projection.window.n_channels != shape[-1]:
                raise InvalidInputError(
                    f"layer {population.name!r}: neurons of shape {shape} take a term "
                    f"of shape {projection.window.output_shape}, so that copies cannot stand "
                    "side by side; show its images one after the other"
                )
        bias, channels = population.bias, shape[-1]
        if bias is not None:
            bias = self._tiled(np.broadcast_to(bias, population.shape).reshape(shape))
        projections = tuple(map(self._projection, population.sources, population.projections))
        return replace(
            Given.of(layer, population, projections),
            input_shape=self._wide(population.sources[0].shape),
            shape=self._wide(shape),
            bias=bias,
            minimum=tuple(
                copy * channels + channel
                for copy in range(self.copies)
                for channel in population.minimum
            ),
        )

    def _projection(self, source: Population, projection: Projection) -> Projection:
        projection = _over_positions(projection, source.shape)
        window, kernel = projection.window, projection.kernel
        wide = replace(
            window,
            input_shape=self._wide(window.input_shape),
            groups=self.copies * window.groups,
            n_channels=self.copies * window.n_channels,
        )
        return Projection(
            window=wide,
            kernel=None if kernel is None else self._tiled(kernel),
            share=projection.share,
            reads=self._reads(source, projection),
            source=source.name if source.sources else IMAGE,
        )

    def _reads(self, source: Population, projection: Projection) -> Reads | None:
        """Which neuron stands where a copy's window slides; None where they are in order."""
        shape, channels = projection.window.input_shape, source.shape[-1]
        read = projection.reads
        places = np.arange(source.n_neurons).reshape(shape) if read is None else read.places
        position, channel = np.divmod(places[..., None, :], channels)
        copy = np.arange(self.copies)[:, None]
        wide = (position * self.copies + copy) * channels + channel
        wide = np.where(places[..., None, :] < 0, -1, wide).reshape(self._wide(shape))
        if np.array_equal(wide.ravel(), np.arange(self.copies * source.n_neurons)):
            return None
        return Reads(places=wide, n_inputs=self.copies * source.n_neurons)


def _over_positions(projection: Projection, shape: Shape) -> Projection:
    """A dense projection from neurons in rows and columns, as a window over all of them."""
    window, kernel = projection.window, projection.kernel
    dense = window.input_shape[:2] == window.size == (1, 1) and window.groups == 1
    if len(shape) != 3 or not dense or kernel is None or projection.reads is not None:
        return projection
    if window.input_shape == shape or any(map(any, window.padding)):
        return projection
    return replace(
        projection,
        window=Window(input_shape=shape, size=(shape[0], shape[1]), n_channels=window.n_channels),
        kernel=kernel.reshape(*shape, window.n_channels),
    )
