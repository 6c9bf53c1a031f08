"""Shared projections on the targets that compile, with windows that reach into padding."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tdsnn_brian as td
from helpers import random_images
from tdsnn_brian.layers import AveragePool2D, Conv2D, Dense, MaxPool2D
from tdsnn_brian.network import SpikingNetwork

SCRIPT = """
import sys
import numpy as np
from brian2 import prefs, set_device, ms
from test_shared_targets import padded_network, random_images
import tdsnn_brian as td
from tdsnn_brian.brian import read_results

target, window, float_type, path = sys.argv[1:]
prefs.core.default_float_dtype = getattr(np, float_type)
if target == "cpp_standalone":
    set_device("cpp_standalone", directory=None)
else:
    prefs.codegen.target = target
network = padded_network()
net = td.build_network(
    network, random_images(network, 3), window=window, dt=0.5 * ms, projection="shared"
)
net.run(net.duration, namespace={})
result = read_results(net)
np.savez(path, potentials=result.potentials, **result.latencies)
"""


def padded_network():
    rng = np.random.default_rng(5)
    same = ((1, 1), (1, 1))
    return SpikingNetwork(
        leak=4,
        name="padded",
        layers=(
            Conv2D(
                name="conv",
                input_shape=(7, 6, 2),
                kernel=rng.normal(0, 0.4, (3, 3, 1, 4)),
                groups=2,
                padding=same,
                bias=rng.normal(0, 0.3, (7, 6, 4)),
            ),
            MaxPool2D(
                name="maximum",
                input_shape=(7, 6, 4),
                pool_size=(3, 3),
                strides=(2, 2),
                padding=same,
            ),
            AveragePool2D(
                name="average",
                input_shape=(4, 3, 4),
                pool_size=(3, 2),
                strides=(1, 1),
                padding=((1, 1), (0, 1)),
            ),
            Dense(
                name="output",
                input_shape=(4, 3, 4),
                weights=rng.normal(0, 1, (48, 3)),
                bias=rng.normal(0, 1, 3),
            ),
        ),
    )


def assert_same(latencies, potentials, dtype):
    network = padded_network()
    analysis = td.analyse(network, random_images(network, 3))
    for name, expected in analysis.latencies.items():
        share = (latencies[name] == expected).mean()
        assert share == 1 if dtype == "float64" else share > 0.99
    tolerance = 1e-9 if dtype == "float64" else 1e-4
    np.testing.assert_allclose(potentials, analysis.logits, rtol=tolerance, atol=tolerance)


def run_script(tmp_path, *arguments):
    path = tmp_path / "result.npz"
    folders = [str(Path(__file__).parent), *map(str, Path(__file__).parents[1:3])]
    subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys; sys.path[:0] = {folders!r}\n{SCRIPT}",
            *arguments,
            str(path),
        ],
        check=True,
        timeout=1200,
        cwd=tmp_path,
    )
    with np.load(path) as file:
        return dict(file)


def test_numpy(tmp_path):
    result = run_script(tmp_path, "numpy", "dynamic", "float64")
    assert_same(result, result["potentials"], "float64")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("target", "window", "dtype"),
    [
        pytest.param("cpp_standalone", "fixed", "float64", marks=pytest.mark.standalone),
        pytest.param("cpp_standalone", "dynamic", "float32", marks=pytest.mark.standalone),
        ("cython", "fixed", "float64"),
    ],
)
def test_compiled_targets(tmp_path, target, window, dtype):
    result = run_script(tmp_path, target, window, dtype)
    assert_same(result, result["potentials"], dtype)
