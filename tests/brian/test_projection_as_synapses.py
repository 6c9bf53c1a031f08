"""A SharedProjection does what a Synapses object with the same weights does, or refuses."""

import numpy as np
import pytest
from brian2 import (
    BrianObjectException,
    Network,
    NeuronGroup,
    SpikeGeneratorGroup,
    SpikeMonitor,
    Synapses,
    TimedArray,
    get_device,
    linked_var,
    ms,
    mV,
    prefs,
)
from brian2.codegen.runtime.numpy_rt import NumpyCodeObject

from tdsnn_brian.brian import SharedProjection
from tdsnn_brian.brian.devices import is_runtime
from tdsnn_brian.errors import InvalidInputError, NotInNetworkError, TDSNNError
from tdsnn_brian.layers import Conv2D, Dense, Sum

LAYER = Dense(name="layer", input_shape=(2,), weights=np.array([[10.0, 1, 2], [4.0, 5, 6]]))
CONV = Conv2D(
    name="conv",
    input_shape=(4, 5, 2),
    kernel=np.arange(36.0).reshape(3, 3, 2, 2) - 17,
    padding=((1, 1), (1, 1)),
)
REFRACTORY = "dv/dt = -v / (50*ms) : 1 (unless refractory)\nn : integer (shared)"


def in_numpy():
    """What runs beside a projection needs no compiler, except on devices that compile it all."""
    return NumpyCodeObject if is_runtime(get_device()) else None


def link(kind, source, target, layer, **more):
    if kind == "shared":
        return SharedProjection(source, target, layer, **more)
    synapses = Synapses(source, target, "w : 1", on_pre="v_post += w", codeobj_class=in_numpy())
    i, j, w = layer.projection.synapses()
    synapses.connect(i=i, j=j)
    synapses.w = w
    return synapses


def both(source_dt=1 * ms, target_dt=1 * ms, model="v : 1"):
    """What two spikes leave in the target, by Synapses and by a SharedProjection."""
    values = []
    for kind in ("synapses", "shared"):
        source = SpikeGeneratorGroup(2, [0, 1, 0], [1, 3, 4] * ms, dt=source_dt)
        target = NeuronGroup(3, model, dt=target_dt, method="exact")
        Network(source, target, link(kind, source, target, LAYER)).run(6 * ms)
        values.append(np.array(target.v))
    return values


@pytest.mark.parametrize("model", ["v : 1", "dv/dt = -v / (3*ms) : 1"])
@pytest.mark.parametrize("source_dt", [0.1 * ms, 0.5 * ms, 1 * ms])
@pytest.mark.parametrize("target_dt", [0.1 * ms, 0.5 * ms, 1 * ms])
def test_between_clocks(numpy_target, source_dt, target_dt, model):
    synapses, shared = both(source_dt, target_dt, model)
    assert synapses.all()
    np.testing.assert_allclose(synapses, shared, rtol=1e-12)


def test_the_time_is_the_source_s(numpy_target):
    source = SpikeGeneratorGroup(2, [0], [1.3] * ms, dt=0.1 * ms)
    target = NeuronGroup(3, "v : 1", dt=1 * ms)
    projection = SharedProjection(source, target, LAYER, factor="t / ms + 10 * dt / ms")
    Network(source, target, projection).run(3 * ms)
    np.testing.assert_allclose(target.v, LAYER.weights[0] * 2.3)


def recording(group, **more):
    return SpikeMonitor(group, codeobj_class=in_numpy(), **more)


def parts_and_refractory_neurons():
    """Networks of parts of groups, of which some neurons are refractory now and then.

    Only the projections run on the target that is chosen: the rest is Brian2's.
    """
    fires = TimedArray(np.random.default_rng(0).random((30, 50)) < 0.1, dt=1 * ms)
    made = []
    for kind in ("synapses", "shared"):
        source = NeuronGroup(
            50,
            "on = fires(t, i) : 1",
            threshold="on > 0",
            dt=1 * ms,
            namespace={"fires": fires},
            name=f"{kind}_source",
            codeobj_class=in_numpy(),
        )
        target = NeuronGroup(
            60,
            REFRACTORY,
            threshold="v > 30",
            reset="v = 0",
            dt=1 * ms,
            refractory=2.5 * ms,
            method="exact",
            name=f"{kind}_target",
            codeobj_class=in_numpy(),
        )
        more = {"counter": "n"} if kind == "shared" else {}
        links = [
            link(kind, source[5:45], target[10:50], CONV, **more),
            link(kind, source[20:22], target[30:33], LAYER),
        ]
        made.append((source, target, links, recording(target, name=f"{kind}_spikes")))
    return made


def assert_equal(made):
    (_, one, _, synapses), (_, other, _, shared) = made
    np.testing.assert_allclose(one.v[:], other.v[:], rtol=1e-12)
    np.testing.assert_array_equal(synapses.i[:], shared.i[:])
    np.testing.assert_array_equal(synapses.t_[:], shared.t_[:])
    assert 5 < synapses.num_spikes < 600


@pytest.mark.parametrize("target", ["numpy", pytest.param("cython", marks=pytest.mark.slow)])
def test_parts_of_groups_and_refractory_neurons(monkeypatch, target):
    monkeypatch.setitem(prefs, "codegen.target", target)
    made = parts_and_refractory_neurons()
    monitor = recording(made[1][0])
    net = Network(*made, monitor)
    net.run(30 * ms)
    assert_equal(made)
    arrived = ((monitor.i[:] >= 5) & (monitor.i[:] < 45)).sum()
    assert int(made[1][1].n[:].item()) == arrived < monitor.num_spikes


def test_refractory_neurons_matter(numpy_target, monkeypatch):
    """The comparison above would see it if they took spikes."""
    monkeypatch.setattr(SharedProjection, "scatter_to", lambda self, _, *rest: self.scatter(*rest))
    made = parts_and_refractory_neurons()
    Network(*made).run(30 * ms)
    with pytest.raises(AssertionError):
        assert_equal(made)


def groups(model="v : 1", **more):
    return SpikeGeneratorGroup(2, [0], [0] * ms), NeuronGroup(3, model, name="target*", **more)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("v : 1 (shared)\nx : 1", r"layer 'layer' onto 'target.*': 'v' is shared by all.*without"),
        ("v : 1 (constant)", r"'v' is constant, so that no spike may change it"),
        ("v : volt", r"'v' has the unit V.*declare it as 'v : 1'"),
        ("v : integer", "'v' is of int.*floating"),
        ("v = 3 : 1\nx : 1", "no state variable 'v'; choose one of.*x"),
    ],
)
def test_variables_that_cannot_be_added_to(numpy_target, model, message):
    source, target = groups(model)
    with pytest.raises(InvalidInputError, match=message):
        SharedProjection(source, target, LAYER)


def test_read_only_variables(numpy_target):
    with pytest.raises(InvalidInputError, match="'i' is read-only"):
        SharedProjection(*groups(), LAYER, variable="i")


def test_linked_variables(numpy_target):
    """They stand in another group, in another order perhaps."""
    source, target = groups("v : 1 (linked)")
    _, owner = groups()
    target.v = linked_var(owner, "v", index=[2, 1, 0])
    with pytest.raises(InvalidInputError, match="'v' is linked to 'target"):
        SharedProjection(source, target, LAYER)


def test_variables_of_synapses(numpy_target):
    source, target = groups()
    synapses = Synapses(source, target, "x : 1")
    synapses.connect(i=[0, 0, 1], j=[0, 1, 2])
    with pytest.raises(InvalidInputError, match=r"target must be a group of neurons.*Synapses"):
        SharedProjection(source, synapses, LAYER, variable="x")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"delay": 1 * ms}, r"layer 'layer'.*brian2.Synapses for a delay"),
        (
            {"clock": NeuronGroup(1, "v : 1", dt=3 * ms).clock},
            "clock of its source.*leave clock out",
        ),
        ({"sign": np.nan}, "sign must be a finite number, got nan"),
        ({"sign": 3 * mV}, "sign must be"),
        ({"counter": "x"}, "'x' cannot count spikes.*shared"),
        ({"on_event": "silent"}, "no event 'silent'; define it there"),
    ],
)
def test_arguments_that_synapses_take_otherwise(numpy_target, arguments, message):
    source, target = groups("v : 1\nx : 1")
    with pytest.raises(InvalidInputError, match=message):
        SharedProjection(source, target, LAYER, **arguments)


def test_an_argument_that_is_not_there(numpy_target):
    with pytest.raises(TypeError, match="on_pre"):
        SharedProjection(*groups(), LAYER, on_pre="v += w")


def test_a_factor_with_a_unit(numpy_target):
    source, target = groups()
    projection = SharedProjection(source, target, LAYER, factor="5 * mV")
    with pytest.raises(BrianObjectException):
        Network(source, target, projection).run(1 * ms)


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (Sum(name="block", terms=(LAYER, LAYER)), r"'block' has 2 projections.*\.projections"),
        (np.ones((2, 3)), "takes a layer or a projection .* got ndarray"),
    ],
)
def test_what_has_no_single_projection(numpy_target, layer, message):
    with pytest.raises(InvalidInputError, match=message):
        SharedProjection(*groups(), layer)


@pytest.mark.parametrize(("which", "what"), [(0, "source"), (1, "target")])
def test_what_is_no_group(numpy_target, which, what):
    pair = list(groups())
    pair[which] = "conv1"
    with pytest.raises(InvalidInputError, match=f"its {what} must be a group of neurons"):
        SharedProjection(*pair, LAYER)


def test_a_projection_by_itself(numpy_target):
    source, target = groups()
    Network(source, target, SharedProjection(source, target, LAYER.projection)).run(1 * ms)
    np.testing.assert_array_equal(target.v, LAYER.weights[0])


@pytest.mark.parametrize("name", ["w", "i", "j", "delay", "connect"])
def test_what_only_synapses_have(numpy_target, name):
    projection = SharedProjection(*groups("v : 1\nw : 1"), LAYER, name="synapses_of_layer")
    with pytest.raises(NotInNetworkError, match=rf"'synapses_of_layer' has no '{name}'.*explicit"):
        getattr(projection, name)
    with pytest.raises(TDSNNError, match="changed layer"):
        setattr(projection, name, "2 * w")
    assert not hasattr(projection, name)
