"""The example script runs as the README says."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_lenet_potentials(tmp_path):
    picture = tmp_path / "picture.png"
    result = subprocess.run(
        [sys.executable, ROOT / "examples" / "lenet_potentials.py", picture],
        env={**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "agg"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=600,
    )
    assert "digit 7, predicted 7" in result.stdout
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_the_pictures_of_the_documents_are_drawn(tmp_path):
    code = (ROOT / "docs" / "make_pictures.py").read_text()
    namespace = {"__name__": "pictures", "__file__": str(ROOT / "docs" / "make_pictures.py")}
    exec(compile(code, "make_pictures.py", "exec"), namespace)
    namespace["main"](tmp_path)
    shown = {path.name for path in (ROOT / "docs" / "pictures").glob("*.png")}
    assert {path.name for path in tmp_path.iterdir()} == shown
