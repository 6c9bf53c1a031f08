"""Without Keras, Brian2 or a backend: names are there, and say what to install when used."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

BLOCK = """
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Block())
import importlib.util
found = importlib.util.find_spec
def find_spec(name, package=None):
    return None if name.partition(".")[0] in {blocked!r} else found(name, package)
importlib.util.find_spec = find_spec
import tdsnn_brian as td
"""


def run(code, *blocked, status=0, **environment):
    env = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"}
    done = subprocess.run(
        [sys.executable, "-c", BLOCK.format(blocked=blocked) + code],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=env | environment,
    )
    assert done.returncode == status, done.stderr
    return (done.stderr if status else done.stdout).strip().splitlines()


def test_names_are_there_without_their_extras():
    lines = run(
        "import pydoc\n"
        "print(all(hasattr(td, name) for name in dir(td)))\n"
        "print(len(pydoc.render_doc(td)) > 1000)\n"
        "print(isinstance(1, td.Simulation), td.simulate.__doc__)\n"
        "for call in (td.adapt, td.simulate, lambda: td.models.LEAKY):\n"
        "    try: call()\n"
        "    except ImportError as error: print(type(error).__name__, error)\n",
        "keras",
        "brian2",
    )
    assert lines[:2] == ["True", "True"]
    assert lines[2].startswith("False Not available: brian2 is not installed; pip install")
    wanted = "MissingExtraError {0} is not installed; pip install 'tdsnn-brian[{1}]'"
    assert lines[3:] == [
        wanted.format("keras", "keras"),
        wanted.format("brian2", "brian"),
        wanted.format("brian2", "brian"),
    ]


def test_an_error_inside_is_not_taken_for_a_missing_extra():
    lines = run(
        "try: td.adapt\nexcept ImportError as error: print(error.name)\n",
        "absl",
        KERAS_BACKEND="jax",
    )
    assert lines == ["absl"]


def test_a_backend_that_is_installed_is_chosen(tmp_path):
    pytest.importorskip("jax")
    code = "import os, keras; print(os.environ['KERAS_BACKEND'], keras.backend.backend())"
    assert run(code, "tensorflow", KERAS_HOME=str(tmp_path)) == ["jax jax"]


@pytest.mark.parametrize(("blocked", "chosen"), [(("tensorflow", "jax"), "torch"), ((), None)])
def test_what_is_installed_decides(blocked, chosen, monkeypatch, tmp_path):
    from tdsnn_brian import when_keras_is_imported as module

    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(module, "_is_installed", lambda name: name not in blocked)
    module.choose_backend()
    assert os.environ.get("KERAS_BACKEND") == chosen
    monkeypatch.delenv("KERAS_BACKEND", raising=False)


def test_a_users_own_choice_stays(monkeypatch, tmp_path):
    from tdsnn_brian import when_keras_is_imported as module

    monkeypatch.setattr(module, "_is_installed", lambda name: name in ("torch", "jax"))
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    module.choose_backend()
    assert os.environ["KERAS_BACKEND"] == "tensorflow"
    monkeypatch.delenv("KERAS_BACKEND")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "keras.json").write_text('{"backend": "torch"}')
    module.choose_backend()
    assert "KERAS_BACKEND" not in os.environ


def test_no_backend_at_all_is_told():
    lines = run(
        "print(hasattr(td, 'adapt'))\n"
        "try: td.adapt(1, 2)\n"
        "except ImportError as error: print(error)\n",
        *("tensorflow", "jax", "torch"),
    )
    assert lines[0] == "True"
    assert "pip install 'tdsnn-brian[keras]' brings jax" in lines[1]


def test_the_command_says_what_it_needs():
    code = "from tdsnn_brian.cli import main; sys.argv = ['tdsnn', '--version']; main()"
    assert run(code, "typer", status=2) == [
        "error: typer is not installed; pip install 'tdsnn-brian[validation]'"
    ]
