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
