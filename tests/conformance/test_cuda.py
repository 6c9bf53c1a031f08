"""Brian2CUDA: what is refused, what is generated, that nvcc compiles it, and runs on a card."""

import shutil
import subprocess
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest

pytest.importorskip("brian2")
if find_spec("brian2cuda") is None:
    pytest.skip("Brian2CUDA is not installed; run make test-cuda", allow_module_level=True)

from brian2 import defaultclock, device, ms, prefs, set_device

import tdsnn_brian as td
from features import MAKERS, feature
from helpers import assert_same, random_images, small_network
from tdsnn_brian.brian.cuda import check, nvidia
from tdsnn_brian.brian.making import cuda_make_arguments

pytestmark = pytest.mark.cuda


def reason(looked_for):
    try:
        looked_for()
    except td.UnsupportedDeviceError as error:
        return str(error)
    return None


NO_COMPILER = reason(lambda: nvidia.check_curand(nvidia.find_compiler()))
NO_CARD = reason(nvidia.check_gpu)
BACKEND = "devices.cuda_standalone.cuda_backend"


@pytest.fixture
def activate(tmp_path, monkeypatch):
    """A function that activates the device as if a card of compute capability 9.0 were there."""
    import brian2cuda  # noqa: F401

    monkeypatch.setitem(prefs, f"{BACKEND}.compute_capability", 9.0)
    monkeypatch.setitem(prefs, f"{BACKEND}.cuda_runtime_version", 13.0)
    monkeypatch.setitem(prefs, f"{BACKEND}.gpu_id", 0)
    monkeypatch.setitem(prefs, f"{BACKEND}.detect_gpus", False)
    if NO_COMPILER:
        monkeypatch.setitem(prefs, f"{BACKEND}.detect_cuda", False)
        monkeypatch.setattr("brian2cuda.device.get_nvcc_path", lambda: "nvcc")
    float_type, dt = prefs.core.default_float_dtype, defaultclock.dt

    def activate(**options):
        options = {"directory": str(tmp_path / "code"), "with_output": False, **options}
        set_device("cuda_standalone", **options)
        return tmp_path / "code"

    yield activate
    device.reinit()
    set_device("runtime")
    defaultclock.dt, prefs.core.default_float_dtype = dt, float_type


class TestRefusals:
    def test_no_card(self, activate, monkeypatch):
        def refuse(toolkit):
            raise td.UnsupportedDeviceError("no card")

        monkeypatch.setattr(check, "check_gpu", refuse)
        activate()
        with pytest.raises(td.UnsupportedDeviceError, match="no card"):
            td.simulate(small_network(), random_images(small_network(), 1))

    @pytest.mark.parametrize("option", ["compile", "run"])
    def test_no_results(self, activate, option):
        activate(**{option: False})
        with pytest.raises(td.UnsupportedDeviceError, match="compile=False or run=False"):
            td.simulate(small_network(), random_images(small_network(), 1))

    def test_another_clock(self, activate):
        activate(compile=False, run=False)
        defaultclock.dt = 0.1 * ms
        with pytest.raises(td.UnsupportedDeviceError, match=r"one clock.* 100\. us .*dt=1\. ms"):
            td.build_network(small_network(), random_images(small_network(), 1))

    def test_pipelines(self, activate):
        activate()
        with pytest.raises(td.UnsupportedDeviceError, match=r"run_pipeline\(\).*default clock"):
            td.run_pipeline(small_network(), random_images(small_network(), 1))


def generate(network, images, **arguments):
    defaultclock.dt = 1 * ms / network.input_steps
    net = td.build_network(network, images, **arguments)
    net.run(net.duration, namespace={})
    return net


def make(directory, *arguments):
    command = f"make {' '.join([*cuda_make_arguments(['-j1']), *arguments])}"
    return subprocess.run(
        command, shell=True, cwd=directory, capture_output=True, text=True, check=True
    ).stdout


@pytest.mark.parametrize("window", ["fixed", "dynamic"])
@pytest.mark.parametrize("name", ["plain", "silent zeros", "nearest", "constrained pool, feasible"])
def test_all_objects_are_in_the_program(activate, name, window):
    directory = activate(compile=False, run=False)
    net = generate(feature(name).network, feature(name).images, window=window)
    main = (directory / "main.cu").read_text()
    for each in net.objects:
        assert f"_run_{each.name}_" in main, each.name


def test_the_arithmetic_is_that_of_the_cpu(activate):
    directory = activate(compile=False, run=False)
    generate(small_network(), random_images(small_network(), 1))
    assert "-use_fast_math" in (directory / "makefile").read_text()  # what Brian2CUDA wants
    commands = make(directory, "--dry-run", "main", "SHELL=/bin/sh")
    compiling = next(line for line in commands.splitlines() if " -dc " in line)
    assert "-fmad=false" in compiling
    assert "-std=c++17" in compiling
    assert not {"fast_math", "c++11"} & set(compiling.replace("-use_", "").split())
    assert commands.count(" -dc ") == 1


@pytest.mark.skipif(NO_COMPILER is not None, reason=f"nothing is compiled: {NO_COMPILER}")
def test_nvcc_compiles_it(activate):
    """Events and TimedArrays, for two generations of cards."""
    network = replace(feature("one neuron").network, silent_zeros=True, rounding="nearest")
    directory = activate(compile=False, run=False)
    generate(network, feature("one neuron").images, window="dynamic")
    makefile = directory / "makefile"
    both = " ".join(f"-gencode=arch=compute_{x},code=sm_{x}" for x in (80, 90))
    makefile.write_text(makefile.read_text().replace("-arch=sm_90", both))
    make(directory, "joined.o")
    assert (directory / "joined.o").stat().st_size > 100_000


@pytest.mark.skipif(NO_CARD is not None, reason=f"nothing is run: {NO_CARD}")
@pytest.mark.parametrize("float_type", ["float64", "float32"])
@pytest.mark.parametrize("window", ["fixed", "dynamic"])
@pytest.mark.parametrize("name", MAKERS)
def test_on_a_card(tmp_path, name, window, float_type, monkeypatch):
    import brian2cuda  # noqa: F401

    network, images = feature(name).network, feature(name).images
    monkeypatch.setitem(prefs, "core.default_float_dtype", getattr(np, float_type))
    set_device("cuda_standalone", directory=str(tmp_path), with_output=False)
    try:
        result = td.simulate(network, images, window=window)
    finally:
        device.reinit()
        set_device("runtime")
        shutil.rmtree(tmp_path)
    rtol = 1e-9 if float_type == "float64" else 1e-4
    assert_same(result, td.analyse(network, images, window=window), rtol=rtol)
