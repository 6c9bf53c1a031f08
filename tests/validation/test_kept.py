"""What is kept between runs counts while nothing that it depends on has changed."""

import json

import numpy as np
import pytest

from tdsnn_brian.validation import kept
from tdsnn_brian.validation.kept import Kept

RESULT = {"accuracy": 0.5, "rows": [1, 2, {"m": None}]}


@pytest.fixture
def folder(tmp_path):
    return Kept(tmp_path / "kept")


def only_file(folder):
    (file,) = folder.folder.glob("*.json")
    return file


def test_a_result_is_found_again_as_it_was_given_back(folder):
    depends = {"images": np.ones((2, 3)), "leak": 5}
    assert folder.find("run", depends) is None
    given = folder.keep("run", {**RESULT, "pair": (1, 2)}, depends)
    assert given["pair"] == [1, 2]
    assert Kept(folder.folder).find("run", depends) == given
    assert folder.find("other", depends) is None
    assert folder.find("run", {**depends, "leak": 6}) is None
    assert folder.find("run", {**depends, "images": np.ones((3, 2))}) is None


@pytest.mark.parametrize("part", ["tdsnn_brian", "networks", "validation", "numpy", "brian2"])
def test_other_code_or_versions_find_nothing(folder, monkeypatch, part):
    folder.keep("run", RESULT)
    assert folder.find("run") == RESULT
    other = {**kept.environment(), part: "other"}
    monkeypatch.setattr(kept, "environment", lambda: other)
    assert folder.find("run") is None


@pytest.mark.parametrize(
    "content",
    ["", "{", "null", "[]", "{}", '{"result": {}}', '{"result": {"accuracy": 0.9}}', "[" * 10**5],
)
def test_a_damaged_file_is_as_good_as_none(folder, content):
    folder.keep("run", RESULT)
    only_file(folder).write_text(content)
    assert folder.find("run") is None


@pytest.mark.parametrize(
    "change",
    [
        {"result": {**RESULT, "accuracy": 1.0}},
        {"result": {"accuracy": 0.5}},
        {"schema": 0},
        {"key": "0" * 64},
        {"more": 1},
    ],
)
def test_an_entry_that_was_changed_is_as_good_as_none(folder, change):
    folder.keep("run", RESULT)
    entry = json.loads(only_file(folder).read_text())
    only_file(folder).write_text(json.dumps(entry))
    assert folder.find("run") == RESULT
    only_file(folder).write_text(json.dumps({**entry, **change}))
    assert folder.find("run") is None


def test_what_cannot_be_written_leaves_nothing(folder):
    with pytest.raises(ValueError, match="not JSON compliant"):
        folder.keep("run", {"loss": float("nan")})
    assert not list(folder.folder.iterdir())


def test_a_key_cut_short_is_not_trusted(folder):
    """Names of files hold the start of a key, the files the whole of it."""
    folder.keep("run", RESULT, 1)
    file = only_file(folder)
    folder.keep("run", RESULT, 2)
    (other,) = set(folder.folder.glob("*.json")) - {file}
    other.write_bytes(file.read_bytes())
    assert folder.find("run", 1) == RESULT
    assert folder.find("run", 2) is None
