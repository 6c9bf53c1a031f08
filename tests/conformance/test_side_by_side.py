"""Copies of a network side by side give what the network gives, image by image."""

import re

import numpy as np
import pytest

import tdsnn_brian as td
from features import MAKERS, feature
from helpers import random_images, small_network
from tdsnn_brian.analysis.pool_constraints import InfeasiblePoolError
from tdsnn_brian.engines import obstacle
from tdsnn_brian.outputs import by_name
from tdsnn_brian.side_by_side import SideBySide


@pytest.mark.parametrize("name", MAKERS)
def test_every_feature(name):
    network, images = feature(name).network, feature(name).images
    images = np.concatenate([images, images[:1]])  # one is missing in the last run
    try:
        expected = td.analyse(network, images, continuous=True)
    except InfeasiblePoolError as error:
        pytest.skip(f"refused everywhere: {error}")
    wide = SideBySide(one=network, copies=2)
    if why := obstacle("side by side", network):
        with pytest.raises(td.InvalidInputError, match=re.escape(why)):
            wide.network  # noqa: B018
        return
    shown = td.analyse(wide.network, wide.arranged(images), continuous=True)
    found = wide.separated(shown, len(images))
    np.testing.assert_array_equal(found.input_latencies, expected.input_latencies)
    for field in ("latencies", "continuous"):
        assert list(getattr(found, field)) == list(getattr(expected, field))
        for layer, values in getattr(expected, field).items():
            np.testing.assert_allclose(
                getattr(found, field)[layer], values, rtol=1e-12, err_msg=f"{field} of {layer}"
            )
    for (_, ours), (_, theirs) in zip(
        by_name(found.potentials), by_name(expected.potentials), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)


@pytest.mark.parametrize("projection", ["explicit", "shared"])
def test_in_brian2(projection, numpy_target):
    network, images = small_network(), random_images(small_network(), 5)
    three = SideBySide(one=network, copies=3)
    result = td.simulate(three.network, three.arranged(images), projection=projection)
    found = three.separated(result, len(images))
    comparison = found.compare(td.analyse(network, images))
    assert comparison, f"\n{comparison}"
    assert found.spikes == td.simulate(network, images, projection=projection).spikes
    for counted in (*found.ticks.values(), *found.windows.values()):
        assert counted.shape == (5,)


def test_schedules_of_a_pipeline_have_an_entry_an_image(numpy_target):
    network, images = small_network(), random_images(small_network(), 3)
    two = SideBySide(one=network, copies=2)
    wide = td.run_pipeline(two.network, two.arranged(images))
    found = two.separated(wide, len(images))
    for field in ("onsets", "origins", "releases", "ends"):
        expected = getattr(wide.schedule, field)[[0, 0, 1]]
        np.testing.assert_array_equal(getattr(found.schedule, field), expected)


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


def test_what_cannot_be_separated_is_refused(numpy_target):
    network, images = small_network(), random_images(small_network(), 2)
    two = SideBySide(one=network, copies=2)
    result = td.simulate(two.network, two.arranged(images), monitors={"conv1": "v"})
    with pytest.raises(td.InvalidInputError, match=r"traces.*without monitors"):
        two.separated(result, 2)
    with pytest.raises(td.InvalidInputError, match="network must be a SpikingNetwork, got int"):
        SideBySide(one=3, copies=2)
