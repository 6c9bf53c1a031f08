"""The discrete analysis: firing times of every neuron, by closed form and tick by tick.

Both take a `SpikingNetwork` and images and agree with each other; the closed form is what
simulations are compared with.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import DTypeLike, NDArray

from .coding import SILENT, continuous_latency, gain, latency, round_up, tie_tolerance
from .propagation import activation, latest, weighted_sum
from .spec import Layer, MaxPool2D, SpikingNetwork, check_images
from .ticking import effective_activation, require_reachable, tick_weight


@dataclass(frozen=True, eq=False)
class DiscreteAnalysis:
    """Firing times in ticks after the release of each neuron's layer.

    Attributes
    ----------
    input_latencies : ndarray of int32
        (n_images, *input shape); of float64 where inputs fire between ticks (`input_steps`).
    latencies : dict of str to ndarray of int32
        (n_images, *layer shape) for every layer that fires; `SILENT` for a neuron that does not.
    windows : dict of str to ndarray of int32
        (n_images,) for every synapse-based layer: the last presynaptic spike, its bias neuron's
        included, in ticks after the layer's time origin; of float64 as `input_latencies`.
    logits : ndarray
        (n_images, n_classes), what the output potentials stand for.
    continuous : dict of str to ndarray
        `L ln(A + 1)` before it is rounded up, for the synapse-based layers; empty unless asked for.
    """

    input_latencies: NDArray
    latencies: dict[str, NDArray]
    windows: dict[str, NDArray]
    logits: NDArray
    continuous: dict[str, NDArray]

    @property
    def predictions(self) -> NDArray:
        """(n_images,) index of the largest logit."""
        return self.logits.reshape(len(self.logits), -1).argmax(axis=1)


def input_latencies(network: SpikingNetwork, images: NDArray) -> NDArray:
    """Firing times of the input neurons, (n_images, *input shape), in ticks."""
    images = check_images(network, images).astype(np.float64)
    return latency(
        images * network.input_scale, network.leak, silent_zeros=network.silent_zeros,
        steps=network.input_steps,
    )


def bias_latency(network: SpikingNetwork) -> int:
    """`T(1)`: when a bias neuron, an input of value 1, fires."""
    return int(latency(1.0, network.leak))


def _window(network, layer, latencies):
    last = latencies.reshape(len(latencies), -1).max(axis=1)
    has_bias = getattr(layer, "bias", None) is not None
    return np.maximum(last, last.dtype.type(bias_latency(network) if has_bias else 0))


def _batches(network: SpikingNetwork, n_images: int, batch_size: int | None) -> Iterator[slice]:
    if batch_size is None:
        # im2col copies each input once per window position; keep that copy near 256 MiB
        widest = max(
            layer.n_neurons // layer.output_shape[-1] * np.prod(layer.kernel.shape[:3])
            if hasattr(layer, "kernel") else layer.n_inputs for layer in network
        )
        batch_size = max(1, int(2**25 // max(widest, 1)))
    for start in range(0, n_images, batch_size):
        yield slice(start, start + batch_size)


def _join(parts: list[DiscreteAnalysis]) -> DiscreteAnalysis:
    if len(parts) == 1:
        return parts[0]

    def joined(name):
        values = [getattr(part, name) for part in parts]
        if isinstance(values[0], dict):
            return {key: np.concatenate([value[key] for value in values]) for key in values[0]}
        return np.concatenate(values)

    return DiscreteAnalysis(
        *map(joined, ("input_latencies", "latencies", "windows", "logits", "continuous"))
    )


def analyse(
    network: SpikingNetwork,
    images: NDArray,
    *,
    continuous: bool = False,
    dtype: DTypeLike = np.float64,
    batch_size: int | None = None,
    window: int | str | Mapping[str, int] = "dynamic",
) -> DiscreteAnalysis:
    """Firing times and logits by the closed form `T(A) = ceil(L ln(A + 1))` (Eq. 10).

    With a threshold other than 0 it is that of Eq. (6), which depends on the window.

    Parameters
    ----------
    network : SpikingNetwork
    images : array_like
        (n_images, *input shape), channels last, finite and not negative.
    continuous : bool, optional
        Keep `L ln(A + 1)` too, to tell how far a latency is from a ceiling's jump.
    dtype : optional
        Floating type of the weighted sums.
    batch_size : int, optional
        Images worked on at once; chosen from the network's size if not given.
    window : {"dynamic", "fixed"}, int or mapping, optional
        Inhibitory period, which matters for a threshold other than 0 only: until each image's
        last presynaptic spike, until the last one of all images, or as given in ticks.

    Returns
    -------
    DiscreteAnalysis

    Raises
    ------
    InvalidInputError
        If the images do not fit the network, or its threshold is out of reach.
    """
    images = check_images(network, images)
    if network.v_threshold and window != "dynamic":
        batch_size = len(images)  # windows are those of all images
    return _join([
        _analyse_batch(network, images[batch], continuous, dtype, window)
        for batch in _batches(network, len(images), batch_size)
    ])


def _analyse_batch(network, images, keep_continuous, dtype, window):
    first = spikes = input_latencies(network, images)
    latencies, windows, continuous = {}, {}, {}
    for layer in network:
        if isinstance(layer, MaxPool2D):
            if layer.constrained:
                windows[layer.name] = _window(network, layer, spikes)
            latencies[layer.name] = spikes = latest(layer, spikes)
            continue
        windows[layer.name] = _window(network, layer, spikes)
        total = activation(layer, gain(spikes, network.leak, dtype))
        if layer is not network.output_layer:
            real = continuous_latency(
                without_threshold(network, layer, total, _inhibitory(layer, windows, window)),
                network.leak,
            )
            spikes = round_up(real)
            if network.silent_zeros:
                spikes = np.where(spikes > 0, spikes, SILENT)
            latencies[layer.name] = spikes
            if keep_continuous:
                continuous[layer.name] = real
    return DiscreteAnalysis(first, latencies, windows, total, continuous)


def _inhibitory(layer, windows, choice):
    """Ticks that a layer is inhibited for in each image."""
    last = windows[layer.name]
    if isinstance(choice, Mapping):
        choice = choice.get(layer.name, "fixed")
    if isinstance(choice, str):
        return last if choice == "dynamic" else np.full_like(last, np.ceil(last.max()))
    return np.full_like(last, choice)


def without_threshold(
    network: SpikingNetwork, layer: Layer, activation: NDArray, windows: NDArray
) -> NDArray:
    """Activations of a layer that have the same latencies at threshold 0, which is the usual one.

    Parameters
    ----------
    network : SpikingNetwork
    layer : Layer
        A hidden synapse-based layer of it.
    activation : ndarray
        (n_images, *layer shape).
    windows : ndarray
        (n_images,) inhibitory period in ticks.

    Raises
    ------
    InvalidInputError
        If the threshold is out of reach.
    """
    return effective_activation(
        activation, network.leak, windows.reshape(-1, *[1] * (activation.ndim - 1)),
        network.v_threshold, layer.name,
    )


def overhang(network: SpikingNetwork, analysis: DiscreteAnalysis) -> int:
    """Ticks by which a layer still fires when the next one's window has ended.

    Its last neurons may be ones that nobody listens to: max-pools whose windows do not fit their
    input leave some out at its border.
    """
    ticks = 0
    last = analysis.input_latencies.reshape(len(analysis.logits), -1).max(axis=1)
    for layer in network:
        if layer.name in analysis.windows:
            ticks = max(ticks, ceil((last - analysis.windows[layer.name]).max()))
            last = np.zeros_like(last)
        if layer is not network.output_layer:
            own = analysis.latencies[layer.name].reshape(len(last), -1).max(axis=1)
            last = np.maximum(last, own)
    return ticks


def discrete_latencies(network: SpikingNetwork, images: NDArray) -> dict[str, NDArray]:
    """Firing times of all neurons, {layer name: (n_images, *layer shape)}; see `analyse`."""
    return analyse(network, images).latencies


def run_algorithm_1(network: SpikingNetwork, images: NDArray) -> DiscreteAnalysis:
    """Algorithm 1 of the paper tick by tick: potentials that leak, spikes, the ticking neuron.

    Every image has its own windows, as long as its last presynaptic spike (the dynamic choice).
    Slow and close to the text; the reference that `analyse` is tested against.

    Parameters and result are those of `analyse`.
    """
    images = check_images(network, images)
    first = spikes = input_latencies(network, images)
    latencies, windows = {}, {}
    for layer in network:
        if isinstance(layer, MaxPool2D):
            if layer.constrained:
                windows[layer.name] = _window(network, layer, spikes)
            latencies[layer.name] = spikes = latest(layer, spikes)
            continue
        windows[layer.name] = window = _window(network, layer, spikes)
        readout = layer is network.output_layer
        potential = _inhibitory_period(network, layer, spikes, window, 1 if readout else -1)
        if readout:
            scale = np.exp(window / network.leak).reshape(-1, *[1] * (potential.ndim - 1))
            return DiscreteAnalysis(first, latencies, windows, potential * scale, {})
        for ticks in np.unique(window):
            w_tick = tick_weight(network.leak, ticks)
            require_reachable(network.v_threshold, network.leak, w_tick, layer.name)
        latencies[layer.name] = spikes = _active_period(network, potential, window)
    raise AssertionError("a network ends in its output layer")


def _inhibitory_period(network, layer, spikes, windows, sign):
    """Potential of each neuron when its image's window ends, (n_images, *layer shape)."""
    steps = network.input_steps if layer is network.layers[0] else 1
    decay = np.exp(-1 / (network.leak * steps))
    bias_at = bias_latency(network)
    bias_weight = 0 if layer.bias is None else layer.bias / gain(bias_at, network.leak)
    potential = np.zeros((len(spikes), *layer.output_shape))
    at_end = potential.copy()
    # ticks, or between them where the inputs fire
    for time in np.arange(round(windows.max() * steps) + 1) / steps:
        potential *= decay
        potential += sign * weighted_sum(layer, (spikes == time).astype(np.float64))
        if time == bias_at:
            potential += sign * bias_weight
        at_end[windows == time] = potential[windows == time]
    return at_end


def _active_period(network, potential, windows):
    """Ticks until every neuron has fired once."""
    shape = (-1, *[1] * (potential.ndim - 1))
    w_tick = np.array([tick_weight(network.leak, window) for window in windows]).reshape(shape)
    tie = tie_tolerance(potential.dtype) * w_tick
    decay = np.exp(-1 / network.leak)
    threshold = network.v_threshold - tie
    inhibited = potential >= threshold
    latencies = np.where(inhibited, SILENT if network.silent_zeros else 0, 0)
    tick = 0
    while not inhibited.all():
        tick += 1
        potential = potential * decay + w_tick
        fires = ~inhibited & (potential >= threshold)
        latencies[fires] = tick
        inhibited |= fires
    return latencies.astype(np.int32)
