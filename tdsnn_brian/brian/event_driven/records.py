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


def from_records(
    network: SpikingNetwork,
    names: Names,
    records: NDArray,
    steps_per_tick: int,
    seconds: dict[str, float] | None = None,
) -> Simulation:
    """Results of an event-driven network, one record an image.

    Raises
    ------
    WindowTooShortError
        If spikes came after a fixed window had ended.
    InvalidInputError
        If a spike's gain, or an output potential, is beyond the floating type.
    """

    def column(population: Population, variable: str) -> NDArray:
        return records[field(names, population, variable)]

    def number(population: Population, variable: str) -> NDArray:
        return column(population, variable)[:, 0]

    latencies, windows, ticks, spikes, potentials = {}, {}, {}, {}, {}
    last = {network.input: number(network.input, "last") / steps_per_tick}
    dtype = column(network.outputs[0], "u").dtype
    for population in network.populations:
        if population.kind.integrates:
            _check_window(population, number(population, "n_missing"))
            latest = max(last[source].max(initial=0) for source in population.sources)
            _check_gain(population, latest, dtype)
        if not population.fires:
            potentials[population.name] = _potentials(population, column(population, "u"))
            continue
        if field(names, population, "latency") in (records.dtype.names or ()):
            found = column(population, "latency").reshape(-1, *population.shape)
            latencies[population.name] = np.where(found < 0, SILENT, found)
        spikes[population.name] = int(number(population, "n_fired").sum())
        if population.kind.integrates:
            inhibited = number(population, "release") - number(population, "origin") - 1
            windows[population.name] = inhibited / steps_per_tick
            ticks[population.name] = number(population, "n_ticks")
            last[population] = ticks[population.name]
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


def _potentials(output: Population, found: NDArray) -> NDArray:
    potentials = found.astype(np.float64)
    if not np.isfinite(potentials).all():
        raise InvalidInputError(
            f"layer {output.name!r}: its potentials are beyond {found.dtype}; choose a smaller "
            "leak or scale, or float64"
        )
    return potentials.reshape(-1, *output.shape)


def _check_window(population: Population, missing: NDArray) -> None:
    if missing.any():
        raise WindowTooShortError(
            f"layer {population.name!r}: its window ended before {int(missing.max())} of its "
            "presynaptic spikes; give it a longer window, or window='dynamic'"
        )


def _check_gain(population: Population, latest: float, dtype: np.dtype) -> None:
    if latest / population.leak > np.log(np.finfo(dtype).max):
        raise InvalidInputError(
            f"layer {population.name!r}: a spike after {latest:g} ticks weighs exp({latest:g} / "
            f"{population.leak:g}), which is beyond {dtype}; choose a smaller scale, or float64"
        )
