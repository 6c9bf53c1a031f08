"""The network of the paper in NEST, written from the paper and from nothing of this package.

Everything is a spike: presynaptic ones, ticks, the bias neuron, and the inhibition that holds a
layer back. A neuron is NEST's `iaf_psc_delta` with its rest and threshold at 0 and a refractory
period without end. Inhibition is one spike of weight -B at the beginning of a window, and what is
left of it is taken back by one of +B exp(-T/L) at its end.
"""

from dataclasses import dataclass

import nest
import numpy as np

STRONG = 1000.0
DELAY = 1.0
TIE = 1e-9
"""Ticks by which a firing time may exceed a whole number and still count as it."""


@dataclass(frozen=True)
class Weighted:
    """A layer with a ticking neuron, or the output layer."""

    matrix: np.ndarray  # (presynaptic, postsynaptic)
    bias: np.ndarray


@dataclass(frozen=True)
class MaxPool:
    """A layer of which each neuron fires with the last of its inputs."""

    matrix: np.ndarray  # of 0 and 1


def fires_at(values, leak):
    """Eq. (10)."""
    return np.ceil(leak * np.log1p(np.maximum(values, 0)) - TIE)


def run(image, layers, leak, window):
    """Firing times after release of all hidden layers in ticks of 1 ms, and the logits.

    Parameters
    ----------
    image : (n_inputs,)
    layers : list of Weighted and MaxPool
        The last one is the output layer.
    leak : float
    window : float
        Inhibitory period of all layers in ticks.
    """
    nest.ResetKernel()
    nest.set(resolution=0.1, overwrite_files=True)
    onset = 5.0  # of the image
    before = nest.Create("parrot_neuron", len(image))
    for neuron, at in zip(before, fires_at(image, leak), strict=True):
        _source([onset + at], [1.0], neuron)
    recorders, zero = [], onset
    for layer in layers[:-1]:
        arrive = zero + DELAY
        if isinstance(layer, MaxPool):
            n = layer.matrix.shape[1]
            neurons = nest.Create("iaf_psc_delta", n, _cell(tau_m=1e300) | {"V_m": 0.0})
            neurons.V_th = (layer.matrix.sum(axis=0) - 0.5).tolist()
            _connect(before, neurons, layer.matrix)
            zero = arrive
        else:
            release = arrive + window
            w_tick = (1 - np.exp(-1 / leak)) * np.exp(-window / leak)
            neurons = nest.Create(
                "iaf_psc_delta", len(layer.bias), _cell(tau_m=leak, V_th=-TIE * w_tick)
            )
            _connect(before, neurons, -layer.matrix)
            _bias(neurons, -layer.bias, arrive, leak)
            left = np.exp(-release / leak)  # of the -1 that it begins with
            weights = [-STRONG, STRONG * np.exp(-window / leak) + left]
            _source([arrive, release], weights, neurons)
            ticks = release + np.arange(1, 200.0)
            _source(ticks, np.full(len(ticks), w_tick), neurons)
            zero = release
        recorder = nest.Create("spike_recorder")
        nest.Connect(neurons, recorder)
        recorders.append((recorder, neurons, zero))
        before = neurons
    arrive = zero + DELAY
    outputs = nest.Create("iaf_psc_delta", len(layers[-1].bias), _cell(tau_m=leak, V_th=1e300))
    outputs.V_m = 0.0
    _connect(before, outputs, layers[-1].matrix)
    _bias(outputs, layers[-1].bias, arrive, leak)
    nest.Simulate(arrive + window)
    logits = np.array(outputs.V_m) * np.exp(window / leak)
    return [_latencies(*recorded) for recorded in recorders], logits


def _cell(**more):
    return {
        "E_L": 0.0,
        "V_reset": -1.0,
        "V_m": -1.0,
        "V_th": 0.0,
        "C_m": 1.0,
        "t_ref": 1e5,
        **more,
    }


def _source(times, weights, targets):
    """Spikes that arrive at `times`."""
    generator = nest.Create(
        "spike_generator",
        {
            "spike_times": np.round(np.asarray(times) - DELAY, 6),
            "spike_weights": np.asarray(weights, float),
        },
    )
    nest.Connect(generator, targets, syn_spec={"delay": DELAY})


def _bias(neurons, bias, arrive, leak):
    """An input of value 1, whose spike weighs exp(T(1)/L)."""
    at = float(fires_at(1.0, leak))
    for neuron, weight in zip(neurons, bias * np.exp(-at / leak), strict=True):
        _source([arrive + at], [weight], neuron)


def _connect(before, after, matrix):
    pre, post = np.nonzero(matrix)
    nest.Connect(
        np.asarray(before.tolist())[pre],
        np.asarray(after.tolist())[post],
        "one_to_one",
        {"weight": matrix[pre, post], "delay": np.full(len(pre), DELAY)},
    )


def _latencies(recorder, neurons, zero):
    events = recorder.events
    found = np.full(len(neurons), np.nan)
    index = np.asarray(events["senders"]) - neurons[0].global_id
    assert len(np.unique(index)) == len(index), "a neuron fired twice"
    found[index] = np.asarray(events["times"]) - zero
    return found
