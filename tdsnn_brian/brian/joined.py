"""Joins the sources of a standalone program, so that the compiler reads their headers once.

Brian2 and Brian2CUDA write a hundred files, each of which includes the same headers. Make calls
this as a script: ``python joined.py PART PARTS main.cpp objects.cpp ... > joined_PART.cpp``.
"""

import re
import sys
from collections.abc import Sequence
from pathlib import Path

_DIRECTIVE = re.compile(r"\s*#\s*(\w+)")
_MACRO = re.compile(r"^\s*#\s*(?:define|undef)\s+(\w+)", re.MULTILINE)
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
    headers: dict[str, None] = {}
    bodies = {source: _body(source, headers) for source in _share(sources, part, parts)}
    lines = [header for header in headers if _CODE_OBJECTS not in header]
    lines += [_declared(source) for source in sources if source.startswith(_CODE_OBJECTS)]
    for number, (source, body) in enumerate(bodies.items()):
        macros = dict.fromkeys(_MACRO.findall(body))
        body = f'#line 1 "{source}"\n{body}'  # where a compiler's errors are
        if source.startswith(_CODE_OBJECTS):
            own = f"code_object_{number}"
            if source.endswith(".cu"):  # nvcc calls all unnamed namespaces of a file the same
                body = _UNNAMED.sub(f"inline namespace {own}_helpers {{", body)
            body = f"namespace {own} {{\n{_declared(source)}\n{body}\n}}"
        lines += [f'#pragma push_macro("{name}")' for name in macros]
        lines.append(body)
        lines += [f'#pragma pop_macro("{name}")' for name in macros]
    return "\n".join(lines)


def _body(source: str, headers: dict[str, None]) -> str:
    """A source without the headers it includes in any case; they are added to `headers`."""
    lines, conditions = _read(source).split("\n"), 0
    for number, line in enumerate(lines):
        found = _DIRECTIVE.match(line)
        word = found[1] if found else ""
        conditions += word.startswith("if") - (word == "endif")
        if word == "include" and not conditions:
            headers[line.strip()] = None
            lines[number] = ""
    return "\n".join(lines)


def _read(path: str | Path) -> str:
    return Path(path).read_text("utf-8", "surrogateescape")


def _declared(source: str) -> str:
    """What a code object's header declares."""
    header = _read(Path(source).with_suffix(".h"))
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
    text = joined(sources, int(part), int(parts))
    sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))
