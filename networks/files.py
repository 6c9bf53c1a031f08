"""Where trained networks stand, and how they are read and written.

A directory holds three files for each network: ``<name>.keras`` as trained,
``<name>-adapted.keras`` with reverse coding in place, and ``<name>.npz``, the latter converted,
which needs no Keras. Where the output layer alone was trained, ``<name>-head.npz`` holds that
layer and stands in place of the first.
"""

import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tdsnn_brian.errors import NetworkFileError, TDSNNError
from tdsnn_brian.whole_files import ArrayHeader, read_arrays, replacing

if TYPE_CHECKING:
    import keras

    from tdsnn_brian.network import SpikingNetwork

COMMAND = "python -m tdsnn_brian.networks"
_ON = "-on-"
SHIPPED = Path(__file__).parent / "weights"


class MissingFileError(TDSNNError, FileNotFoundError):
    """A trained network is not where it was looked for."""


def file_name(name: str, dataset: str | None = None) -> str:
    """What the files of network `name` are called, by the data set that it is trained on."""
    from .registry import NETWORKS

    is_own = dataset in (None, NETWORKS[name].dataset)
    return name if is_own else f"{name}{_ON}{dataset}"


def as_arguments(name: str) -> str:
    """A name that `file_name` gave, as the commands take it."""
    return name.replace(_ON, " --dataset ")


def plain_path(name: str, directory: str | os.PathLike = SHIPPED) -> Path:
    return Path(directory) / f"{name}.keras"


def output_layer_path(name: str, directory: str | os.PathLike = SHIPPED) -> Path:
    return Path(directory) / f"{name}-head.npz"


def adapted_path(name: str, directory: str | os.PathLike = SHIPPED) -> Path:
    return Path(directory) / f"{name}-adapted.keras"


def converted_path(name: str, directory: str | os.PathLike = SHIPPED) -> Path:
    return Path(directory) / f"{name}.npz"


def load_model(name: str, directory: str | os.PathLike = SHIPPED) -> "keras.Model":
    """Load a network as trained, before adaptation.

    Parameters
    ----------
    name : str
        For example ``"lenet"``.
    directory : path, optional
        Default: the weights that ship with the project.

    Raises
    ------
    FileNotFoundError
        If there is no such network in `directory`.
    NetworkFileError
        If the file is damaged or something else.
    """
    output_layer = output_layer_path(name, directory)
    if output_layer.is_file() and not plain_path(name, directory).is_file():
        from .registry import entry

        model = entry(name).build()
        read_weights(model.layers[-1], output_layer)
        return model
    return _read_keras(plain_path(name, directory), remedy=f"{COMMAND} train {as_arguments(name)}")


def load_adapted(name: str, directory: str | os.PathLike = SHIPPED) -> "keras.Model":
    """Load a network with `ReverseCoding` in place; otherwise like `load_model`."""
    return _read_keras(
        adapted_path(name, directory), remedy=f"{COMMAND} adapt {as_arguments(name)}"
    )


def load_network(name: str, directory: str | os.PathLike = SHIPPED) -> "SpikingNetwork":
    """Load a converted network; numpy alone is needed. Otherwise like `load_model`."""
    from tdsnn_brian.network_file import load

    path = converted_path(name, directory)
    _check_exists(path, remedy=f"{COMMAND} adapt {as_arguments(name)}")
    return load(path)


def save_model(model: "keras.Model", path: Path) -> None:
    """Write the model without optimizer, deflated; an old file stays until the new one is whole."""
    import keras

    bare = keras.models.clone_model(model)
    bare.set_weights(model.get_weights())
    with replacing(path) as deflated:
        stored = deflated.with_name(f"stored-{path.name}")
        bare.save(stored)
        with (
            zipfile.ZipFile(stored) as source,
            zipfile.ZipFile(deflated, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as target,
        ):
            for member in source.namelist():
                target.writestr(member, source.read(member))


def save_output_layer(model: "keras.Model", path: Path) -> None:
    """Write the weights of the output layer alone; `load_model` puts them into the others."""
    with replacing(path) as draft:
        np.savez_compressed(draft, *model.layers[-1].get_weights())


def read_weights(target: "keras.Model | keras.Layer", path: str | os.PathLike) -> None:
    """Put the weights of a file into a model or a layer, all of them or none.

    Parameters
    ----------
    target : keras.Model or keras.Layer
    path : path
        For a model: what Keras writes (``.keras``, ``.weights.h5``, ``.h5``). For both: an
        ``.npz`` with one array a weight, in the order of ``target.weights``.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    NetworkFileError
        If it cannot be read, or a weight does not fit; it says which one.
    """
    path = Path(path)
    if not path.is_file():
        raise MissingFileError(f"{path} does not exist; name a file of weights")
    remedy = "give a .keras, .weights.h5 or .npz file of a network with the same layers"
    if path.suffix == ".npz":
        arrays = read_arrays(
            path,
            what=f"weights of {target.name!r}",
            remedy=remedy,
            check=lambda headers: _check_fit(target, headers, path),
            error=NetworkFileError,
        )
        target.set_weights(list(arrays.values()))
        return
    try:
        _load_all_or_none(target, path)
    except Exception as error:
        raise NetworkFileError(
            f"{path} cannot be read as weights of {target.name!r} ({error}); {remedy}"
        ) from error


def _check_fit(
    target: "keras.Model | keras.Layer", headers: Mapping[str, ArrayHeader], path: Path
) -> None:
    wanted = [tuple(weight.shape) for weight in target.weights]
    given = [header.shape for header in headers.values()]
    if wanted != given:
        place = next(
            (k for k, (a, b) in enumerate(zip(wanted, given, strict=False)) if a != b),
            min(len(wanted), len(given)),
        )
        at = target.weights[place].path if place < len(wanted) else "after the last weight"
        raise NetworkFileError(
            f"{path} does not fit {target.name!r}: it holds {len(given)} arrays where "
            f"{len(wanted)} weights are, and differs first at {at} (wanted "
            f"{wanted[place] if place < len(wanted) else 'nothing'}, got "
            f"{given[place] if place < len(given) else 'nothing'}); store one array a weight in "
            "the order of model.weights"
        )


def _load_all_or_none(target: "keras.Model", path: Path) -> None:
    before = target.get_weights()
    try:
        target.load_weights(path)
    except Exception:
        target.set_weights(before)
        raise


def round_to_half(model: "keras.Model") -> None:
    """Round all kernels in place to the precision of float16, which halves the deflated file.

    They stay float32. Round before anything is measured, so that the figures are those of the
    file.
    """
    model.set_weights(
        [w.astype(np.float16).astype(w.dtype) if w.ndim > 1 else w for w in model.get_weights()]
    )


def _read_keras(path: Path, *, remedy: str) -> "keras.Model":
    _check_exists(path, remedy=remedy)
    from tdsnn_brian.keras.saved import read_model

    return read_model(path, remedy=f"make it anew with: {remedy}", error=NetworkFileError)


def _check_exists(path: Path, *, remedy: str) -> None:
    if not path.is_file():
        raise MissingFileError(f"{path} does not exist; make it with: {remedy}")
