"""Joins the sources of a standalone program, so that the compiler reads their headers once.

Brian2 and Brian2CUDA write a hundred files, each of which includes the same headers. Make calls
this as a script: ``python joined.py PART PARTS main.cpp objects.cpp ... > joined_PART.cpp``.
"""

import re
import sys
from collections.abc import Sequence
from pathlib import Path

_INCLUDE = re.compile(r"^#include\s*[<\"].*[>\"]\s*$", re.MULTILINE)
_MACRO = re.compile(r"^\s*#define\s+(\w+)", re.MULTILINE)
_UNNAMED = re.compile(r"^namespace\s*\{", re.MULTILINE)
_CODE_OBJECTS = "code_objects/"


def joined(sources: Sequence[str], part: int = 0, parts: int = 1) -> str:
    """One source in place of several; each code object's names stay its own.

    What code objects call of each other has the linkage of C, whose names know no namespace.

    Parameters
    ----------
    sources : sequence of str
        Paths, relative to the program's directory, which is the current one.
    part, parts : int
        Which of so many parts, about as large as each other.
    """
    texts = {source: Path(source).read_text() for source in _share(sources, part, parts)}
    headers = dict.fromkeys(
        line.strip() for text in texts.values() for line in _INCLUDE.findall(text)
    )
    lines = [header for header in headers if _CODE_OBJECTS not in header]
    lines += [_declared(source) for source in sources if source.startswith(_CODE_OBJECTS)]
    for number, (source, text) in enumerate(texts.items()):
        body = _INCLUDE.sub("", text)
        if source.startswith(_CODE_OBJECTS):
            own = f"code_object_{number}"
            if source.endswith(".cu"):  # nvcc calls all unnamed namespaces of a file the same
                body = _UNNAMED.sub(f"inline namespace {own}_helpers {{", body)
            body = f"namespace {own} {{\n{_declared(source)}\n{body}\n}}"
        undone = [f"#undef {name}" for name in dict.fromkeys(_MACRO.findall(body))]
        lines += [f"// {source}", body, *undone]
    return "\n".join(lines)


def _declared(source: str) -> str:
    """What a code object's header declares."""
    header = Path(source).with_suffix(".h").read_text()
    declarations = [line for line in header.splitlines() if not line.startswith("#")]
    return "\n".join(['extern "C" {', *filter(str.strip, declarations), "}"])


def _share(sources: Sequence[str], part: int, parts: int) -> list[str]:
    """The sources of a part: the largest one goes to the part that has least."""
    shares: list[list[str]] = [[] for _ in range(parts)]
    sizes = [0] * parts
    for size, source in sorted(((Path(x).stat().st_size, x) for x in sources), reverse=True):
        least = sizes.index(min(sizes))
        shares[least].append(source)
        sizes[least] += size
    return sorted(shares[part], key=_place)


def _place(source: str) -> tuple[int, str]:
    """What others read comes before them."""
    if source.startswith(_CODE_OBJECTS):
        return 1, source
    return (2 if Path(source).stem in ("run", "main") else 0), source


if __name__ == "__main__":
    part, parts, *sources = sys.argv[1:]
    sys.stdout.write(joined(sources, int(part), int(parts)))
