"""Networks with several outputs, as plain data, and what their results say."""

import pickle
from dataclasses import replace

import numpy as np
import pytest

import tdsnn_brian as td
from tdsnn_brian.engines import obstacle
from tdsnn_brian.layers import Dense, MaxPool2D
from tdsnn_brian.side_by_side import SideBySide

NAMES = ("last", "first")


def heads(**fields):
    """A hidden layer and two that are read out, one of them in the middle of the list."""
    rng = np.random.default_rng(0)
    hidden = Dense(name="hidden", input_shape=(3,), weights=rng.normal(size=(3, 4)))
    first = Dense(name="first", input_shape=(4,), weights=rng.normal(size=(4, 6)))
    last = Dense(name="last", input_shape=(4,), weights=rng.normal(size=(4, 1)), source="hidden")
    fields = {"output_names": NAMES, **fields}
    return td.SpikingNetwork(layers=(hidden, first, last), leak=5, name="heads", **fields)


IMAGES = np.random.default_rng(1).random((5, 3))


def one_by_one(network):
    """The same network with each of its outputs alone."""
    hidden, first, last = network.layers
    for layer in (first, last):
        yield layer.name, replace(network, layers=(hidden, layer), output_names=None)


def test_each_output_is_that_of_a_network_of_its_own():
    result = td.analyse(heads(), IMAGES)
    for name, alone in one_by_one(heads()):
        expected = td.analyse(alone, IMAGES)
        np.testing.assert_array_equal(result.potentials[name], expected.potentials)
        np.testing.assert_array_equal(result.logits[name], expected.logits)
        np.testing.assert_array_equal(result.predictions[name], expected.predictions)
        assert result.accuracy({name: expected.predictions}) == {name: 1.0}


def test_a_network_knows_its_outputs():
    network = heads(output_shape={"first": (2, 3)})
    assert [x.name for x in network.outputs] == ["first", "last"]
    assert [x.name for x in network.firing_layers] == ["hidden"]
    assert "3 -> 2 x 3 + 1, 3 layers" in repr(network)
    assert not network.is_chain
    assert td.analyse(network, IMAGES).logits["first"].shape == (5, 2, 3)
    with pytest.raises(
        td.InvalidInputError, match=r"'heads' has several outputs \('first', 'last'"
    ):
        network.output  # noqa: B018
    with pytest.raises(td.InvalidInputError, match="several outputs"):
        network.output_layer  # noqa: B018


def test_the_summary_shows_all_that_are_read_out(capsys):
    heads().summary()
    rows = capsys.readouterr().out.splitlines()
    assert [row.split()[0] for row in rows if row.endswith("logits")] == ["first", "last"]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"output_names": "last"}, "output_names must be a tuple of layer names"),
        ({"output_names": (3, "last")}, "output_names must be a tuple of layer names"),
        ({"output_names": ("frist", "last")}, r"output_names has \['frist'\].*\['hidden', 'first'"),
        ({"output_names": ("first",)}, "'last', the last one"),
        ({"output_names": ("last", "last")}, "different layers"),
        ({"output_names": ()}, "'last', the last one"),
        (
            {"output_names": ("hidden", "last")},
            "'first' takes the spikes of 'hidden', which is read",
        ),
        ({"output_shape": (2, 3)}, "output_shape must be a mapping of the outputs"),
        ({"output_shape": {"hidden": (4,)}}, r"output_shape has \['hidden'\]"),
        ({"output_shape": {"first": (7,)}}, "'first'.* does not hold the potentials of the 6"),
    ],
)
def test_outputs_that_make_no_sense_are_refused(fields, said):
    with pytest.raises(td.InvalidInputError, match=said):
        heads(**fields)


def test_a_max_pool_is_not_read_out():
    network = heads()
    pool = MaxPool2D(name="pool", input_shape=(1, 2, 2), pool_size=(1, 2), source="hidden")
    with pytest.raises(td.InvalidInputError, match="no synapse-based layers"):
        replace(network, layers=(*network.layers[:2], pool, network.layers[2]),
                output_names=("pool", "last"))  # fmt: skip


def test_several_outputs_are_never_taken_for_one():
    result = td.analyse(heads(), IMAGES)
    labels = np.zeros(5, int)
    for mistake in (
        lambda: result.predictions == labels,
        lambda: labels == result.predictions,
        lambda: np.mean(result.logits),
        lambda: np.argmax(result.potentials, axis=-1),
        lambda: result.predictions != labels,
        lambda: result.accuracy(labels),
    ):
        with pytest.raises(td.InvalidInputError, match="'first', 'last'"):
            mistake()
    with pytest.raises(AttributeError, match=r"each has its own 'shape'.*logits\['first'\]"):
        result.logits.shape  # noqa: B018
    with pytest.raises(KeyError, match="no output 'frist': the outputs are 'first', 'last'"):
        result.logits["frist"]
    assert list(pickle.loads(pickle.dumps(result.logits))) == ["first", "last"]


def test_images_are_taken_and_joined_at_every_output():
    whole = td.analyse(heads(), IMAGES)
    assert td.analyse(heads(), IMAGES, batch_size=2).compare(whole)
    part = whole.take(slice(1, 3))
    assert part.n_images == 2
    assert part.compare(td.analyse(heads(), IMAGES[1:3]))


def test_a_comparison_says_which_output_differs():
    result = td.analyse(heads(), IMAGES)
    first = result.potentials["first"]
    turned = replace(result, potentials={**result.potentials, "first": -first})
    comparison = turned.compare(result)
    assert not comparison
    assert [(x.name, x.answers, x.potentials) for x in comparison.outputs] == [
        ("first", 5, first.size),
        ("last", 0, 0),
    ]
    assert (comparison.answers, comparison.potentials) == (5, first.size)
    assert "answers first" in str(comparison)
    (_, alone), *_ = one_by_one(heads())
    with pytest.raises(td.InvalidInputError, match=r"outputs .* cannot be compared"):
        result.compare(td.analyse(alone, IMAGES))


def test_named_arrays_have_each_output():
    pytest.importorskip("xarray")
    found = td.analyse(heads(), IMAGES).to_xarray()
    assert found["first_potentials"].dims == ("image", "first_class_0")
    assert found["last_potentials"].shape == (5, 1)


def test_files_keep_outputs(tmp_path):
    network = heads(output_shape={"first": (3, 2)})
    network.save(tmp_path / "heads.npz")
    loaded = td.load(tmp_path / "heads.npz")
    assert (loaded.output_names, loaded.output_shape) == (NAMES, {"first": (3, 2)})
    assert td.analyse(loaded, IMAGES).compare(td.analyse(network, IMAGES))


def test_the_answer_comes_with_the_last_output():
    from tdsnn_brian.analysis.timeline import ticks_to_answer

    network = heads()
    windows = td.analyse(network, IMAGES).windows
    late = {**windows, "first": windows["first"] + 7}
    assert ticks_to_answer(network, late) == ticks_to_answer(network, windows) + 7


def test_copies_side_by_side_have_each_output():
    two = SideBySide(one=heads(output_shape={"first": (2, 3)}), copies=2)
    wide = td.analyse(two.network, two.arranged(IMAGES))
    assert two.separated(wide, 5).compare(td.analyse(two.one, IMAGES))


@pytest.mark.parametrize("engine", ["perturbed", "NIR", "GeNN", "Brian2CUDA", "report"])
def test_engines_that_read_one_output_refuse_several(engine):
    assert obstacle(engine, heads()).startswith("layer 'first' has several outputs: ")
    for _, alone in one_by_one(heads()):
        assert obstacle(engine, alone) is None
