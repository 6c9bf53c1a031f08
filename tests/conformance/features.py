"""Small networks that have what networks can have, one feature each, with images.

Weights are drawn so that no firing time lies within `MARGIN` ticks of a jump of the ceiling, where
float32 could decide otherwise than float64; but for the ties, which lie on it exactly.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

import tdsnn_brian as td
from tdsnn_brian.layers import AveragePool2D, Conv2D, Dense, MaxPool2D, Sum

MARGIN = 2e-3


@dataclass(frozen=True)
class Feature:
    network: td.SpikingNetwork
    images: NDArray


def drawn(make, tries=200):
    """The first of `make(rng)` with a wide margin."""
    for seed in range(tries):
        rng = np.random.default_rng(seed)
        network = make(rng)
        images = rng.random((2, *network.input_shape)) * (
            rng.random((2, *network.input_shape)) > 0.2
        )
        if margin(network, images) > MARGIN:
            return Feature(network, images)
    raise AssertionError("no weights with a margin were found")


def margin(network, images):
    """Least distance, in ticks, of a firing time from a jump of the ceiling."""
    least = np.inf
    for window in ("dynamic", "fixed"):
        try:
            analysis = td.analyse(network, images, continuous=True, window=window)
        except td.TDSNNError:
            return np.inf  # refused everywhere, whatever the weights
        for values in analysis.continuous.values():
            away = values[values > 0]
            least = min(least, np.abs(away - np.rint(away)).min(initial=np.inf))
    return least


def dense(rng, name, n_in, n_out, bias=True, scale=0.6):
    return Dense(
        name=name,
        input_shape=(n_in,),
        weights=rng.normal(0, scale, (n_in, n_out)),
        bias=rng.normal(0, 0.3, n_out) if bias else None,
    )


def conv(rng, shape, size=(2, 2), outputs=2, groups=1, bias=True, name="conv", **window):
    return Conv2D(
        name=name,
        input_shape=shape,
        groups=groups,
        kernel=rng.normal(0, 0.6, (*size, shape[2] // groups, outputs)),
        bias=rng.normal(0, 0.3, outputs) if bias else None,
        **window,
    )


def chain(rng, first, *more, leak=4.0, **fields):
    """`first`, other layers, a hidden dense layer and an output layer."""
    layers = [first, *more]
    n = layers[-1].n_neurons
    layers += [dense(rng, "hidden", n, 4), dense(rng, "output", 4, 3, scale=1.0)]
    return td.SpikingNetwork(layers=tuple(layers), leak=leak, name="feature", **fields)


def pool(shape, **fields):
    fields = {"pool_size": (2, 2), "strides": (1, 1), **fields}
    return MaxPool2D(name="pool", input_shape=shape, **fields)


def plain(rng, **fields):
    first = conv(rng, (4, 4, 1))
    return chain(rng, first, pool(first.output_shape), **fields)


def _last_layers(network, *changed):
    return replace(network, layers=(*network.layers[: -len(changed)], *changed))


def _with_biases(network, value):
    return replace(
        network,
        layers=tuple(
            replace(layer, bias=None if value is None else np.zeros(layer.output_shape[-1]))
            if hasattr(layer, "weights") or hasattr(layer, "kernel")
            else layer
            for layer in network.layers
        ),
    )


def ties():
    """`A + 1 = G(x)`: every latency of the first layer is one of the second, exactly."""
    leak, n = 5.0, 12
    images = np.stack([np.expm1((np.arange(n) - 0.5) / leak), np.zeros(n)]).clip(0)
    rng = np.random.default_rng(0)
    eye = Dense(name="hidden", input_shape=(n,), weights=np.eye(n), bias=-np.ones(n))
    return Feature(
        td.SpikingNetwork(
            layers=(eye, replace(eye, name="again"), dense(rng, "output", n, 3)), leak=leak
        ),
        images,
    )


def unread(rng):
    first = conv(rng, (4, 4, 1), (1, 1))
    return chain(rng, first, pool((4, 4, 2), pool_size=(3, 3), strides=(3, 3)))


def residual(rng):
    first = conv(rng, (3, 3, 1), (3, 3), padding=((1, 1), (1, 1)))
    branch = conv(rng, (3, 3, 2), (3, 3), padding=((1, 1), (1, 1)), name="branch")
    skip = Conv2D(name="skip", input_shape=(3, 3, 2), kernel=np.eye(2)[None, None], source="conv")
    joined = Sum(
        name="block", terms=(conv(rng, (3, 3, 2), (1, 1), name="last", source="branch"), skip)
    )
    return chain(rng, first, branch, joined)


def _constrained(rng, scale):
    first = conv(rng, (3, 4, 1), (2, 2))
    first = replace(first, kernel=np.abs(first.kernel) * scale, bias=np.full(2, -0.2))
    shape = first.output_shape
    return chain(
        rng, first, pool(shape, pool_size=(1, 2), strides=(1, 2), constrained=True), leak=2.0
    )


def _own_leaks(rng):
    network = plain(rng)
    layers = list(network.layers)
    layers[0], layers[2] = replace(layers[0], leak=3.0), replace(layers[2], leak=6.0)
    return replace(network, layers=tuple(layers))


def _many():
    feature = drawn(plain)
    rng = np.random.default_rng(5)
    while True:
        images = rng.random((9, 4, 4, 1))
        images[3] = 0
        if margin(feature.network, images) > MARGIN / 4:
            return Feature(feature.network, images)


def _first_image(feature):
    return Feature(feature.network, feature.images[:1])


MAKERS = {
    "plain": lambda: drawn(plain),
    "positive threshold": lambda: drawn(lambda rng: plain(rng, v_threshold=0.02)),
    "negative threshold": lambda: drawn(lambda rng: plain(rng, v_threshold=-0.02)),
    "silent zeros": lambda: drawn(lambda rng: plain(rng, silent_zeros=True)),
    "inputs between ticks": lambda: drawn(lambda rng: plain(rng, input_steps=4, leak=2.0)),
    "constrained pool, feasible": lambda: drawn(lambda rng: _constrained(rng, 0.3)),
    "constrained pool, infeasible": lambda: drawn(lambda rng: _constrained(rng, 9.0)),
    "minima": lambda: drawn(
        lambda rng: chain(rng, conv(rng, (4, 4, 1)), pool((3, 3, 2), minimum=(1,)))
    ),
    "minima, silent zeros": lambda: drawn(
        lambda rng: chain(
            rng, conv(rng, (4, 4, 1)), pool((3, 3, 2), minimum=(1,)), silent_zeros=True
        )
    ),
    "unread neurons": lambda: drawn(unread),
    "ties at every latency": ties,
    "zero biases": lambda: drawn(lambda rng: _with_biases(plain(rng), 0)),
    "no biases": lambda: drawn(lambda rng: _with_biases(plain(rng), None)),
    "groups": lambda: drawn(lambda rng: chain(rng, conv(rng, (3, 3, 4), outputs=6, groups=2))),
    "depthwise": lambda: drawn(lambda rng: chain(rng, conv(rng, (3, 3, 3), outputs=6, groups=3))),
    "dilation": lambda: drawn(lambda rng: chain(rng, conv(rng, (5, 4, 1), dilation=(2, 1)))),
    "uneven padding and strides": lambda: drawn(
        lambda rng: chain(
            rng, conv(rng, (5, 4, 1), (3, 2), padding=((2, 0), (0, 1)), strides=(2, 1))
        )
    ),
    "average": lambda: drawn(
        lambda rng: chain(
            rng,
            conv(rng, (4, 4, 1)),
            AveragePool2D(
                name="mean",
                input_shape=(3, 3, 2),
                pool_size=(2, 2),
                padding=((1, 0), (0, 0)),
                scale=0.9,
                bias=np.array([-0.2, 0.1]),
            ),
        )
    ),
    "pools in a row": lambda: drawn(
        lambda rng: chain(
            rng,
            conv(rng, (4, 4, 1)),
            pool((3, 3, 2)),
            MaxPool2D(name="pool2", input_shape=(2, 2, 2), pool_size=(2, 1), strides=(1, 1)),
        )
    ),
    "a pool on the image": lambda: drawn(lambda rng: chain(rng, pool((3, 3, 2)))),
    "an output of another shape": lambda: drawn(
        lambda rng: td.SpikingNetwork(
            leak=4.0,
            layers=(
                conv(rng, (3, 3, 1)),
                conv(rng, (2, 2, 2), (1, 1), outputs=3, name="output"),
            ),
            output_shape=(12,),
        )
    ),
    "leaks of their own": lambda: drawn(_own_leaks),
    "branches": lambda: drawn(residual),
    "one neuron": lambda: drawn(
        lambda rng: td.SpikingNetwork(
            leak=5.0, layers=(dense(rng, "hidden", 1, 1), dense(rng, "output", 1, 1))
        )
    ),
    "no hidden layer": lambda: drawn(
        lambda rng: td.SpikingNetwork(leak=5.0, layers=(dense(rng, "output", 4, 3),))
    ),
    "one image": lambda: _first_image(drawn(plain)),
    "many images": _many,
    "names": lambda: drawn(
        lambda rng: td.SpikingNetwork(
            leak=4.0,
            layers=(
                dense(rng, "input", 3, 4),
                dense(rng, "input_ticking", 4, 4),
                dense(rng, "größe/2", 4, 4),
                dense(rng, "größe-2", 4, 2),
            ),
        )
    ),
}
_MADE: dict[str, Feature] = {}


def feature(name: str) -> Feature:
    """One of `MAKERS`, made once."""
    if name not in _MADE:
        _MADE[name] = MAKERS[name]()
    return _MADE[name]
