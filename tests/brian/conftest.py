import os

import pytest


@pytest.fixture(scope="session", autouse=True)
def programs_of_this_session(tmp_path_factory):
    """Compiled programs are shared by all tests of a session, and by its processes."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TDSNN_CACHE", str(shared / "programs"))
        yield
