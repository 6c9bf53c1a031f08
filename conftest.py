"""Runs the examples of docstrings, and the code blocks of the README and the documents."""

from importlib.util import find_spec
from pathlib import Path

import pytest

HERE = Path(__file__).parent
collect_ignore_glob = [
    *(
        []
        if find_spec("keras")
        else ["tdsnn_brian/keras/*", "tdsnn_brian/tuned.py", "README.md", "docs/*"]
    ),
    *([] if find_spec("brian2") else ["tdsnn_brian/brian/*", "README.md", "docs/*"]),
]

try:
    from sybil import Sybil
    from sybil.document import PythonDocStringDocument
    from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser
    from sybil.parsers.rest import DocTestParser
except ImportError:  # only where the tests are run with less than the extra `dev`
    pass
else:

    @pytest.fixture(scope="module")
    def in_a_folder_of_its_own(tmp_path_factory):
        """Documents write files; their examples import the project from its root."""
        with pytest.MonkeyPatch.context() as patch:
            patch.syspath_prepend(str(HERE))
            patch.chdir(tmp_path_factory.mktemp("document"))
            yield

    documents = Sybil(
        parsers=[PythonCodeBlockParser(), SkipParser()],
        patterns=["README.md", "docs/*.md"],
        fixtures=["in_a_folder_of_its_own"],
    )
    docstrings = Sybil(
        parsers=[DocTestParser()],
        patterns=["*.py"],
        path="tdsnn_brian",
        document_types={".py": PythonDocStringDocument},
    )
    pytest_collect_file = (documents + docstrings).pytest()


@pytest.fixture(autouse=True)
def brian2_as_it_was(request):
    """Examples set Brian2's device and preferences."""
    if not request.node.nodeid.startswith(("README", "docs", "tdsnn_brian")):
        yield
        return
    brian2 = pytest.importorskip("brian2")
    before = {name: brian2.prefs[name] for name in ("codegen.target", "core.default_float_dtype")}
    yield
    for name, value in before.items():
        brian2.prefs[name] = value
