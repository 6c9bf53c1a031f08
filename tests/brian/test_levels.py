"""Relays: every spike comes from the level before, at the latency that it had."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("brian2")
from test_population import residual

import tdsnn_brian as td
from helpers import random_images, small_network
from tdsnn_brian.brian.explicit.pipeline_schedule import plan_pipeline
from tdsnn_brian.brian.levels import Levels, early_sources, with_relays


def test_a_chain_needs_none():
    network = small_network()
    assert with_relays(network) is network
    levels = Levels(network)
    assert levels.count == 5
    assert [levels.hops(x) for x in network.integrating] == [0, 1, 0, 0, 0]


@pytest.mark.parametrize("leak", [0.7, 5.0])
@pytest.mark.parametrize("rounding", ["up", "nearest"])
@pytest.mark.parametrize("silent_zeros", [False, True])
def test_relays_fire_at_the_latency_of_their_source(leak, rounding, silent_zeros):
    network = replace(residual(rounding=rounding, silent_zeros=silent_zeros), leak=leak)
    relayed = with_relays(network)
    assert not any(map(early_sources, relayed.populations))
    images = random_images(network)
    analysis = td.analyse(relayed, images, continuous=True)
    assert analysis.of(network).compare(td.analyse(network, images))
    relays = [name for name in analysis.latencies if name.endswith("_relay")]
    assert relays
    for name in relays:
        source = analysis.latencies[name.removesuffix("_relay")]
        np.testing.assert_array_equal(analysis.latencies[name], source)
        real = analysis.continuous[name]
        half_a_tick_off = np.abs((real - relayed.population(name).schedule.early) % 1 - 0.5)
        assert half_a_tick_off[real > 0].max(initial=0) < 1e-9


def test_a_pipeline_is_planned_with_relays():
    network = residual()
    analysis = td.analyse(network, random_images(network))
    with pytest.raises(td.InvalidInputError, match=r"spikes that wait .*with_relays\(network\)"):
        plan_pipeline(network, analysis, "fixed")
