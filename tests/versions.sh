#!/usr/bin/env bash
# A smoke test on other versions of Python: a fresh install without a lock, then the Brian2 side.
# usage: tests/versions.sh [3.12 3.13 ...]      environments are kept in .venv-VERSION
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- 3.12 3.13

interpreter() {  # path of Python $1: on the PATH, or one of pyenv's
  local candidate
  for candidate in "$(command -v "python$1" || true)" \
      "${PYENV_ROOT:-$HOME/.pyenv}/versions/$1".*/bin/python; do
    if [ -n "$candidate" ] && "$candidate" --version >/dev/null 2>&1; then
      echo "$candidate"
      return
    fi
  done
  return 1
}

for version in "$@"; do
  if ! python=$(interpreter "$version"); then
    echo "Python $version: SKIPPED, there is no such interpreter here"
    continue
  fi
  venv=.venv-$version
  if [ ! -e "$venv/.ready" ] || [ pyproject.toml -nt "$venv/.ready" ]; then
    "$python" -m venv "$venv"
    "$venv/bin/python" -m pip install --quiet --editable '.[brian]' hypothesis pytest
    touch "$venv/.ready"
  fi
  "$venv/bin/python" - <<'PY'
import platform
from importlib.metadata import version
print(f"Python {platform.python_version()}:", *(f"{n} {version(n)}" for n in ("brian2", "numpy")))
PY
  "$venv/bin/python" -m pytest --quiet tests/analysis/test_discrete.py tests/brian/test_simulation.py
done
