import pytest

from reports import few_runs, make


@pytest.fixture(name="few_runs")
def _few_runs():
    with few_runs():
        yield


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """The folder of a report with all parts, and its summary."""
    output = tmp_path_factory.mktemp("report")
    with few_runs():
        return output, make(output)
