"""The same firing times on every target that compiles."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from brian2 import get_device

import tdsnn_brian as td
from helpers import random_images, short_network, small_network

SCRIPT = """
import sys
import numpy as np
from brian2 import prefs, set_device, ms
from helpers import random_images, short_network
import tdsnn_brian as td

target, window, steps, float_type, path = sys.argv[1:]
prefs.core.default_float_dtype = getattr(np, float_type)
if target == "cpp_standalone":
    set_device("cpp_standalone", directory=None)
else:
    prefs.codegen.target = target
network = short_network()
seen = []
result = td.simulate(
    network, random_images(network, 4), window=window, dt=1 * ms / int(steps), progress=seen.append
)
assert seen[-1] == 1
np.savez(path, potentials=result.potentials, seconds=[*result.seconds.values()], **result.latencies)
"""


def run_script(tmp_path, *arguments):
    path = tmp_path / "result.npz"
    tests = Path(__file__).parents[1]
    subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys; sys.path[:0] = [{str(tests)!r}, {str(tests.parent)!r}]\n{SCRIPT}",
            *arguments,
            str(path),
        ],
        check=True,
        timeout=1200,
    )
    return np.load(path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("target", "window", "steps", "float_type"),
    [
        pytest.param("cpp_standalone", "dynamic", "3", "float64", marks=pytest.mark.standalone),
        pytest.param("cpp_standalone", "fixed", "2", "float32", marks=pytest.mark.standalone),
        ("cython", "dynamic", "2", "float64"),
    ],
)
def test_compiled_targets(tmp_path, target, window, steps, float_type):
    network = short_network()
    analysis = td.analyse(network, random_images(network, 4))
    result = run_script(tmp_path, target, window, steps, float_type)
    for name, expected in analysis.latencies.items():
        np.testing.assert_array_equal(result[name], expected, err_msg=name)
    rtol = 1e-9 if float_type == "float64" else 1e-4
    np.testing.assert_allclose(result["potentials"], analysis.logits, rtol=rtol)
    assert (result["seconds"] > 0).all()


def test_a_device_that_does_not_build_on_run_is_refused(monkeypatch):
    monkeypatch.setattr(get_device(), "build_on_run", False, raising=False)
    network = small_network()
    with pytest.raises(td.UnsupportedDeviceError, match="build_on_run=False"):
        td.simulate(network, random_images(network, 1))
