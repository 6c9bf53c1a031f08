import pytest
from brian2 import prefs


@pytest.fixture
def numpy_target(monkeypatch):
    """Nothing to compile: small networks, each simulated once."""
    monkeypatch.setitem(prefs, "codegen.target", "numpy")
