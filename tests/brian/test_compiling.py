"""Little is compiled: equal layers share their code, make has as many sources as cores."""

import os
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("brian2")
from brian2 import StateMonitor, prefs
from brian2.codegen.runtime.cython_rt.extension_manager import CythonExtensionManager

import tdsnn_brian as td
from helpers import random_images
from tdsnn_brian.brian import making
from tdsnn_brian.layers import Dense


@pytest.fixture
def compiled(monkeypatch):
    """Texts given to Cython, of which none is compiled and none does anything."""
    texts = []

    def noted(self, code, **_):
        texts.append(code)
        return SimpleNamespace(main=lambda namespace: None)

    monkeypatch.setattr(CythonExtensionManager, "create_extension", noted)
    monkeypatch.setitem(prefs, "codegen.target", "cython")
    return texts


def dense_network(*sizes):
    rng = np.random.default_rng(0)
    names = [*(f"hidden{k}" for k in range(len(sizes) - 2)), "output"]
    layers = tuple(
        Dense(name=name, input_shape=(n,), weights=rng.normal(size=(n, m)), bias=rng.normal(size=m))
        for name, n, m in zip(names, sizes[:-1], sizes[1:], strict=True)
    )
    return td.SpikingNetwork(layers=layers, leak=5.0)


@pytest.mark.parametrize("window", ["fixed", "dynamic"])
def test_equal_layers_share_their_code(compiled, window):
    texts = {}
    for sizes in ((3, 4, 2), (3, 5, 4, 6, 2)):
        compiled.clear()
        network = dense_network(*sizes)
        net = td.build_network(network, random_images(network, 1), window=window)
        net.add(StateMonitor(net["hidden0"], "v", record=True))
        assert not compiled  # synapses are made without a compiler
        net.run(net.duration)
        texts[sizes] = set(compiled)
    few, many = texts.values()
    assert few == many
    assert 5 < len(few) < (12 if window == "fixed" else 20)
    assert not any("hidden" in text or "output" in text for text in few)


@pytest.mark.parametrize(
    ("preferred", "expected"),
    [
        (["-j"], ["-j{cores}"]),
        (["--jobs", "-k"], ["-j{cores}", "-k"]),
        (["-j3"], ["-j3"]),
        (["-j", "3"], ["-j", "3"]),
        ([], []),
    ],
)
def test_no_more_jobs_than_cores(preferred, expected):
    arguments = making.make_arguments(preferred)
    cores = len(os.sched_getaffinity(0))
    assert arguments[: len(expected)] == [x.format(cores=cores) for x in expected]
    assert arguments[len(expected)] == "-f"


def test_preferences_stay_the_user_s(monkeypatch):
    monkeypatch.setattr(making, "is_standalone", lambda device: True)
    before = prefs[making.PREFERENCE]
    with making.economical_make():
        assert "DEPS=" in prefs[making.PREFERENCE]
    assert prefs[making.PREFERENCE] == before
