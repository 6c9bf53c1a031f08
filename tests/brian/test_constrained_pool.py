"""Max-pools by the constraints (12) to (14), each window with the weight its T_m needs."""

import numpy as np
import pytest
from brian2 import ms

import tdsnn_brian as td
from tdsnn_brian.analysis.pool_constraints import InfeasiblePoolError, pool_weights
from tdsnn_brian.layers import Conv2D, Dense, MaxPool2D
from tdsnn_brian.network import SpikingNetwork

pytestmark = pytest.mark.usefixtures("numpy_target")


def network_with(pool_size, leak, constrained=True, scale=0.06):
    rng = np.random.default_rng(0)
    conv = Conv2D(
        name="conv",
        input_shape=(4, 6, 1),
        kernel=np.abs(rng.normal(0, scale, (2, 3, 1, 3))),
        bias=rng.normal(-0.2, 0.2, 3),
    )
    pool = MaxPool2D(
        name="pool",
        input_shape=conv.output_shape,
        pool_size=pool_size,
        strides=pool_size,
        constrained=constrained,
        padding=((0, pool_size[0] - 1), (0, 0)),
    )
    n = pool.n_neurons
    return SpikingNetwork(
        leak=leak,
        layers=(
            conv,
            pool,
            Dense(
                name="hidden",
                input_shape=(n,),
                weights=rng.normal(0, 0.3, (n, 5)),
                bias=rng.normal(0, 0.3, 5),
            ),
            Dense(name="output", input_shape=(5,), weights=rng.normal(size=(5, 2))),
        ),
    )


def images_for(network, n=3):
    return np.random.default_rng(1).random((n, *network.input_shape))


@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("window", ["fixed", "dynamic", 12])
@pytest.mark.parametrize(("pool_size", "leak"), [((2, 2), 2.0), ((1, 2), 1.0), ((2, 1), 5.0)])
def test_simulation_analysis_and_simplified_pool_agree(pool_size, leak, window, steps):
    network = network_with(pool_size, leak)
    images = images_for(network)
    analysis = td.analyse(network, images)
    simplified = td.analyse(network_with(pool_size, leak, constrained=False), images)
    assert analysis.latencies["pool"].max() > 0
    result = td.simulate(network, images, window=window, dt=1 * ms / steps)
    for name, expected in analysis.latencies.items():
        np.testing.assert_array_equal(expected, simplified.latencies[name])
        np.testing.assert_array_equal(result.latencies[name], expected, err_msg=name)
    np.testing.assert_allclose(result.potentials, analysis.logits, rtol=1e-9, atol=1e-9)


def test_windows_need_weights_of_their_own():
    network = network_with((2, 2), 2.0)
    latencies = td.analyse(network, images_for(network)).latencies["pool"]
    assert len(np.unique(pool_weights(network.populations[1], latencies))) >= 2


def test_one_weight_for_all_windows_is_noticed(monkeypatch):
    def one_for_all(population, latencies):
        weights = pool_weights(population, latencies)
        return np.full_like(weights, weights.mean())

    monkeypatch.setattr("tdsnn_brian.brian.explicit.build.pool_weights", one_for_all)
    network = network_with((2, 2), 2.0)
    images = images_for(network)
    expected = td.analyse(network, images).latencies["pool"]
    net = td.build_network(network, images)
    net.run(net.duration)
    assert (td.read_results(net, strict=False).latencies["pool"] != expected).any()


def test_a_latency_without_solution_is_an_error_before_anything_runs():
    network = network_with((2, 2), 5.0, scale=0.5)
    with pytest.raises(InfeasiblePoolError, match=r"layer 'pool'.*N=\d.*L=5.*T_m=.*simplified"):
        td.build_network(network, images_for(network))


def test_silent_zeros_and_shared_projections_are_refused():
    network = network_with((2, 2), 2.0)
    with pytest.raises(td.InvalidInputError, match="needs all its inputs to fire"):
        SpikingNetwork(layers=network.layers, leak=2, silent_zeros=True)
    with pytest.raises(td.InvalidInputError, match="constrained max-pool"):
        td.build_network(network, images_for(network), projection="shared")
