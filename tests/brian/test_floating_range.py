"""Windows that the floating type cannot hold are refused, those just below are right."""

import numpy as np
import pytest
from brian2 import prefs

import tdsnn_brian as td
from helpers import assert_same, random_images, small_network
from tdsnn_brian.brian.floating_range import longest_leaking

pytestmark = pytest.mark.usefixtures("numpy_target")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_explicit_networks(monkeypatch, dtype):
    monkeypatch.setitem(prefs, "core.default_float_dtype", getattr(np, dtype))
    network = small_network(leak=2.0)
    images = random_images(network, 1)
    longest = min(longest_leaking(x, dtype) for x in network.integrating)
    result = td.simulate(network, images, window=int(longest), projection="explicit")
    rtol = 1e-4 if dtype == "float32" else 1e-9
    assert_same(result, td.analyse(network, images), rtol=rtol)
    with pytest.raises(td.InvalidInputError, match=f"layer 'conv1': in {dtype} a window may last"):
        td.build_network(network, images, window=int(longest) + 2, projection="explicit")


def test_activations_beyond_the_range_are_refused_by_the_analysis():
    network = small_network(leak=2e9, input_scale=1e6)
    with pytest.raises(td.InvalidInputError, match=r"a firing time of .* is out of range"):
        td.analyse(network, random_images(network, 1))


def test_a_large_leak_takes_no_memory():
    network = small_network(leak=1e6)
    td.analyse(network, random_images(network, 1))
