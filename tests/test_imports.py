"""Data flows one way, and so do imports."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "tdsnn_brian"
CORE = sorted(
    path
    for folder in (PACKAGE, PACKAGE / "layers", PACKAGE / "analysis")
    for path in folder.glob("*.py")
)
FORBIDDEN = {
    "core": {"keras", "brian2", "tdsnn_brian.keras", "tdsnn_brian.brian", "networks", "validation"},
    "conversion": {
        "keras",
        "brian2",
        "tdsnn_brian.keras",
        "tdsnn_brian.brian",
        "networks",
        "validation",
    },
    "keras": {"brian2", "tdsnn_brian.brian", "networks", "validation"},
    "brian": {"keras", "tdsnn_brian.keras", "networks", "validation"},
}


def imported_modules(path):
    """Absolute names of all that a file imports, wherever in it."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def offending(path, forbidden):
    return [
        module
        for module in imported_modules(path)
        if any(module == name or module.startswith(f"{name}.") for name in forbidden)
    ]


@pytest.mark.parametrize(
    ("path", "part"),
    [(path, "core") for path in CORE]
    + [
        (path, part)
        for part in ("conversion", "keras", "brian")
        for path in sorted((PACKAGE / part).rglob("*.py"))
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_the_direction_of_imports(path, part):
    assert not offending(path, FORBIDDEN[part])


def test_the_check_sees_an_offender():
    assert offending(PACKAGE / "brian" / "build.py", {"brian2"})
    assert offending(PACKAGE / "brian" / "build.py", {"tdsnn_brian.network"})


def test_importing_the_package_loads_neither_keras_nor_brian2():
    code = (
        "import sys, tdsnn_brian, networks; "
        "print([m for m in ('keras', 'brian2', 'matplotlib') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert result.stdout.strip() == "[]", result.stderr


def test_the_large_networks_need_no_keras():
    code = (
        "import sys; sys.modules['keras'] = None; import numpy as np; "
        "from tdsnn_brian.networks.models.large import large_network; "
        "conv = [(np.ones((3, 3, 3, 3)), np.ones(3))] * 13; "
        "print(len(large_network('vgg16', convolutions=conv, side=32, dense=(4,)).layers))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert result.stdout.strip() == "19", result.stderr


def test_the_commands_of_validation_start_without_keras():
    """GeNN's environment has none."""
    code = (
        "import sys; sys.modules['keras'] = None; import tdsnn_brian.validation.__main__ as main; "
        "print(len(main.app.registered_commands))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert result.stdout.strip() == "6", result.stderr
