"""Spikes in the formats of others: where they are and when."""

import numpy as np
import pytest

from helpers import random_images, small_network
from tdsnn_brian import SILENT, analyse, to_neo, to_nir
from tdsnn_brian.errors import InvalidInputError, MissingExtraError

TICK = 0.002


@pytest.fixture(scope="module")
def case():
    network = small_network(silent_zeros=True)
    return network, analyse(network, random_images(network, 2))


def expected(analysis, layer, before, image):
    """Seconds after the image's onset at which the neurons of a layer fire, `nan` for none."""
    times = analysis.latencies[layer][image].ravel()
    start = sum(analysis.windows[name][image] for name in before)
    return np.where(times == SILENT, np.nan, (start + times) * TICK)


LAYERS = {"conv1": ["conv1"], "pool1": ["conv1"], "mean": ["conv1", "conv2", "mean"]}


@pytest.mark.parametrize("layer", LAYERS)
def test_events_for_nir(case, layer):
    pytest.importorskip("nir.data_ir")
    network, analysis = case
    data = to_nir(network, analysis, TICK)
    assert list(data.nodes) == ["input", *analysis.latencies]
    events = data.nodes[layer].observables["spikes"]
    assert events.n_neurons == analysis.latencies[layer][0].size
    for image in (0, 1):
        wanted = expected(analysis, layer, LAYERS[layer], image)
        fires = events.idx[image] >= 0
        np.testing.assert_array_equal(fires, np.isfinite(wanted))
        np.testing.assert_array_equal(events.idx[image][fires], np.flatnonzero(fires))
        np.testing.assert_allclose(events.time[image][fires], wanted[fires])
        assert np.isinf(events.time[image][~fires]).all()
    assert events.t_max > events.time[np.isfinite(events.time)].max()
    events.to_time_gridded(TICK)


def test_spike_trains_for_neo(case):
    pytest.importorskip("neo")
    network, analysis = case
    block = to_neo(network, analysis, TICK, layers=["mean", "conv1"])
    assert [segment.name for segment in block.segments] == ["image 0", "image 1"]
    for image, segment in enumerate(block.segments):
        trains = iter(segment.spiketrains)
        for layer in ("conv1", "mean"):
            for neuron, time in enumerate(expected(analysis, layer, LAYERS[layer], image)):
                train = next(trains)
                assert train.annotations == {"layer": layer, "neuron": neuron}
                wanted = [time] if np.isfinite(time) else []
                np.testing.assert_allclose(train.rescale("s").magnitude, wanted)
        assert next(trains, None) is None


@pytest.mark.parametrize("export", [to_neo, to_nir])
def test_what_does_not_fit_is_refused(case, export):
    pytest.importorskip("neo")
    pytest.importorskip("nir")
    network, analysis = case
    with pytest.raises(InvalidInputError, match="tick must be given"):
        export(network, analysis)
    with pytest.raises(InvalidInputError, match=r"\['conv9'\], of which the result has no"):
        export(network, analysis, TICK, layers=["conv9"])


def test_the_extra_is_named(case, monkeypatch):
    def blocked(name):
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr("tdsnn_brian.exchange.import_module", blocked)
    with pytest.raises(MissingExtraError, match=r"neo is not installed.*tdsnn-brian\[exchange\]"):
        to_neo(*case, TICK)


def test_a_simulation_knows_its_tick(case):
    brian2 = pytest.importorskip("brian2")
    pytest.importorskip("nir.data_ir")
    from tdsnn_brian import simulate

    brian2.prefs.codegen.target = "numpy"
    network, analysis = case
    result = simulate(network, random_images(network, 2), tick=TICK * brian2.second)
    ours, theirs = to_nir(network, result), to_nir(network, analysis, TICK)
    for layer in analysis.latencies:
        ours_, theirs_ = (x.nodes[layer].observables["spikes"] for x in (ours, theirs))
        np.testing.assert_allclose(ours_.time, theirs_.time)
    with pytest.raises(InvalidInputError, match="is not that of the simulation"):
        to_nir(network, result, 1 * brian2.ms)


def test_brian2tools_describes_the_network():
    pytest.importorskip("brian2tools", reason="brian2tools is not installed", exc_type=ImportError)
    from brian2 import get_device, set_device

    import tdsnn_brian as td

    network = small_network()
    set_device("exporter")
    try:
        net = td.build_network(network, random_images(network, 1), model=td.models.physical())
        net.run(net.duration)
        (run,) = get_device().runs
    finally:
        set_device("runtime")
    told = {group["name"]: group for group in run["components"]["neurongroup"]}
    assert {"conv1", "pool1", "output", "conv1_ticking"} <= set(told)
    assert told["conv1"]["equations"]["v"]["expr"] == "((E_L - v) / R + I_hold) / C"
    assert told["conv1"]["events"]["spike"]["refractory"] == "lastspike >= onset"
