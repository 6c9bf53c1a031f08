"""Choose a backend that is installed, and make the layers of adapted models known to Keras.

Neither imports Keras, which takes TensorFlow where it is told of no other backend, installed or
not.

``keras.models.load_model`` finds classes of others only if they have been registered. Where Keras
is imported before this package, they are registered at once, else as soon as it is.
"""

import importlib
import importlib.util
import json
import os
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

from .errors import MissingExtraError

_LAYERS = "tdsnn_brian.keras.serializable"


def register_layers() -> None:
    """Register the layers now if Keras is there, else when somebody imports it."""
    if "keras" not in sys.modules:
        sys.meta_path.insert(0, _KerasFinder())
    else:
        _register_with(sys.modules["keras"])


def _register_with(keras: ModuleType | None) -> None:
    if hasattr(keras, "ops"):  # Keras 3; older ones load no model of this package
        importlib.import_module(_LAYERS)


BACKENDS = ("jax", "torch")


def choose_backend() -> None:
    """Set ``KERAS_BACKEND`` where Keras would take a backend that is not installed.

    Raises
    ------
    MissingExtraError
        If none is installed.
    """
    if "KERAS_BACKEND" in os.environ or _is_installed(_configured()):
        return
    for backend in BACKENDS:
        if _is_installed(backend):
            os.environ["KERAS_BACKEND"] = backend
            return
    raise MissingExtraError(
        "Keras has no backend: none of tensorflow, jax and torch is installed; pip install "
        "'tdsnn-brian[keras]' brings jax, and the environment variable KERAS_BACKEND chooses"
    )


def _is_installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


def _configured() -> str:
    """What Keras takes by itself."""
    home = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras"))
    try:
        return str(json.loads((home / "keras.json").read_text())["backend"])
    except (OSError, ValueError, KeyError, TypeError):
        return "tensorflow"


class _KerasFinder(MetaPathFinder):
    """Finds Keras where Python would, and has the layers registered behind its import."""

    def __init__(self) -> None:
        self._looking = False

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != "keras" or self._looking:
            return None
        self._looking = True
        try:
            spec = importlib.util.find_spec(name)
        finally:
            self._looking = False
        if spec is not None and spec.loader is not None:
            choose_backend()
            spec.loader = _ThenRegister(spec.loader, self)
        return spec


class _ThenRegister(Loader):
    """Loads a module as `loader` does, hands it over to that one, and registers the layers."""

    def __init__(self, loader: Loader, finder: _KerasFinder):
        self._loader, self._finder = loader, finder

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        if self._finder in sys.meta_path:
            sys.meta_path.remove(self._finder)
        _register_with(module)
