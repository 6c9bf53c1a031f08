"""What is installed: names of packages, files, versions that agree."""

import ast
import re
from pathlib import Path

import pytest
import tomllib

import tdsnn_brian

ROOT = Path(__file__).parent.parent
if not (ROOT / "setup.py").is_file():
    pytest.skip("not in a checkout", allow_module_level=True)
SHIPPED = [
    path
    for folder in ("tdsnn_brian", "networks", "validation")
    for path in sorted((ROOT / folder).rglob("*.py"))
]


def test_versions_agree():
    version = tdsnn_brian.__version__
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text()
    changes = (ROOT / "CHANGELOG.md").read_text()
    assert re.search(r"^## (\S+)", changes, re.MULTILINE).group(1) == version
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert "version" in project["dynamic"]


def test_packages_are_all_in_one_namespace(monkeypatch):
    monkeypatch.chdir(ROOT)
    given = {}
    monkeypatch.setattr("setuptools.setup", lambda **options: given.update(options))
    exec((ROOT / "setup.py").read_text(), {"__file__": str(ROOT / "setup.py")})
    assert {name.partition(".")[0] for name in given["packages"]} == {"tdsnn_brian"}
    folders = {str(path.parent.relative_to(ROOT)) for path in SHIPPED}
    beside = given["package_dir"]
    found = set()
    for name in given["packages"]:
        for package, folder in beside.items():
            if name == package or name.startswith(f"{package}."):
                name = name.replace(package, folder, 1)
        found.add(name.replace(".", "/"))
    assert found == folders
    assert "](docs/" not in given["long_description"]
    assert "![" not in given["long_description"]
    assert "pip install" in given["long_description"]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_counts_on_the_folder_it_runs_in(path):
    """`networks` and `validation` are other packages, or none, where this one is installed."""
    for node in ast.walk(ast.parse(path.read_text())):
        names = [x.name for x in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module]
        assert not [x for x in names if x.partition(".")[0] in ("networks", "validation", "tests")]


def test_a_wheel_has_what_is_read_at_run_time():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    shipped = set()
    for package, patterns in settings["package-data"].items():
        parts = package.split(".")
        folder = ROOT.joinpath(*parts)
        if not folder.is_dir():  # it stands beside
            folder = ROOT.joinpath(*parts[1:])
        shipped |= {path for pattern in patterns for path in folder.glob(pattern)}
    files = {
        path
        for folder in ("tdsnn_brian", "networks", "validation")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc") and "trained" not in path.parts
    }
    assert files - shipped <= {ROOT / "networks" / ".gitignore"}
