"""How much memory a network of explicit synapses takes, and which kind of network to build."""

from collections.abc import Callable

from brian2 import get_device, prefs
from brian2.stateupdaters.base import StateUpdateMethod

from ..arguments import check_choice
from ..engines import obstacle as engine_obstacle
from ..errors import InvalidInputError
from ..machine import available_bytes
from ..network import SpikingNetwork
from ..population import Population
from .devices import is_cuda, is_genn
from .explicit.models import LEAKY, NeuronModel

PROJECTIONS = ("auto", "explicit", "shared")

# Measured with brian2 2.9 in float64: 44 bytes a synapse on numpy, and 60, which counts, in the
# process that makes a C++ program: indices, weights, and the copies that go into the program.
_BYTES_BESIDE_WEIGHT = 36
_WEIGHTS_AT_ONCE = 3

AUTO_LIMIT = 10_000_000
"""Synapses up to which ``projection="auto"`` makes them one by one."""


def n_synapses(network: SpikingNetwork) -> int:
    """Of all layers together, without those of bias and ticking neurons."""
    return sum(population.n_synapses for population in network.populations)


def explicit_bytes(network: SpikingNetwork) -> int:
    """Estimate of the memory that one `Synapses` a layer needs while they are made, in bytes."""
    return _bytes_of(n_synapses(network))


def _bytes_of(n: int) -> int:
    """Of so many synapses."""
    weight = prefs.core.default_float_dtype().itemsize
    return n * (_BYTES_BESIDE_WEIGHT + _WEIGHTS_AT_ONCE * weight)


def check_method(method: str) -> str:
    """Return `method`; raise `InvalidInputError` unless Brian2 has such an integration method."""
    known = StateUpdateMethod.stateupdaters
    if isinstance(method, str) and method in known:
        return method
    raise InvalidInputError(
        f"method must be one of Brian2's integration methods ({', '.join(sorted(known))}), got "
        f"{method!r}"
    )


def obstacle(
    network: SpikingNetwork, method: str = "exact", model: NeuronModel = LEAKY
) -> str | None:
    """Why a network, or the arguments, cannot have shared projections; None if they can."""
    if is_cuda(get_device()):
        if (model.weights, model.weighted) == (LEAKY.weights, LEAKY.weighted):
            return None
        return f"model={model.name!r} has synapses of its own, which a SharedProjection has not"
    if method != "exact":
        return (
            f"method={method!r}: event-driven layers know their potentials in closed form and "
            "integrate nothing"
        )
    if model is not LEAKY:
        return f"model={model.name!r}: event-driven layers have the leaky model alone"
    if is_genn(get_device()):
        return "the GeNN device generates no code for shared projections"
    return engine_obstacle("event-driven", network)


def choose_projection(
    network: SpikingNetwork, projection: str, method: str = "exact", model: NeuronModel = LEAKY
) -> str:
    """``"explicit"`` or ``"shared"``.

    Parameters
    ----------
    network : SpikingNetwork
    projection : {"auto", "explicit", "shared"}
        ``"auto"`` makes up to `AUTO_LIMIT` synapses one by one.
    method : str, optional
        Integration method.
    model : NeuronModel, optional

    Raises
    ------
    InvalidInputError
        If `projection` is something else, or is ``"shared"`` and something stands against it.
    MemoryError
        If the synapses do not fit into memory.
    """
    check_choice("projection", projection, PROJECTIONS)
    against = obstacle(network, method, model)
    if projection == "shared":
        if against:
            raise InvalidInputError(
                f'projection="shared" is not possible: {against}; use projection="explicit"'
            )
        return "shared"
    if projection == "auto" and n_synapses(network) > AUTO_LIMIT and against is None:
        return "shared"
    check_memory(network)
    return "explicit"


def check_memory(network: SpikingNetwork) -> None:
    """Refuse a network whose explicit synapses do not fit into the memory that is free.

    Raises
    ------
    ExplicitMemoryError
        With both figures and the way out.
    """
    _check_fits(
        network, n_synapses(network), 'use projection="shared", which stores each weight once'
    )


def check_waiting(network: SpikingNetwork, waits: Callable[[Population, Population], int]) -> None:
    """The same for projections that share weights as far as their spikes wait for others'.

    Those have explicit synapses after all, since a shared projection knows no delay.

    Parameters
    ----------
    network : SpikingNetwork
    waits : callable
        Steps that the spikes of a source wait, from source and population.
    """
    waiting = [
        (population.name, projection.n_synapses)
        for population in network.integrating
        for source, projection in zip(population.sources, population.projections, strict=True)
        if waits(source, population)
    ]
    if waiting:
        _check_fits(
            network,
            sum(n for _, n in waiting),
            "use cpp_standalone, where projections of spikes that wait are shared too",
            f" for spikes that wait for other branches (from layer {waiting[0][0]!r} on)",
        )


def _check_fits(network: SpikingNetwork, n: int, remedy: str, purpose: str = "") -> None:
    needed, available = _bytes_of(n), available_bytes()
    if available is not None and needed > available:
        raise ExplicitMemoryError(
            f"network {network.name!r} has {n:,} synapses{purpose}, which take about "
            f"{needed / 2**30:,.1f} GiB one by one, but {available / 2**30:,.1f} GiB are free; "
            f"{remedy}"
        )


class ExplicitMemoryError(InvalidInputError, MemoryError):
    """The explicit synapses of a network do not fit into memory."""
