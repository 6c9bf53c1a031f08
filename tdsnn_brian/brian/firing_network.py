"""A `brian2.Network` that shows images to a `SpikingNetwork`, and the checks around its run."""

from abc import abstractmethod
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from brian2 import (
    Clock,
    EventMonitor,
    Network,
    PopulationRateMonitor,
    Quantity,
    SpikeMonitor,
    StateMonitor,
    get_device,
    second,
)
from brian2.devices.device import RuntimeDevice
from numpy.typing import NDArray

from ..analysis import DiscreteAnalysis
from ..arguments import check_flag, check_kind
from ..errors import InvalidInputError, NotInNetworkError, RunError
from ..network import SpikingNetwork
from .default_clock import needs_default_clock
from .interrupts import completed
from .making import economical_make
from .naming import Names
from .result import Simulation
from .shared_code import share_code
from .timing import Timing

SCHEDULE = ["start", "groups", "thresholds", "synapses", "resets", "end"]
"""Brian2's own; a spike must not be seen by a threshold of the step in which it is made."""


class FiringNetwork(Network):  # type: ignore[misc]  # Brian2 has no types
    """A `brian2.Network` that shows images to a `SpikingNetwork`, one after the other.

    Run it for `duration`, from the start. Its objects carry the names of the Keras layers:
    ``net["conv1"]`` is the NeuronGroup of layer ``conv1``, ``net["conv1_synapses"]`` its weights,
    ``net["conv1_ticking"]`` its ticking neuron, ``net["conv1_spikes"]`` a SpikeMonitor.

    Attributes
    ----------
    spiking_network : SpikingNetwork
    analysis : DiscreteAnalysis
        Of the same images.
    timing : Timing
    dynamic : bool
        Whether the inhibitory periods end with the last presynaptic spike.
    names : Names
    n_images : int
    dt : Quantity
        Integration step.

    Examples
    --------
    >>> import numpy as np, tdsnn_brian as td
    >>> weights = np.array([[1.0, -1.0], [0.5, 1.0]])
    >>> hidden = td.layers.Dense(name="hidden", input_shape=(2,), weights=weights)
    >>> output = td.layers.Dense(name="output", input_shape=(2,), weights=weights)
    >>> network = td.SpikingNetwork(layers=(hidden, output), leak=5)
    >>> images = np.array([[0.2, 0.9]])
    >>> from brian2 import prefs
    >>> prefs.codegen.target = "numpy"  # nothing to compile
    >>> net = td.build_network(network, images)
    >>> net["hidden"].N, len(net["hidden_synapses"])
    (2, 4)
    >>> net.run(net.duration)
    >>> int(net["hidden_spikes"].num_spikes)
    2
    """

    def __init__(
        self,
        spiking_network: SpikingNetwork,
        analysis: DiscreteAnalysis,
        timing: Timing,
        dynamic: bool,
        dt: Quantity,
        names: Names,
    ):
        super().__init__(name="tdsnn*")
        self.spiking_network = spiking_network
        self.analysis = analysis
        self.timing = timing
        self.dynamic = dynamic
        self.dt = dt
        self.names = names
        self.n_images = analysis.n_images
        self._built: set[str] = set()
        self._steps: dict[Clock, Quantity] = {}
        if get_device().network_schedule is None:
            self.schedule = SCHEDULE

    @property
    def duration(self) -> Quantity:
        """Time that all images take, and a little more to read the last one out.

        A clock takes a time that is off by 1e-4 of its step for one of its own, so that the rest
        has to be longer than that share of an image.
        """
        slot = self.timing.slot
        return (self.n_images * slot + 1 + slot // 5000) * self.dt

    @property
    def instead(self) -> dict[str, str]:
        """What to use for objects that this kind of network does not have."""
        return {}

    def set_images(self, images: NDArray) -> None:
        """Show other images, without building again; networks of explicit synapses can do it."""
        raise InvalidInputError(
            f"{type(self).__name__} has its images compiled in; build the network with "
            "projection='explicit', or show images one after the other with tdsnn_brian.stream"
        )

    @abstractmethod
    def read(self, *, strict: bool) -> Simulation:
        """The results of a run that is complete."""

    def finished(self) -> None:
        """All objects have been added: remember them."""
        self._built = {item.name for item in self.sorted_objects}
        self._steps = {item.clock: item.clock.dt for item in self.sorted_objects}

    def __del__(self) -> None:
        rest = list(getattr(self, "objects", ()))  # whatever the schedule: it may be refused
        while rest:
            item = rest.pop()
            rest += item.contained_objects
            if item._network is None:
                item._network = self.id  # or Brian2 warns of each, if the network was never run

    def run(self, *arguments: Any, level: int = 0, **options: Any) -> None:
        """As in `brian2.Network`; a standalone program is compiled by no more jobs than cores."""
        self._check_schedule()
        self._check_clocks()
        with economical_make():
            super().run(*arguments, level=level + 1, **options)

    def before_run(self, run_namespace: dict[str, Any]) -> None:
        monitors = (SpikeMonitor, StateMonitor, EventMonitor, PopulationRateMonitor)
        added = [item for item in self.objects if item.name not in self._built]
        if self.closed and all(isinstance(item, monitors) for item in added):
            run_namespace = {}  # a user's variable `v` is none of the model's
        share_code(self.sorted_objects)
        super().before_run(run_namespace)

    closed = True
    """Whether the equations take nothing from the script's own variables."""

    def _check_schedule(self) -> None:
        if get_device().network_schedule is not None:
            return
        if [slot for slot in self.schedule if slot in SCHEDULE] != SCHEDULE:
            raise InvalidInputError(
                f"the schedule {self.schedule} has not the order {SCHEDULE}, in which thresholds "
                "see no spikes of their own step and potentials are read before the next image; "
                "leave net.schedule as it was built, or add slots of your own to it"
            )

    def _check_clocks(self) -> None:
        if needs_default_clock(get_device()):
            return  # which the script may give a step of its own
        for clock, step in self._steps.items():
            if float(clock.dt) != float(step):
                raise InvalidInputError(
                    f"the clock {clock.name!r} has the step {clock.dt!s}, and the network was "
                    f"built with {step!s}: its dt was changed, or the state of another network "
                    "was restored; build the network with dt=, from the images that are to be shown"
                )

    def check_complete(self) -> None:
        """Raise `RunError` unless the network has run once, for its `duration`."""
        device = get_device()
        if not isinstance(device, RuntimeDevice) and not getattr(device, "has_been_run", True):
            raise RunError(
                "the program has not run yet; call device.build() (or set the device with "
                "build_on_run=True) before read_results(net)"
            )
        if not completed(device):
            raise RunError(
                "the run was stopped before its end; run the network again, for net.duration="
                f"{self.duration!s}"
            )
        ran, wanted = self._elapsed(), float(self.duration)
        if abs(ran - wanted) > 0.5 * float(self.dt):
            did = "has not run yet" if ran == 0 else f"has run for {ran * second!s}"
            raise RunError(
                f"the network {did}, and its {self.n_images} images take net.duration="
                f"{self.duration!s}; run it once with net.run(net.duration) (or net.restore() "
                "before running it again)"
            )

    def _elapsed(self) -> float:
        """Seconds that the objects have run, in this network or in another one of the user's."""
        if float(self.t) or needs_default_clock(get_device()) or not self._steps:
            return float(self.t)
        finest = min(self._steps, key=lambda clock: float(clock.dt))
        return float(finest.t[:])

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__} of {self.spiking_network.name!r}: {self.n_images} images in "
            f"{self.duration!s}, {len(self.objects)} objects>"
        )

    def _ipython_key_completions_(self) -> list[str]:
        """What a notebook offers behind ``net["``."""
        return sorted(item.name for item in self.sorted_objects)

    def __getitem__(self, item: str) -> Any:
        try:
            return super().__getitem__(item)
        except KeyError:
            remedy = self.instead.get(item) or _did_you_mean(item, sorted(self._built))
            raise NotInNetworkError(f"this network has no {item!r}: {remedy}") from None


def _did_you_mean(item: str, names: list[str]) -> str:
    folded = {name.casefold(): name for name in names}
    near = get_close_matches(str(item).casefold(), folded, n=1)
    guess = f"did you mean {folded[near[0]]!r}? " if near else ""
    return f"{guess}its objects are {', '.join(names)}"


def read_results(
    net: FiringNetwork, seconds: dict[str, float] | None = None, *, strict: bool = True
) -> Simulation:
    """Collect the results of a network that has run for its `duration`.

    Parameters
    ----------
    net : FiringNetwork
    seconds : dict, optional
        Wall times to keep with the results.
    strict : bool, optional
        Raise where a spike came after the release of a layer that reads it, or where the next
        image cut a neuron off, as after a change of weights or with noise; else these times stand
        in the results as they were.

    Returns
    -------
    Simulation

    Raises
    ------
    RunError
        If the network has not run, or for another time than its `duration`.
    WindowTooShortError
        If spikes came too late; it names the layer and how many.

    Examples
    --------
    >>> import numpy as np, tdsnn_brian as td
    >>> from brian2 import prefs
    >>> prefs.codegen.target = "numpy"
    >>> output = td.layers.Dense(name="output", input_shape=(2,), weights=np.eye(2))
    >>> network = td.SpikingNetwork(layers=(output,), leak=5)
    >>> net = td.build_network(network, np.array([[0.2, 0.9]]))
    >>> net.run(net.duration)
    >>> td.read_results(net).predictions.tolist()
    [1]
    """
    if not isinstance(net, FiringNetwork):
        raise InvalidInputError(f"net must be what build_network gave, got {type(net).__name__}")
    check_flag("strict", strict)
    if seconds is not None:
        check_kind("seconds", seconds, dict, "pass for example {'run': 1.5}, or leave it out")
    net.check_complete()
    result = net.read(strict=strict)
    result.seconds.update(seconds or {})
    return replace(result, tick=net.timing.steps_per_tick * net.dt)
