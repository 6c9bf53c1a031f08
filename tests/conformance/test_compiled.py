"""Compiled programs on every feature: equal to the analysis, or refused by name."""

import pytest

pytest.importorskip("brian2")
from brian2 import ms

import tdsnn_brian as td
from features import MAKERS, feature
from runs import assert_equal_or_refused, longest
from tdsnn_brian.results import joined

pytestmark = pytest.mark.standalone


@pytest.mark.parametrize("name", MAKERS)
def test_programs(name):
    """One program a feature; types and steps alternate, windows are told to it when it runs."""
    network, images = feature(name).network, feature(name).images
    number = list(MAKERS).index(name)
    float_type, steps = ("float64", "float32")[number % 2], (1, 3)[number // 2 % 2]
    dt = 1 * ms / (steps * network.input_steps)
    windows = ["dynamic", "fixed"]
    if not any(population.v_threshold for population in network.populations):
        windows.append("given")
    for window in windows:
        if window == "given":
            try:
                window = longest(network, images)
            except td.TDSNNError:
                continue
        assert_equal_or_refused(
            lambda window=window: joined(
                list(
                    # by one program, which has to forget one image for the next
                    td.stream(network, images, window=window, dt=dt, dtype=float_type, processes=1)
                )
            ),
            ["event-driven"],
            network,
            images,
            window,
            float_type,
        )
