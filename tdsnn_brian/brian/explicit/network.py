"""A `FiringNetwork` in which every synapse is made."""

from typing import Any

import numpy as np
from brian2 import TimedArray, get_device
from numpy.typing import NDArray

from ...analysis import DiscreteAnalysis
from ...analysis.closed_form import analyse, choose_windows, unread_ticks
from ...errors import InvalidInputError, RunError, UnsupportedDeviceError, WindowTooShortError
from ...firing_times import SILENT, in_steps
from ...layers import Kind
from ...network import SpikingNetwork, check_images
from ..devices import is_runtime
from ..firing_network import FiringNetwork
from ..result import Simulation
from ..timing import Timing, schedule
from .cells import Cells
from .models import LEAKY, NeuronModel
from .read import at_onsets, check_spikes, recordings_of


class ExplicitNetwork(FiringNetwork):
    """A `FiringNetwork` in which every synapse is made; see `NeuronModel` for its equations."""

    model: NeuronModel = LEAKY
    beside_output: Cells = Cells(equations="")
    """What output neurons have beside the membrane."""
    read_variable: str = "v"
    """Of output neurons, their potential at the step `timing.read`; read as an image ends."""
    input_table: TimedArray | None = None
    """Latencies of the input, where the model has input neurons of its own."""
    shares_weights: bool = False
    """Whether a `SharedProjection` stands where many synapses would have the same weight."""
    asked: SpikingNetwork | None = None
    """The network whose results are wanted; None: `spiking_network`, which may have relays."""

    @property
    def closed(self) -> bool:  # type: ignore[override]
        return self.model is LEAKY

    def read(self, *, strict: bool) -> Simulation:
        result = recordings_of(self).result()
        if strict:
            longest = max(self.timing.windows.values())
            check_spikes(self.spiking_network, result, longest, self._unsettled())
        return result if self.asked is None else result.of(self.asked)

    def _unsettled(self) -> dict[str, int]:
        """Neurons with silent zeros that an image's end cut off: neither fired nor found silent."""
        found = {}
        for population in self.spiking_network.populations:
            if population.silent_zeros and population.kind.is_ticked:
                settled = self[self.names.of(population, "settled")]
                done = at_onsets(settled, "n_fired")[0, 1:]
                biases = population.driven_biases if self.dynamic else 0
                left = population.n_neurons + biases - done[: self.n_images]
                found[population.name] = int(np.rint(np.maximum(left, 0)).sum())
        return found

    def set_images(self, images: NDArray) -> None:
        r"""Show other images than those that the network was built with, without building again.

        Parameters
        ----------
        images : array_like
            (n_images, \*input shape), as many as before.

        Raises
        ------
        RunError
            If the network is not at its start: store it before its first run and restore it.
        WindowTooShortError
            If their spikes come later than the windows allow; build with longer ones.
        InvalidInputError
            If they do not fit, or the network's model or layers know images by other ways.
        UnsupportedDeviceError
            On a device that has compiled them in; see `run_args`.

        Examples
        --------
        >>> import numpy as np, tdsnn_brian as td
        >>> from brian2 import prefs
        >>> prefs.codegen.target = "numpy"
        >>> output = td.layers.Dense(name="output", input_shape=(2,), weights=np.eye(2))
        >>> network = td.SpikingNetwork(layers=(output,), leak=5)
        >>> net = td.build_network(network, np.array([[0.2, 0.9]]), window=10)
        >>> net.store()
        >>> for images in np.array([[[0.2, 0.9]], [[0.8, 0.1]]]):
        ...     net.restore()
        ...     net.set_images(images)
        ...     net.run(net.duration)
        ...     print(td.read_results(net).predictions)
        [1]
        [0]
        """
        if not is_runtime(get_device()):
            raise UnsupportedDeviceError(
                "set_images() works on the numpy and cython targets; on cpp_standalone build the "
                "network with model=tdsnn_brian.models.EXCHANGEABLE and pass "
                "device.run(run_args=net.run_args(images))"
            )
        if self.input_table is not None:
            raise InvalidInputError(
                f"model {self.model.name!r} has input neurons of its own, which set_images() does "
                "not know; use a model with input=None"
            )
        if float(self.t):
            raise RunError(
                f"the network stands at {self.t!s}; call net.store() before its first run, and "
                "net.restore() before set_images()"
            )
        analysis = self._fitting(images)
        latencies = analysis.input_latencies.reshape(self.n_images, -1)
        source = self[self.names.of(self.spiking_network.input)]
        source.set_spikes(*self._as_spikes(latencies))
        if self.spiking_network.input.silent_zeros:
            silent = np.where(latencies == SILENT, 0.0, float(SILENT))
            self[f"{source.name}_silent"].set_spikes(*self._as_spikes(silent))
        self.analysis = analysis

    def run_args(self, images: NDArray) -> dict[TimedArray, NDArray]:
        r"""Run arguments that show other images to a program of cpp_standalone, compiled once.

        The network was built with ``model=tdsnn_brian.models.EXCHANGEABLE``. Compile it with
        ``device.build(run=False)``, then ``device.run(run_args=net.run_args(images))`` and
        `read_results`, as often as there are images.

        Parameters
        ----------
        images : array_like
            (n_images, \*input shape), as many as before.

        Raises
        ------
        WindowTooShortError, InvalidInputError
            As `set_images`.
        """
        if self.input_table is None:
            raise InvalidInputError(
                f"run_args() needs input neurons that look up when to fire, and model "
                f"{self.model.name!r} has none; build the network with "
                "model=tdsnn_brian.models.EXCHANGEABLE"
            )
        self.analysis = self._fitting(images)
        latencies = self.analysis.input_latencies.reshape(self.n_images, -1)
        return {self.input_table: latencies.astype(np.float64)}

    def _fitting(self, images: NDArray) -> DiscreteAnalysis:
        """The analysis of other images, if the network can show them as it was built."""
        network, timing = self.spiking_network, self.timing
        images = check_images(network, images)
        if len(images) != self.n_images:
            raise InvalidInputError(
                f"the network was built for {self.n_images} images, got {len(images)}; pass as "
                "many, or build it for so many"
            )
        if constrained := [x.name for x in network.populations if x.kind is Kind.CONSTRAINED_POOL]:
            raise InvalidInputError(
                f"layer {constrained[0]!r}: a constrained max-pool has weights that follow from "
                "the images; build the network again for other ones"
            )
        windows: dict[str, Any] = {
            name: int(ticks) - self.model.waits(network.population(name).leak)
            for name, ticks in timing.windows.items()
        }
        analysis = analyse(network, images, window="dynamic" if self.dynamic else windows)
        choose_windows(network, analysis, windows)
        if self._planned(analysis).slot > timing.slot:
            raise WindowTooShortError(
                f"network {network.name!r}: neurons that no layer waits for fire after the next "
                "image has come; build it with longer windows, or for these images"
            )
        return analysis

    def _planned(self, analysis: DiscreteAnalysis) -> Timing:
        return schedule(
            self.spiking_network,
            self.timing.windows,
            self.timing.steps_per_tick,
            unread_ticks=unread_ticks(self.spiking_network, analysis),
            firing=self.model.firing_steps,
            onset=self.timing.first_spike,
        )

    def _as_spikes(self, latencies: NDArray) -> tuple[NDArray, Any]:
        neuron, steps = spikes_of(latencies, self.timing)
        return neuron, steps * self.dt


def spikes_of(latencies: NDArray, timing: Timing) -> tuple[NDArray, NDArray]:
    """Neurons, and steps at which they fire, of latencies in ticks (n_images, n)."""
    image, neuron = np.nonzero(latencies != SILENT)
    after_onset = in_steps(latencies[image, neuron], timing.steps_per_tick)
    return neuron, image * timing.slot + timing.first_spike + after_onset
