"""What prints: networks, layers, results, comparisons."""

from dataclasses import replace

import numpy as np
import pytest

from helpers import random_images, small_network
from tdsnn_brian import Result, Transfer, analyse
from tdsnn_brian.layers import Layer
from tdsnn_brian.tables import Table


def test_a_summary_has_a_row_for_each_layer(capsys):
    network = small_network()
    network.summary()
    head, rule, *rows, total, note = capsys.readouterr().out.splitlines()
    assert head.split() == [
        *("layer", "kind", "shape", "neurons", "synapses", "window", "transfer")
    ]
    assert set(rule) == {"-"}
    assert [row.split()[0] for row in rows] == ["input", *(x.name for x in network.layers)]
    conv = next(row for row in rows if row.startswith("conv2"))
    assert conv.split() == "conv2 Conv2D 3 x 3 x 6 54 864 2 x 2 ceil(5 ln(x + 1))".split()
    assert int(total.split()[1].replace(",", "")) == 144 + sum(
        x.n_neurons for x in network.populations
    )
    assert "leak 5 ticks" in note


def test_a_summary_says_what_is_not_the_default(capsys):
    small_network(input_steps=4, silent_zeros=True, input_scale=3.0, v_threshold=0.1).summary()
    text = capsys.readouterr().out
    for part in ("ceil(20 ln(x + 1)) / 4", "images times 3", "zeros stay silent", "threshold 0.1"):
        assert part in text


@pytest.mark.parametrize(
    ("transfer", "time"),
    [
        (Transfer(), "ceil(5 ln(x + 1))"),
        (Transfer(max_value=6.0, scale=3.0), "ceil(5 ln(min(x, 18) + 1))"),
        (Transfer(threshold=0.5), "ceil(5 ln((x if x > 0.5) + 1))"),
        (Transfer(name="sigmoid"), "ceil(5 ln(sigmoid(x) + 1))"),
        (Transfer(name="softplus", scale=10.0), "ceil(5 ln(10 softplus(x / 10) + 1))"),
    ],
)
def test_a_summary_says_what_each_layer_makes_of_its_sums(transfer, time, capsys):
    network = small_network()
    first, *others = network.layers
    replace(network, layers=(replace(first, transfer=transfer), *others)).summary()
    rows = capsys.readouterr().out.splitlines()
    assert next(row for row in rows if row.startswith(first.name)).endswith(time)


def test_a_summary_says_how_times_are_rounded(capsys):
    small_network(rounding="nearest").summary()
    text = capsys.readouterr().out
    assert text.count("ceil(5 ln(x + 1) - 0.5)") > 1
    assert "ceil(5 ln(x + 1))" not in text


def test_representations_are_short():
    network = small_network()
    analysis = analyse(network, random_images(network))
    assert repr(network) == (
        "<SpikingNetwork 'small': 9 x 8 x 2 -> 3, 6 layers, 587 neurons, 4,486 synapses, leak 5>"
    )
    assert repr(analysis).startswith("<DiscreteAnalysis of 3 images: conv1 9 x 8 x 4, pool1 ")
    assert repr(network.layers[0]) == "<Conv2D 'conv1': 9 x 8 x 2 -> 9 x 8 x 4>"
    for item in (network, analysis, *network.layers, *network.layers[0].projections):
        assert len(repr(item)) < 400, repr(item)


def test_kinds_of_a_users_own_are_short_too():
    from dataclasses import dataclass

    @dataclass(frozen=True, kw_only=True, eq=False)
    class Mine(Layer):
        values: np.ndarray

        output_shape = (3,)

        def connect(self):
            return ()

    mine = Mine(name="mine", input_shape=(2,), values=np.zeros(1000))
    assert repr(mine) == "<Mine 'mine': 2 -> 3>"

    @dataclass(frozen=True, kw_only=True, eq=False)
    class Measured(Result):
        more: np.ndarray

    measured = Measured(latencies={}, windows={}, potentials=np.zeros((2, 3)), more=np.zeros(9))
    assert repr(measured) == "<Measured of 2 images: no layer fires>"


def test_notebooks_show_tables():
    network = small_network(silent_zeros=True)
    analysis = analyse(network, random_images(network))
    for item in (network, analysis, analysis.compare(analysis)):
        html = item._repr_html_()
        assert html.startswith("<table>")
        assert html.count("<tr>") > len(network.layers) - 1
        assert "conv1" in html
    silent = (analysis.latencies["conv1"] == -1).sum()
    assert f"<td>conv1</td><td>9 x 8 x 4</td><td>{silent}</td>" in analysis._repr_html_()


def test_names_are_escaped_in_notebooks():
    assert Table(["a"], [["<b>"]], note="&").to_html().count("<b>") == 0
