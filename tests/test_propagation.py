"""Max-pools that pass on the minimum in some channels."""

import numpy as np
import pytest

from tdsnn_brian.coding import SILENT
from tdsnn_brian.propagation import latest
from tdsnn_brian.spec import MaxPool2D


@pytest.mark.parametrize("dtype", [np.int32, np.float64])
def test_minimum_channels_pass_on_the_first_spike(dtype):
    pool = MaxPool2D(name="pool", input_shape=(3, 3, 2), pool_size=(2, 2), strides=(2, 2),
                     padding=((0, 1), (0, 1)), minimum=(1,))
    latencies = np.arange(1, 19).reshape(1, 3, 3, 2).astype(dtype)
    pooled = latest(pool, latencies)
    assert pooled.dtype == dtype
    np.testing.assert_array_equal(pooled[0, :, :, 0], [[9, 11], [15, 17]])
    np.testing.assert_array_equal(pooled[0, :, :, 1], [[2, 6], [14, 18]])


def test_a_silent_neuron_silences_the_minimum_but_not_the_maximum():
    pool = MaxPool2D(name="pool", input_shape=(2, 2, 2), pool_size=(2, 2), minimum=(1,))
    latencies = np.array([[3, 3], [4, 4], [SILENT, SILENT], [5, 5]]).reshape(1, 2, 2, 2)
    assert latest(pool, latencies).ravel().tolist() == [5, SILENT]
