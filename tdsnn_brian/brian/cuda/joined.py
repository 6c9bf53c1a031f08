"""Joins the sources of a program of Brian2CUDA, so that nvcc reads their headers once.

Brian2CUDA writes a hundred files, each of which includes all of Thrust and cuRAND. Make calls this
as a script: ``python joined.py main.cu objects.cu ... > joined.cu``.
"""

import re
import sys
from collections.abc import Iterable
from pathlib import Path

_INCLUDE = re.compile(r"^#include\s*[<\"].*[>\"]\s*$", re.MULTILINE)
_MACRO = re.compile(r"^\s*#define\s+(\w+)", re.MULTILINE)
_DECLARED = re.compile(r"(\w+)\s*\([^()]*\)\s*;")
_UNNAMED = re.compile(r"^namespace\s*\{", re.MULTILINE)
_CODE_OBJECTS = "code_objects/"


def joined(sources: Iterable[str]) -> str:
    """One source in place of several; each code object's names stay its own.

    Parameters
    ----------
    sources : iterable of str
        Paths, relative to the program's directory, which is the current one.
    """
    texts = {source: Path(source).read_text() for source in sorted(sources, key=_place)}
    headers = dict.fromkeys(
        line.strip() for text in texts.values() for line in _INCLUDE.findall(text)
    )
    parts = [header for header in headers if _CODE_OBJECTS not in header]
    for number, (source, text) in enumerate(texts.items()):
        body = _INCLUDE.sub("", text)
        if source.startswith(_CODE_OBJECTS):
            own = f"code_object_{number}"
            # nvcc calls all unnamed namespaces of a file the same
            body = _UNNAMED.sub(f"inline namespace {own}_helpers {{", body)
            called = _DECLARED.findall(Path(source).with_suffix(".h").read_text())
            names = "\n".join(f"using {own}::{name};" for name in dict.fromkeys(called))
            body = f"namespace {own} {{\n{body}\n}}\n{names}"
        undone = [f"#undef {name}" for name in dict.fromkeys(_MACRO.findall(body))]
        parts += [f"// {source}", body, *undone]
    return "\n".join(parts)


def _place(source: str) -> tuple[int, str]:
    """What others call comes before them."""
    path = Path(source)
    if not source.startswith(_CODE_OBJECTS):
        return (3 if path.stem in ("run", "main") else 0), source
    return (2 if path.stem.startswith(("before_run_", "after_run_")) else 1), source


if __name__ == "__main__":
    sys.stdout.write(joined(sys.argv[1:]))
