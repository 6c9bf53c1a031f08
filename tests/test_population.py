"""What follows from the places of layers in a network."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

import tdsnn_brian as td
from helpers import random_images, small_network
from tdsnn_brian.engines import require
from tdsnn_brian.layers import Conv2D, Dense, Layer, MaxPool2D, Projection, Sum, Window


def residual(seed=0, **fields):
    """conv1 - pool - (conv2 + skip from pool) - output."""
    rng = np.random.default_rng(seed)

    def conv(name, size, inputs, outputs, shape, source=None):
        pad = (size - 1) // 2
        return Conv2D(
            name=name,
            input_shape=shape,
            kernel=rng.normal(0, 0.4, (size, size, inputs, outputs)),
            bias=rng.normal(0, 0.3, outputs),
            padding=((pad, pad),) * 2,
            source=source,
        )

    layers = (
        conv("conv1", 3, 1, 4, (6, 6, 1)),
        MaxPool2D(name="pool", input_shape=(6, 6, 4), pool_size=(2, 2), strides=(2, 2)),
        conv("conv2", 3, 4, 4, (3, 3, 4)),
        Sum(
            name="block",
            terms=(
                conv("conv3", 3, 4, 4, (3, 3, 4), source="conv2"),
                Conv2D(
                    name="skip", input_shape=(3, 3, 4), kernel=np.eye(4)[None, None], source="pool"
                ),
            ),
        ),
        Dense(name="output", input_shape=(36,), weights=rng.normal(size=(36, 3))),
    )
    return td.SpikingNetwork(layers=layers, leak=5.0, **fields)


def test_a_chain():
    network = small_network()
    names = [population.name for population in network.populations]
    assert names == ["conv1", "pool1", "conv2", "mean", "dense1", "output"]
    assert network.is_chain
    assert [p.hops for p in network.populations] == [0, 1, 1, 0, 0, 0]
    drivers = [p.driver.name for p in network.populations]
    assert drivers == ["input", "conv1", "conv1", "conv2", "mean", "dense1"]
    assert [p.driven_biases for p in network.populations] == [1, 0, 1, 0, 1, 0]
    assert network.populations[0].n_presynaptic == 9 * 8 * 2 + 1
    assert network.populations[4].n_presynaptic == 24


def test_a_residual_block_by_closed_form_and_algorithm_1():
    network = residual()
    assert not network.is_chain
    block = network.population("block")
    assert [source.name for source in block.sources] == ["conv2", "pool"]
    assert block.driver.name == "conv2"
    images = random_images(network)
    closed, ticked = td.analyse(network, images), td.run_algorithm_1(network, images)
    assert ticked.compare(closed), str(ticked.compare(closed))
    without = td.analyse(
        replace(
            network, layers=(*network.layers[:3], network.layers[3].terms[0], network.layers[4])
        ),
        images,
    )
    assert not np.array_equal(without.logits, closed.logits)


def test_engines_refuse_branches_by_name():
    pytest.importorskip("brian2")
    with pytest.raises(td.InvalidInputError, match=r"'block' has branches: the perturbed model"):
        require("perturbed", residual())
    network = residual(v_threshold=0.001)
    images = random_images(network)
    with pytest.raises(td.InvalidInputError, match=r"thresholds beside branches: .*window='fixed'"):
        td.simulate(network, images, window="dynamic", projection="explicit")


def test_a_leak_of_a_layer_of_its_own():
    network = small_network()
    layers = list(network.layers)
    layers[2] = replace(layers[2], leak=8.0)
    network = replace(network, layers=tuple(layers))
    images = random_images(network)
    closed, ticked = td.analyse(network, images), td.run_algorithm_1(network, images)
    assert ticked.compare(closed), str(ticked.compare(closed))
    assert (
        closed.latencies["conv2"].max()
        > td.analyse(small_network(), images).latencies["conv2"].max()
    )


def test_minima():
    rng = np.random.default_rng(3)
    pool = MaxPool2D(
        name="pool", input_shape=(4, 4, 3), pool_size=(3, 3), padding=((1, 1), (1, 1)), minimum=(1,)
    )
    times = rng.integers(0, 9, (2, 4, 4, 3))
    found = pool.projection.latest(times, pool.minimum)
    for r, c in np.ndindex(4, 4):
        seen = times[:, max(r - 1, 0) : r + 2, max(c - 1, 0) : c + 2]
        np.testing.assert_array_equal(found[:, r, c, 1], seen[..., 1].min(axis=(1, 2)))
        np.testing.assert_array_equal(found[:, r, c, [0, 2]], seen[..., [0, 2]].max(axis=(1, 2)))
    times[0, 0, 0] = td.SILENT
    found = pool.projection.latest(times, pool.minimum)
    assert found[0, 0, 0, 1] == td.SILENT
    assert (found[0, 0, 0, [0, 2]] >= 0).all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kernel": np.ones((3, 3, 5, 4))}, r"'conv1': weights of shape \(3, 3, 5, 4\) do not fit"),
        ({"kernel": np.full((3, 3, 2, 4), np.nan)}, "'conv1': weights holds NaN or infinite"),
        ({"bias": np.ones(3)}, r"'conv1': bias has shape \(3,\)"),
        ({"bias": np.array(["a"])}, "'conv1': bias must be an array of real numbers"),
        ({"groups": 0}, "'conv1': groups must be a whole number of 1 or more, got 0"),
        ({"groups": 3}, "'conv1': 2 input channels do not come in groups=3"),
        ({"strides": (0, 1)}, "'conv1': strides must be a whole number of 1 or more"),
        ({"strides": (1.5, 1)}, "'conv1': strides must be a whole number"),
        ({"dilation": (9, 1)}, "'conv1': a window of .* is larger than the padded input"),
        ({"input_shape": (9, 8)}, "'conv1': a window slides over"),
        ({"input_shape": (9, -8, 2)}, "'conv1': input_shape must be"),
        ({"leak": -1.0}, "'conv1': leak must be finite"),
        ({"v_threshold": np.inf}, "'conv1': v_threshold must be"),
        ({"source": "nobody"}, "'conv1' takes the spikes of 'nobody', which is no layer before it"),
    ],
)
def test_fields_that_make_no_sense_are_refused_by_layer(changes, message):
    network = small_network()
    with pytest.raises(td.InvalidInputError, match=message):
        replace(network, layers=(replace(network.layers[0], **changes), *network.layers[1:]))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"input_scale": -1.0}, "input_scale must be finite and greater than 0"),
        ({"input_scale": np.inf}, "input_scale"),
        ({"input_pairs": 2}, "input_pairs must be True or False"),
        ({"input_pairs": True, "image_shape": (9, 8, 2)}, "hold the 144 inputs .* as pairs"),
        ({"silent_zeros": "evil"}, "silent_zeros must be True or False"),
        ({"v_threshold": np.nan}, "v_threshold"),
        ({"layers": ()}, "must end in a synapse-based layer"),
        ({"layers": ("dense",)}, "must hold layers"),
    ],
)
def test_fields_of_the_network_that_make_no_sense_are_refused(changes, message):
    with pytest.raises(td.InvalidInputError, match=message):
        replace(small_network(), **changes)


def test_pools_over_padding_alone_are_refused():
    with pytest.raises(td.InvalidInputError, match="'pool': some windows hold padding alone"):
        MaxPool2D(name="pool", input_shape=(2, 2, 1), pool_size=(1, 1), padding=((1, 0), (0, 0)))


def test_a_kind_that_does_not_say_what_it_connects_is_refused():
    @dataclass(frozen=True, kw_only=True, eq=False)
    class Gabor(Layer):
        kernel: np.ndarray

    with pytest.raises(td.UnsupportedLayerError, match=r"Gabor .*define connect\(\)"):
        Gabor(name="gabor", input_shape=(4, 4, 1), kernel=np.ones((2, 2, 1, 1)))


def test_a_kind_of_a_user_s_own():
    """Weights of its own reach every part that asks what is connected."""

    @dataclass(frozen=True, kw_only=True, eq=False)
    class Gabor(Layer):
        def connect(self):
            window = Window(input_shape=self.input_shape, size=(2, 2), n_channels=3)
            return (Projection(window=window, kernel=np.arange(12.0).reshape(2, 2, 1, 3) - 5),)

    gabor = Gabor(name="gabor", input_shape=(4, 4, 1))
    same = Conv2D(
        name="gabor", input_shape=(4, 4, 1), kernel=np.arange(12.0).reshape(2, 2, 1, 3) - 5
    )
    output = Dense(name="output", input_shape=(27,), weights=np.ones((27, 2)))
    images = np.random.default_rng(0).random((2, 4, 4, 1))
    one, other = (
        td.analyse(td.SpikingNetwork(layers=(layer, output), leak=5), images)
        for layer in (gabor, same)
    )
    assert one.compare(other)
    for found, wanted in zip(gabor.projection.synapses(), same.projection.synapses(), strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_classes_are_told_along_the_last_axis():
    rng = np.random.default_rng(0)
    for shape, classes in (((4, 3), (4,)), ((4, 1, 1, 3), (4,)), ((4, 2, 5, 3), (4, 2, 5))):
        potentials = rng.normal(size=shape)
        result = td.Result(latencies={}, windows={}, potentials=potentials)
        np.testing.assert_array_equal(result.predictions, potentials.argmax(-1).reshape(classes))
    one = td.Result(latencies={}, windows={}, potentials=np.array([[0.1], [-0.1], [0.0]]))
    assert one.predictions.tolist() == [1, 0, 0]
    assert one.accuracy([1, 0, 1]) == 2 / 3
    with pytest.raises(td.InvalidInputError, match="labels must have the shape"):
        one.accuracy([[1], [0], [1]])
