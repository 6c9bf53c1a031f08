"""A network of event-driven groups and shared projections: what `projection="shared"` builds.

Also used for programs that read images from their standard input (`program`): everything here
depends on the network and not on the images.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from brian2 import Clock, Network
from brian2.devices import get_device
from brian2.devices.device import RuntimeDevice
from numpy.typing import NDArray

from ...engines import require
from ...layers import Kind
from ...network import SpikingNetwork
from ...population import Population
from ..naming import Names
from .group import EventDrivenGroup, Place
from .image_input import ImageInput
from .integrator import Integrator
from .max_pool import MaxPool
from .projection import SharedProjection
from .readout import Readout
from .records import check_record, field
from .ticked_layer import TickedLayer

_GROUPS = {Kind.TICKED: TickedLayer, Kind.MAX_POOL: MaxPool, Kind.OUTPUT: Readout}


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What a network is shown, and how.

    Attributes
    ----------
    latencies : ndarray or None
        (n_images, n_inputs) firing times in steps after an image's onset, `SILENT` for inputs
        that do not fire; None in a program that reads them.
    windows : mapping of str to int, optional
        Fixed inhibitory periods in ticks; without, they last until all spikes have come.
    slot : int
        Least number of steps from one image's onset to the next.
    record : tuple of str, optional
        Layers whose firing times are kept for every image; all if not given.
    closed : bool
        See `Place`.
    """

    latencies: NDArray | None = None
    windows: Mapping[str, int] | None = None
    slot: int = 0
    record: tuple[str, ...] | None = None
    closed: bool = False


@dataclass(frozen=True)
class SharedParts:
    """The groups of a network by its populations, and the names of all objects.

    `readout` is the last of the outputs, which writes the records.
    """

    groups: Mapping[Population, EventDrivenGroup]
    names: Names
    input: ImageInput
    readout: Readout

    @property
    def instead(self) -> dict[str, str]:
        """Objects that explicit synapses would have, and what to use instead of each."""
        found: dict[str, str] = {}
        for population, group in self.groups.items():
            if population.kind is Kind.INPUT:
                continue
            spikes = (
                f"add brian2.SpikeMonitor(net[{group.name!r}]) before the run, or read "
                "read_results(net).latencies"
            )
            ticking = (
                f"net[{group.name!r}] ticks by itself: read its release, origin and n_ticks, or "
                "read_results(net).ticks"
            )
            parts = {"spikes": spikes, "ticking": ticking, "ticking_spikes": ticking}
            if population.kind is Kind.OUTPUT:
                parts = {"readout": "read read_results(net).potentials"}
            if population.bias is not None:
                parts["bias"] = parts["bias_synapses"] = f"read net[{group.name!r}].bias"
            found |= {self.names.of(population, part): remedy for part, remedy in parts.items()}
        return found

    def records(self) -> NDArray:
        """One record for each image that has been read out, in their order."""
        if isinstance(get_device(), RuntimeDevice):
            content = b"".join(self.readout.records[k] for k in sorted(self.readout.records))
        else:
            path = Path(get_device().results_dir, self.readout.p.file)
            content = path.read_bytes() if path.is_file() else b""
        return np.frombuffer(content, self.readout.record_dtype)


def add_shared(
    net: Network,
    network: SpikingNetwork,
    clock: Clock,
    names: Names,
    shown: Shown,
    *,
    steps_per_tick: int,
) -> SharedParts:
    """Add the groups and projections of `network` to `net`.

    Raises
    ------
    InvalidInputError
        If the network has what this engine has not, or `shown.record` names no firing layer.
    """
    require("event-driven", network)
    record = check_record(network, shown.record)
    groups: dict[Population, EventDrivenGroup] = {}

    def place(population: Population, order: int, window_steps: int = -1) -> Place:
        return Place(
            name=names.of(population),
            clock=clock,
            order=order,
            steps_per_tick=steps_per_tick,
            groups=groups,
            window_steps=window_steps,
            closed=shown.closed,
        )

    image = ImageInput(network.input, place(network.input, -1), shown.latencies, shown.slot)
    groups[network.input] = image
    net.add(image)
    for order, population in enumerate(network.populations):
        window_steps = -1
        if shown.windows is not None and population.name in shown.windows:
            window_steps = shown.windows[population.name] * steps_per_tick
        group = _GROUPS[population.kind](population, place(population, order, window_steps))
        net.add(group)
        _project(net, names, population, groups, group, closed=shown.closed)
        groups[population] = group
    *others, readout = (groups[population] for population in network.outputs)
    image.readout = readout
    image.integrators = [groups[population] for population in network.integrating]
    readout.awaited = others + [
        groups[population]
        for population in network.populations
        if population.fires and not any(x.kind.integrates for x in population.followers)
    ]
    readout.written = [
        (field(names, population, variable), group, variable)
        for population, group in groups.items()
        for variable in (
            *group.recorded,
            *(("latency",) if population.name in record and group is not image else ()),
        )
    ]
    return SharedParts(groups, names, image, readout)


def _project(
    net: Network,
    names: Names,
    population: Population,
    groups: Mapping[Population, EventDrivenGroup],
    group: Integrator | MaxPool,
    *,
    closed: bool,
) -> None:
    """Add the projections onto `group`."""
    ways = zip(population.sources, population.projections, strict=True)
    for index, (source, projection) in enumerate(ways):
        for part, effect in group.effects(index).items():
            name = names.onto(population, index, part)
            added = SharedProjection(groups[source], group, projection, name=name, **effect)
            net.add(added)
            if closed:
                group.join(added)
