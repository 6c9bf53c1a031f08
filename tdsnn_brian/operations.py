r"""Additions, multiplications and comparisons of a network, per layer and image.

Conventions, those of the paper where it has one:

* A neuron with `M` inputs takes `M` multiplications and `M - 1` additions in a DNN, and `M - 1`
  additions in the spiking network, fewer where inputs are silent. Biases are counted on neither
  side.
* A position of zero padding is an input of value zero on both sides, as in the counts that are
  usual for convolutions: a DNN multiplies by it, and it counts as a spike unless zeros are silent.
* A comparison in a pooling layer is one addition. A max-pool neuron has to learn of every one of
  its inputs, silent ones too, so it takes as many in the spiking network as in the DNN.
* The leak of a neuron in one tick is one multiplication, a tick that reaches it one addition.
  Where inputs fire between ticks (`input_steps`), the first layer leaks once in each such step.
* Not in the totals but listed: `comparisons`, that is ReLUs in the DNN, threshold tests in the
  active period (one at release and one a tick), and in the deployment without ticking neurons
  the search for the firing time.
* Encoding the input, and the ticking and bias neurons (one each a layer), are left out.

`count_snn` takes fixed windows and lets every neuron leak and be driven until they end, as the
paper does. `measure_snn` takes the firing times of a run: windows end with the last presynaptic
spike, and a neuron that has fired neither leaks nor is driven any more.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, log2, prod

import numpy as np
from numpy.typing import NDArray

from .coding import SILENT
from .connectivity import fan_out, n_synapses
from .discrete import bias_latency
from .errors import InvalidInputError
from .propagation import _windows
from .spec import AveragePool2D, Conv2D, Dense, Layer, MaxPool2D, SpikingNetwork


@dataclass(frozen=True, kw_only=True)
class Operations:
    """Mean number of operations for one image; `+` and `sum` add them up."""

    additions: float = 0.0
    multiplications: float = 0.0
    comparisons: float = 0.0

    @property
    def total(self) -> float:
        """Additions and multiplications, the paper's total."""
        return self.additions + self.multiplications

    @property
    def total_with_comparisons(self) -> float:
        return self.total + self.comparisons

    def __add__(self, other: "Operations") -> "Operations":
        return Operations(
            additions=self.additions + other.additions,
            multiplications=self.multiplications + other.multiplications,
            comparisons=self.comparisons + other.comparisons,
        )


Counted = dict[str, Operations]


def total(counted: Mapping[str, Operations]) -> Operations:
    """Sum over the layers."""
    return sum(counted.values(), Operations())


def _summed(layer: Layer) -> int:
    """Inputs of all neurons of a synapse-based layer together, padding included."""
    if isinstance(layer, Conv2D):
        return layer.n_neurons * prod(layer.kernel.shape[:3])
    return n_synapses(layer)


def _pool_comparisons(layer: Layer) -> int:
    return n_synapses(layer) - layer.n_neurons


def count_dnn(network: SpikingNetwork) -> Counted:
    """Operations of the DNN that has the network's layers.

    Parameters
    ----------
    network : SpikingNetwork
        Its weights do not matter.

    Returns
    -------
    dict of str to Operations
        One entry a layer.
    """
    counted = {}
    for layer in network:
        neurons = layer.n_neurons
        if isinstance(layer, MaxPool2D):
            counted[layer.name] = Operations(additions=_pool_comparisons(layer))
            continue
        summed = _summed(layer)
        hidden = layer is not network.output_layer and not isinstance(layer, AveragePool2D)
        counted[layer.name] = Operations(
            additions=summed - neurons,
            multiplications=neurons if isinstance(layer, AveragePool2D) else summed,
            comparisons=neurons if hidden else 0,
        )
    return counted


def _active_periods(network: SpikingNetwork, windows: Mapping[str, float]) -> dict[str, float]:
    """A layer's active period is the inhibitory period of the next synapse-based layer."""
    names = [layer.name for layer in network if not isinstance(layer, MaxPool2D)]
    missing = [name for name in names if name not in windows]
    if missing:
        raise InvalidInputError(
            f"windows lacks {missing}; give the inhibitory period of every synapse-based layer, "
            f"which are {names}"
        )
    following = [*(windows[name] for name in names[1:]), 0]
    return dict(zip(names, following, strict=True))


def count_snn(network: SpikingNetwork, windows: Mapping[str, float]) -> Counted:
    """Operations with fixed windows: every neuron leaks and is driven to their very end.

    Parameters
    ----------
    network : SpikingNetwork
    windows : mapping of str to float
        Inhibitory period of each synapse-based layer, in ticks.

    Raises
    ------
    InvalidInputError
        If a layer's window is missing.
    """
    active = _active_periods(network, windows)
    counted = {}
    for layer in network:
        if isinstance(layer, MaxPool2D):
            counted[layer.name] = Operations(additions=_pool_comparisons(layer))
            continue
        neurons, ticks = layer.n_neurons, active[layer.name]
        leaks = windows[layer.name] * _steps(network, layer)
        is_output = layer is network.output_layer
        counted[layer.name] = Operations(
            additions=_summed(layer) - neurons + neurons * ticks,
            multiplications=neurons * (leaks + ticks),
            comparisons=0 if is_output else neurons * (ticks + 1),
        )
    return counted


def count_deployed(network: SpikingNetwork, windows: Mapping[str, float]) -> Counted:
    """Operations without ticking neurons (Fig. 6): neurons integrate, an encoder sets the times.

    The encoder compares a potential with the `window + 1` ones at which its latency changes, by
    bisection.

    Parameters and errors are those of `count_snn`.
    """
    active = _active_periods(network, windows)
    counted = {}
    for layer in network:
        if isinstance(layer, MaxPool2D):
            counted[layer.name] = Operations(additions=_pool_comparisons(layer))
            continue
        neurons = layer.n_neurons
        is_output = layer is network.output_layer
        counted[layer.name] = Operations(
            additions=_summed(layer) - neurons,
            multiplications=neurons * windows[layer.name] * _steps(network, layer),
            comparisons=0 if is_output else neurons * ceil(log2(active[layer.name] + 1)),
        )
    return counted


def measure_snn(
    network: SpikingNetwork, input_latencies: NDArray, latencies: Mapping[str, NDArray]
) -> Counted:
    """Operations of a run, mean over its images.

    Parameters
    ----------
    network : SpikingNetwork
    input_latencies : ndarray
        (n_images, *input shape), in ticks; see `tdsnn_brian.discrete.input_latencies`.
    latencies : mapping of str to ndarray
        (n_images, *layer shape) of a `DiscreteAnalysis` or of a `Simulation`; silent neurons are
        `SILENT` or `nan`.
    """
    before, counted = _silenced(input_latencies), {}
    for layer in network:
        if isinstance(layer, MaxPool2D):
            counted[layer.name] = Operations(additions=_pool_comparisons(layer))
            before = _silenced(latencies[layer.name])
            continue
        last = before.reshape(len(before), -1).max(axis=1)
        window = np.maximum(last, 0 if layer.bias is None else bias_latency(network)).mean()
        leaks = float(window) * _steps(network, layer)
        synaptic = synaptic_additions(
            layer, before != SILENT, padding_fires=not network.silent_zeros
        )
        neurons = layer.n_neurons
        if layer is network.output_layer:
            counted[layer.name] = Operations(
                additions=synaptic, multiplications=neurons * leaks
            )
            break
        before = _silenced(latencies[layer.name])
        ticks = float(np.maximum(before, 0).reshape(len(before), -1).sum(axis=1).mean())
        counted[layer.name] = Operations(
            additions=synaptic + ticks,
            multiplications=neurons * leaks + ticks,
            comparisons=neurons + ticks,
        )
    return counted


def _steps(network: SpikingNetwork, layer: Layer) -> int:
    """How often a neuron leaks in a tick of its inhibitory period."""
    return network.input_steps if layer is network.layers[0] else 1


def _silenced(latencies: NDArray) -> NDArray:
    return np.where(np.isnan(latencies), SILENT, latencies)


def synaptic_additions(
    layer: Layer, active: NDArray[np.bool_], *, padding_fires: bool = True
) -> float:
    """Mean number of additions that sum up the spikes of `active` inputs in every neuron.

    Parameters
    ----------
    layer : Layer
        Synapse-based.
    active : ndarray of bool
        (n_images, ...), `layer.n_inputs` an image.
    padding_fires : bool, optional
        Whether the positions of a convolution's zero padding count as spikes.
    """
    if active.all() and padding_fires:
        return float(_summed(layer) - layer.n_neurons)
    active = active.reshape(len(active), *layer.input_shape)
    if isinstance(layer, Dense):
        arrived, repeats = active.reshape(len(active), -1).sum(axis=1), layer.n_neurons
    elif isinstance(layer, Conv2D):
        groups = layer.groups
        per_position = active.reshape(*active.shape[:3], groups, -1).sum(axis=4, dtype=np.float32)
        padding = active.shape[3] // groups if padding_fires else 0
        arrived = _sliding_sum(layer, per_position, padding)
        repeats = layer.n_channels // groups
    else:
        arrived, repeats = _sliding_sum(layer, active.astype(np.float32), 0), 1
    return float(np.maximum(arrived - 1, 0).sum(dtype=np.float64) * repeats / len(active))


def _sliding_sum(layer: Layer, values: NDArray, padding: float) -> NDArray:
    from dataclasses import replace

    shape = values.shape[1:]
    if isinstance(layer, Conv2D):
        layer = replace(layer, input_shape=shape)
    return _windows(layer, values, padding).sum(axis=(4, 5))


def synaptic_operations(
    network: SpikingNetwork, active: Mapping[str, NDArray[np.bool_]], *, spiking: bool
) -> dict[str, float]:
    """NeuroBench's synaptic operations, mean over the images.

    Each synapse of an input that is not zero (DNN) or fires (spiking network) is one operation:
    an effective MAC with the DNN's real values, an effective AC with spikes. ``Dense`` counts all
    synapses; zero padding has none. Biases and pooling without weights do not count, and no weight
    is taken to be zero.

    Parameters
    ----------
    network : SpikingNetwork
    active : mapping of str to ndarray of bool
        (n_images, ...) inputs of each synapse-based layer that are not zero, or fire.
    spiking : bool

    Returns
    -------
    dict
        ``Effective_MACs``, ``Effective_ACs``, ``Dense``.
    """
    effective = dense = 0.0
    for layer in network:
        if isinstance(layer, MaxPool2D):
            continue
        inputs = np.asarray(active[layer.name], bool)
        fans = fan_out(layer).ravel()
        effective += float((inputs.reshape(len(inputs), -1) @ fans.astype(np.float64)).mean())
        dense += n_synapses(layer)
    kind = "Effective_ACs" if spiking else "Effective_MACs"
    return {"Effective_MACs": 0.0, "Effective_ACs": 0.0, "Dense": dense, kind: effective}


def inputs_that_fire(
    network: SpikingNetwork, input_latencies: NDArray, latencies: Mapping[str, NDArray]
) -> dict[str, NDArray[np.bool_]]:
    """Which inputs of each synapse-based layer fire; parameters as in `measure_snn`."""
    before, active = input_latencies, {}
    for layer in network:
        if not isinstance(layer, MaxPool2D):
            active[layer.name] = _silenced(before) != SILENT
        if layer is not network.output_layer:
            before = latencies[layer.name]
    return active
