"""One ``.npz`` file a network: its arrays, and a JSON header for everything else. No pickle.

The header names each layer's kind and fields, so that a new kind of layer needs no code here. A
kind of this package is named by its class in `tdsnn_brian.layers`, one of a user by module and
class.
"""

import json
import os
from dataclasses import fields
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import layers as known
from .errors import InvalidInputError, NetworkFileError
from .layers import Layer
from .network import SpikingNetwork, check_network

FORMAT = "tdsnn-brian network"
VERSION = 2
_READABLE = (1, 2)
_HEADER = "header"
_ARRAY, _LAYER = "array", "layer"
_ZIP_MAGIC = b"PK\x03\x04"


def save(network: SpikingNetwork, path: str | PathLike) -> None:
    """Write a network to exactly `path`, all of it or nothing.

    Parameters
    ----------
    network : SpikingNetwork
        Any kinds of layers, of your own too.
    path : str or path-like
        Usually ending in ``.npz``; an existing file is replaced at the very end.

    Raises
    ------
    InvalidInputError
        If a field, or the metadata, holds something that JSON and plain arrays cannot.
    OSError
        If the file cannot be written; what stood there before is left as it was.
    """
    check_network(network)
    arrays: dict[str, NDArray] = {}
    header = {
        "format": FORMAT,
        "version": VERSION,
        "network": {
            item.name: _plain(getattr(network, item.name), f"network {item.name}")
            for item in fields(network)
            if item.name != "layers"
        },
        "layers": [_encode_layer(str(index), layer, arrays) for index, layer in enumerate(network)],
    }
    text = json.dumps(header, allow_nan=False).encode()
    contents: dict[str, Any] = {_HEADER: np.frombuffer(text, np.uint8), **arrays}
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "xb") as file:
            np.savez_compressed(file, **contents)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def load(path: str | PathLike) -> SpikingNetwork:
    """Read a network that `save` wrote; equal to the one saved to the last bit.

    Raises
    ------
    NetworkFileError
        If the file is truncated or damaged, of another version, or no network file at all.
    OSError
        If there is no such file, or it cannot be read.
    """
    with open(path, "rb") as file:
        if file.read(4) != _ZIP_MAGIC:
            raise NetworkFileError(f"{_not_ours(path)} (it is no .npz archive)")
        file.seek(0)
        try:
            with np.load(file, allow_pickle=False) as archive:
                header = _read_header(archive, path)
                return _decode_network(header, archive)
        except NetworkFileError:
            raise
        except Exception as error:  # whatever the bytes of a damaged archive may lead to
            raise NetworkFileError(
                f"{path} is truncated or damaged ({type(error).__name__}: {error}); "
                "convert and save the network again, or fetch the file again"
            ) from error


def _not_ours(path: str | PathLike) -> str:
    return f"{path} is not a network file of tdsnn-brian; pass one that SpikingNetwork.save wrote"


def _read_header(archive: Any, path: str | PathLike) -> dict:
    if _HEADER not in archive.files:
        raise NetworkFileError(f"{_not_ours(path)} (it holds no header)")
    header = json.loads(archive[_HEADER].tobytes())
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise NetworkFileError(f"{_not_ours(path)} (its header names another format)")
    if header.get("version") not in _READABLE:
        raise NetworkFileError(
            f"{path} has version {header.get('version')!r}, but this tdsnn-brian reads versions "
            f"{', '.join(map(str, _READABLE))}; convert and save the network again with "
            "the version installed here"
        )
    return header


def _encode_layer(key: str, layer: Layer, arrays: dict[str, NDArray]) -> dict:
    values = {
        item.name: _encode(getattr(layer, item.name), f"{key}/{item.name}", layer, arrays)
        for item in fields(layer)
    }
    return {"kind": _name_of(type(layer)), "fields": values}


def _encode(value: Any, key: str, layer: Layer, arrays: dict[str, NDArray]) -> Any:
    if isinstance(value, Layer):
        return {_LAYER: _encode_layer(key, value, arrays)}
    if isinstance(value, tuple | list):
        return [_encode(part, f"{key}/{index}", layer, arrays) for index, part in enumerate(value)]
    what = f"layer {layer.name!r}: {key.rpartition('/')[2]}"
    if not isinstance(value, np.ndarray):
        return _plain(value, what)
    if value.dtype.kind not in "biuf":
        raise InvalidInputError(
            f"{what} has dtype {value.dtype}, which cannot be saved; use a float or integer array"
        )
    arrays[key] = value
    return {_ARRAY: key}


def _plain(value: Any, what: str) -> Any:
    """The value as JSON gives it back; tuples and numpy numbers become lists and numbers."""
    try:
        return json.loads(json.dumps(value, allow_nan=False, default=_number))
    except (TypeError, ValueError) as error:
        raise InvalidInputError(
            f"{what} cannot be saved: {error}; use strings, finite numbers, lists and dicts"
        ) from error


def _number(value: object) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} is not a JSON value")


def _decode_network(header: dict, archive: Any) -> SpikingNetwork:
    layers = tuple(_decode_layer(entry, archive) for entry in header["layers"])
    return SpikingNetwork(layers=layers, **header["network"])


def _decode_layer(entry: dict, archive: Any) -> Layer:
    kind = _kind_of(entry["kind"])
    return kind(**{name: _decode(value, archive) for name, value in entry["fields"].items()})


def _decode(value: Any, archive: Any) -> Any:
    if isinstance(value, list):
        return tuple(_decode(part, archive) for part in value)
    if not isinstance(value, dict):
        return value
    if _LAYER in value:
        return _decode_layer(value[_LAYER], archive)
    if value[_ARRAY] not in archive.files:
        raise KeyError(f"array {value[_ARRAY]!r} is missing")
    return archive[value[_ARRAY]]


def _name_of(kind: type[Layer]) -> str:
    if getattr(known, kind.__name__, None) is kind:
        return kind.__name__
    return f"{kind.__module__}.{kind.__qualname__}"


def _kind_of(name: str) -> type[Layer]:
    """The class that `_name_of` named; files of version 1 name a user's by its class alone."""
    own = {
        cls.__name__: cls
        for cls in vars(known).values()
        if isinstance(cls, type) and issubclass(cls, Layer) and cls is not Layer
    }
    if name in own:
        return own[name]
    users = _descendants(Layer)
    for cls in users:
        if name == _name_of(cls):
            return cls
    for cls in users:
        if name == cls.__name__:
            return cls
    raise NetworkFileError(
        f"unknown kind of layer {name!r} (known: {', '.join(sorted(own))}); import the module "
        "that defines it, or update tdsnn-brian"
    )


def _descendants(base: type[Layer]) -> list[type[Layer]]:
    found = []
    for cls in base.__subclasses__():
        found += [cls, *_descendants(cls)]
    return found
