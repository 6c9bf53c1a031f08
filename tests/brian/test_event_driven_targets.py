"""Event-driven groups and projections in C++ beside Python: both step alike.

One project of cpp_standalone holds all networks; what becomes of them is read by several tests.
"""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from event_driven_networks import feature_traces, trace

from tdsnn_brian.brian.event_driven.integrator import Integrator
from tdsnn_brian.brian.event_driven.max_pool import MaxPool

SCRIPT = """
import sys
import numpy as np
from brian2 import Network, SpikeMonitor, device, ms, prefs, set_device
from event_driven_networks import assert_as_analysed, built, feature_traces, trace
from helpers import random_images
from tdsnn_brian.layers import Dense
from test_projection_as_synapses import assert_equal, parts_and_refractory_neurons
import tdsnn_brian as td

set_device("cpp_standalone", directory=sys.argv[1], build_on_run=False)
prefs.codegen.cpp.extra_compile_args_gcc = ["-O0", "-w", "-std=c++11"]
prefs.devices.cpp_standalone.extra_make_args_unix = ["-j2"]
cases = feature_traces()
for case, _ in cases.values():
    case.net.run(case.duration, namespace={})
output = Dense(name="output", input_shape=(4,), weights=np.arange(8.0).reshape(4, 2) - 3)
network = td.SpikingNetwork(layers=(output,), leak=5)
sliced = built(network, random_images(network, 5), prefix="sliced_")
half = (2 * sliced.timing.slot + 3) * ms
sliced.net.run(half, namespace={})
sliced.net.run(sliced.duration - half, namespace={})
made = parts_and_refractory_neurons()
sources = SpikeMonitor(made[1][0])
Network(*made, sources).run(30 * ms)
device.build(directory=sys.argv[1], with_output=False)

found = {f"{name}/{key}": values for name, (_, monitors) in cases.items()
         for key, values in trace(monitors).items()}
np.savez(sys.argv[2], **found)
for case in (sliced, *(case for case, _ in cases.values())):
    assert_as_analysed(case)
assert_equal(made)
assert int(made[1][1].n[:].item()) == ((sources.i[:] >= 5) & (sources.i[:] < 45)).sum()
print("as analysed, and as Synapses do")
"""


def script(folder, code, *arguments):
    folders = [str(path) for path in Path(__file__).parents[:3]]
    return subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {folders!r}\n{code}", *arguments],
        cwd=folder,
        timeout=1200,
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def in_cpp(tmp_path_factory):
    """What the script printed, and what every variable was at the end of every step."""
    folder = tmp_path_factory.mktemp("standalone")
    done = script(folder, SCRIPT, str(folder / "project"), str(folder / "trace.npz"))
    assert (folder / "trace.npz").is_file(), done.stderr[-2000:]
    with np.load(folder / "trace.npz") as file:
        return done, dict(file)


@pytest.fixture
def in_python(numpy_target):
    def run():
        found = {}
        for name, (case, monitors) in feature_traces().items():
            case.net.run(case.duration, namespace={})
            found |= {f"{name}/{key}": values for key, values in trace(monitors).items()}
        return found

    return run


def differing(one, other):
    assert set(one) == set(other)
    return [
        name
        for name, values in one.items()
        if values.shape != other[name].shape
        or not np.allclose(values, other[name], rtol=1e-12, atol=1e-12)
    ]


@pytest.mark.standalone
def test_both_step_alike(in_cpp, in_python):
    _, expected = in_cpp
    found = in_python()
    assert len(found) > 150
    assert not differing(found, expected)
    assert all(np.ptp(values) for name, values in found.items() if name.endswith(".u"))


@pytest.mark.standalone
def test_results_are_as_analysed_and_as_those_of_synapses(in_cpp):
    done, _ = in_cpp
    assert done.stdout.endswith("as analysed, and as Synapses do\n"), done.stderr[-2000:]


@pytest.mark.standalone
@pytest.mark.parametrize(
    ("kind", "method", "wrong"),
    [
        (Integrator, "_add_bias", lambda original: lambda self, s, now: original(self, s, now - 1)),
        (Integrator, "_missing", lambda original: lambda self, s: original(self, s) - 1),
        (
            MaxPool,
            "_emit",
            lambda original: lambda self, neurons, *event: original(self, neurons[::2], *event),
        ),
    ],
)
def test_a_difference_between_them_is_noticed(in_cpp, in_python, monkeypatch, kind, method, wrong):
    monkeypatch.setattr(kind, method, wrong(getattr(kind, method)))
    assert differing(in_python(), in_cpp[1])


CYTHON = """
import sys
from brian2 import prefs
from event_driven_networks import assert_as_analysed, padded_network, ran
from helpers import random_images
prefs.codegen.target = "cython"
network = padded_network()
assert_as_analysed(ran(network, random_images(network, 2), window="fixed", steps=2))
print("as analysed")
"""


@pytest.mark.slow
def test_cython(tmp_path):
    done = script(tmp_path, CYTHON)
    assert done.stdout == "as analysed\n", done.stderr[-2000:]
