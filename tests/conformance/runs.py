"""How each engine is run, and what its results are held against."""

from math import ceil

import pytest
from brian2 import ms

import tdsnn_brian as td
from tdsnn_brian.analysis.closed_form import unread_ticks
from tdsnn_brian.brian.explicit.perturbed_network import Variant, build_perturbed
from tdsnn_brian.brian.explicit.perturbed_settings import Setting, slot_ticks
from tdsnn_brian.engines import ENGINES, obstacle, require
from tdsnn_brian.outputs import by_name

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
    require("perturbed", network)
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
    # row of ENGINES: how to run it, with which windows
    "explicit": (explicit, ("fixed", "dynamic", "given")),
    "event-driven": (event_driven, ("fixed", "dynamic", "given")),
    "pipeline": (pipeline, ("fixed", "dynamic")),
    "deployment": (deployment, ("fixed",)),
    "perturbed": (perturbed, ("fixed",)),
}


def rows_of(engine, window, steps):
    """Rows of the table that speak of an engine run in this way."""
    rows = [engine]
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
    assert shapes(found.predictions) == shapes(expected.predictions)


def shapes(values):
    return {name: array.shape for name, array in by_name(values)}
