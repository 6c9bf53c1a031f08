"""Every way to run a network, and what each cannot do: the only place that refuses.

An engine gives what the discrete analysis gives, or it is asked here and refuses by name before
anything runs. A feature of networks stands in `FEATURES` with the layers that have it; a refusal
stands in `ENGINES`, as reason and remedy. `tests/conformance` runs every engine on every feature.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from .errors import InvalidInputError, TDSNNError, UnsupportedDeviceError
from .layers import Kind
from .network import SpikingNetwork, check_network

Where = Callable[[SpikingNetwork], list[str]]


def _layers(condition: Callable) -> Where:
    return lambda network: [x.name for x in network.populations if condition(x)]


def _branches(network: SpikingNetwork) -> list[str]:
    before, found = network.input, []
    for population in network.populations:
        if population.sources != (before,):
            found.append(population.name)
        before = population
    return found


def _waiting_images(network: SpikingNetwork) -> list[str]:
    return [
        x.name
        for x in network.populations
        if network.input_steps > 1 and x.level > 1 and network.input in x.sources
    ]


FEATURES: dict[str, Where] = {
    "several outputs": lambda network: (
        [x.name for x in network.outputs] if len(network.outputs) > 1 else []
    ),
    "branches": _branches,
    "thresholds": _layers(lambda x: x.v_threshold),
    "thresholds beside branches": lambda network: (
        FEATURES["thresholds"](network) if _branches(network) else []
    ),
    "transfers": _layers(lambda x: not x.transfer.is_relu),
    "rounding to the nearest tick": lambda network: (
        [network.populations[0].name] if network.rounding == "nearest" else []
    ),
    "an image between ticks that waits": _waiting_images,
    "negative thresholds": _layers(lambda x: x.v_threshold < 0),
    "silent zeros": lambda network: (
        [x.name for x in network.populations if x.silent_zeros] or [network.outputs[0].name]
        if network.silent_zeros
        else []
    ),
    "inputs between ticks": lambda network: ["input"] if network.input_steps > 1 else [],
    "constrained max-pools": _layers(lambda x: x.kind is Kind.CONSTRAINED_POOL),
    "minima": _layers(lambda x: x.minimum),
    "neurons in other places": _layers(
        lambda x: any(projection.reads is not None for projection in x.projections)
    ),
    "leaks of their own": _layers(lambda x: x.leak != x.sources[0].leak),
}
"""What a network may have, as names of the layers that have it."""

_READS_ONE = (
    "has been run with one group alone whose potentials are read at an image's end; use "
    "cpp_standalone, or convert a model of one output"
)


@dataclass(frozen=True, kw_only=True)
class Engine:
    """A way to run a network.

    Attributes
    ----------
    title : str
        As errors name it.
    lacks : mapping of str to str
        Features that it does not have, each with the reason and the remedy.
    error : type
        What a refusal raises.
    """

    title: str
    lacks: Mapping[str, str] = field(default_factory=dict)
    error: type[TDSNNError] = InvalidInputError


ENGINES: dict[str, Engine] = {
    "closed form": Engine(title="the discrete analysis"),
    "Algorithm 1": Engine(title="Algorithm 1"),
    "explicit": Engine(
        title="the network of explicit synapses",
    ),
    "explicit, dynamic windows": Engine(
        title="the network of explicit synapses with window='dynamic'",
        lacks={
            "an image between ticks that waits": (
                "carries early spikes along by relays, which fire at ticks; use input_steps=1, "
                "window='fixed' or projection='shared'"
            ),
            "thresholds beside branches": (
                "ends the windows of layers side by side together, on which latencies depend "
                "unless v_threshold=0; use 0, or window='fixed'"
            ),
        },
    ),
    "explicit, dt below the tick": Engine(
        title="the network of explicit synapses with dt below the tick",
        lacks={
            "negative thresholds": (
                "lets a leaking potential rise past a negative threshold between two ticks; use "
                "dt=tick, projection='shared', or a threshold >= 0"
            ),
        },
    ),
    "event-driven": Engine(
        title="the event-driven network (projection='shared')",
        lacks={
            "constrained max-pools": (
                "has no weights that change with every image, which a constrained max-pool needs; "
                "use projection='explicit', or convert with max_pool='simplified'"
            ),
        },
    ),
    "pipeline": Engine(
        title="a pipeline",
        lacks={
            "an image between ticks that waits": (
                "carries early spikes along by relays, which fire at ticks; use input_steps=1, or "
                "simulate() one image after the other"
            ),
            "silent zeros": (
                "releases a layer when all its inputs have fired, and neurons that stay silent "
                "would be waited for; convert without silent_zeros, or simulate() one image after "
                "the other"
            ),
            "thresholds": (
                "inhibits layers for longer than their window, on which latencies depend unless "
                "v_threshold=0; use 0, or simulate() one image after the other"
            ),
            "constrained max-pools": (
                "has no constrained max-pools; convert with max_pool='simplified'"
            ),
        },
    ),
    "deployment": Engine(
        title="the deployment without ticking neurons",
        lacks={
            "thresholds": ("has neurons that never fire and so no threshold; use v_threshold=0"),
            "constrained max-pools": (
                "has no neurons in its max-pools, which constraints could hold for; convert with "
                "max_pool='simplified'"
            ),
        },
    ),
    "side by side": Engine(
        title="a network whose copies stand side by side",
        lacks={
            "thresholds": (
                "has windows that wait for the images of all copies, on which latencies depend "
                "unless v_threshold=0; use 0, or show one image after the other"
            ),
        },
    ),
    "perturbed": Engine(
        title="the perturbed model",
        lacks={
            "several outputs": (
                "has layers one behind the other, of which the last is read out; convert a model "
                "of one output, or simulate() the network as it is"
            ),
            "branches": (
                "draws the delay of every synapse anew, in place of those by which early spikes "
                "wait for late ones; simulate() the network as it is"
            ),
            "transfers": (
                "makes its ticks finer, loses some of them or puts a current in their place, and "
                "has constant ones for that; use ReLU, or simulate() the network as it is"
            ),
            "rounding to the nearest tick": (
                "begins to drive its neurons at the release, and may do so by ticks of any "
                "length; use rounding='up', or simulate() the network as it is"
            ),
            "silent zeros": (
                "has no event by which silent neurons tell that they are done; convert without "
                "silent_zeros"
            ),
            "thresholds": (
                "has threshold offsets of its own in place of the network's; use v_threshold=0"
            ),
            "constrained max-pools": (
                "has no constrained max-pools; convert with max_pool='simplified'"
            ),
        },
    ),
    "Brian2CUDA": Engine(
        title="Brian2CUDA",
        error=UnsupportedDeviceError,
        lacks={"several outputs": _READS_ONE},
    ),
    "report": Engine(
        title="a report or evaluation",
        lacks={
            "several outputs": (
                "has one accuracy and one set of logits to hold against those of the DNN; pass a "
                "network of one output, or compare results by result.compare()"
            ),
        },
    ),
    "NIR": Engine(
        title="NIR",
        lacks={
            "several outputs": (
                "reads one layer out here, behind a chain of others; convert a model of one "
                "output, or simulate() the network"
            ),
            "branches": (
                "would carry the spikes of branches at their own times, for which its readers have "
                "no delays; simulate() the network"
            ),
            "thresholds": "has inhibition for inputs, and so thresholds at 0; use v_threshold=0",
            "transfers": (
                "has ticks of one weight as inputs here; use ReLU, or simulate() the network"
            ),
            "rounding to the nearest tick": (
                "is released without a tick; use rounding='up', or simulate() the network"
            ),
            "silent zeros": (
                "has no event at the release at which neurons turn out silent; convert without "
                "silent_zeros"
            ),
            "inputs between ticks": "has a step of one tick here; use input_steps=1",
            "constrained max-pools": (
                "has no weights that change with every image; convert with max_pool='simplified'"
            ),
            "minima": "has no neuron that fires with its first input alone; use maxima",
        },
    ),
    "GeNN": Engine(
        title="GeNN",
        error=UnsupportedDeviceError,
        lacks={
            "several outputs": _READS_ONE,
            "transfers": (
                "generates synapses that read nothing of the neuron they come from, and here that "
                "neuron counts its ticks, which differ in weight; use cpp_standalone, or ReLU"
            ),
            "rounding to the nearest tick": (
                "generates synapses that change one variable, and the releasing spike adds to "
                "two, in order; use cpp_standalone, or rounding='up'"
            ),
            "neurons in other places": (
                "knows one synapse between two neurons at most, and a neuron that is read at "
                "several places (slices, permutations, upsampling) may have more; use "
                "cpp_standalone"
            ),
            "silent zeros": (
                "generates no events but spikes, and neurons with silent zeros tell by an event of "
                "their own that they will not fire; use cpp_standalone, or convert without "
                "silent_zeros"
            ),
            "constrained max-pools": (
                "has no weights that change with every image, which a constrained max-pool needs; "
                "convert with max_pool='simplified'"
            ),
        },
    ),
}
"""All engines by the name that `require` takes."""


def obstacle(engine: str, network: SpikingNetwork) -> str | None:
    """Why an engine cannot run a network: the layer, the cause and the remedy; None if it can.

    Examples
    --------
    >>> import numpy as np
    >>> from tdsnn_brian.layers import Dense
    >>> output = Dense(name="output", input_shape=(2,), weights=np.ones((2, 1)))
    >>> network = SpikingNetwork(layers=(output,), leak=5, silent_zeros=True)
    >>> obstacle("closed form", network)
    >>> obstacle("pipeline", network)[:42]
    "layer 'output' has silent zeros: a pipelin"
    """
    known = ENGINES[engine]
    return lacking(known.title, known.lacks, network)


def lacking(title: str, lacks: Mapping[str, str], network: SpikingNetwork) -> str | None:
    """Why what has that title and lacks these features cannot run a network; None if it can."""
    for feature, why in lacks.items():
        if layers := FEATURES[feature](network):
            return f"layer {layers[0]!r} has {feature}: {title} {why}"
    return None


def require(engine: str, network: SpikingNetwork) -> None:
    """Refuse a network that an engine cannot run.

    Raises
    ------
    InvalidInputError, UnsupportedDeviceError
        Naming the layer, the cause and the remedy.
    """
    if why := obstacle(engine, check_network(network)):
        raise ENGINES[engine].error(why)
