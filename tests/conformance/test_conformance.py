"""Every engine on every feature: equal to the analysis, or refused by name."""

from math import ceil

import numpy as np
import pytest
from features import MAKERS, feature

import tdsnn_brian as td
from tdsnn_brian.engines import ENGINES, obstacle

brian2 = pytest.importorskip("brian2")
from brian2 import ms, prefs  # noqa: E402

from tdsnn_brian.analysis.closed_form import unread_ticks  # noqa: E402
from tdsnn_brian.brian.explicit.perturbed_network import Variant, build_perturbed  # noqa: E402
from tdsnn_brian.brian.explicit.perturbed_settings import Setting, slot_ticks  # noqa: E402

RTOL = {"float64": 1e-9, "float32": 1e-4}


def longest(network, images):
    """A window in ticks that is longer than every layer's own."""
    return 1 + max(ceil(w.max()) for w in td.analyse(network, images).windows.values())


def explicit(network, images, window, dt):
    return td.simulate(network, images, window=window, dt=dt, projection="explicit")


def event_driven(network, images, window, dt):
    return td.simulate(network, images, window=window, dt=dt, projection="shared")


def pipeline(network, images, window, dt):
    return td.run_pipeline(network, images, window=window, dt=dt)


def deployment(network, images, window, dt):
    return td.deploy(network, images, dt=dt)


def perturbed(network, images, window, dt):
    analysis = td.analyse(network, images)
    last = {name: ceil(values.max()) for name, values in analysis.windows.items()}
    slot = slot_ticks(
        network, last, margin=5, headroom=3, unread_ticks=unread_ticks(network, analysis)
    )
    setting = Setting(window_cut=-5, steps_per_tick=round(float(ms / dt)))
    net = build_perturbed(network, images, analysis, last, setting, Variant(slot_ticks=slot))
    net.run(net.duration, namespace={})
    return td.read_results(net)


RUNS = {
    # engine: how to run it, rows of ENGINES that may refuse, windows
    "explicit": (explicit, ("explicit",), ("fixed", "dynamic", "given")),
    "event-driven": (event_driven, ("event-driven",), ("fixed", "dynamic", "given")),
    "pipeline": (pipeline, ("pipeline",), ("fixed", "dynamic")),
    "deployment": (deployment, ("deployment",), ("fixed",)),
    "perturbed": (perturbed, ("perturbed",), ("fixed",)),
}


def cases():
    for engine, (_, _, windows) in RUNS.items():
        for name in MAKERS:
            for number, window in enumerate(windows):
                # all pairs of step and type, over the windows of a feature
                for steps, float_type in ((1, "float64"), (3, "float32")) if number else (
                    (3, "float64"), (1, "float32")
                ):
                    yield pytest.param(engine, name, window, steps, float_type,
                                       id=f"{engine}-{name}-{window}-{steps}-{float_type}")


@pytest.fixture
def float_type(request):
    before = prefs.codegen.target, prefs.core.default_float_dtype
    prefs.codegen.target = "numpy"
    prefs.core.default_float_dtype = getattr(np, request.param)
    yield request.param
    prefs.codegen.target, prefs.core.default_float_dtype = before


def rows_of(engine, window, steps):
    """Rows of the table that speak of an engine run in this way."""
    rows = [*RUNS[engine][1]]
    if engine == "explicit" and window == "dynamic":
        rows.append("explicit, dynamic windows")
    if engine == "explicit" and steps > 1:
        rows.append("explicit, dt below the tick")
    return rows


def assert_equal_or_refused(run, rows, network, images, window, float_type):
    why = next(filter(None, (obstacle(row, network) for row in rows)), None)
    if why is not None:
        with pytest.raises(ENGINES[rows[0]].error) as refusal:
            run()
        assert why.split(":")[0] in str(refusal.value)  # the layer and what it has
        return
    try:
        expected = td.analyse(network, images, window=window)
    except td.TDSNNError as error:
        with pytest.raises(type(error)):
            run()
        return
    found = run()
    comparison = found.compare(expected, rtol=RTOL[float_type])
    assert comparison, f"\n{comparison}\n{found.potentials}\n{expected.potentials}"
    assert list(found.latencies) == list(expected.latencies)
    assert found.predictions.shape == expected.predictions.shape


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
        lambda: RUNS[engine][0](network, images, window, dt), rows_of(engine, window, steps),
        network, images, window, float_type,
    )


@pytest.mark.parametrize("name", MAKERS)
def test_algorithm_1(name):
    network, images = feature(name).network, feature(name).images
    assert_equal_or_refused(
        lambda: td.run_algorithm_1(network, images), ["Algorithm 1"], network, images, "dynamic",
        "float64",
    )
