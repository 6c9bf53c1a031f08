"""The network as a NIR graph, run by a reader from PyPI: NIRTorch, with Norse's neurons."""

from dataclasses import replace

import numpy as np
import pytest
from brian2 import ms

from helpers import random_images, small_network
from tdsnn_brian import InvalidInputError, analyse, to_nir_graph
from tdsnn_brian.layers import Dense
from tdsnn_brian.network import SpikingNetwork

nir = pytest.importorskip("nir", reason="NIR is not installed (pip install 'tdsnn-brian[nir]')")


def reader_of(graph):
    """A torch module of the graph, and where its spikes go, by node."""
    torch = pytest.importorskip("torch", reason="torch is not installed")
    nirtorch = pytest.importorskip("nirtorch", reason="NIRTorch is not installed")
    pytest.importorskip("norse", reason="Norse is not installed")
    from norse.torch.functional.iaf import IAFParameters
    from norse.torch.functional.lif_box import LIFBoxParameters
    from norse.torch.module.iaf import IAFCell
    from norse.torch.module.lif_box import LIFBoxCell

    def lif(node):
        tau, leak, threshold = map(torch.from_numpy, (node.tau, node.v_leak, node.v_threshold))
        return LIFBoxCell(
            LIFBoxParameters(tau_mem_inv=1 / tau, v_leak=leak, v_th=threshold), dt=1e-3
        )

    def integrate(node):
        return IAFCell(IAFParameters(v_th=torch.from_numpy(node.v_threshold)), dt=1e-3)

    module = nirtorch.nir_to_torch(graph, {nir.LIF: lif, nir.IF: integrate}, dtype=torch.float64)
    spikes, potentials = {}, {}

    def keep(name):
        def hook(_module, _inputs, outputs):
            spikes.setdefault(name, []).append(outputs[0].detach().numpy().copy())
            potentials[name] = outputs[1].v.detach().numpy().copy()

        return hook

    for name, node in graph.nodes.items():
        if isinstance(node, nir.LIF | nir.IF):
            getattr(module, name).register_forward_hook(keep(name))
    return module, spikes, potentials


def test_a_reader_fires_as_the_analysis(tmp_path):
    network = small_network()
    images = random_images(network, 2)
    export = to_nir_graph(network, images)
    nir.write(tmp_path / "network.nir", export.graph)
    graph = nir.read(tmp_path / "network.nir")
    analysis = analyse(network, images)
    for index, shown in enumerate(export.inputs):
        module, spikes, potentials = reader_of(graph)
        import torch

        state = None
        for step in shown:
            _, state = module(torch.from_numpy(step)[None], state)
        for name, expected in analysis.latencies.items():
            found = export.latencies(name, np.concatenate(spikes[name]))
            np.testing.assert_array_equal(found, expected[index].ravel(), err_msg=name)
        logits = potentials["output"][0] * export.logit_factor
        np.testing.assert_allclose(logits, analysis.logits[index], rtol=1e-6, atol=1e-6)


def test_what_nir_cannot_say_is_refused():
    network = small_network()
    images = random_images(network, 1)
    for change, said in (
        ({"silent_zeros": True}, "layer 'conv1' has silent zeros: NIR"),
        ({"v_threshold": 0.01}, "layer 'conv1' has thresholds: NIR"),
        ({"rounding": "nearest"}, "has rounding to the nearest tick: NIR"),
    ):
        with pytest.raises(InvalidInputError, match=said):
            to_nir_graph(replace(network, **change), images)
    with pytest.raises(InvalidInputError, match="window='dynamic'"):
        to_nir_graph(network, images, window="dynamic")
    wide = Dense(name="wide", input_shape=(2,), weights=np.ones((2, 12_000)))
    last = Dense(name="last", input_shape=(12_000,), weights=np.ones((12_000, 2)))
    with pytest.raises(InvalidInputError, match=r"layer 'wide'.*144,000,000 entries"):
        to_nir_graph(SpikingNetwork(layers=(wide, last), leak=5), np.ones((1, 2)))
    with pytest.raises(InvalidInputError, match=r"'conv1': inhibition of .* a shorter window"):
        to_nir_graph(network, images, window=90)


def test_a_reader_in_which_neurons_fire_twice_is_noticed():
    network = small_network()
    export = to_nir_graph(network, random_images(network, 1))
    spikes = np.zeros((30, 4))
    spikes[10:12] = 1
    with pytest.raises(InvalidInputError, match="fire more than once"):
        export.latencies("conv1", spikes)


@pytest.mark.parametrize(
    "names",
    [("a", "out"), ("input", "b"), ("image", "controls"), ("a", "a_once"), ("a", "a_synapses")],
)
def test_layers_may_have_the_names_of_other_nodes(names):
    def graph_of(*names):
        layers = [Dense(name=name, input_shape=(2,), weights=np.eye(2)) for name in names]
        return to_nir_graph(SpikingNetwork(layers=layers, leak=5), np.array([[0.2, 0.9]])).graph

    graph, plain = graph_of(*names), graph_of("first", "second")
    assert all(isinstance(graph.nodes[name], nir.LIF) for name in names)
    assert len(graph.nodes) == len(plain.nodes)
    assert len(set(graph.edges)) == len(set(plain.edges))
    assert {name for edge in graph.edges for name in edge} == set(graph.nodes)


@pytest.mark.parametrize("tick", [0, -1e-3, float("nan"), "1 ms", True, 1 * ms])
def test_an_impossible_tick_is_refused(tick):
    network = small_network()
    with pytest.raises(InvalidInputError, match="tick must be a number of seconds"):
        to_nir_graph(network, random_images(network, 1), tick=tick)
