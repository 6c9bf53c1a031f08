"""Every engine on every feature: equal to the analysis, or refused by name."""

import numpy as np
import pytest

pytest.importorskip("brian2")
from brian2 import ms, prefs

import tdsnn_brian as td
from features import MAKERS, feature
from runs import RUNS, assert_equal_or_refused, longest, rows_of

FINE, COARSE = ((3, "float64"), (1, "float32")), ((1, "float64"), (3, "float32"))
PAIRS = {
    # all pairs of step and type, over the windows of a feature; given windows are fixed ones too
    "fixed": [FINE],
    "dynamic": [COARSE],
    "given": [COARSE[:1], COARSE[1:]],
}


def cases():
    for engine, (_, windows) in RUNS.items():
        for place, name in enumerate(MAKERS):
            for window in windows:
                for steps, float_type in PAIRS[window][place % 2 if window == "given" else 0]:
                    yield pytest.param(
                        engine,
                        name,
                        window,
                        steps,
                        float_type,
                        id=f"{engine}-{name}-{window}-{steps}-{float_type}",
                    )


@pytest.fixture
def float_type(request, monkeypatch, numpy_target):
    monkeypatch.setitem(prefs, "core.default_float_dtype", getattr(np, request.param))
    return request.param


@pytest.mark.parametrize(
    ("engine", "name", "window", "steps", "float_type"), cases(), indirect=["float_type"]
)
def test_equal_or_refused(engine, name, window, steps, float_type):
    network, images = feature(name).network, feature(name).images
    if window == "given":
        try:
            window = longest(network, images)
            td.analyse(network, images, window=window)
        except td.TDSNNError:
            window = "fixed"  # the threshold would be out of reach
    dt = 1 * ms / (steps * network.input_steps)
    steps *= network.input_steps
    assert_equal_or_refused(
        lambda: RUNS[engine][0](network, images, window, dt),
        rows_of(engine, window, steps),
        network,
        images,
        window,
        float_type,
    )


@pytest.mark.parametrize("name", MAKERS)
def test_algorithm_1(name):
    network, images = feature(name).network, feature(name).images
    assert_equal_or_refused(
        lambda: td.run_algorithm_1(network, images),
        ["Algorithm 1"],
        network,
        images,
        "dynamic",
        "float64",
    )
