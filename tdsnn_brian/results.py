"""What an analysis or a simulation gave: the same names and shapes for all of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from math import prod
from typing import TYPE_CHECKING, Any, Self, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .arguments import real_array
from .errors import InvalidInputError
from .firing_times import SILENT, with_nan
from .outputs import Outputs, by_name, gathered, of_each
from .tables import Table, times

if TYPE_CHECKING:
    import xarray

    from .comparison import Comparison
    from .network import SpikingNetwork
    from .population import Population

R = TypeVar("R", bound="Result")


@dataclass(frozen=True, kw_only=True, eq=False)
class Result:
    """Firing times and output potentials of some images.

    Attributes
    ----------
    latencies : dict of str to ndarray
        (n_images, *layer shape) for every layer that fires, in ticks after the layer's release,
        hops taken off; `tdsnn_brian.SILENT` for a neuron that does not fire.
    windows : dict of str to ndarray
        (n_images,) inhibitory period of each layer that has one, in ticks.
    potentials : ndarray, or Outputs of ndarrays
        (n_images, *output shape) output potentials scaled to logits, `v exp(T_il / L)`; of a
        network with several outputs by the name of each one's layer, as `logits` and
        `predictions` are.

    Examples
    --------
    >>> import numpy as np, tdsnn_brian as td
    >>> weights = np.array([[1.0, -1.0], [0.5, 1.0]])
    >>> hidden = td.layers.Dense(name="hidden", input_shape=(2,), weights=weights)
    >>> output = td.layers.Dense(name="output", input_shape=(2,), weights=weights)
    >>> network = td.SpikingNetwork(layers=(hidden, output), leak=5)
    >>> images = np.array([[0.2, 0.9]])
    >>> result = td.analyse(network, images)  # so do simulate(), stream(), deploy() give one
    >>> result
    <DiscreteAnalysis of 1 images: hidden 2>
    >>> result.latencies["hidden"].tolist(), result.predictions.tolist(), result.accuracy([0])
    ([[7, 4]], [0], 1.0)
    """

    latencies: dict[str, NDArray]
    windows: dict[str, NDArray]
    potentials: Any

    def __post_init__(self) -> None:
        named = self.potentials if isinstance(self.potentials, Mapping) else {"": self.potentials}
        # a layer that was never released leaves an image without an answer
        answered = np.all([np.isfinite(window) for window in self.windows.values()], axis=0)
        for name, values in named.items():
            if not np.isfinite(values[answered]).all():
                raise InvalidInputError(
                    f"{f'layer {name!r}: its' if name else 'the output'} potentials are beyond the "
                    "range of the floating type; choose a smaller leak or scale, or float64"
                )
        object.__setattr__(self, "potentials", gathered(self.potentials))

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.__repr__ = Result.__repr__  # type: ignore[method-assign]  # a dataclass makes its own

    def __repr__(self) -> str:
        layers = ", ".join(f"{x} {times(y.shape[1:])}" for x, y in self.latencies.items())
        return f"<{type(self).__name__} of {self.n_images} images: {layers or 'no layer fires'}>"

    def _repr_html_(self) -> str:
        return self.table.to_html()

    @property
    def table(self) -> Table:
        """Firing times of each layer in short; prints."""
        rows = []
        for name, found in self.latencies.items():
            fired = found[found != SILENT]
            window = self.windows.get(name)
            rows.append(
                (
                    name,
                    times(found.shape[1:]),
                    f"{found.size - fired.size:,}",
                    f"{fired.mean():.2f}" if fired.size else "",
                    f"{fired.max():g}" if fired.size else "",
                    "" if window is None else f"{window.max():g}",
                )
            )
        head = ("layer", "shape", "silent", "mean latency", "last spike", "window")
        return Table(head, rows, f"{self.n_images} images; times in ticks after release")

    @property
    def logits(self) -> Any:
        """The potentials, by the name that they have in the DNN."""
        return self.potentials

    @property
    def predictions(self) -> Any:
        """Classes; see `predict`."""
        return of_each(predict, self.potentials)

    @property
    def n_images(self) -> int:
        return len(next(values for _, values in by_name(self.potentials)))

    def firing_times(self, population: "Population") -> NDArray | None:
        """Latencies of a population, the input included; None where they are not known."""
        if population.sources:
            return self.latencies.get(population.name)
        return getattr(self, "input_latencies", None)

    def accuracy(self, labels: ArrayLike | Mapping[str, ArrayLike]) -> Any:
        """Share of predictions equal to `labels`, which have their shape.

        Of several outputs, labels and shares are by the name of the output; those without labels
        are left out.
        """
        found = self.predictions
        if not isinstance(found, Outputs):
            return _share(found, labels)
        if not isinstance(labels, Mapping):
            raise InvalidInputError(
                f"labels must be a mapping of the outputs {list(found)} to labels, got "
                f"{type(labels).__name__}"
            )
        return {name: _share(found[name], values) for name, values in labels.items()}

    def compare(self, expected: "Result", *, rtol: float = 1e-6) -> "Comparison":
        """Say for each layer how its firing times differ from those of `expected`.

        Parameters
        ----------
        expected : Result
            Of the same network and images, for example a `DiscreteAnalysis`.
        rtol : float, optional
            Difference of output potentials, relative to the largest, that still counts as none.

        Returns
        -------
        Comparison
            True where nothing differs; prints as a table.

        Raises
        ------
        InvalidInputError
            If shapes differ, as those of another network or other images do.

        Examples
        --------
        >>> import numpy as np
        >>> logits = np.ones((1, 2))
        >>> one = Result(latencies={"a": np.array([[1, 2]])}, windows={}, potentials=logits)
        >>> silent = {"a": np.array([[1, SILENT]])}
        >>> other = Result(latencies=silent, windows={}, potentials=logits)
        >>> print(one.compare(other))
        layer    firing times  differ  silent in one alone  largest difference
        ----------------------------------------------------------------------
        a                   2       1                    1             0 ticks
        answers             1       0
        <BLANKLINE>
        """
        from .comparison import compared

        return compared(self, expected, rtol)

    def times(self, tick: Any) -> dict[str, Any]:
        """Firing times as Brian2 has them, `nan` for silence, by layer.

        Parameters
        ----------
        tick : Quantity
            Interval of the ticking neurons, for example ``1 * ms``.

        Returns
        -------
        dict of str to Quantity
            (n_images, *layer shape), after each layer's release.
        """
        return {name: with_nan(found) * tick for name, found in self.latencies.items()}

    def to_xarray(self) -> "xarray.Dataset":
        """Firing times and potentials as named arrays; `nan` for silence, as xarray has it.

        Dimensions are ``image`` and, for each layer, ``<layer>_0``, ``<layer>_1`` and so on.
        Potentials of several outputs are called ``<layer>_potentials``.
        """
        import xarray

        arrays: dict[str, tuple[Any, ...]] = {
            name: (
                ("image", *(f"{name}_{axis}" for axis in range(values.ndim - 1))),
                with_nan(values),
                {"units": "ticks"},
            )
            for name, values in self.latencies.items()
        }
        arrays |= {
            f"{name}_window": ("image", values, {"units": "ticks"})
            for name, values in self.windows.items()
        }
        for name, values in by_name(self.potentials):
            before = f"{name}_" if name else ""
            axes = (f"{before}class_{axis}" for axis in range(values.ndim - 1))
            arrays[f"{before}potentials"] = (("image", *axes), values)
        return xarray.Dataset(arrays)

    def of(self, network: "SpikingNetwork") -> Self:
        """The same of the layers of `network` alone."""
        names = {population.name for population in network.populations}
        layers: dict[str, Any] = {
            item.name: {key: part for key, part in value.items() if key in names}
            for item in fields(self)
            if item.name != "seconds" and isinstance(value := getattr(self, item.name), Mapping)
        }
        return replace(self, **layers)

    def take(self, images: slice) -> Self:
        """The same of some of the images."""
        return self._mapped(lambda values: values[images])

    def _mapped(self, function: Callable[[NDArray], NDArray]) -> Self:
        changed = {}
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, Mapping):
                value = {name: _one_mapped(part, function) for name, part in value.items()}
            changed[item.name] = _one_mapped(value, function)
        return type(self)(**changed)


def _share(predictions: NDArray, labels: Any) -> float:
    labels = real_array("labels", labels)
    if labels.shape != predictions.shape:
        raise InvalidInputError(
            f"labels must have the shape {predictions.shape}, got {labels.shape}"
        )
    return float(np.mean(predictions == labels))


def _one_mapped(value: Any, function: Callable[[NDArray], NDArray]) -> Any:
    """What has an entry an image, by `function`; everything else as it is."""
    if isinstance(value, np.ndarray) and value.ndim:
        return function(value)
    return value.mapped(function) if hasattr(value, "mapped") else value


def joined(parts: list[R]) -> R:
    """One result of those of consecutive images; numbers that are no arrays are added up."""
    if len(parts) == 1:
        return parts[0]
    together: dict[str, Any] = {}
    for item in fields(parts[0]):
        values = [getattr(part, item.name) for part in parts]
        if not isinstance(values[0], np.ndarray | Mapping):
            together[item.name] = values[0]
        elif isinstance(values[0], np.ndarray):
            together[item.name] = np.concatenate(values)
        else:
            together[item.name] = {
                name: np.concatenate([value[name] for value in values])
                if isinstance(values[0][name], np.ndarray)
                else sum(v[name] for v in values)
                for name in values[0]
            }
    return type(parts[0])(**together)


def predict(potentials: NDArray) -> NDArray:
    """Classes that output potentials stand for.

    Parameters
    ----------
    potentials : ndarray
        (n_images, ..., n_classes)

    Returns
    -------
    ndarray of int
        (n_images, ...) index of the largest potential along the last axis; with one potential
        there, 1 where it is positive (a sigmoid above one half) and 0 elsewhere. With a single
        position (n_images,).

    Examples
    --------
    >>> predict(np.array([[0.5, 2.0], [1.0, 0.0]])).tolist()
    [1, 0]
    >>> predict(np.array([[0.5], [-1.0]])).tolist()
    [1, 0]
    """
    if prod(potentials.shape[1:-1]) == 1:
        potentials = potentials.reshape(len(potentials), -1)
    if potentials.shape[-1] == 1:
        return (potentials[..., 0] > 0).astype(np.int64)
    return potentials.argmax(axis=-1)
