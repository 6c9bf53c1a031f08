"""What the last readout writes down for each image, and how it is read."""

import numpy as np
from numpy.typing import NDArray

from ...errors import InvalidInputError, WindowTooShortError
from ...firing_times import SILENT
from ...network import SpikingNetwork
from ...population import Population
from ..naming import Names
from ..result import Simulation

MAGIC = int.from_bytes(b"tdsnn\1\0\0", "little")
"""First number of each record."""

HEADER = np.dtype([("magic", np.int64), ("size", np.int64), ("image", np.int64)])
"""What each record starts with."""

_VARIABLES = ("origin", "release", "n_ticks", "n_fired", "n_missing", "last", "latency", "u")


def header_of(image: int, size: int) -> bytes:
    """The header of an image's record of `size` bytes."""
    return np.array((MAGIC, size, image), HEADER).tobytes()


def check_record(network: SpikingNetwork, record: object) -> tuple[str, ...]:
    """Names of the layers whose firing times are kept; all that fire if `record` is None.

    Raises
    ------
    InvalidInputError
        If it names no firing layer.
    """
    names = [population.name for population in network.populations if population.fires]
    if record is None:
        return tuple(names)
    if not isinstance(record, tuple | list) or not all(isinstance(x, str) for x in record):
        raise InvalidInputError(
            f"record must be a tuple of layer names, got {record!r}; the firing layers of "
            f"{network.name!r} are {names}"
        )
    if unknown := [name for name in record if name not in names]:
        raise InvalidInputError(
            f"record names {unknown}, which are no firing layers of {network.name!r}; "
            f"its firing layers are {names}"
        )
    return tuple(name for name in names if name in record)


def field(names: Names, population: Population, variable: str) -> str:
    """Name of a variable in a record."""
    return f"{names.of(population)}.{variable}"


class RecordReader:
    """Reads the records of an event-driven network, one an image; looks up their fields once.

    Parameters
    ----------
    network : SpikingNetwork
    names : Names
    dtype : dtype
        One image's record.
    steps_per_tick : int
    """

    def __init__(self, network: SpikingNetwork, names: Names, dtype: np.dtype, steps_per_tick: int):
        self.network, self.steps_per_tick = network, steps_per_tick
        self._fields = {
            population: {
                variable: name
                for variable in _VARIABLES
                if (name := field(names, population, variable)) in (dtype.names or ())
            }
            for population in (network.input, *network.populations)
        }
        self._dtype = dtype[self._fields[network.outputs[0]]["u"]].base
        self._longest = float(np.log(np.finfo(self._dtype).max))

    def read(self, records: NDArray, seconds: dict[str, float] | None = None) -> Simulation:
        """Results of some images.

        Raises
        ------
        WindowTooShortError
            If spikes came after a fixed window had ended.
        InvalidInputError
            If a spike's gain, or an output potential, is beyond the floating type.
        """
        latencies, windows, ticks, spikes, potentials = {}, {}, {}, {}, {}
        last: dict[Population, float] = {}  # spike of any image, in ticks
        for population, fields in self._fields.items():
            found = {variable: records[name] for variable, name in fields.items()}
            if not population.sources:
                last[population] = _largest(found["last"]) / self.steps_per_tick
                continue
            if population.kind.integrates:
                _check_window(population, found["n_missing"].ravel().tolist())
                self._check_gain(population, max(last[source] for source in population.sources))
            if not population.fires:
                shape = (-1, *population.shape)
                potentials[population.name] = found["u"].astype(np.float64).reshape(shape)
                continue
            if "latency" in found:
                latencies[population.name] = np.maximum(found["latency"], SILENT).reshape(
                    -1, *population.shape
                )
            spikes[population.name] = sum(found["n_fired"].ravel().tolist())
            if population.kind.integrates:
                inhibited = found["release"][:, 0] - found["origin"][:, 0] - 1
                windows[population.name] = inhibited / self.steps_per_tick
                ticks[population.name] = found["n_ticks"][:, 0]
                last[population] = _largest(found["n_ticks"])
            else:
                last[population] = last[population.source]
        return Simulation(
            latencies=latencies,
            windows=windows,
            potentials=potentials,
            ticks=ticks,
            spikes=spikes,
            seconds=seconds or {},
        )

    def _check_gain(self, population: Population, latest: float) -> None:
        if latest / population.leak > self._longest:
            raise InvalidInputError(
                f"layer {population.name!r}: a spike after {latest:g} ticks weighs exp({latest:g} "
                f"/ {population.leak:g}), which is beyond {self._dtype}; choose a smaller scale, "
                "or float64"
            )


def _largest(numbers: NDArray) -> int:
    return max(numbers.ravel().tolist(), default=0)  # quicker than numpy's for one image


def _check_window(population: Population, missing: list[int]) -> None:
    if any(missing):
        raise WindowTooShortError(
            f"layer {population.name!r}: its window ended before {max(missing)} of its "
            "presynaptic spikes; give it a longer window, or window='dynamic'"
        )
