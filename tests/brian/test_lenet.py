"""The shipped LeNet, spike by spike, on the digits that ship."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

SCRIPT = """
import sys
import numpy as np
from brian2 import ms, prefs, set_device
from tdsnn_brian import networks
import tdsnn_brian as td

target, n_images, window, steps = sys.argv[1:]
if target == "cpp_standalone":
    set_device("cpp_standalone", directory=None)
else:
    prefs.codegen.target = target
lenet = networks.load_network("lenet")
images, labels = networks.sample_digits(int(n_images))
result = td.simulate(
    lenet, images, window=window, dt=1 * ms / int(steps), projection="explicit"
)
expected = td.analyse(lenet, images)
for name, latencies in expected.latencies.items():
    wrong = int((result.latencies[name] != latencies).sum())
    print(f"{name}: {wrong} of {latencies.size} firing times differ")
    assert wrong == 0 and result.spikes[name] == latencies.size
assert (result.predictions == expected.predictions).all()
assert (result.predictions == labels).mean() > 0.98
print({name: round(1000 * value / len(images), 2) for name, value in result.seconds.items()},
      "ms an image")
"""


@pytest.mark.parametrize(
    ("target", "n_images", "window", "steps"),
    [
        ("numpy", 10, "fixed", 10),
        ("numpy", 20, "dynamic", 1),
        pytest.param(
            "cpp_standalone", 1000, "fixed", 1, marks=[pytest.mark.slow, pytest.mark.standalone]
        ),
        pytest.param("cython", 20, "fixed", 1, marks=pytest.mark.slow),
    ],
)
def test_every_firing_time_is_that_of_the_analysis(target, n_images, window, steps):
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT, target, str(n_images), window, str(steps)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=1800,
    )
    print(result.stdout)
    assert result.returncode == 0, result.stderr[-2000:]
