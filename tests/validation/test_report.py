"""The report: summary, page and raw latencies agree, in a browser too; runs are kept."""

import json
import os
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import validation
from tdsnn_brian.errors import InvalidInputError
from tdsnn_brian.spec import Dense, SpikingNetwork
from validation.__main__ import app
from validation.page.rendering import look_up, show
from validation.sweeps import flaws, grids, programs

EVIL = '<img src=x onerror="document.title=1">'


def tiny_network():
    rng = np.random.default_rng(3)
    layers = (
        Dense(name=EVIL, input_shape=(6,), weights=rng.normal(0, 0.6, (6, 9)),
              bias=rng.normal(0, 0.3, 9)),
        Dense(name="second", input_shape=(9,), weights=rng.normal(0, 0.5, (9, 7)), bias=None),
        Dense(name="out", input_shape=(7,), weights=rng.normal(0, 1, (7, 3)), bias=np.ones(3)),
    )
    return SpikingNetwork(layers=layers, leak=5.0, name="<script>tiny</script>")


@pytest.fixture(scope="module")
def few_runs():
    """A thin grid, so that the numpy target does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grids, "STEPS", (1, 2, 5))
        patch.setattr(grids, "METHODS", {"exact": None, "euler": 1})
        patch.setattr(grids, "TICKS", (1, 2, 4, 0))
        kinds = ("leak", "late_ticks")
        thin = {
            kind: replace(flaws.FLAWS[kind], strengths=(0.3, 1.0)) for kind in kinds
        }
        patch.setattr(grids, "FLAWS", thin)
        yield


def make(output, **options):
    network = tiny_network()
    images = np.random.default_rng(0).random((4, 6))
    return validation.report(
        network, images, labels=[0, 1, 2, 0], output=output, device="numpy", sweep_images=2,
        integration_images=2, notes=[EVIL], **options,
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory, few_runs):
    output = tmp_path_factory.mktemp("report")
    return output, make(output)


class Page(HTMLParser):
    """The values and plots of a page, and all of its tags."""

    def __init__(self, text):
        super().__init__()
        self.values, self.images, self.tags, self._open = [], [], [], None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.append(tag)
        if tag == "data":
            self._open = attributes
            self.values.append([attributes, ""])
        if tag == "img":
            self.images.append(attributes)

    def handle_endtag(self, tag):
        if tag == "data":
            self._open = None

    def handle_data(self, data):
        if self._open is not None:
            self.values[-1][1] += data


def check_values(values, summary):
    assert len(values) > 150
    for attributes, text in values:
        value = look_up(summary, attributes["data-path"])
        assert attributes["value"] == ("" if value is None else str(value))
        assert text == show(value, attributes["data-style"])


def test_a_report_on_inputs_that_fire_between_ticks(tmp_path, few_runs):
    network = replace(tiny_network(), input_steps=4, leak=2.0)
    images = np.random.default_rng(0).random((4, 6))
    summary = validation.report(
        network, images, output=tmp_path, device="numpy", sweep_images=2, integration_images=2
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
        (method, dtype, steps) for method in ("exact", "euler")
        for dtype in ("float64", "float32") for steps in (1, 2, 5)
    }
    exact = [r for r in rows if (r["method"], r["dtype"]) == ("exact", "float64")]
    assert all(r["moved"] == 0 and r["potential_error"] < 1e-12 for r in exact)
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


def test_every_number_on_the_page_is_in_the_summary(made):
    output, _ = made
    summary = json.loads((output / "summary.json").read_text())
    page = Page((output / "index.html").read_text())
    check_values(page.values, summary)


def test_names_and_notes_are_never_markup(made):
    output, _ = made
    page = Page((output / "index.html").read_text())
    assert "x" not in [image["src"] for image in page.images]
    assert all(image["src"].startswith("data:image/") for image in page.images)
    assert page.tags.count("script") == 1
    assert all(len(image["alt"]) > 40 for image in page.images)


def test_nothing_is_loaded_from_elsewhere(made):
    text = (made[0] / "index.html").read_text()
    assert "http://" not in text.replace("http-equiv", "")
    assert "https://" not in text


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


def test_runs_that_are_done_are_not_done_again(made, monkeypatch):
    output, summary = made
    kept = {file: file.read_bytes() for file in (output / "sweeps").glob("run-*.json")}
    lost = sorted(kept)[0]
    lost.unlink()
    runs = []
    original = programs.run_interpreted
    monkeypatch.setattr(
        programs, "run_interpreted", lambda *a: runs.append(a) or original(*a)
    )
    again = make(output)
    assert len(runs) == 1
    assert again["perturbations"] == summary["perturbations"]
    assert again["integration"] == summary["integration"]
    assert {file: file.read_bytes() for file in (output / "sweeps").glob("run-*.json")} == kept


def test_an_unexplained_disagreement_is_loud(tmp_path, monkeypatch):
    from tdsnn_brian.brian import groups

    original = groups.ticking_neuron

    def off_by_one(name, *args, release_step, **kwargs):
        return original(name, *args, release_step=release_step + (name == "second_ticking"),
                        **kwargs)

    monkeypatch.setattr(groups, "ticking_neuron", off_by_one)
    network, images = tmp_path / "network.npz", tmp_path / "images.npz"
    tiny_network().save(network)
    np.savez(images, images=np.random.default_rng(0).random((4, 6)))
    result = CliRunner().invoke(
        app, ["report", str(network), "--images", str(images), "--device", "numpy",
              "--part", "answers", "--output", str(tmp_path / "out")],
    )
    assert result.exit_code == 1
    assert "UNEXPLAINED DISAGREEMENT in: second" in result.output
    page = (tmp_path / "out" / "index.html").read_text()
    assert 'class="banner bad"' in page
    assert 'class="banner good"' not in page


@pytest.mark.parametrize("window", ["fixed", "dynamic"])
@pytest.mark.parametrize(("change", "lacking"), [
    ({"v_threshold": 0.02}, "threshold"), ({"silent_zeros": True}, "silent zeros"),
    ({"silent_zeros": True, "v_threshold": -0.02}, "silent zeros"),
])
def test_any_network_is_judged_by_its_own_rule(tmp_path, change, lacking, window):
    network = replace(tiny_network(), **change)
    images = np.random.default_rng(0).random((4, 6))
    summary = validation.report(
        network, images, output=tmp_path, device="numpy", window=window,
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


def test_refuses_a_network_that_is_not_there():
    result = CliRunner().invoke(app, ["report", "nothing.npz", "--images", "images.npz"])
    assert result.exit_code == 2
    assert "'nothing.npz' does not exist" in " ".join(result.output.replace("│", " ").split())


def test_refuses_a_file_without_images(tmp_path):
    network, images = tmp_path / "network.npz", tmp_path / "images.npz"
    tiny_network().save(network)
    images.write_text("nothing")
    result = CliRunner().invoke(app, ["report", str(network), "--images", str(images)])
    assert isinstance(result.exception, InvalidInputError)
    assert "cannot be read" in str(result.exception)


PROBE = """
<script>
addEventListener("load", () => {
  const sizes = [...document.images].map((image) => [image.naturalWidth, image.clientHeight]);
  const sorter = document.querySelector("table[data-table=layers] th:nth-child(2) button");
  sorter.click();
  const first = document.querySelector("table[data-table=layers] tbody data").value;
  document.body.dataset.probe = JSON.stringify({sizes, first, title: document.title,
    wide: document.documentElement.scrollWidth > innerWidth});
});
</script>
"""


def browser():
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which(
        "google-chrome"
    )


@pytest.mark.skipif(browser() is None, reason="no Chromium to open the page with")
@pytest.mark.parametrize("width", [390, 1200])
def test_the_page_works_in_a_browser(made, tmp_path, width):
    output, _ = made
    summary = json.loads((output / "summary.json").read_text())
    probed = tmp_path / "index.html"
    text = (output / "index.html").read_text()
    probed.write_text(text.replace("</body>", PROBE + "</body>"))
    done = subprocess.run(
        [browser(), "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
         "--no-first-run", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--enable-logging=stderr", f"--user-data-dir={tmp_path / 'profile'}",
         f"--window-size={width},900", "--dump-dom", probed.as_uri()],
        capture_output=True, text=True, timeout=120, env={**os.environ, "HOME": str(tmp_path)},
        check=False,
    )
    assert "CONSOLE" not in done.stderr, done.stderr
    found = ProbedBody(done.stdout).probe
    assert len(found["sizes"]) == text.count("<figure")
    assert all(natural > 100 and shown > 100 for natural, shown in found["sizes"])
    assert found["first"] == "second"  # sorted by the number of neurons
    assert found["title"] == f"{tiny_network().name}: Brian2 against the discrete analysis"
    assert not found["wide"]
    check_values(Page(done.stdout).values, summary)


class ProbedBody(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.probe = None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        if tag == "body":
            self.probe = json.loads(dict(attributes)["data-probe"])
