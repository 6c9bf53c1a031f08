"""The report: its summary and raw latencies; runs are kept; bad arguments are refused."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import tdsnn_brian as td
from reports import EVIL, Page, check_values, make, tiny_network
from tdsnn_brian import validation
from tdsnn_brian.errors import InvalidInputError, WindowTooShortError
from tdsnn_brian.layers import Conv2D, Dense
from tdsnn_brian.network import SpikingNetwork
from tdsnn_brian.validation import kept
from tdsnn_brian.validation.__main__ import app
from tdsnn_brian.validation.options import ALL
from tdsnn_brian.validation.sweeps import flaws, grids, programs


def test_a_report_on_inputs_that_fire_between_ticks(tmp_path, few_runs):
    network = replace(tiny_network(), input_steps=4, leak=2.0)
    images = np.random.default_rng(0).random((4, 6))
    summary = validation.report(
        network,
        images,
        output=tmp_path,
        device="numpy",
        parts=ALL,
        sweep_images=2,
        integration_images=2,
    )
    assert (summary["input_steps"], summary["dt_per_tick"]) == (4, 4)
    assert validation.failed(summary) == []
    assert all(row["identical"] == 1 for row in summary["layers"])
    exact = [row for row in summary["integration"] if row["method"] == "exact"]
    assert [row["dt_per_tick"] for row in exact] == [4, 8, 20] * 2
    assert all(row["moved"] == 0 for row in exact)
    assert [row["identical_on_grid"] for row in summary["ticks"]] == [1, 1, 1, None]
    assert all(row["moved"] == 0 for row in summary["perturbations"] if row["strength"] == 0)
    page = Page((tmp_path / "index.html").read_text())
    check_values(page.values, summary)


def test_the_summary_follows_its_schema(made):
    output, summary = made
    assert json.loads((output / "summary.json").read_text()) == summary
    assert validation.failed(summary) == []
    assert all(row["unexplained"] == 0 and row["identical"] == 1 for row in summary["layers"])
    rows = summary["integration"]
    assert {(r["method"], r["dtype"], r["dt_per_tick"]) for r in rows} == {
        (method, dtype, steps)
        for method in ("exact", "euler")
        for dtype in ("float64", "float32")
        for steps in (1, 2, 5)
    }
    exact = [r for r in rows if (r["method"], r["dtype"]) == ("exact", "float64")]
    assert all(r["moved"] == 0 and r["potential_error"] < 1e-12 for r in exact)
    assert summary["physical"]["differ"] == 0
    assert summary["physical"]["firing_times"] == 16
    assert "((E_L - v) / R + I_hold) / C" in summary["physical"]["equations"][0]["text"]
    assert [r["m"] for r in summary["ticks"]] == [1, 2, 4, None]
    differences = [r["mean_difference"] for r in summary["ticks"]]
    assert differences == sorted(differences, reverse=True)
    assert all(r["identical_on_grid"] in (1, None) for r in summary["ticks"])
    for row in summary["perturbations"]:
        assert set(row) >= {"kind", "strength", "moved", "accuracy"}
        assert (row["moved"] == 0) == (row["strength"] == 0)


def test_the_schema_is_documented(made):
    text = (Path(__file__).parents[2] / "docs" / "report.md").read_text()
    text = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    documented = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`]+)`", text))))
    composed = re.compile(r"(open|closed)_loop_|(dnn|snn)_")

    def keys(value):
        if isinstance(value, dict):
            for key, below in value.items():
                yield key
                yield from keys(below)
        elif isinstance(value, list):
            for below in value:
                yield from keys(below)

    missing = {key for key in keys(made[1]) if not composed.match(key)} - documented
    assert not missing


def test_orders_are_observed(made):
    _, summary = made
    orders = {(r["method"], r["dtype"]): r for r in summary["integration_orders"]}
    assert orders["euler", "float64"]["order"] == pytest.approx(1, abs=0.4)
    assert orders["euler", "float64"]["residual"] < 0.1
    assert orders["exact", "float64"]["order"] is None
    assert summary["ticks_fit"]["order"] == pytest.approx(1, abs=0.3)


def test_raw_latencies_are_kept(made):
    output, summary = made
    with np.load(output / "latencies.npz") as file:
        for name in (EVIL, "second"):
            discrete, simulated = file[f"{name}.discrete"], file[f"{name}.simulated"]
            np.testing.assert_array_equal(discrete, simulated)
            opened = file[f"{name}.open_loop"]
            assert (np.ceil(opened - 1e-4) <= discrete).all()
            assert (opened > discrete - 1 - 1e-4).all()
            assert file[f"{name}.closed_loop"].shape == (4, 9 if name == EVIL else 7)
    assert summary["layers"][0]["neurons"] == 9


def test_runs_that_are_done_are_not_done_again(made, few_runs, monkeypatch):
    output, summary = made
    kept = {file: file.read_bytes() for file in (output / "sweeps").glob("run-*.json")}
    lost = sorted(kept)[0]
    lost.unlink()
    runs = []
    original = programs.run_interpreted
    monkeypatch.setattr(programs, "run_interpreted", lambda *a: runs.append(a) or original(*a))
    again = make(output)
    assert len(runs) == 1
    assert again["perturbations"] == summary["perturbations"]
    assert again["integration"] == summary["integration"]
    assert {file: file.read_bytes() for file in (output / "sweeps").glob("run-*.json")} == kept


def test_runs_judged_by_other_labels_are_not_kept(tmp_path, few_runs, monkeypatch):
    monkeypatch.setattr(grids, "STEPS", (1,))
    monkeypatch.setattr(grids, "METHODS", {"exact": None})
    monkeypatch.setattr(grids, "TICKS", (1,))
    monkeypatch.setattr(grids, "FLAWS", {"leak": replace(flaws.FLAWS["leak"], strengths=(0.3,))})

    def accuracies(labels):
        summary = validation.report(
            tiny_network(),
            np.random.default_rng(0).random((4, 6)),
            labels=labels,
            output=tmp_path,
            device="numpy",
            sweep_images=4,
            integration_images=4,
            parts=["integration", "ticks", "perturbations"],
        )
        return [
            row["accuracy"]
            for part in ("integration", "ticks", "perturbations")
            for row in summary[part]
        ]

    first = accuracies([0, 1, 2, 0])
    right = td.analyse(tiny_network(), np.random.default_rng(0).random((4, 6))).predictions
    assert accuracies(right)[0] == 1 > first[0]
    assert accuracies((right + 1) % 3)[0] == 0
    assert set(accuracies(None)) == {None}
    assert accuracies([0, 1, 2, 0]) == first


@pytest.mark.parametrize("change", ["network", "images", "code"])
def test_runs_of_something_else_are_not_kept(tmp_path, few_runs, monkeypatch, change):
    network, images = tiny_network(), np.random.default_rng(0).random((2, 6))

    def count(network, images):
        runs = []
        with monkeypatch.context() as patch:
            original = programs.run_interpreted
            patch.setattr(programs, "run_interpreted", lambda *a: runs.append(a) or original(*a))
            validation.report(network, images, output=tmp_path, device="numpy", parts=["ticks"])
        return len(runs)

    assert count(network, images) == 4
    assert count(network, images) == 0
    if change == "network":
        network = replace(network, leak=4.9)
    elif change == "images":
        images = images + 1e-9
    else:
        other = {**kept.environment(), "tdsnn_brian": "other"}
        monkeypatch.setattr(kept, "environment", lambda: other)
    assert count(network, images) == 4


def test_the_folder_of_a_report_holds_nothing_of_another(tmp_path):
    options = {"output": tmp_path, "device": "numpy"}
    images = np.random.default_rng(0).random((2, 6))
    validation.report(tiny_network(), images, parts=["answers"], **options)
    assert (tmp_path / "latencies.npz").is_file()
    with pytest.raises(WindowTooShortError):
        validation.report(tiny_network(), images, parts=["cost"], window=0, **options)
    assert (tmp_path / "latencies.npz").is_file()  # that report is still whole
    other = replace(tiny_network(), name="other")
    validation.report(other, images, parts=["cost"], **options)
    assert {path.name for path in tmp_path.iterdir()} == {"index.html", "summary.json"}


def command(tmp_path, network, images, *options):
    """`report` on what is written to files; the images that it simulated, or the error."""
    network.save(tmp_path / "network.npz")
    np.save(tmp_path / "images.npy", images)
    arguments = [tmp_path / "network.npz", "--images", tmp_path / "images.npy", *options]
    arguments += ["--device", "numpy", "--part", "answers", "--output", tmp_path / "out"]
    return CliRunner().invoke(app, ["report", *map(str, arguments)])


@pytest.mark.parametrize(
    ("image_range", "options", "divided"),
    [
        ((0, 255), (), False),
        ((0, 1), (), True),
        (None, ("--image-range", 0, 255), False),
        (None, ("--image-range", 0, 1), True),
    ],
)
def test_bytes_are_divided_only_where_the_network_takes_0_to_1(
    tmp_path, image_range, options, divided
):
    network = replace(tiny_network(), image_range=image_range)
    images = np.random.default_rng(0).integers(0, 256, (4, 6), dtype=np.uint8)
    result = command(tmp_path, network, images, *options)
    assert result.exit_code == 0, result.output
    taken = images / np.float32(255) if divided else images.astype(float)
    with np.load(tmp_path / "out" / "latencies.npz") as file:
        expected = td.analyse(tiny_network(), taken).latencies["second"]
        np.testing.assert_array_equal(file["second.simulated"], expected)


@pytest.mark.parametrize(
    ("image_range", "options", "message"),
    [
        (None, (), "does not say which values it takes"),
        ((0, 255), ("--image-range", 0, 1), "says that it takes 0 to 255"),
        ((0, 1), ("--image-range", 0, 255), "says that it takes 0 to 1"),
    ],
)
def test_bytes_of_an_unknown_range_are_refused(tmp_path, image_range, options, message):
    network = replace(tiny_network(), image_range=image_range)
    images = np.random.default_rng(0).integers(0, 256, (4, 6), dtype=np.uint8)
    result = command(tmp_path, network, images, *options)
    assert isinstance(result.exception, InvalidInputError)
    assert message in str(result.exception)
    assert not (tmp_path / "out" / "index.html").exists()


def test_an_unexplained_disagreement_is_loud(tmp_path, monkeypatch):
    from tdsnn_brian.brian.explicit.ticking_neurons import TickingNeurons

    original = TickingNeurons._pathways

    def heavier(self, population):
        pathways = original(self, population)
        if population.name == "second":
            pathways["ticks"].constants["w_tick"] *= 1.2
        return pathways

    monkeypatch.setattr(TickingNeurons, "_pathways", heavier)
    network, images = tmp_path / "network.npz", tmp_path / "images.npz"
    tiny_network().save(network)
    np.savez(images, images=np.random.default_rng(0).random((4, 6)))
    result = CliRunner().invoke(
        app,
        [
            "report",
            str(network),
            "--images",
            str(images),
            "--device",
            "numpy",
            "--part",
            "answers",
            "--output",
            str(tmp_path / "out"),
        ],
    )
    assert result.exit_code == 1
    assert "UNEXPLAINED DISAGREEMENT in: second" in result.output
    page = (tmp_path / "out" / "index.html").read_text()
    assert 'class="banner fail"' in page
    assert "Not faithful to the analysis" in page
    assert 'class="banner pass"' not in page


@pytest.mark.parametrize(
    ("weight", "failed", "parts"),
    [
        (0.6, {"firing times", "late spikes"}, ["answers", "one-image", "cost"]),
        (0.02, {"firing times", "late spikes", "neurons cut off"}, ["answers", "one-image"]),
    ],
)
def test_late_and_missing_spikes_make_a_red_page(tmp_path, monkeypatch, weight, failed, parts):
    from tdsnn_brian.brian.explicit.ticking_neurons import TickingNeurons

    original = TickingNeurons._pathways

    def lighter(self, population):
        pathways = original(self, population)
        if population.name == EVIL:
            pathways["ticks"].constants["w_tick"] *= weight
        return pathways

    monkeypatch.setattr(TickingNeurons, "_pathways", lighter)
    summary = make(tmp_path, parts=parts)
    assert summary["verdicts"]["analysis"]["status"] == "fail"
    assert {row["name"] for row in summary["checks"][:5] if row["status"] == "fail"} >= failed
    assert EVIL in validation.failed(summary)
    page = Page(text := (tmp_path / "index.html").read_text())
    assert "Not faithful to the analysis" in text
    check_values(page.values, summary)
    assert json.loads((tmp_path / "summary.json").read_text()) == summary


@pytest.mark.parametrize("window", ["fixed", "dynamic"])
@pytest.mark.parametrize(
    ("change", "lacking"),
    [
        ({"v_threshold": 0.02}, "threshold"),
        ({"silent_zeros": True}, "silent zeros"),
        ({"silent_zeros": True, "v_threshold": -0.02}, "silent zeros"),
    ],
)
def test_any_network_is_judged_by_its_own_rule(tmp_path, change, lacking, window):
    network = replace(tiny_network(), **change)
    images = np.random.default_rng(0).random((4, 6))
    summary = validation.report(
        network,
        images,
        output=tmp_path,
        device="numpy",
        window=window,
        parts=["answers", "integration"],
    )
    assert validation.failed(summary) == []
    assert all(row["identical"] == 1 for row in summary["layers"])
    assert any(lacking in note for note in summary["notes"])
    for row in summary["answers"]:
        assert row["open_loop_rounds_to_simulated"] > 0.999 or network.silent_zeros
        assert row["open_loop_discrete_max"] < 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"parts": ["poetry"]}, "parts \\['poetry'\\] are not known"),
        ({"window": 0}, "ends before the last presynaptic spike"),
        ({"device": "abacus"}, "device 'abacus' is not known"),
    ],
)
def test_refuses_bad_arguments(tmp_path, change, message):
    options = {"parts": ["answers"], "device": "numpy", **change}
    with pytest.raises(InvalidInputError.__mro__[2], match=message):
        validation.report(tiny_network(), np.full((1, 6), 0.5), output=tmp_path, **options)
    assert not list(tmp_path.glob("*.json"))


def test_refuses_labels_that_do_not_fit(tmp_path):
    with pytest.raises(InvalidInputError, match="one number for each of the 1 images"):
        validation.report(tiny_network(), np.full((1, 6), 0.5), labels=[1, 2], output=tmp_path)
    with pytest.raises(InvalidInputError, match="labels must be an array of real numbers"):
        validation.report(tiny_network(), np.full((1, 6), 0.5), labels=["one"], output=tmp_path)


@pytest.mark.parametrize("parts", [None, "other", 3, ["answers", []]])
def test_parts_are_a_list_of_names(tmp_path, parts):
    with pytest.raises(InvalidInputError, match="are not known; choose from"):
        validation.report(tiny_network(), np.full((1, 6), 0.5), parts=parts, output=tmp_path)


def test_refuses_a_network_that_is_not_there(tmp_path):
    np.save(tmp_path / "images.npy", np.zeros((1, 2)))
    images = str(tmp_path / "images.npy")
    result = CliRunner().invoke(app, ["report", "nothing.npz", "--images", images])
    assert result.exit_code == 2
    assert "'nothing.npz' does not exist" in " ".join(result.output.replace("│", " ").split())


def test_refuses_a_file_without_images(tmp_path):
    network, images = tmp_path / "network.npz", tmp_path / "images.npz"
    tiny_network().save(network)
    images.write_text("nothing")
    result = CliRunner().invoke(app, ["report", str(network), "--images", str(images)])
    assert isinstance(result.exception, InvalidInputError)
    assert "cannot be read" in str(result.exception)


@pytest.mark.parametrize(("positions", "outputs"), [(2, 3), (1, 1), (1, 25)])
def test_answers_of_any_shape(tmp_path, positions, outputs):
    rng = np.random.default_rng(0)
    network = SpikingNetwork(
        layers=(
            Dense(name="hidden", input_shape=(6,), weights=rng.normal(0, 0.6, (6, positions * 4))),
            Conv2D(
                name="out",
                input_shape=(1, positions, 4),
                kernel=rng.normal(0, 1, (1, 1, 4, outputs)),
            ),
        ),
        leak=5.0,
    )
    images = rng.random((5, 6))
    found = td.analyse(network, images)
    logits = found.potentials + 1e-9
    summary = validation.report(
        network,
        images,
        labels=found.predictions,
        predictions={"dnn": found.predictions},
        logits={"dnn": logits},
        output=tmp_path,
        device="numpy",
    )
    assert [verdict["status"] for verdict in summary["verdicts"].values()] == ["pass", "undecided"]
    assert ("dnn" in summary) == (positions == 1)
    assert [row["status"] for row in summary["checks"]].count("unsupported") == (positions > 1)
    check_values(Page((tmp_path / "index.html").read_text()).values, summary, least=60)
