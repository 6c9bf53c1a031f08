"""GeNN: what is refused before building, and the code that is generated. Needs no GeNN."""

import os
import re
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from time import sleep
from typing import ClassVar

import numpy as np
import pytest
from brian2 import SpikeMonitor, defaultclock, device, ms, prefs, set_device
from test_population import residual

import tdsnn_brian as td
from helpers import random_images, small_network
from tdsnn_brian.brian import genn, genn_code
from tdsnn_brian.brian.default_clock import default_clock_at
from tdsnn_brian.network import SpikingNetwork

brian2genn = pytest.mark.skipif(
    find_spec("brian2genn") is None, reason="Brian2GeNN is not installed; run make test-genn"
)


@pytest.fixture
def activate(tmp_path, monkeypatch):
    """A function that activates the genn device; afterwards everything is as before."""
    monkeypatch.chdir(tmp_path)
    names = (
        "codegen.generators.cpp.restrict_keyword",
        "codegen.loop_invariant_optimisations",
        "core.network.default_schedule",
        "core.default_float_dtype",
    )
    before, dt = {name: prefs[name] for name in names}, defaultclock.dt

    def activate(**options):
        import brian2genn  # noqa: F401

        set_device("genn", **{"use_GPU": False, "directory": str(tmp_path / "code"), **options})
        return tmp_path / "code"

    yield activate
    device.reinit()
    set_device("runtime")
    defaultclock.dt = dt
    for name, value in before.items():
        prefs[name] = value


@pytest.fixture
def fake_genn(tmp_path, monkeypatch):
    """A function that makes a directory look like some version of GeNN."""

    def make(version):
        path = tmp_path / "genn"
        (path / "bin").mkdir(parents=True, exist_ok=True)
        (path / "bin" / "genn-buildmodel.sh").touch()
        if version:
            (path / "version.txt").write_text(version)
        monkeypatch.setenv("GENN_PATH", str(path))
        return path

    return make


def test_without_genn_the_message_says_how_to_get_it(monkeypatch):
    monkeypatch.delenv("GENN_PATH", raising=False)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(td.UnsupportedDeviceError) as error:
        genn.find_genn()
    for part in ("genn-team/genn", "4.9.0", "CUDA_PATH", "GENN_PATH"):
        assert part in str(error.value)


def test_what_is_no_genn_4_is_refused(fake_genn, monkeypatch, tmp_path):
    monkeypatch.setenv("GENN_PATH", str(tmp_path))
    with pytest.raises(td.UnsupportedDeviceError, match="no directory of GeNN 4"):
        genn.find_genn()
    for version in ("5.1.0", "4.2.1", None):
        fake_genn(version)
        with pytest.raises(td.UnsupportedDeviceError, match=version or "unknown version"):
            genn.find_genn()
        (tmp_path / "genn" / "version.txt").unlink(missing_ok=True)
    assert genn.find_genn.__doc__
    assert fake_genn("4.9.0\n") == genn.find_genn()


def test_genn_is_found_on_the_path(fake_genn, monkeypatch):
    path = fake_genn("4.9.0")
    (path / "bin" / "genn-buildmodel.sh").chmod(0o755)
    monkeypatch.delenv("GENN_PATH")
    monkeypatch.setenv("PATH", str(path / "bin"))
    assert genn.find_genn() == path


@pytest.mark.parametrize("layer", small_network().layers, ids=lambda layer: layer.name)
def test_no_row_of_the_ragged_matrix_is_longer_than_thought(layer):
    longest = np.bincount(layer.projection.synapses().i, minlength=layer.n_inputs).max()
    assert layer.projection.largest_fan_out == longest


def test_the_memory_grows_with_synapses_images_and_float_type(monkeypatch):
    network = small_network()
    sizes = genn.memory(network, 10)
    assert sizes["images"] == 2 * genn.memory(network, 5)["images"]
    for layer in network:
        # at the least: the ragged matrix, and ends and weight in C++ and in Python
        assert sizes[layer.name] >= layer.projection.n_synapses * (12 + 2 * 16)
    monkeypatch.setitem(prefs.prefs, "core.default_float_dtype", np.float32)
    assert genn.memory(network, 10)["conv1"] < sizes["conv1"]


def simulate(network=None, **arguments):
    network = network or small_network()
    return td.simulate(network, random_images(network, 2), **arguments)


@brian2genn
@pytest.mark.genn
class TestRefusals:
    def test_a_network_too_large_for_the_memory(self, activate, fake_genn, monkeypatch):
        fake_genn("4.9.0")
        activate()
        monkeypatch.setattr(genn, "available_bytes", lambda: 200_000_000)
        figures = r"'small' with 2 images needs about 0\.251 GB .* 0\.2 GB are available"
        with pytest.raises(td.UnsupportedDeviceError, match=figures):
            simulate()
        network = small_network()
        monkeypatch.setattr(genn, "available_bytes", lambda: 400_000_000)
        defaultclock.dt = 1 * ms
        genn.check_network(network, 2, 1 * ms)
        with pytest.raises(td.UnsupportedDeviceError, match="for 'images': pass fewer"):
            genn.check_network(network, 20_000, 1 * ms)

    def test_no_genn(self, activate, monkeypatch):
        monkeypatch.delenv("GENN_PATH", raising=False)
        monkeypatch.setenv("PATH", "")
        activate()
        with pytest.raises(td.UnsupportedDeviceError, match="GeNN was not found"):
            simulate()

    @pytest.mark.parametrize("option", ["compile", "run"])
    def test_no_results(self, activate, fake_genn, option):
        fake_genn("4.9.0")
        activate(**{option: False})
        with pytest.raises(td.UnsupportedDeviceError, match=r"compile=False or run=False"):
            simulate()

    def test_a_gpu_without_cuda(self, activate, fake_genn, monkeypatch):
        fake_genn("4.9.0")
        monkeypatch.delenv("CUDA_PATH", raising=False)
        activate(use_GPU=True)
        with pytest.raises(td.UnsupportedDeviceError, match=r"set_device\('genn', use_GPU=False\)"):
            simulate()

    def test_a_gpu_that_is_not_there(self, activate, fake_genn, monkeypatch):
        def refuse(toolkit, curand):
            raise td.UnsupportedDeviceError(f"no card, {toolkit}")

        fake_genn("4.9.0")
        monkeypatch.setenv("CUDA_PATH", "toolkit")
        monkeypatch.setattr(genn, "check_gpu", refuse)
        activate(use_GPU=True)
        with pytest.raises(td.UnsupportedDeviceError, match="no card, toolkit"):
            simulate()

    def test_dense_storage(self, activate, fake_genn, monkeypatch):
        fake_genn("4.9.0")
        activate()
        monkeypatch.setitem(prefs.prefs, "devices.genn.connectivity", "DENSE")
        with pytest.raises(td.UnsupportedDeviceError, match="set it back to 'SPARSE'"):
            simulate()

    def test_silent_zeros(self, activate, fake_genn):
        fake_genn("4.9.0")
        activate()
        with pytest.raises(td.UnsupportedDeviceError, match=r"silent zeros.*convert without"):
            simulate(replace(small_network(), silent_zeros=True))

    @pytest.mark.parametrize(
        ("fields", "why"),
        [
            ({"rounding": "nearest"}, "rounding to the nearest tick: GeNN generates synapses"),
            ({"transfer": td.Transfer(max_value=2.0)}, "transfers: GeNN generates synapses"),
        ],
    )
    def test_ticks_of_other_weights(self, activate, fake_genn, fields, why):
        fake_genn("4.9.0")
        activate()
        network = small_network()
        if "transfer" in fields:
            layers = (replace(network.layers[0], **fields), *network.layers[1:])
            network = replace(network, layers=layers)
        else:
            network = replace(network, **fields)
        with pytest.raises(td.UnsupportedDeviceError, match=why):
            simulate(network)

    def test_shared_projections(self, activate, fake_genn):
        fake_genn("4.9.0")
        activate()
        with pytest.raises(td.InvalidInputError, match="the GeNN device"):
            simulate(projection="shared")

    def test_another_clock(self, activate):
        activate(compile=False, run=False)
        network = small_network()
        defaultclock.dt = 0.1 * ms
        with pytest.raises(td.UnsupportedDeviceError, match=r"one clock.* 100\. us .*dt=1\. ms"):
            td.build_network(network, random_images(network, 1))

    def test_a_second_run(self, activate, fake_genn):
        fake_genn("4.9.0")
        generate(activate(compile=False, run=False))
        device.build_options.update(compile=True, run=True)
        with pytest.raises(td.UnsupportedDeviceError, match=r"has run already.*device\.reinit\(\)"):
            simulate()


def generate(directory, network=None, window="fixed", **arguments):
    """Generate the code of the small network, or another; the network and the model's text."""
    network = network or small_network()
    defaultclock.dt = 1 * ms
    net = td.build_network(network, random_images(network, 2), window=window, **arguments)
    net.run(net.duration, namespace={})
    return net, (directory / "magicnetwork_model.cpp").read_text()


@brian2genn
@pytest.mark.genn
class TestGeneratedCode:
    @pytest.mark.parametrize("window", ["fixed", "dynamic"])
    def test_is_complete(self, activate, window):
        faults = pytest.importorskip("tdsnn_brian.validation.genn").code_faults
        directory = activate(compile=False, run=False)
        net, _ = generate(directory, window=window)
        assert faults(net, directory) == []

    @pytest.mark.parametrize("window", ["fixed", "dynamic"])
    def test_branches_are_complete(self, activate, window):
        """Spikes wait by a delay that all synapses of a projection share, or in relays."""
        faults = pytest.importorskip("validation.genn").code_faults
        directory, network = activate(compile=False, run=False), residual()
        defaultclock.dt = 1 * ms
        net = td.build_network(network, random_images(network, 2), window=window)
        net.run(net.duration, namespace={})
        assert faults(net, directory) == []
        model = (directory / "magicnetwork_model.cpp").read_text()
        assert ("_relay" in model) == (window == "dynamic")

    @pytest.mark.parametrize(
        ("file", "wrong", "right", "fault"),
        [
            (
                "magicnetwork_model.cpp",
                '"conv1", 288',
                '"conv1", 287',
                "no population conv1 of 288",
            ),
            ("magicnetwork_model.cpp", '"pool1_synapses"', '"pool1"', "no synapses pool1_synapses"),
            (
                "magicnetwork_model.cpp",
                "delaySteps = 1;",
                "delaySteps = 2;",
                "ticking_ticks with a de",
            ),
            ("engine.cpp", "_run_mean_run_regularly", "//", "mean is not set back every"),
        ],
    )
    def test_the_check_finds_what_is_missing(self, activate, file, wrong, right, fault):
        faults = pytest.importorskip("tdsnn_brian.validation.genn").code_faults
        directory = activate(compile=False, run=False)
        net, _ = generate(directory)
        path = directory / file
        text = path.read_text()
        assert wrong in text
        path.write_text(text.replace(wrong, right))
        assert any(fault in found for found in faults(net, directory))

    def test_the_check_finds_lost_weights(self, activate):
        faults = pytest.importorskip("tdsnn_brian.validation.genn").code_faults
        directory = activate(compile=False, run=False)
        net, _ = generate(directory)
        path = directory / "static_arrays" / "_static_array__dynamic_array_conv2_synapses_w"
        os.truncate(path, path.stat().st_size - 8)
        (fault,) = faults(net, directory)
        assert "conv2_synapses_w" in fault

    def test_the_code_is_made_fit_for_a_card(self, activate):
        """Own spans, spikes that stay on the card, few pushes, and the wall's clock."""
        directory = activate(compile=False, run=False, use_GPU=True)
        net, before = generate(directory)
        plain = (directory / "engine.cpp").read_text()
        genn_code.fit_for_a_card(directory)
        model = (directory / "magicnetwork_model.cpp").read_text()
        engine = (directory / "engine.cpp").read_text()
        spans = r"if \(maxCol(\w+) > 1 \|\| maxRow(\w+) < 32\)"
        names = re.findall(spans, model)
        assert len(names) == before.count("setSpanType") > 20
        assert all(column == row for column, row in names)
        monitored = [each.source.name for each in net.objects if isinstance(each, SpikeMonitor)]
        assert len(monitored) > 4
        assert sorted(monitored) == sorted(
            re.findall(r'"(\w+)", \d+,.*->setSpikeRecordingEnabled\(true\);', model)
        )
        assert all(f"pull{name}CurrentSpikes" in plain for name in monitored)
        assert not re.search(r"pull\w+CurrentSpikesFromDevice", engine)
        assert engine.count("if (before || ") == plain.count("SpikesToDevice();") > 2
        assert "std::clock()" in plain
        assert "std::clock()" not in engine

    def test_a_readout_alone_has_no_spikes_to_keep(self, activate):
        directory, readout = activate(compile=False, run=False), small_network().layers[-1]
        generate(directory, SpikingNetwork(layers=(readout,), leak=5.0, name="alone"))
        genn_code.fit_for_a_card(directory)
        engine = (directory / "engine.cpp").read_text()
        assert "RecordingBuffers" not in engine
        assert "wall_clock" in engine

    @pytest.mark.parametrize(
        ("file", "known"),
        [
            ("engine.cpp", "    // report spikes\n"),
            ("engine.cpp", "pullconv1CurrentSpikesFromDevice"),
            ("engine.cpp", "allocateMem();"),
            ("engine.cpp", "std::clock()"),
            ("magicnetwork_model.cpp", '("conv1", '),
        ],
    )
    def test_code_of_another_brian2genn_is_refused(self, activate, file, known):
        """Or its spikes would be lost without a word."""
        directory = activate(compile=False, run=False)
        generate(directory)
        text = (directory / file).read_text()
        assert known in text
        (directory / file).write_text(text.replace(known, "other"))
        with pytest.raises(td.UnsupportedDeviceError, match="that this Brian2GeNN generates"):
            genn_code.fit_for_a_card(directory)

    def test_each_synapse_adds_once_to_one_variable(self, activate):
        _, model = generate(activate(compile=False, run=False), window="dynamic")
        synapses = re.findall(r"class \w+WEIGHTUPDATE .*?\n};", model, re.DOTALL)
        codes = [re.search(r'SET_SIM_CODE\("(.*?)"\);', each, re.DOTALL)[1] for each in synapses]
        assert len(codes) > 20
        assert all(code.count("$(addToInSyn,") == 1 for code in codes)

    def test_the_gpu_gets_the_same_model(self, activate):
        """Without a GPU this is all that can be told of it."""
        models = []
        for use_gpu in (False, True):
            _, model = generate(activate(compile=False, run=False, use_GPU=use_gpu))
            device.reinit()
            classes = re.findall(r"class \w+ : .*?\n};", model, re.DOTALL)
            added = re.findall(r"delaySteps = \w+;|model\.add.*?;", model, re.DOTALL)
            models.append((sorted(classes), sorted(added)))
        assert min(map(len, models[0])) > 40
        assert models[0] == models[1]

    @pytest.mark.parametrize(
        ("float_type", "precision"),
        [
            (np.float32, "GENN_FLOAT"),
            (np.float64, "GENN_DOUBLE"),
        ],
    )
    def test_floating_type(self, activate, float_type, precision):
        directory = activate(compile=False, run=False)
        prefs.core.default_float_dtype = float_type
        _, model = generate(directory)
        assert f"setPrecision({precision})" in model
        # steps are counted in double precision all the same
        assert float_type is np.float64 or "setTimePrecision(TimePrecision::DOUBLE)" in model


@contextmanager
def default_step(dt):
    before = defaultclock.dt
    defaultclock.dt = dt
    yield
    defaultclock.dt = before


def test_the_default_clock_is_lent_not_taken():
    with default_step(0.1 * ms):
        with default_clock_at(2 * ms):
            assert defaultclock.dt == 2 * ms
        assert defaultclock.dt == 0.1 * ms


@pytest.mark.parametrize(("use_gpu", "flags"), [(False, "g++ -O2"), (True, None)])
def test_runs_are_timed_and_the_cpu_backend_is_optimised(monkeypatch, tmp_path, use_gpu, flags):
    class Device:
        build_options: ClassVar = {"use_GPU": use_gpu}
        timers: ClassVar = {"run_binary": None, "compile": 5}

        def compile_source(self, debug, directory, use_gpu):
            self.directory = directory

        def run(self, seconds):
            self.compiler = os.environ.get("CXX")
            sleep(seconds)

    monkeypatch.delenv("CXX", raising=False)
    fake, changed = Device(), []
    monkeypatch.setattr(genn, "fit_for_a_card", changed.append)
    with genn.optimised_and_timed(fake):
        fake.compile_source(False, str(tmp_path), use_gpu)
        fake.run(0.05)
    assert fake.directory == str(tmp_path)
    assert changed == [str(tmp_path)]
    assert fake.compiler == flags
    assert "CXX" not in os.environ
    assert 0.05 <= fake.timers["run_binary"] < 5
    assert fake.timers["compile"] == 5
    assert fake.run.__func__ is Device.run
