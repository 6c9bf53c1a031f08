"""Transfers, what carries them, and the schedules of ticks that compute them."""

from math import erf

import numpy as np
import pytest

import tdsnn_brian as td
from tdsnn_brian.coding import latency
from tdsnn_brian.firing_times import SILENT
from tdsnn_brian.layers import Dense, MaxPool2D, Sum
from tdsnn_brian.schedule import BEYOND, Schedule
from tdsnn_brian.transfer import FUNCTIONS, Transfer, parts_of

ACTIVATIONS = {
    "relu": lambda x: np.maximum(x, 0),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "hard_sigmoid": lambda x: np.clip(x / 6 + 0.5, 0, 1),
    "softplus": lambda x: np.logaddexp(0, x),
    "tanh": np.tanh,
    "elu": lambda x: np.where(x > 0, x, np.expm1(x)),
    "silu": lambda x: x / (1 + np.exp(-x)),
    "hard_silu": lambda x: x * np.clip(x / 6 + 0.5, 0, 1),
    "gelu": lambda x: 0.5 * x * (1 + np.vectorize(erf)(x / np.sqrt(2))),
    "gelu_tanh": lambda x: 0.5 * x * (1 + np.tanh(0.7978845608 * (x + 0.044715 * x**3))),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("scale", [1.0, 10.0])
def test_parts_add_up_to_the_activation(name, scale):
    x = np.linspace(-12, 12, 4001) * scale
    parts = parts_of(name, scale=scale)
    total = sum(part.gives * part.transfer.values(part.takes * x) for part in parts)
    np.testing.assert_allclose(total, scale * ACTIVATIONS[name](x / scale), atol=1e-7 * scale)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_transfers_grow_and_are_never_negative(name):
    values = Transfer(name=name).values(np.linspace(-15, 15, 6001))
    assert values.min() >= 0
    assert (np.diff(values) >= -1e-15).all()


@pytest.mark.parametrize("rounding", ["up", "nearest"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_latencies_are_those_of_the_value(name, rounding):
    transfer = Transfer(name=name, scale=10.0)
    activation = np.random.default_rng(0).normal(0, 30, 20_000)
    value = transfer.values(activation)
    apart = 5 * np.log1p(value) - 0.5 * (rounding == "nearest")
    clear = np.abs(apart - np.rint(apart)) > 1e-6
    found = Schedule(leak=5.0, transfer=transfer, rounding=rounding).latencies(activation)
    np.testing.assert_array_equal(found[clear], latency(value, 5, rounding=rounding)[clear])
    assert clear.mean() > 0.3


def test_relu_is_the_schedule_of_constant_weights():
    general = Schedule(leak=3.0, transfer=Transfer(max_value=1e9))
    plain = Schedule(leak=3.0)
    np.testing.assert_allclose(general.tick_weights(30), plain.tick_weights(30), atol=1e-12)
    assert plain.is_plain
    assert not Schedule(leak=3.0, rounding="nearest").is_plain


def test_a_cap_is_a_last_tick_that_lifts_every_neuron():
    relu6 = Schedule(leak=5.0, transfer=Transfer(max_value=6.0))
    assert relu6.thresholds(12)[9:].tolist() == [
        pytest.approx(np.expm1(9 / 5)),
        BEYOND,
        BEYOND,
        BEYOND,
    ]


def test_rounding_to_the_nearest():
    x = np.expm1(np.array([0.0, 0.49, 0.51, 1.49, 1.51, 7.2]) / 5)
    assert latency(x, 5, rounding="nearest").tolist() == [0, 0, 1, 1, 2, 7]
    assert latency(x, 5, rounding="nearest", steps=2).tolist() == [0, 0.5, 0.5, 1.5, 1.5, 7]
    assert latency(x, 5, rounding="nearest", silent_zeros=True).tolist()[:2] == [SILENT, SILENT]
    values = np.random.default_rng(0).uniform(0.5, 20, 100_000)
    decoded = td.reverse_coding(values, 5, rounding="nearest") / (values + 1)
    assert abs(decoded.mean() - 1) < 0.01
    with pytest.raises(td.InvalidInputError, match="'up' or 'nearest'"):
        latency(x, 5, rounding="down")


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"name": "swish"}, "transfer must be one of 'relu'.*got 'swish'"),
        ({"scale": 0.0}, "scale must be a finite number greater than 0"),
        ({"max_value": np.inf}, "max_value must be"),
        ({"threshold": -1.0}, "threshold must be a finite number >= 0"),
        ({"alpha": True}, "alpha must be"),
    ],
)
def test_impossible_transfers_are_refused(fields, why):
    with pytest.raises(td.InvalidInputError, match=why):
        Transfer(**fields)
    with pytest.raises(
        td.InvalidInputError, match=r"activation must be one of 'relu'.*got 'relu_sq"
    ):
        parts_of("relu_squared")


def test_activations_that_ticks_cannot_tell_apart_are_refused():
    """Squares far beyond their scale: their thresholds grow by less than a tie is wide."""

    def latency_of_5(**transfer):
        first = _layer("first", 1, transfer=Transfer(**transfer))
        network = td.SpikingNetwork(layers=(first, _layer("output", 1)), leak=3)
        return td.analyse(network, np.full((1, 1), 4.0)).latencies["first"].item()

    coded = np.exp(np.ceil(3 * np.log(5)) / 3)
    assert latency_of_5(name="square", scale=1e-6) == np.ceil(3 * np.log(coded**2 / 1e-6 + 1))
    with pytest.raises(td.InvalidInputError, match=r"'first': activations of 5\.3 are too large"):
        latency_of_5(name="square", scale=1e-9)
    assert latency_of_5(threshold=0.5) == 6  # no tick is for what is below 0.5


def _layer(name, n=2, **fields):
    return Dense(name=name, input_shape=(n,), weights=np.eye(n), **fields)


SIGMOID = Transfer(name="sigmoid")


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: _layer("a", transfer="sigmoid"), "'a': transfer must be a tdsnn_brian.Transfer"),
        (
            lambda: MaxPool2D(
                name="pool", input_shape=(2, 2, 1), pool_size=(2, 2), transfer=SIGMOID
            ),
            "'pool': a max-pool passes firing times on",
        ),
        (
            lambda: Sum(name="sum", terms=(_layer("a", transfer=SIGMOID),)),
            "term 'a' has a transfer, which is that of the whole sum",
        ),
        (
            lambda: td.SpikingNetwork(layers=(_layer("out", transfer=SIGMOID),), leak=5),
            "'out' is read out without firing",
        ),
        (
            lambda: td.SpikingNetwork(
                layers=(_layer("a", transfer=SIGMOID), _layer("out")), leak=5, v_threshold=0.1
            ),
            "'a' has the transfer 'sigmoid' and v_threshold=0.1",
        ),
        (
            lambda: td.SpikingNetwork(layers=(_layer("out"),), leak=5, rounding="down"),
            "'up' or 'nearest'",
        ),
    ],
)
def test_what_no_network_has_is_refused_by_name(make, why):
    with pytest.raises(td.InvalidInputError, match=why):
        make()


def test_a_network_file_keeps_transfers_and_rounding(tmp_path):
    transfer = Transfer(name="relu", scale=3.0, max_value=6.0, threshold=0.5)
    network = td.SpikingNetwork(
        layers=(_layer("a", transfer=transfer), _layer("out")), leak=5, rounding="nearest"
    )
    network.save(tmp_path / "network.npz")
    loaded = td.load(tmp_path / "network.npz")
    assert (loaded.layers[0].transfer, loaded.rounding) == (transfer, "nearest")
