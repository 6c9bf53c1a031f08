"""Two results side by side: what differs, layer by layer."""

from dataclasses import dataclass

import numpy as np

from .arguments import check_kind, is_number
from .errors import InvalidInputError
from .firing_times import SILENT
from .results import Result
from .tables import Table


@dataclass(frozen=True, kw_only=True)
class LayerDifference:
    """How the firing times of one layer differ between two results."""

    name: str
    neurons: int
    differ: int
    silent_in_one: int
    largest: float


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Two results side by side: `layers` that fire, `answers` and `potentials` that differ.

    Examples
    --------
    >>> import numpy as np, tdsnn_brian as td
    >>> weights = np.array([[1.0, -1.0], [0.5, 1.0]])
    >>> hidden = td.layers.Dense(name="hidden", input_shape=(2,), weights=weights)
    >>> output = td.layers.Dense(name="output", input_shape=(2,), weights=weights)
    >>> network = td.SpikingNetwork(layers=(hidden, output), leak=5)
    >>> images = np.array([[0.2, 0.9]])
    >>> comparison = td.run_algorithm_1(network, images).compare(td.analyse(network, images))
    >>> bool(comparison), comparison.differ, comparison.answers
    (True, 0, 0)
    """

    layers: tuple[LayerDifference, ...]
    images: int
    answers: int
    potentials: int

    @property
    def differ(self) -> int:
        """Firing times that differ, in all layers together."""
        return sum(layer.differ for layer in self.layers)

    def __bool__(self) -> bool:
        return not (self.differ or self.answers or self.potentials)

    def __str__(self) -> str:
        return f"{self.table}\n"

    def _repr_html_(self) -> str:
        return self.table.to_html()

    @property
    def table(self) -> Table:
        """A row for each layer, and one for the answers."""
        head = ("layer", "firing times", "differ", "silent in one alone", "largest difference")
        rows = [
            (
                x.name,
                f"{x.neurons:,}",
                f"{x.differ:,}",
                f"{x.silent_in_one:,}",
                f"{x.largest:g} ticks",
            )
            for x in self.layers
        ]
        return Table(head, [*rows, ("answers", f"{self.images:,}", f"{self.answers:,}", "", "")])


def compared(result: Result, expected: Result, rtol: float) -> Comparison:
    """See `Result.compare`."""
    check_kind("expected", expected, Result, "pass what analyse or another way to run it gave")
    if not (is_number(rtol) and rtol >= 0):
        raise InvalidInputError(f"rtol must be a finite number of 0 or more, got {rtol!r:.80}")
    rows = []
    for name in expected.latencies:
        if name not in result.latencies:
            continue  # not recorded
        found, wanted = result.latencies[name], expected.latencies[name]
        if found.shape != wanted.shape:
            raise InvalidInputError(
                f"layer {name!r}: firing times of shape {found.shape} cannot be compared with "
                f"{wanted.shape}; take the results of one network and the same images"
            )
        differ = found != wanted
        silent = (found == SILENT) != (wanted == SILENT)
        apart = np.abs(found - wanted)[differ & ~silent]
        rows.append(
            LayerDifference(
                name=name,
                neurons=found.size,
                differ=int(differ.sum()),
                silent_in_one=int(silent.sum()),
                largest=float(apart.max(initial=0)),
            )
        )
    if result.potentials.shape != expected.potentials.shape:
        raise InvalidInputError(
            f"output potentials of shape {result.potentials.shape} cannot be compared with "
            f"{expected.potentials.shape}; take the results of one network and the same images"
        )
    scale = max(1.0, float(np.abs(expected.potentials).max(initial=0)))
    close = np.abs(result.potentials - expected.potentials) <= rtol * scale
    return Comparison(
        layers=tuple(rows),
        images=result.n_images,
        answers=int((result.predictions != expected.predictions).sum()),
        potentials=int((~close).sum()),
    )
