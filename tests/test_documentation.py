"""What the documentation promises: every public name in the reference, with an example."""

import inspect
import re
from importlib.metadata import distributions
from pathlib import Path

import pytest

import tdsnn_brian as td

DOCS = Path(__file__).parent.parent / "docs"
REFERENCE = (DOCS / "reference.md").read_text(encoding="utf-8")
ENTRIES = {line.rpartition(".")[2] for line in REFERENCE.splitlines() if line.startswith(":::")}


@pytest.mark.parametrize("name", td.__all__)
def test_a_public_name_is_in_the_reference_and_has_an_example(name):
    for extra in ("keras", "brian2"):  # not by import: tests/keras is found under that name
        if not list(distributions(name=extra)):
            pytest.skip(f"{extra} is not installed")
    value = getattr(td, name)
    if inspect.ismodule(value) or not callable(value):
        assert f"`td.{name}`" in REFERENCE or f" td.{name}." in REFERENCE
        return
    assert name in ENTRIES
    assert ">>>" in inspect.getdoc(value)


def test_what_neuron_models_are_made_of_is_in_the_reference():
    pytest.importorskip("brian2")
    named = ENTRIES | set(re.findall(r"`td\.models\.(\w+)`", REFERENCE))
    assert set(td.models.__all__) <= named


def test_every_page_is_reached_from_the_menu():
    menu = (DOCS.parent / "mkdocs.yml").read_text(encoding="utf-8")
    for page in DOCS.glob("*.md"):
        assert re.search(rf": {page.name}$", menu, re.MULTILINE), page.name


def test_links_lead_to_other_pages():
    for page in DOCS.glob("*.md"):
        for link in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (DOCS / link).is_file(), f"{page.name} links to {link}"
            assert ".." not in link, f"{page.name} links out of the site, to {link}"
