"""One ``.npz`` file a network: its arrays, and a JSON header for everything else. No pickle.

The header names each layer's kind and fields, so that a new kind of layer needs no code here. A
kind of this package is named by its class in `tdsnn_brian.layers`, one of a user by module and
class.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, fields
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import layers as known
from .arguments import check_path, shown
from .errors import InvalidInputError, NetworkFileError
from .layers import Layer
from .machine import available_bytes
from .network import SpikingNetwork, check_network
from .transfer import Transfer
from .whole_files import ArrayHeader, read_arrays, replacing

FORMAT = "tdsnn-brian network"
VERSION = 4
_READABLE = (1, 2, 3, 4)
_ADDED = ("input_offset", "input_pairs", "output_names")  # new since the version before
_HEADER = "header"
_ARRAY, _LAYER, _TRANSFER = "array", "layer", "transfer"
_ZIP_MAGIC = b"PK\x03\x04"
_REMEDY = "convert and save the network again, or fetch the file again"
_PYTHON_PER_JSON = 64  # bytes, at most about: an empty list takes as many


def save(network: SpikingNetwork, path: str | PathLike) -> None:
    """Write a network to exactly `path`, all of it or nothing.

    Parameters
    ----------
    network : SpikingNetwork
        Any kinds of layers, of your own too.
    path : str or path-like
        Usually ending in ``.npz``; an existing file is replaced at the very end, and a folder made
        that is not there.

    Raises
    ------
    InvalidInputError
        If a field, or the metadata, holds something that JSON and plain arrays cannot, or
        something other than a file stands at `path`.
    OSError
        If the file cannot be written; what stood there before is left as it was.
    """
    check_network(network)
    check_path("path", path)
    arrays: dict[str, NDArray] = {}
    header = {
        "format": FORMAT,
        "version": VERSION if _is_new(network) else VERSION - 1,
        "network": {
            item.name: _plain(getattr(network, item.name), f"network {item.name}")
            for item in fields(network)
            if item.name != "layers" and (item.name not in _ADDED or getattr(network, item.name))
        },
        "layers": [_encode_layer(str(index), layer, arrays) for index, layer in enumerate(network)],
    }
    text = json.dumps(header, allow_nan=False).encode()
    contents: dict[str, Any] = {_HEADER: np.frombuffer(text, np.uint8), **arrays}
    with replacing(path) as draft, open(draft, "xb") as file:
        np.savez_compressed(file, **contents)


def _is_new(network: SpikingNetwork) -> bool:
    """Whether it has what readers of the version before do not know."""
    squares = any(population.transfer.name == "square" for population in network.populations)
    return squares or any(getattr(network, name) for name in _ADDED)


def load(path: str | PathLike) -> SpikingNetwork:
    """Read a network that `save` wrote; equal to the one saved to the last bit.

    Raises
    ------
    NetworkFileError
        If the file is truncated or damaged, of another version, or no network file at all, or
        takes more memory than is free.
    OSError
        If there is no such file, or it cannot be read.

    Examples
    --------
    >>> import numpy as np, tdsnn_brian as td
    >>> weights = np.array([[1.0, -1.0], [0.5, 1.0]])
    >>> hidden = td.layers.Dense(name="hidden", input_shape=(2,), weights=weights)
    >>> output = td.layers.Dense(name="output", input_shape=(2,), weights=weights)
    >>> network = td.SpikingNetwork(layers=(hidden, output), leak=5)
    >>> images = np.array([[0.2, 0.9]])
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     network.save(f"{folder}/own.npz")
    ...     print(td.load(f"{folder}/own.npz"))
    <SpikingNetwork 'network': 2 -> 2, 2 layers, 6 neurons, 8 synapses, leak 5>
    """
    check_path("path", path)
    with open(path, "rb") as file:
        if file.read(4) != _ZIP_MAGIC:
            raise NetworkFileError(f"{_not_ours(path)} (it is no .npz archive)")
    arrays = read_arrays(
        path,
        what="a network file",
        remedy=f"it is truncated or damaged; {_REMEDY}",
        check=lambda headers: _check_header(headers, path),
        error=NetworkFileError,
    )
    try:
        return _decode_network(_read_header(arrays[_HEADER], path), arrays)
    except NetworkFileError:
        raise
    except Exception as error:  # whatever a header that was changed may lead to
        raise NetworkFileError(
            f"{path} is truncated or damaged ({type(error).__name__}: "
            f"{shown(str(error))}); {_REMEDY}"
        ) from error


def _not_ours(path: str | PathLike) -> str:
    return f"{path} is not a network file of tdsnn-brian; pass one that SpikingNetwork.save wrote"


def _check_header(headers: Mapping[str, ArrayHeader], path: str | PathLike) -> None:
    if _HEADER not in headers:
        raise NetworkFileError(f"{_not_ours(path)} (it holds no header)")
    if headers[_HEADER].nbytes * _PYTHON_PER_JSON > (available_bytes() or math.inf):
        raise NetworkFileError(
            f"{path} has a header of {headers[_HEADER].nbytes:,} bytes, for which there is not "
            f"enough memory; {_REMEDY}"
        )


def _read_header(content: NDArray, path: str | PathLike) -> dict:
    header = json.loads(content.tobytes())
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
    if isinstance(value, Transfer):
        return {_TRANSFER: asdict(value)}
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


def _decode_network(header: dict, arrays: Mapping[str, NDArray]) -> SpikingNetwork:
    layers = tuple(_decode_layer(entry, arrays) for entry in header["layers"])
    return SpikingNetwork(layers=layers, **header["network"])


def _decode_layer(entry: dict, arrays: Mapping[str, NDArray]) -> Layer:
    kind = _kind_of(entry["kind"])
    return kind(**{name: _decode(value, arrays) for name, value in entry["fields"].items()})


def _decode(value: Any, arrays: Mapping[str, NDArray]) -> Any:
    if isinstance(value, list):
        return tuple(_decode(part, arrays) for part in value)
    if not isinstance(value, dict):
        return value
    if _LAYER in value:
        return _decode_layer(value[_LAYER], arrays)
    if _TRANSFER in value:
        return Transfer(**value[_TRANSFER])
    if value[_ARRAY] not in arrays:
        raise KeyError(f"array {value[_ARRAY]!r} is missing")
    arrays[value[_ARRAY]].flags.writeable = False  # so that the layer needs no copy
    return arrays[value[_ARRAY]]


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
