"""Models that ship beside the plain one fire as the analysis says, or refuse."""

from dataclasses import replace

import numpy as np
import pytest
from brian2 import ms, mV, nS, pF, prefs

import tdsnn_brian as td
from helpers import assert_same, random_images, small_network

pytestmark = pytest.mark.usefixtures("numpy_target")


@pytest.mark.parametrize(("steps", "v_threshold", "reset"), [(1, 0.0, -65), (4, 0.005, -50)])
def test_the_physical_model_fires_as_the_plain_one(steps, v_threshold, reset):
    network = replace(small_network(), v_threshold=v_threshold)
    images, model = random_images(network), td.models.physical(reset=reset * mV)
    result = td.simulate(
        network,
        images,
        tick=2 * ms,
        dt=2 * ms / steps,
        model=model,
        monitors={"conv1": "v", "pool1": "v"},
    )
    assert_same(result, td.analyse(network, images, window="fixed"))
    for trace in result.traces.values():
        assert -200 * mV < trace.values.min() < trace.values.max() < 0 * mV
    assert result.traces["pool1"].values.min() == -65 * mV


@pytest.mark.parametrize("wrong", ["refractory", "drive > 0 * coulomb and ", "(V_th - E_L)"])
def test_a_wrong_physical_model_is_noticed(wrong):
    model, network = td.models.physical(reset=-50 * mV), small_network()
    gate, membrane = model.gate, model.membrane
    if wrong == "refractory":
        gate = replace(gate, refractory="")
    gate = replace(gate, fires=gate.fires.replace(wrong, ""))
    membrane = replace(membrane, equations=membrane.equations.replace(wrong, "0.98 * " + wrong))
    images = random_images(network)
    net = td.build_network(network, images, model=replace(model, gate=gate, membrane=membrane))
    net.run(net.duration)
    result, analysis = td.read_results(net, strict=False), td.analyse(network, images)
    fires_again = len(net["conv1_spikes"].i) > result.spikes["conv1"]
    assert fires_again or not result.compare(analysis)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"capacitance": 30 * nS}, "capacitance must be a finite quantity.*250"),
        ({"capacitance": 0 * pF}, "capacitance must be greater than 0"),
        ({"threshold": -50}, "threshold must be a finite quantity"),
        ({"rest": -40 * mV}, "rest=.*lies above threshold"),
        ({"unit": -1 * mV}, "unit must be greater than 0"),
    ],
)
def test_impossible_physical_parameters_are_refused(arguments, said):
    with pytest.raises(td.InvalidInputError, match=said):
        td.models.physical(**arguments)


def test_what_a_model_cannot_do_is_refused_by_name(monkeypatch):
    network, physical = small_network(), td.models.physical()
    images = random_images(network)
    silent = replace(network, silent_zeros=True)
    with pytest.raises(td.InvalidInputError, match="layer 'conv1' has silent zeros: model 'phys"):
        td.simulate(silent, images, model=physical)
    with pytest.raises(td.InvalidInputError, match="dynamic windows"):
        td.simulate(network, images, model=physical, window="dynamic")
    with pytest.raises(td.InvalidInputError, match="does not run on GeNN"):
        physical.check(network, dynamic=False, device="GeNN")
    monkeypatch.setitem(prefs, "core.default_float_dtype", np.float32)
    with pytest.raises(td.InvalidInputError, match=r"'conv1'.*rest 50 units.*float32.*float64"):
        td.simulate(network, images, model=physical)
