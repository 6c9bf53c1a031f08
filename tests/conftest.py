import ctypes
import gc
import os
import sys
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version

import pytest

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("MPLBACKEND", "agg")
# models are small and run once: optimising them takes longer than running them
os.environ.setdefault(
    "XLA_FLAGS", "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
)

NEED_KERAS = [
    "keras",
    "test_command.py",
    "test_extras.py",
    "networks/test_commands.py",
    "networks/test_efficientnet.py",
    "networks/test_files.py",
    "networks/test_large_networks.py",
    "networks/test_mlperf_tiny.py",
    "networks/test_shipped.py",
    "networks/test_training.py",
    "validation/test_paper.py",
    "validation/test_verdicts.py",
]
try:
    version("keras")
    collect_ignore = []
except PackageNotFoundError:  # as in the environment of Brian2GeNN
    collect_ignore = NEED_KERAS


def pytest_report_header():
    return [f"tests/{name} is left out: Keras is not installed" for name in collect_ignore]


with suppress(ImportError):  # it is not in every environment
    import quick_brian2

    quick_brian2.hurry()


@pytest.fixture(scope="session", autouse=True)
def programs_of_this_session(tmp_path_factory):
    """Compiled programs are shared by all tests of a session, and by its processes."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TDSNN_CACHE", str(shared / "programs"))
        yield


@pytest.fixture(scope="module", autouse=True)
def nothing_piles_up():
    """Neither functions that JAX has compiled, a gigabyte in every ten files, nor memory that was
    given back; and Brian2, which collects garbage at each run, passes over what was imported.
    """
    if "jax" in sys.modules:
        sys.modules["jax"].clear_caches()
    gc.collect()
    gc.freeze()
    with suppress(OSError, AttributeError):  # where it is not GNU's
        ctypes.CDLL(None).malloc_trim(0)


@pytest.fixture
def numpy_target(monkeypatch):
    """Nothing to compile: small networks, each simulated once."""
    prefs = pytest.importorskip("brian2").prefs
    monkeypatch.setitem(prefs, "codegen.target", "numpy")
