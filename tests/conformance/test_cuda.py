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

from brian2 import Synapses, defaultclock, device, ms, prefs, set_device

import tdsnn_brian as td
from features import MAKERS, feature
from helpers import random_images, small_network
from runs import assert_equal_or_refused, rows_of
from tdsnn_brian.brian.cuda import check, nvidia
from tdsnn_brian.brian.making import cuda_make_arguments
from tdsnn_brian.side_by_side import SideBySide

pytestmark = pytest.mark.cuda


def reason(looked_for):
    try:
        looked_for()
    except td.UnsupportedDeviceError as error:
        return str(error)
    return None


NO_COMPILER = reason(nvidia.find_compiler)
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


@pytest.mark.parametrize(("window", "projection"), [("fixed", "shared"), ("dynamic", "explicit")])
@pytest.mark.parametrize("name", ["plain", "silent zeros", "nearest", "constrained pool, feasible"])
def test_all_objects_are_in_the_program(activate, name, window, projection):
    directory = activate(compile=False, run=False)
    net = generate(
        feature(name).network, feature(name).images, window=window, projection=projection
    )
    main = (directory / "main.cu").read_text()
    for each in net.objects:
        assert f"_run_{each.name}_" in main, each.name


def test_weights_that_are_shared_are_stored_once(activate):
    network = small_network()
    directory = activate(compile=False, run=False)
    generate(network, random_images(network, 1), projection="shared")
    for population in network.populations:
        stored = directory / "static_arrays" / f"_static_array_{population.name}_synapses_weights"
        if population.kind.integrates:
            assert stored.stat().st_size <= 8 * population.projection.weights.size
    assert not [*(directory / "code_objects").glob("conv1_synapses*create*")]


@pytest.mark.parametrize("name", ["plain", "silent zeros", "nearest"])
def test_one_neuron_reaches_its_layer_without_synapses(activate, name):
    """A program would sort them before it runs, for minutes where there are millions."""
    directory = activate(compile=False, run=False)
    net = generate(feature(name).network, feature(name).images, projection="shared")
    assert [x.name for x in net.objects if isinstance(x, Synapses)] == []
    network = feature(name).network
    tick, first = network.input_steps, network.integrating[0].name
    (file,) = (directory / "code_objects").glob(f"{first}_ticking_ticks_codeobject*.cu")
    ticks = file.read_text()
    assert f"__device__ int _sent[{tick + 1}];" in ticks  # of the steps since the last tick
    assert f"_sent[_step % {tick + 1}] = _now;" in ticks
    assert f"if (_step < {tick} || !_sent[(_step + 1) % {tick + 1}]) return;" in ticks


def test_images_side_by_side_store_their_weights_once(activate):
    network = small_network()
    directory = activate(compile=False, run=False)
    wide = SideBySide(one=network, copies=3)
    images = wide.arranged(random_images(network, 6))
    generate(wide.network, images, projection="shared")
    for one, population in zip(network.populations, wide.network.populations, strict=True):
        stored = directory / "static_arrays" / f"_static_array_{population.name}_synapses_weights"
        assert stored.stat().st_size <= 8 * one.projection.weights.size, population.name


def test_few_spikes_of_many_targets_are_dealt_out_to_more_blocks():
    from tdsnn_brian.brian.cuda.code import threads

    one = td.layers.Dense(name="one", input_shape=(1,), weights=np.ones((1, 100_000)))
    small = td.layers.Dense(name="small", input_shape=(5000,), weights=np.ones((5000, 10)))
    assert threads(one.projection) == (256, 1, 1, 97)
    assert threads(small.projection) == (16, 16, 313, 1)


def test_a_model_with_synapses_of_its_own_is_not_shared(activate):
    activate(compile=False, run=False)
    model = replace(td.models.LEAKY, name="own", weighted="v_post += 2 * w")
    images = random_images(small_network(), 1)
    with pytest.raises(td.InvalidInputError, match="'own' has synapses of its own"):
        generate(small_network(), images, projection="shared", model=model)


def test_the_arithmetic_is_that_of_the_cpu(activate):
    directory = activate(compile=False, run=False)
    generate(small_network(), random_images(small_network(), 1))
    assert "-use_fast_math" in (directory / "makefile").read_text()  # what Brian2CUDA wants
    commands = make(directory, "--dry-run", "main", "SHELL=/bin/sh")
    compiling = next(line for line in commands.splitlines() if " -dc " in line)
    assert "-fmad=false" in compiling
    assert "-std=c++17" in compiling
    assert not any(flag in compiling for flag in ("fast_math", "fast-math", "c++11"))
    assert commands.count(" -dc ") == 1
    assert "no_random_numbers" in compiling
    assert "-lcurand" not in commands


def test_noise_needs_curand(activate):
    directory = activate(compile=False, run=False)
    noisy = td.models.Cells(
        equations="dv/dt = -v / tau_mem + 0.1 * sqrt(2 / tau_mem) * xi : 1", new_image="v = 0"
    )
    model = replace(td.models.LEAKY, name="noisy", method="euler", membrane=noisy)
    generate(small_network(), random_images(small_network(), 1), model=model)
    commands = make(directory, "--dry-run", "main", "SHELL=/bin/sh")
    assert "no_random_numbers" not in commands
    assert "-lcurand" in commands


@pytest.mark.skipif(NO_COMPILER is not None, reason=f"nothing is compiled: {NO_COMPILER}")
def test_nvcc_compiles_it(activate):
    """Synapses, shared projections, events and TimedArrays, for two generations of cards."""
    network = replace(feature("one neuron").network, silent_zeros=True, rounding="nearest")
    directory = activate(compile=False, run=False)
    generate(network, feature("one neuron").images, window="dynamic", projection="shared")
    makefile = directory / "makefile"
    both = " ".join(f"-gencode=arch=compute_{x},code=sm_{x}" for x in (80, 90))
    makefile.write_text(makefile.read_text().replace("-arch=sm_90", both))
    make(directory, "joined.o")
    assert (directory / "joined.o").stat().st_size > 100_000


@pytest.mark.skipif(NO_CARD is not None, reason=f"nothing is run: {NO_CARD}")
@pytest.mark.parametrize("name", MAKERS)
def test_on_a_card(tmp_path, name, monkeypatch):
    """One program a feature; windows, types and projections alternate."""
    import brian2cuda  # noqa: F401

    network, images = feature(name).network, feature(name).images
    number = list(MAKERS).index(name)
    float_type, window = ("float64", "float32")[number % 2], ("fixed", "dynamic")[number // 2 % 2]
    projection = ("explicit", "shared")[number // 4 % 2]
    monkeypatch.setitem(prefs, "core.default_float_dtype", getattr(np, float_type))
    set_device("cuda_standalone", directory=str(tmp_path / "code"), with_output=False)
    try:
        assert_equal_or_refused(
            lambda: td.simulate(network, images, window=window, projection=projection),
            rows_of("explicit", window, network.input_steps),
            network,
            images,
            window,
            float_type,
        )
    finally:
        device.reinit()
        set_device("runtime")
        shutil.rmtree(tmp_path)
