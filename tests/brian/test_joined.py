"""A small standalone project, made as this package has Brian2's made: what make may get wrong."""

import shutil
import subprocess
import sys
from importlib.resources import files

import pytest

pytest.importorskip("brian2")
from brian2.devices.cpp_standalone.codeobject import CPPStandaloneCodeObject

from tdsnn_brian.brian import making

COMPILER = shutil.which("g++")
pytestmark = pytest.mark.skipif(
    COMPILER is None or shutil.which("make") is None, reason="there is no g++ or no make"
)

ONE = """#include <cstdio> // said twice
    #include "mine.h"
#ifdef NEVER
#include "nowhere.h"
#endif
#define VALUE 1
#undef M_PI
#define M_PI 3
namespace { int helper() { return VALUE + THEIRS; } }
void _run_one() { std::printf("%d %d ", helper(), M_PI); }
"""
TWO = """#include <cstdio>
#include <cmath>
#include "own.h"
namespace { double helper() { return M_PI; } }
void _run_two() { std::printf("%.2f %g %g", helper(), squared(3), cubed(3)); }
"""
OWN = "static double helper(double x) { return x * x; }\n"
SOURCES = {
    "code_objects/one.cpp": ONE,
    "code_objects/two.cpp": TWO,
    "code_objects/one.h": "#pragma once\nvoid _run_one();\n",
    "code_objects/two.h": "#pragma once\nvoid _run_two();\n",
    "main.cpp": '#include "code_objects/one.h"\n#include "code_objects/two.h"\n'
    "int main() { _run_one(); _run_two(); }\n",
    "objects.cpp": "",
    "own.cpp": OWN + "double squared(double x) { return helper(x); }\n",
    "owns.c": OWN + "double cubed(double x) { return x * helper(x); } /* \N{CUBE ROOT} */\n",
    "own.h": 'double squared(double);\nextern "C" double cubed(double);\n',
    "mine.h": "const int THEIRS = 1;\n",
}


@pytest.fixture
def project(tmp_path):
    directory = tmp_path / "it's a $HOME of #é"
    (directory / "code_objects").mkdir(parents=True)
    for name, text in SOURCES.items():
        (directory / name).write_text(text, "utf-8")
    makefile = CPPStandaloneCodeObject.templater.makefile(
        None,
        None,
        source_files=" ".join(name for name in SOURCES if not name.endswith(".h")),
        header_files="code_objects/one.h code_objects/two.h",
        compiler_flags="-O0",
        compiler_debug_flags="",
        linker_debug_flags="",
        linker_flags="",
        rm_cmd="",
    )
    (directory / "makefile").write_text(makefile)
    return directory


def make(project):
    command = ["make", *making.make_arguments(["-s"])]
    return subprocess.run(" ".join(command), shell=True, cwd=project, capture_output=True)


def said(project):
    done = make(project)
    assert done.returncode == 0, done.stderr.decode()
    return subprocess.check_output([project / "main"], text=True)


def test_each_source_keeps_its_names_and_macros(project, monkeypatch):
    monkeypatch.setattr(making, "cores", lambda: 1)  # all in one
    assert said(project) == "2 3 3.14 9 27"
    assert len(list(project.glob("*.o"))) == 4  # objects, those joined, and the two of one's own
    (project / "mine.h").write_text("const int THEIRS = 41;\n")
    assert said(project) == "42 3 3.14 9 27"
    monkeypatch.setattr(making, "cores", lambda: 2)
    (project / "main").unlink()
    assert said(project) == "42 3 3.14 9 27"


def test_errors_name_the_source_and_its_line(project):
    (project / "code_objects" / "two.cpp").write_text(TWO.replace("M_PI;", "M_PIE;"))
    done = make(project)
    assert done.returncode != 0
    assert b"code_objects/two.cpp:4:" in done.stderr


def test_python_and_this_package_may_lie_anywhere(project, tmp_path, monkeypatch):
    """All shells between Brian2 and Python, and make, take their paths as they are."""
    here = tmp_path / "a 'b' \"c\" $(d) `e` #f \\g é"
    templates = here / "templates"
    shutil.copytree(files("tdsnn_brian") / "brian" / "templates", templates)
    shutil.copy(files("tdsnn_brian") / "brian" / "joined.py", here)
    (here / "python").symlink_to(sys.executable)
    monkeypatch.setattr(making, "_HERE", here)
    monkeypatch.setattr(making, "_TEMPLATES", templates)
    monkeypatch.setattr(sys, "executable", str(here / "python"))
    assert said(project) == "2 3 3.14 9 27"
