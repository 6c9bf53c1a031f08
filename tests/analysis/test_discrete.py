import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tdsnn_brian as td
from helpers import random_images, small_network
from tdsnn_brian.firing_times import round_up


@settings(max_examples=20, deadline=None)
@given(
    st.integers(0, 1000), st.sampled_from([0.7, 1.0, 2.0, 5.0, 20.0]), st.sampled_from([1.0, 3.0])
)
def test_closed_form_and_algorithm_1_agree(seed, leak, scale):
    network = small_network(seed, leak, input_scale=scale)
    images = random_images(network, 3, seed)
    closed, ticked = td.analyse(network, images), td.run_algorithm_1(network, images)
    for name, latencies in closed.latencies.items():
        np.testing.assert_array_equal(latencies, ticked.latencies[name], err_msg=name)
    for name, window in closed.windows.items():
        np.testing.assert_array_equal(window, ticked.windows[name])
    np.testing.assert_allclose(closed.logits, ticked.logits, rtol=1e-9)


def test_a_layer_with_activation_zero_fires_at_once():
    network = small_network()
    (latencies,) = [td.analyse(network, random_images(network, 2)).latencies["conv1"]]
    activations = network.populations[0].activation(
        [td.latency(random_images(network, 2), network.leak)]
    )
    np.testing.assert_array_equal(latencies == 0, activations <= 0)


def test_batches_change_nothing():
    network = small_network()
    images = random_images(network, 7)
    whole = td.analyse(network, images, continuous=True)
    parts = td.analyse(network, images, continuous=True, batch_size=3)
    for name in whole.latencies:
        np.testing.assert_array_equal(whole.latencies[name], parts.latencies[name])
    np.testing.assert_array_equal(whole.predictions, parts.predictions)
    assert set(whole.continuous) == {"conv1", "conv2", "mean", "dense1"}
    rounded = round_up(whole.continuous["conv2"])
    np.testing.assert_array_equal(rounded, whole.latencies["conv2"])


def test_shapes_and_keys():
    network = small_network()
    latencies = td.discrete_latencies(network, random_images(network, 2))
    assert list(latencies) == [layer.name for layer in network.firing_layers]
    assert latencies["pool1"].shape == (2, 4, 4, 4)
    assert all(np.issubdtype(values.dtype, np.integer) for values in latencies.values())


def bad(images, value):
    images = images.copy()
    images[0, 0, 0, 0] = value
    return images


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda x: bad(x, -0.1), r"negative values \(lowest -0.1\).*rescale"),
        (lambda x: bad(x, np.nan), "NaN or infinite"),
        (lambda x: bad(x, np.inf), "NaN or infinite"),
        (lambda x: x[0], r"images\[None\]"),
        (lambda x: x[..., 0], r"shape \(n_images, 9, 8, 2\), got \(2, 9, 8\)"),
        (lambda x: x[:0], "images is empty"),
        (lambda x: x.astype(str), "must be an array of real numbers"),
    ],
)
def test_bad_images_are_refused(spoil, message):
    network = small_network()
    with pytest.raises(td.InvalidInputError, match=message):
        td.analyse(network, spoil(random_images(network, 2)))
