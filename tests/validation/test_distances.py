"""Distances between spike trains: the closed forms for single spikes are those of Elephant."""

import numpy as np
import pytest

from tdsnn_brian.validation.judge.distances import (
    kolmogorov_smirnov,
    rmse,
    van_rossum,
    victor_purpura,
    wasserstein,
)

LEFT = np.array([0.0, 1.0, 3.0, 7.0, np.nan, 2.0, np.nan])
RIGHT = np.array([0.0, 1.5, 1.0, 30.0, 2.0, np.nan, np.nan])


@pytest.mark.parametrize("scale", [0.2, 1.0, 5.0])
def test_they_are_those_of_elephant(scale):
    pytest.importorskip("elephant", reason="Elephant is not installed")
    import neo
    import quantities as pq
    from elephant import spike_train_dissimilarity as elephant

    def train(time):
        return neo.SpikeTrain([] if np.isnan(time) else [time] * pq.ms, units="ms", t_stop=100)

    for left, right in zip(LEFT, RIGHT, strict=True):
        pair = [train(left), train(right)]
        one, other = np.array([left]), np.array([right])
        purpura = elephant.victor_purpura_distance(pair, cost_factor=scale / pq.ms)[0, 1]
        assert victor_purpura(one, other, scale)[0] == pytest.approx(purpura)
        rossum = elephant.van_rossum_distance(pair, time_constant=scale * pq.ms)[0, 1]
        assert van_rossum(one, other, scale)[0] == pytest.approx(rossum, abs=1e-6)


def test_silent_neurons_count_where_they_should():
    np.testing.assert_allclose(victor_purpura(LEFT, RIGHT), [0, 0.5, 2, 2, 1, 1, 0])
    assert van_rossum(LEFT, RIGHT, 5.0)[4:].tolist() == [1, 1, 0]
    assert rmse(LEFT, RIGHT) == pytest.approx(np.sqrt((0.25 + 4 + 23**2) / 4))
    silent = np.full(7, np.nan)
    assert [f(silent, LEFT) for f in (rmse, kolmogorov_smirnov, wasserstein)] == [None] * 3


def test_distributions_have_no_order():
    times = np.array([3.0, 1.0, 2.0, np.nan])
    assert kolmogorov_smirnov(times, times[::-1]) == 0
    assert wasserstein(times, times + 2) == pytest.approx(2)
    assert kolmogorov_smirnov(times, times + 10) == 1
