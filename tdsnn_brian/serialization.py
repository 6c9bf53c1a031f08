"""One ``.npz`` file a network: its arrays, and a JSON header for everything else. No pickle.

The header names each layer's kind (its class in `tdsnn_brian.spec`) and fields, so that a new
kind of layer needs no code here.
"""

import json
import os
from dataclasses import fields
from os import PathLike
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .errors import InvalidInputError, NetworkFileError
from .spec import Layer, SpikingNetwork

FORMAT = "tdsnn-brian network"
VERSION = 1
_HEADER = "header"
_ARRAY = "array"
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
    arrays: dict[str, NDArray] = {}
    header = {
        "format": FORMAT,
        "version": VERSION,
        "network": {
            item.name: _plain(getattr(network, item.name), f"network {item.name}")
            for item in fields(network)
            if item.name != "layers"
        },
        "layers": [_encode_layer(index, layer, arrays) for index, layer in enumerate(network)],
    }
    text = json.dumps(header, allow_nan=False).encode()
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "xb") as file:
            np.savez_compressed(file, **{_HEADER: np.frombuffer(text, np.uint8)}, **arrays)
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


def _not_ours(path) -> str:
    return f"{path} is not a network file of tdsnn-brian; pass one that SpikingNetwork.save wrote"


def _read_header(archive, path) -> dict:
    if _HEADER not in archive.files:
        raise NetworkFileError(f"{_not_ours(path)} (it holds no header)")
    header = json.loads(archive[_HEADER].tobytes())
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise NetworkFileError(f"{_not_ours(path)} (its header names another format)")
    if header.get("version") != VERSION:
        raise NetworkFileError(
            f"{path} has version {header.get('version')!r}, but this tdsnn-brian reads version "
            f"{VERSION}; convert and save the network again with the version installed here"
        )
    return header


def _encode_layer(index: int, layer: Layer, arrays: dict[str, NDArray]) -> dict:
    values = {}
    for item in fields(layer):
        value = getattr(layer, item.name)
        if isinstance(value, np.ndarray):
            if value.dtype.kind not in "biuf":
                raise InvalidInputError(
                    f"layer {layer.name!r}: {item.name} has dtype {value.dtype}, which cannot be "
                    "saved; use a float or integer array"
                )
            key = f"{index}/{item.name}"
            arrays[key] = value
            values[item.name] = {_ARRAY: key}
        else:
            values[item.name] = _plain(value, f"layer {layer.name!r}: {item.name}")
    return {"kind": type(layer).__name__, "fields": values}


def _plain(value, what: str):
    """The value as JSON gives it back; tuples and numpy numbers become lists and numbers."""
    try:
        return json.loads(json.dumps(value, allow_nan=False, default=_number))
    except (TypeError, ValueError) as error:
        raise InvalidInputError(
            f"{what} cannot be saved: {error}; use strings, finite numbers, lists and dicts"
        ) from error


def _number(value):
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"{type(value).__name__} is not a JSON value")


def _decode_network(header: dict, archive) -> SpikingNetwork:
    layers = tuple(_decode_layer(entry, archive) for entry in header["layers"])
    return SpikingNetwork(layers=layers, **header["network"])


def _decode_layer(entry: dict, archive) -> Layer:
    kinds = _kinds()
    if entry["kind"] not in kinds:
        raise NetworkFileError(
            f"unknown kind of layer {entry['kind']!r} (known: {', '.join(sorted(kinds))}); import "
            "the module that defines it, or update tdsnn-brian"
        )
    values = {}
    for name, value in entry["fields"].items():
        if isinstance(value, dict):
            if value[_ARRAY] not in archive.files:
                raise KeyError(f"array {value[_ARRAY]!r} is missing")
            values[name] = archive[value[_ARRAY]]
        else:
            values[name] = _tupled(value)
    layer = kinds[entry["kind"]](**values)
    _ = layer.n_inputs, layer.n_neurons  # shapes that make no sense show here
    return layer


def _kinds(base: type[Layer] = Layer) -> dict[str, type[Layer]]:
    kinds = {}
    for cls in base.__subclasses__():
        kinds |= {cls.__name__: cls, **_kinds(cls)}
    return kinds


def _tupled(value):
    return tuple(map(_tupled, value)) if isinstance(value, list) else value
