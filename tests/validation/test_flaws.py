"""The model with flaws: without them it is the model, and with each of them it is not."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import tdsnn_brian as td
from helpers import network_with_a_loose_end, random_images, short_network, small_network
from tdsnn_brian.analysis.continuous import closed_loop
from tdsnn_brian.brian.explicit import perturbed_settings
from tdsnn_brian.brian.explicit.perturbed_settings import Setting, slot_ticks
from tdsnn_brian.validation.case import Case
from tdsnn_brian.validation.sweeps import programs, trends
from tdsnn_brian.validation.sweeps.grids import Sweeps
from tdsnn_brian.validation.sweeps.programs import Program

LIVING = {"living": True, "method": "euler"}
OF_LIVING = ("membrane_noise", "background", "threshold_spread", "adaptation")


def made_program(n=2, network=None, **fields):
    network = network or small_network()
    images = random_images(network, n=n)
    analysis = td.analyse(network, images)
    last = {name: int(window.max()) for name, window in analysis.windows.items()}
    slot = slot_ticks(network, last, margin=5, headroom=3)
    return Program(network=network, images=images, last_spikes=last, slot=slot, **fields), analysis


def moved(outcome, analysis):
    """By layer, the share of firing times that are not the discrete ones."""
    return {
        name: float(np.mean(times != analysis.latencies[name].reshape(times.shape)))
        for name, times in outcome.latencies.items()
    }


@pytest.mark.parametrize(
    "setting",
    [
        Setting(),
        Setting(steps_per_tick=3),
        Setting(window_cut=-5),
        Setting(steps_per_tick=2, headroom=3, window_cut=-4),
    ],
)
@pytest.mark.parametrize(
    "variant", [{}, {"leak_of_each": True}, LIVING], ids=["one leak", "leaks", "living"]
)
def test_without_flaws_it_fires_like_the_discrete_analysis(setting, variant):
    program, analysis = made_program(**variant)
    outcome = programs.run_interpreted(program, setting)
    assert set(moved(outcome, analysis).values()) == {0.0}
    np.testing.assert_allclose(outcome.logits, analysis.logits, rtol=1e-9, atol=1e-9)
    assert outcome.late == 0


def test_neurons_that_nobody_listens_to_fire_too():
    network, images = network_with_a_loose_end()
    sweeps = Sweeps(Case(network=network, images=images), len(images))
    for name, setting in (("flawed", Setting(window_cut=-5)), ("float64 exact", Setting())):
        outcome = programs.run_interpreted(sweeps.programs[name], setting)
        assert set(moved(outcome, td.analyse(network, images)).values()) == {0.0}


@pytest.mark.parametrize(
    "flaw",
    [
        {"jitter": 0.5, "headroom": 2, "steps_per_tick": 4},
        {"delay": 1.0},
        {"delay_spread": 2.0},
        {"leak_spread": 0.2},
        {"weight_noise": 0.3},
        {"threshold_offset": 0.5},
        {"window_cut": 3},
        {"lateness": 1},
        {"drop": 0.3},
        {"membrane_noise": 0.5, "steps_per_tick": 2},
        {"background": 10},
        {"threshold_spread": 0.5},
        {"adaptation": 0.3},
    ],
    ids=lambda flaw: next(iter(flaw)),
)
def test_every_flaw_moves_firing_times(flaw):
    living = next(iter(flaw)) in OF_LIVING
    program, analysis = made_program(leak_of_each=True, **LIVING if living else {})
    outcome = programs.run_interpreted(program, Setting(**{"window_cut": -5, **flaw}))
    shares = moved(outcome, analysis)
    assert shares["conv1"] > 0
    assert shares["dense1"] > 0


@pytest.mark.parametrize("flaw", [*OF_LIVING, "leak_spread"])
def test_flaws_that_neurons_do_not_have_are_refused(flaw):
    program, _ = made_program()
    remedy = "leak_of_each" if flaw == "leak_spread" else "living"
    with pytest.raises(td.InvalidInputError, match=rf"{flaw}=0.1 would .*Variant\({remedy}=True"):
        programs.run_interpreted(program, Setting(**{flaw: 0.1}))


@pytest.mark.parametrize("setting", [{"membrane_noise": 0.4}, {"background": 3.2}])
@pytest.mark.parametrize("steps", [1, 5])
def test_noise_has_its_strength_at_any_step(setting, steps):
    """Of the outputs, whose potentials are read, in tick weights."""
    layers = (
        td.layers.Dense(name="hidden", input_shape=(1,), weights=np.zeros((1, 1))),
        td.layers.Dense(name="output", input_shape=(1,), weights=np.zeros((1, 2000))),
    )
    network = td.SpikingNetwork(layers=layers, leak=5.0)
    last = {"hidden": 5, "output": 35}
    slot = perturbed_settings.slot_ticks(network, last, margin=10)  # longer than it takes
    program = Program(
        network=network, images=np.ones((1, 1)), last_spikes=last, slot=slot, **LIVING
    )
    setting = Setting(steps_per_tick=steps, **setting)
    timing = program.plan(setting)
    elapsed = (timing.read - timing.origins["output"]) / steps
    outcome = programs.run_interpreted(program, setting)
    potential = outcome.logits.std() * np.exp(-elapsed / 5.0)
    tick = perturbed_settings.leak_factor(5.0) * np.exp(-(35 + 1 / steps) / 5.0)
    kept = np.exp(-2 / (5.0 * steps))  # of the variance, from step to step
    arriving = 0.1**2 * 2 * setting.background / steps
    expected = max(setting.membrane_noise, (arriving / (1 - kept)) ** 0.5)
    assert potential / tick == pytest.approx(expected, rel=0.08)


def test_rows_over_seeds_have_means_and_intervals():
    rows = [
        {"kind": "background", "strength": 1.0, "accuracy": x, "agreement": 1.0, "moved": x / 2}
        for x in (0.9, 0.92, 0.94)
    ]
    (row,) = trends.over_seeds(rows)
    assert (row["accuracy"], row["moved"], row["seeds"]) == pytest.approx((0.92, 0.46, 3))
    assert row["interval"] == pytest.approx(4.3027 * 0.02 / 3**0.5, rel=1e-4)
    assert trends.over_seeds(rows[:1])[0]["interval"] is None


def test_finer_ticks_are_the_discrete_analysis_of_a_finer_grid():
    program, _ = made_program()
    outcome = programs.run_interpreted(
        program, Setting(steps_per_tick=4, ticks_per_tick=4, window_cut=-5)
    )
    finer = td.analyse(replace(program.network, leak=20.0), program.images)
    for name, times in outcome.latencies.items():
        np.testing.assert_array_equal(times * 4, finer.latencies[name].reshape(times.shape))


def test_a_constant_current_is_the_continuous_limit():
    program, _ = made_program()
    outcome = programs.run_interpreted(
        program, Setting(steps_per_tick=32, ticks_per_tick=0, window_cut=-5)
    )
    continuous = closed_loop(program.network, program.images)
    for name, times in outcome.latencies.items():
        apart = times - continuous.latencies[name].reshape(times.shape)
        assert np.abs(apart).max() < 0.2, name
        assert np.abs(apart).mean() < 0.05, name


@pytest.mark.standalone
def test_one_program_serves_every_setting(tmp_path, monkeypatch):
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    if not programs.compilable():
        pytest.skip("there is no compiler, or this Brian2 (before 2.6) takes no run arguments")
    network = short_network()
    program, analysis = made_program(network=network, leak_of_each=True)
    monkeypatch.chdir(tmp_path)
    place = Path("program")  # as the reports' default directories are: relative
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as builder:
        builder.submit(programs.build, program, place).result()
    for setting in (Setting(), Setting(steps_per_tick=10), Setting(window_cut=-4)):
        outcome = programs.run(program, setting, place)
        assert set(moved(outcome, analysis).values()) == {0.0}
    late = Setting(lateness=1, window_cut=-4)
    compiled, interpreted = (
        programs.run(program, late, place),
        programs.run_interpreted(program, late),
    )
    for name, times in compiled.latencies.items():
        np.testing.assert_array_equal(times, interpreted.latencies[name])
    finer = Setting(steps_per_tick=8, ticks_per_tick=8, window_cut=-4)
    analysis = td.analyse(replace(network, leak=40.0), program.images)
    for name, times in programs.run(program, finer, place).latencies.items():
        np.testing.assert_array_equal(times * 8, analysis.latencies[name].reshape(times.shape))
    assert not list(place.glob("results-*"))
    damage_is_noticed(program, place)


def damage_is_noticed(program, place):
    """Of what was half-written when power went, and of results on a full disk."""
    assert programs.is_whole(place)
    whole = programs.MANIFEST, "main", *(f"static_arrays/{x.name}" for x in place.glob("static*/*"))
    for name in whole:
        content, mode = (place / name).read_bytes(), (place / name).stat().st_mode
        (place / name).write_bytes(content[: len(content) // 2])
        assert not programs.is_whole(place), name
        (place / name).write_bytes(content)
        (place / name).chmod(mode)
    assert programs.is_whole(place)
    fromfile = np.fromfile
    for part in ("_i", "_t", "_N", "_v", "v_release"):
        with pytest.MonkeyPatch.context() as patch:
            cut = lambda file, *of: fromfile(file, *of)[: -1 if part in file.name else None]  # noqa: E731, B023
            patch.setattr(np, "fromfile", cut)
            with pytest.raises(programs.ProgramError, match="has not written all"):
                programs.run(program, Setting(), place)
    (place / "main").write_bytes(b"\x7fELF half of it")
    with pytest.raises(programs.ProgramError, match="cannot be run"):
        programs.run(program, Setting(), place)
