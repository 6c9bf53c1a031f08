"""Digests tell content apart, and nothing else."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

import numpy as np
import pytest

import tdsnn_brian as td
from helpers import small_network
from tdsnn_brian.errors import InvalidInputError
from tdsnn_brian.provenance import digest, package_digest, source_digest

PACKAGE = Path(td.__file__).parent


class Colour(Enum):
    red = 1
    blue = 2


@dataclass
class Point:
    x: object


@dataclass
class Place:
    x: object


DIFFERENT = [
    None, 0, 1, True, False, 0.0, -0.0, 1.0, "1", b"1", "", b"", [], (1,), [[1]], [1, 23],
    [12, 3], ["ab", "c"], ["a", "bc"], {}, {"a": 1}, {"b": 1}, {"a": 1, "b": 2}, set(), {1, 2},
    Path("a"), "a", Colour.red, Colour.blue, Point(1), Point(2), Place(1), float("nan"),
    np.zeros(2), np.zeros((1, 2)), np.zeros((2, 1)), np.zeros(2, np.float32), np.ones(2),
    np.zeros(2, np.int64), np.zeros(0), np.zeros(2, ">f8"), np.array("a"),
]  # fmt: skip


def test_what_differs_has_another_digest():
    digests = [digest(value) for value in DIFFERENT]
    assert len(set(digests)) == len(digests)
    assert digest(*DIFFERENT) != digest(*reversed(DIFFERENT))
    assert digest() != digest(None)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({3, 1, 2}, {1, 2, 3}),
        ([1, "a"], (1, "a")),
        (np.float64(0.1), 0.1),
        (np.int32(7), 7),
        (np.bool_(True), True),
        (np.arange(6).reshape(2, 3).T, np.arange(6).reshape(2, 3).T.copy()),
        (small_network(), small_network()),
        (Point([np.ones(3)]), Point([np.ones(3)])),
    ],
)
def test_what_is_equal_has_the_same_digest(left, right):
    assert digest(left) == digest(right)


def test_every_field_of_a_network_counts(tmp_path):
    network = small_network()
    seen = {digest(network)}
    changes = [
        {"leak": 4.0},
        {"input_scale": 2.0},
        {"silent_zeros": True},
        {"input_steps": 2},
        {"v_threshold": 0.1},
        {"name": "other"},
        {"metadata": {"made": "here"}},
    ]
    for change in changes:
        seen.add(digest(replace(network, **change)))
    for index, layer in enumerate(network):
        for name, value in vars(layer).items():
            if isinstance(value, np.ndarray):
                value = value.copy()
                value.flat[-1] = np.nextafter(value.flat[-1], np.inf)
                layers = list(network.layers)
                layers[index] = replace(layer, **{name: value})
                seen.add(digest(replace(network, layers=tuple(layers))))
    assert len(seen) == 1 + len(changes) + 8  # eight arrays
    network.save(tmp_path / "network.npz")
    assert digest(td.load(tmp_path / "network.npz")) == digest(network)


@pytest.mark.parametrize(
    "value",
    [
        object(),
        print,
        Point,
        np.array([None]),
        np.ma.array([1, 2], mask=[0, 1]),
        [lambda: 0],
        {"a": iter([])},
        1j,
    ],
)
def test_what_has_no_content_is_refused(value):
    with pytest.raises(InvalidInputError, match="cannot be hashed by its content"):
        digest(value)


def test_it_is_the_same_in_another_process():
    code = "from tdsnn_brian.provenance import *; print(digest({'a', 'b', 'c'}), package_digest())"
    printed = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=PACKAGE.parent,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert printed == {f"{digest({'a', 'b', 'c'})} {package_digest()}"}


@pytest.mark.parametrize(
    "file", ["coding.py", "brian/event_driven/templates/scatter.h", "brian/new.py"]
)
def test_every_source_of_the_package_counts(tmp_path, file):
    copy = tmp_path / "copy"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    assert source_digest(copy) == source_digest(PACKAGE)
    with open(copy / file, "a") as changed:
        changed.write("\n")
    assert source_digest(copy) != source_digest(PACKAGE)
    (copy / "notes.txt").write_text("no source")


def test_the_version_counts(monkeypatch):
    before = package_digest()
    monkeypatch.setattr(td, "__version__", "0.1.1")
    assert package_digest.__wrapped__() != before


def test_large_contents_are_told_apart_in_each_part():
    values = np.zeros(3 * 2**22, np.int64)  # 96 MiB, six parts
    found = {digest(values)}
    for place in (0, len(values) // 2, -1):
        values[place] = 1
        found.add(digest(values))
    assert len(found) == 4
