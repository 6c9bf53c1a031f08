"""Models that ship beside the plain one fire as the analysis says, or refuse."""

from dataclasses import replace

import numpy as np
import pytest
from brian2 import ms, mV, nS, pF, prefs

import tdsnn_brian as td
from helpers import assert_same, random_images, small_network
from tdsnn_brian.brian.naming import PARTS

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


def with_layers(change, kind=td.layers.Layer):
    network = small_network()
    return replace(network, layers=[change(x) if isinstance(x, kind) else x for x in network])


MODELS = {
    "physical": td.models.physical(),
    "currents": td.models.current_synapses(),
    "conductances": td.models.conductance_synapses(),
    "oscillating": td.models.OSCILLATING,
}
NETWORKS = {
    "plain": small_network(),
    "constrained": with_layers(lambda x: replace(x, constrained=True), td.layers.MaxPool2D),
    "nearest": replace(small_network(), rounding="nearest"),
    "sigmoid": with_layers(
        lambda x: replace(x, transfer=td.Transfer(name="sigmoid")) if x.name == "dense1" else x
    ),
}


@pytest.mark.parametrize(
    ("model", "network", "said"),
    [
        ("physical", "constrained", "'pool1' has constrained max-pools: model 'phys"),
        ("currents", "constrained", "'pool1' has constrained max-pools: model 'exp"),
        ("conductances", "constrained", "'pool1' has constrained max-pools: model 'exp"),
        ("oscillating", "nearest", "ticking of its own.*leave them as they are in LEAKY"),
        ("oscillating", "sigmoid", "ticking of its own.*leave them as they are in LEAKY"),
    ],
)
def test_networks_that_a_model_lacks_something_for_are_refused(model, network, said):
    network, steps = NETWORKS[network], 10 if model == "conductances" else 1
    with pytest.raises(td.InvalidInputError, match=said):
        td.build_network(network, random_images(network, 1), dt=ms / steps, model=MODELS[model])


@pytest.mark.parametrize("device", ["GeNN", "Brian2CUDA"])
@pytest.mark.parametrize("model", MODELS)
def test_devices_on_which_nobody_has_run_a_model_are_refused(model, device):
    MODELS[model].check(NETWORKS["plain"], dynamic=False)
    with pytest.raises(td.InvalidInputError, match=f"model .* does not run on {device}: it is tri"):
        MODELS[model].check(NETWORKS["plain"], dynamic=False, device=device)


@pytest.mark.parametrize("model", MODELS)
def test_shared_projections_have_the_leaky_model_alone(model):
    network, dt = NETWORKS["plain"], 0.1 * ms
    with pytest.raises(td.InvalidInputError, match=r'"shared" is not possible: model=.*explicit'):
        td.build_network(
            network,
            random_images(network, 1),
            dt=dt,
            model=MODELS[model],
            projection="shared",
        )


def moved(network, images, model, **options):
    """Share of firing times that are not those of the analysis."""
    result = td.simulate(network, images, model=model, strict=False, **options)
    analysis = td.analyse(network, images)
    apart = [result.latencies[name] != times for name, times in analysis.latencies.items()]
    return np.mean(np.concatenate([x.ravel() for x in apart]))


@pytest.mark.parametrize("shape", ["exponential", "alpha"])
def test_synapses_that_last_need_gain_and_wait(shape):
    network, synapses = small_network(), td.models.current_synapses
    images = random_images(network, 2)
    shares = [
        moved(network, images, synapses(shape, ratio=0.2, **how))
        for how in ({}, {"wait": 0}, {"corrected": False})
    ]
    assert shares[0] < 0.05
    assert shares[0] < shares[1] < shares[2]
    wrong = synapses(shape, ratio=0.2)
    wrong = replace(wrong, parameters=wrong.parameters | {"gain": 1.05 * wrong.parameters["gain"]})
    assert moved(network, images, wrong) > 2 * shares[0] + 0.02


def test_a_spent_current_leaves_the_potential_of_the_code():
    """One neuron, one input: the potential at the end is that of an instantaneous spike."""
    output = td.layers.Dense(name="output", input_shape=(1,), weights=np.array([[2.0]]))
    network = td.SpikingNetwork(layers=(output,), leak=5)
    expected = td.analyse(network, np.array([[0.5]])).logits
    for shape in ("exponential", "alpha"):
        model = td.models.current_synapses(shape, ratio=0.2, wait=60)
        result = td.simulate(network, np.array([[0.5]]), model=model)
        np.testing.assert_allclose(result.potentials, expected, rtol=1e-4)


def test_conductances_are_currents_while_potentials_are_small():
    network, conductances = small_network(), td.models.conductance_synapses
    images, fine = random_images(network, 1), {"dt": 0.1 * ms}
    weak, strong = (
        moved(network, images, conductances(unit=unit * mV), **fine) for unit in (0.001, 3)
    )
    assert weak < 0.05
    assert strong > 0.1


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda: td.models.current_synapses(ratio=1.0), "ratio=1.0.*between 0 and 1"),
        (lambda: td.models.current_synapses("square"), "shape"),
        (lambda: td.models.current_synapses(wait=-1), "wait must be a whole number"),
        (lambda: td.models.conductance_synapses(inhibitory=-40 * mV), "must lie between"),
    ],
)
def test_impossible_synapses_are_refused(made, said):
    with pytest.raises(td.InvalidInputError, match=said):
        made()


def test_other_images_are_given_the_same_wait():
    """Spikes that would come while releases wait are refused, as after them."""
    output = td.layers.Dense(name="output", input_shape=(1,), weights=np.ones((1, 1)))
    network = td.SpikingNetwork(layers=(output,), leak=5)
    model = td.models.current_synapses(wait=8)
    net = td.build_network(network, np.array([[0.5]]), model=model)
    net.set_images(np.array([[0.4]]))
    with pytest.raises(td.WindowTooShortError, match="a window of 3 ticks"):
        net.set_images(np.array([[1.0]]))


def test_releases_that_wait_have_no_dynamic_windows():
    network = small_network()
    with pytest.raises(td.InvalidInputError, match="wait for currents"):
        td.simulate(
            network,
            random_images(network, 1),
            model=td.models.current_synapses(),
            window="dynamic",
        )


def test_thresholds_on_which_latencies_would_wait_are_refused():
    """Latencies depend on the window then, which is longer than that of the analysis."""
    network, synapses = replace(small_network(), v_threshold=0.02), td.models.current_synapses
    images = random_images(network, 1)
    with pytest.raises(td.InvalidInputError, match=r"'conv1' has thresholds.*use 0, wait=0"):
        td.simulate(network, images, model=synapses(ratio=0.01, wait=12))
    result = td.simulate(network, images, model=synapses(ratio=0.01, wait=0))
    assert_same(result, td.analyse(network, images, window="fixed"))


@pytest.mark.parametrize("steps", [1, 9])
def test_conductances_are_not_integrated_with_coarse_steps(steps):
    network, model = small_network(), td.models.conductance_synapses()
    with pytest.raises(td.InvalidInputError, match=f"10 integration steps.*dt=tick/{steps};"):
        td.build_network(network, random_images(network, 1), dt=1 * ms / steps, model=model)


@pytest.mark.parametrize("steps", [1, 4])
def test_a_ticking_neuron_made_of_neurons_drives_layers_alike(steps):
    network, model = small_network(), td.models.OSCILLATING
    images = random_images(network, 2)
    net = td.build_network(network, images, dt=1 * ms / steps, model=model)
    assert {part for _, part in net.names._names} == {"", *PARTS}  # named in one order
    net.run(net.duration)
    analysis = td.analyse(network, images)
    result = td.read_results(net)
    assert_same(result, analysis)
    for layer, ticks in result.ticks.items():
        # it takes two steps to stop the oscillator
        needed = analysis.latencies[layer].reshape(len(images), -1).max(axis=1)
        np.testing.assert_array_equal(ticks, needed + (2 if steps == 1 else 0), err_msg=layer)
    slow = replace(
        model,
        ticking=replace(
            model.ticking, equations=model.ticking.equations.replace("tick - dt / 2", "tick + dt")
        ),
    )
    net = td.build_network(network, images, dt=1 * ms / steps, model=slow)
    net.run(net.duration)
    assert not td.read_results(net, strict=False).compare(analysis)
    silent = replace(network, silent_zeros=True)
    with pytest.raises(td.InvalidInputError, match="counts spikes"):
        td.build_network(silent, images, model=model)
