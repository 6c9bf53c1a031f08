"""Deployment without ticking neurons (Fig. 6).

Neurons of every synapse-based layer integrate with the weights as trained and never fire. What
lies between two such layers, ReLU, max-pool and `T(x)`, is one encoding of potentials as firing
times.
"""

from dataclasses import dataclass
from math import ceil

import numpy as np
from brian2 import Clock, Network, Quantity, get_device, ms, prefs
from numpy.typing import NDArray

from ..analysis.closed_form import input_latencies
from ..engines import require
from ..errors import UnsupportedDeviceError
from ..firing_times import SILENT, in_steps
from ..layers import Kind
from ..network import SpikingNetwork, check_images
from ..population import Population
from ..results import Result
from .devices import is_runtime
from .event_driven.projection import SharedProjection
from .explicit import groups
from .explicit.models import MEMBRANE
from .floating_range import check_range
from .interrupts import run_whole
from .memory import choose_projection
from .timing import choose_steps


@dataclass(frozen=True, kw_only=True, eq=False)
class Deployment(Result):
    """What the deployed network gave; see `Result`. Firing times are those of the encoding.

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
    >>> td.deploy(network, images)
    <Deployment of 1 images: hidden 2>
    """


def deploy(
    network: SpikingNetwork,
    images: NDArray,
    *,
    tick: Quantity = 1 * ms,
    dt: Quantity | None = None,
    projection: str = "auto",
) -> Deployment:
    r"""Run `images` through integrating neurons in Brian2, layer by layer, and encode in between.

    Parameters
    ----------
    network : SpikingNetwork
    images : array_like
        (n_images, \*input shape), channels last, finite, and not below ``-input_offset``
        unless the network has `input_pairs`.
    tick : Quantity, optional
        A tick, a time.
    dt : Quantity, optional
        Integration step, a whole fraction of `tick`; if not given, `tick` itself, or
        ``tick / input_steps`` where the inputs fire between ticks.
    projection : {"auto", "explicit", "shared"}, optional
        See `build_network`.

    Returns
    -------
    Deployment

    Raises
    ------
    InvalidInputError
        If an argument is impossible, or the network's threshold is not 0.
    UnsupportedDeviceError
        On a standalone device: potentials are encoded between runs.

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
    >>> td.deploy(network, images).latencies["hidden"].tolist()
    [[7, 4]]
    """
    images = check_images(network, images)
    if not is_runtime(get_device()):
        raise UnsupportedDeviceError(
            "deploy() encodes potentials between runs, which standalone devices do not allow; "
            "use set_device('runtime')"
        )
    require("deployment", network)
    dt, steps = choose_steps(network, tick, dt)
    shared = choose_projection(network, projection) == "shared"
    times: dict[Population, NDArray] = {network.input: input_latencies(network, images)}
    latencies, windows, potentials = {}, {}, {}
    for population in network.populations:
        presynaptic = [times[source] for source in population.sources]
        if population.kind is Kind.MAX_POOL:
            times[population] = latencies[population.name] = population.latest(*presynaptic)
            continue
        layer = _Layer(population, tick, dt, steps, shared)
        windows[population.name] = np.full(len(images), layer.window(presynaptic))
        activation = layer.integrate(presynaptic)
        if population.kind is Kind.OUTPUT:
            potentials[population.name] = activation
            continue
        # ties are those of the type that the potentials have
        times[population] = latencies[population.name] = population.latencies(
            activation.astype(prefs.core.default_float_dtype), windows[population.name]
        )
    return Deployment(latencies=latencies, windows=windows, potentials=potentials)


@dataclass(frozen=True, eq=False)
class _Layer:
    """The integrating neurons of one layer, for all images."""

    population: Population
    tick: Quantity
    dt: Quantity
    steps: int
    shared: bool

    def window(self, presynaptic: list[NDArray]) -> int:
        """Ticks until the last spike of all images."""
        return ceil(self.population.last_presynaptic(presynaptic).max())

    def integrate(self, presynaptic: list[NDArray]) -> NDArray:
        """Sum that each neuron's potential stands for, (n_images, *shape)."""
        population, n_images = self.population, len(presynaptic[0])
        window = self.window(presynaptic)
        check_range(population, window, prefs.core.default_float_dtype)
        slot = window * self.steps + 2
        clocks = groups.Clocks(
            Clock(self.dt, name="tdsnn_deployed_clock*"),
            Clock(slot * self.dt, name="tdsnn_deployed_image_clock*"),
        )
        neurons = groups.neurons(
            MEMBRANE,
            population.n_neurons,
            clocks,
            "integrating",
            namespace={"tau_mem": population.leak * self.tick},
            method="exact",
        )
        readout = groups.at_onsets(neurons, "v", clocks, "readout*")
        net = Network(neurons, neurons.contained_objects, readout)
        for number, (times, projection) in enumerate(
            zip(presynaptic, population.projections, strict=True)
        ):
            flat = times.reshape(n_images, -1)
            image, neuron = np.nonzero(flat != SILENT)
            at = image * slot + in_steps(flat[image, neuron], self.steps)
            source = groups.spike_source(f"source_{number}", flat.shape[1], neuron, at, clocks.step)
            net.add(
                source,
                SharedProjection(source, neurons, projection)
                if self.shared
                else (
                    groups.weighted_synapses(
                        projection, source, neurons, f"synapses_{number}", sign=+1
                    )
                ),
            )
        if population.bias is not None:
            onsets = np.arange(n_images) * slot + population.bias_latency * self.steps
            bias = groups.spike_source("bias", 1, np.zeros(n_images, int), onsets, clocks.step)
            net.add(
                bias, groups.bias_synapses(population.bias_weights, bias, neurons, "bias_synapses")
            )
        run_whole(net, (n_images * slot + 1 + slot // 5000) * self.dt)
        elapsed = (slot - 1) / self.steps / population.leak
        potentials = np.asarray(readout.v_[:])[:, 1 : n_images + 1].T * np.exp(elapsed)
        return potentials.reshape(n_images, *population.shape)
