"""Two results side by side: what differs, layer by layer."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .arguments import check_kind, is_number
from .errors import InvalidInputError
from .firing_times import SILENT
from .outputs import by_name
from .results import Result, predict
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
class OutputDifference:
    """How many answers and potentials of an output differ; a single one has no name."""

    name: str
    answers: int
    potentials: int


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Two results side by side: `layers` that fire, `answers` and `potentials` that differ.

    `outputs` has the latter two of each output.

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
    outputs: tuple[OutputDifference, ...]

    @property
    def answers(self) -> int:
        """Answers that differ, of all outputs together."""
        return sum(output.answers for output in self.outputs)

    @property
    def potentials(self) -> int:
        """Potentials that differ, of all outputs together."""
        return sum(output.potentials for output in self.outputs)

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
        """A row for each layer, and one for the answers of each output."""
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
        rows += [
            (f"answers {x.name}".strip(), f"{self.images:,}", f"{x.answers:,}", "", "")
            for x in self.outputs
        ]
        return Table(head, rows)


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
    found_of, wanted_of = dict(by_name(result.potentials)), dict(by_name(expected.potentials))
    if list(found_of) != list(wanted_of):
        raise InvalidInputError(
            f"outputs {list(found_of)} cannot be compared with {list(wanted_of)}; take the results "
            "of one network"
        )
    return Comparison(
        layers=tuple(rows),
        images=result.n_images,
        outputs=tuple(
            _compared_output(name, found_of[name], wanted_of[name], rtol) for name in wanted_of
        ),
    )


def _compared_output(name: str, found: NDArray, wanted: NDArray, rtol: float) -> OutputDifference:
    if found.shape != wanted.shape:
        raise InvalidInputError(
            f"output potentials of shape {found.shape} cannot be compared with {wanted.shape}; "
            "take the results of one network and the same images"
        )
    scale = max(1.0, float(np.abs(wanted).max(initial=0)))
    close = np.abs(found - wanted) <= rtol * scale
    return OutputDifference(
        name=name,
        answers=int((predict(found) != predict(wanted)).sum()),
        potentials=int((~close).sum()),
    )
