"""Copies of a network side by side give what the network gives, image by image."""

import numpy as np
import pytest

import tdsnn_brian as td
from features import MAKERS, feature
from helpers import random_images, small_network
from tdsnn_brian.analysis.pool_constraints import InfeasiblePoolError
from tdsnn_brian.side_by_side import SideBySide


@pytest.mark.parametrize("name", MAKERS)
def test_every_feature(name):
    network, images = feature(name).network, feature(name).images
    images = np.concatenate([images, images[:1]])  # one is missing in the last run
    try:
        expected = td.analyse(network, images)
    except InfeasiblePoolError as error:
        pytest.skip(f"refused everywhere: {error}")
    wide = SideBySide(one=network, copies=2)
    found = wide.separated(td.analyse(wide.network, wide.arranged(images)), len(images))
    assert list(found.latencies) == list(expected.latencies)
    for layer, latencies in expected.latencies.items():
        np.testing.assert_array_equal(found.latencies[layer], latencies, err_msg=layer)
    np.testing.assert_allclose(found.potentials, expected.potentials, rtol=1e-12)


@pytest.mark.parametrize("projection", ["explicit", "shared"])
def test_in_brian2(projection, numpy_target):
    network, images = small_network(), random_images(small_network(), 5)
    three = SideBySide(one=network, copies=3)
    result = td.simulate(three.network, three.arranged(images), projection=projection)
    comparison = three.separated(result, len(images)).compare(td.analyse(network, images))
    assert comparison, f"\n{comparison}"


def test_the_weights_of_a_dense_layer_stay_in_place():
    """Rows and columns are a window then, not a list of places."""
    network = SideBySide(one=small_network(), copies=3).network
    assert all(
        projection.reads is None for x in network.populations for projection in x.projections
    )


def test_another_number_of_images_is_refused():
    network, images = small_network(), random_images(small_network(), 3)
    two = SideBySide(one=network, copies=2)
    result = td.analyse(two.network, two.arranged(images))
    with pytest.raises(td.InvalidInputError, match="2 runs of 2 images side by side"):
        two.separated(result, 5)
