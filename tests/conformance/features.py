"""Small networks that have what networks can have, one feature each, with images.

Weights are drawn so that no firing time lies within `MARGIN` ticks of a jump of the ceiling, where
float32 could decide otherwise than float64; but for the ties, which lie on it exactly.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

import tdsnn_brian as td
from tdsnn_brian.layers import IMAGE, AveragePool2D, Conv2D, Dense, MaxPool2D, Sum

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
        if network.input_pairs:
            images *= rng.choice([-1, 1], images.shape)
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
        for name, values in analysis.continuous.items():
            away = values[values > 0] - network.population(name).schedule.early
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


def _transfers(rng):
    """Layers of different transfers behind each other, the first one with a cap."""
    transfers = {
        "capped": td.Transfer(max_value=1.1, threshold=0.2),
        "sigmoid": td.Transfer(name="sigmoid", scale=3.0),
        "softplus": td.Transfer(name="softplus"),
        "square": td.Transfer(name="square"),
        "dip": td.Transfer(name="gelu_rise", scale=2.0),
    }
    layers = [conv(rng, (3, 3, 1)), pool((2, 2, 2), pool_size=(1, 2), strides=(1, 2))]
    layers[0] = replace(layers[0], transfer=transfers.pop("capped"))
    n = layers[-1].n_neurons
    for name, transfer in transfers.items():
        layers.append(replace(dense(rng, name, n, 4), transfer=transfer))
        n = 4
    return td.SpikingNetwork(layers=(*layers, dense(rng, "output", 4, 3)), leak=4.0)


def _pairs(rng, **fields):
    """SiLU, then tanh, each carried by two populations that every reader sees with both signs."""
    layers, before = [], [(IMAGE, 1, 5)]
    for activation, n_out in (("silu", 4), ("tanh", 3), (None, 2)):
        drawn_ = {source: rng.normal(0, 0.6, (n, n_out)) for source, _, n in before[:1]}
        weights, bias, made = drawn_[before[0][0]], rng.normal(0, 0.3, n_out), []
        parts = td.parts_of(activation) if activation else (None,)
        for k, part in enumerate(parts):
            takes = part.takes if part else 1
            terms = tuple(
                Dense(
                    name=f"{source}_{activation}_{k}",
                    input_shape=(n,),
                    source=source,
                    weights=takes * gives * weights,
                    bias=takes * bias if number == 0 else None,
                )
                for number, (source, gives, n) in enumerate(before)
            )
            name = f"{activation}_{k}" if part else "output"
            fired = {"transfer": part.transfer} if part else {}
            layers.append(Sum(name=name, terms=terms, **fired))
            if part:
                made.append((name, part.gives, n_out))
        before = made
    return td.SpikingNetwork(layers=tuple(layers), leak=4.0, **fields)


def _graph(rng, image=(4, 4, 1), **fields):
    """Skips from the image and over several layers, and branches of up to two max-pools."""

    def term(name, source, n_in, n_out, **own):
        return replace(dense(rng, name, n_in, n_out, scale=0.4, **own), source=source)

    first = conv(rng, image, (1, 1))
    once = MaxPool2D(name="once", input_shape=(4, 4, 2), pool_size=(2, 2), strides=(2, 2))
    twice = MaxPool2D(name="twice", input_shape=(2, 2, 2), pool_size=(2, 2))
    pixels = image[0] * image[1] * image[2]
    meet = Sum(name="meet", terms=(term("a", "once", 8, 4), term("b", "twice", 2, 4, bias=False)))
    deep = replace(dense(rng, "deep", 4, 4, bias=False), source="meet")
    late = Sum(
        name="late",
        terms=(
            term("c", "deep", 4, 4),
            term("d", "once", 8, 4),
            term("e", IMAGE, pixels, 4, bias=False),
        ),
    )
    output = Sum(
        name="output", terms=(term("f", "late", 4, 3), term("g", "meet", 4, 3, bias=False))
    )
    return td.SpikingNetwork(
        layers=(first, once, twice, meet, deep, late, output), leak=4.0, **fields
    )


def moved(rng):
    """A convolution and a max-pool that read neurons mirrored, twice, and not at all."""
    first = conv(rng, (3, 3, 1), outputs=2)
    places = np.arange(8).reshape(2, 2, 2)[:, [1, 0, 0]]
    places = np.where(rng.random(places.shape) < 0.2, -1, places)
    read = {"reads": places, "n_read": 8}
    branch = conv(rng, (2, 3, 2), name="branch", **read)
    other = pool((2, 3, 2), source="conv", reads=np.abs(places), n_read=8)
    joined = Sum(
        name="block",
        terms=(
            conv(rng, (1, 2, 2), (1, 1), name="one", source="branch"),
            conv(rng, (1, 2, 2), (1, 1), name="two", source="pool"),
            conv(rng, (1, 2, 1), (1, 1), name="image", source=IMAGE, reads=_CORNERS, n_read=9),
        ),
    )
    return chain(rng, first, branch, other, joined)


def heads(rng):
    """Three outputs of different shapes and depths; the one that is done first is listed last.

    Beside it max-pools hold up the spikes that its own do not have to wait for.
    """
    first = conv(rng, (4, 4, 1))
    early = conv(rng, (3, 3, 2), (1, 1), outputs=3, name="early", source="conv")
    once = MaxPool2D(
        name="once", input_shape=(3, 3, 2), pool_size=(2, 2), strides=(1, 1), source="conv"
    )
    deep = replace(dense(rng, "deep", 8, 4), source="once")
    late = Sum(
        name="late",
        terms=(
            replace(dense(rng, "late_0", 4, 1), source="deep"),
            replace(dense(rng, "late_1", 18, 1, bias=False), source="conv"),
        ),
    )
    deeper = replace(dense(rng, "deeper", 4, 3, bias=False), source="deep")
    last = dense(rng, "last", 3, 2)
    return td.SpikingNetwork(
        layers=(first, once, deep, late, deeper, last, replace(early, leak=6.0)),
        output_names=("last", "early", "late"),
        output_shape={"early": (9, 3)},
        leak=4.0,
    )


_CORNERS = np.array([[[8], [0]]])


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


def _below_zero(offset):
    feature = drawn(plain)
    network = replace(feature.network, input_offset=offset, input_scale=2.0)
    return Feature(network, feature.images / 2 - offset)


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
    "branches of several max-pools, skips from the image": lambda: drawn(_graph),
    "the same, silent zeros, nearest": lambda: drawn(
        lambda rng: _graph(rng, silent_zeros=True, rounding="nearest")
    ),
    "a skip from an image between ticks": lambda: drawn(lambda rng: _graph(rng, input_steps=4)),
    "thresholds where branches meet": lambda: drawn(
        lambda rng: _graph(rng, v_threshold=0.01, rounding="nearest")
    ),
    "nearest": lambda: drawn(lambda rng: plain(rng, rounding="nearest", input_steps=2)),
    "transfers": lambda: drawn(_transfers),
    "pairs of populations": lambda: drawn(_pairs),
    "neurons in other places": lambda: drawn(moved),
    "neurons in other places, silent zeros": lambda: drawn(
        lambda rng: replace(moved(rng), silent_zeros=True)
    ),
    "neurons in other places of a chain": lambda: drawn(
        lambda rng: chain(
            rng,
            conv(rng, (4, 2, 1), reads=np.arange(9)[:8].reshape(4, 2, 1)[::-1].copy(), n_read=9),
            image_shape=(3, 3, 1),
        )
    ),
    "several outputs": lambda: drawn(heads),
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
    "images below zero": lambda: _below_zero(0.25),
    "images as pairs": lambda: drawn(
        lambda rng: chain(rng, conv(rng, (4, 4, 2)), pool((3, 3, 2)), input_pairs=True)
    ),
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
