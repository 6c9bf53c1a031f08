"""Simulations on GeNN's CPU backend: every firing time is that of the discrete analysis."""

import json
import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

import tdsnn_brian as td
from helpers import random_images, small_network
from tdsnn_brian.brian import genn


def reason_to_skip():
    if find_spec("brian2genn") is None:
        return "Brian2GeNN is not installed; run make test-genn"
    try:
        genn.find_genn()
    except td.UnsupportedDeviceError as error:
        return str(error)
    return None


REASON = reason_to_skip()
pytestmark = [
    pytest.mark.genn,
    pytest.mark.slow,
    pytest.mark.skipif(REASON is not None, reason=str(REASON)),
]
ROOT = Path(__file__).parents[2]

SCRIPT = """
import sys
import numpy as np
import brian2genn
from brian2 import defaultclock, ms, prefs, set_device
from helpers import random_images, small_network
import tdsnn_brian as td

window, steps, float_type, input_steps, directory, path = sys.argv[1:]
prefs.core.default_float_dtype = getattr(np, float_type)
set_device("genn", use_GPU=False, directory=directory, with_output=False)
network = small_network(input_steps=int(input_steps))
before, seen = defaultclock.dt, []
result = td.simulate(
    network, random_images(network, 4), window=window, dt=1 * ms / int(steps), progress=seen.append
)
assert defaultclock.dt == before
assert seen[-1] == 1
np.savez(path, potentials=result.potentials, seconds=[*result.seconds.values()], **result.latencies)
"""


def run_script(tmp_path, *arguments):
    path = tmp_path / "result.npz"
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
    subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments, str(tmp_path / "code"), str(path)],
        check=True,
        timeout=1200,
        env=environment,
    )
    return np.load(path)


@pytest.mark.parametrize(
    ("window", "steps", "float_type", "input_steps"),
    [
        ("fixed", "1", "float64", "1"),
        ("dynamic", "2", "float32", "1"),
        ("dynamic", "4", "float64", "4"),
    ],
)
def test_every_firing_time(tmp_path, window, steps, float_type, input_steps):
    network = small_network(input_steps=int(input_steps))
    analysis = td.analyse(network, random_images(network, 4))
    result = run_script(tmp_path, window, steps, float_type, input_steps)
    for name, expected in analysis.latencies.items():
        np.testing.assert_array_equal(result[name], expected, err_msg=name)
    rtol = 1e-9 if float_type == "float64" else 1e-4
    np.testing.assert_allclose(result["potentials"], analysis.logits, rtol=rtol)
    compile_seconds, run_seconds = result["seconds"]
    assert compile_seconds > run_seconds > 0
    assert warnings(tmp_path / "code") == []


def warnings(directory):
    """What a compiler with all warnings on says of the model, but for what is not used."""
    found = []
    for source in ("neuronUpdate.cc", "synapseUpdate.cc"):
        compiler = [shutil.which("g++") or "c++", "-std=c++11", "-Wall", "-Wextra", "-fsyntax-only"]
        result = subprocess.run(
            [*compiler, source],
            cwd=directory / "magicnetwork_model_CODE",
            capture_output=True,
            text=True,
            env={**os.environ, "LC_ALL": "C"},
            check=True,
        )
        found += re.findall(r"warning: (.*) \[-W(?!unused)", result.stderr)
    return found


def test_lenet_on_a_hundred_digits(tmp_path):
    pytest.importorskip("tdsnn_brian.validation.commands")
    subprocess.run(
        [
            sys.executable,
            "-m",
            "validation",
            "validate",
            "--device",
            "genn",
            "--simulate",
            "100",
            "--output",
            str(tmp_path),
        ],
        check=True,
        timeout=1200,
        cwd=ROOT,
    )
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["images"] == 100
    assert [row["identical"] for row in summary["layers"]] == [1] * 5
    assert summary["output"]["unexplained"] == 0
