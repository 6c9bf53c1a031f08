"""Compile a program in a process of its own: ``python -I compile_child.py DIRECTORY < request``.

A request is a line of JSON that says where Python looks for packages, and a pickle from the process
that started this one. The standard library comes first and the current directory never: what lies
there is not to be run.
"""

import json
import pickle
import sys
from importlib.util import module_from_spec, spec_from_file_location
from typing import Any


def main() -> None:
    where = json.loads(sys.stdin.buffer.readline())
    library = [path for path in sys.path if "-packages" not in path]
    sys.path[:] = [*library, *(path for path in where["path"] if path not in library)]
    folder = where["package"]
    spec: Any = spec_from_file_location(
        "tdsnn_brian", f"{folder}/__init__.py", submodule_search_locations=[folder]
    )
    package = sys.modules["tdsnn_brian"] = module_from_spec(spec)
    spec.loader.exec_module(package)
    from tdsnn_brian.brian.event_driven.compiler import build_project

    build_project(sys.argv[1], pickle.load(sys.stdin.buffer))


if __name__ == "__main__":
    main()
