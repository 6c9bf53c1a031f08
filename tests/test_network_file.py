import dataclasses
import json
import os

import numpy as np
import pytest

from helpers import random_images, small_network
from tdsnn_brian import layers as known
from tdsnn_brian import network_file as serialization
from tdsnn_brian.analysis import analyse
from tdsnn_brian.errors import InvalidInputError, NetworkFileError
from tdsnn_brian.layers import Conv2D, Dense, Layer, MaxPool2D, Projection, Sum, Window
from tdsnn_brian.network import SpikingNetwork
from tdsnn_brian.network_file import load, save
from tdsnn_brian.transfer import Transfer


def assert_equal(one, other):
    assert type(one) is type(other)
    if isinstance(one, np.ndarray):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    elif dataclasses.is_dataclass(one):
        for item in dataclasses.fields(one):
            assert_equal(getattr(one, item.name), getattr(other, item.name))
    elif isinstance(one, tuple):
        assert len(one) == len(other)
        for ours, theirs in zip(one, other, strict=True):
            assert_equal(ours, theirs)
    else:
        assert one == other


def edit(path, change_header=None, drop=()):
    """Rewrite a network file with its header or its arrays changed."""
    with np.load(path) as archive:
        arrays = {key: archive[key] for key in archive.files if key not in drop}
    if change_header:
        header = json.loads(arrays["header"].tobytes())
        change_header(header)
        arrays["header"] = np.frombuffer(json.dumps(header).encode(), np.uint8)
    np.savez(path, **arrays)


@pytest.fixture
def path(tmp_path):
    save(small_network(), tmp_path / "network.npz")
    return tmp_path / "network.npz"


def test_round_trip_is_exact(tmp_path):
    network = small_network(
        leak=0.1 + 0.2,
        input_scale=1 / 3,
        silent_zeros=True,
        metadata={"accuracy": 0.1, "tags": ["a", None], "nested": {"ü": True}},
    )
    network.save(tmp_path / "network.npz")
    again = load(tmp_path / "network.npz")
    assert_equal(network, again)
    images = random_images(network)
    np.testing.assert_array_equal(analyse(network, images).logits, analyse(again, images).logits)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
def test_arrays_keep_their_type(tmp_path, dtype):
    weights = np.random.default_rng(0).normal(size=(4, 3)).astype(dtype)
    network = SpikingNetwork(
        layers=(Dense(name="output", input_shape=(2, 2), weights=weights),), leak=np.float32(5)
    )
    save(network, tmp_path / "network.npz")
    again = load(tmp_path / "network.npz")
    assert_equal(network.layers, again.layers)
    assert again.leak == 5


def test_a_new_kind_of_layer_needs_no_code(path, tmp_path):
    @dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
    class Shifted(Layer):
        offsets: np.ndarray
        taps: tuple[tuple[int, int], ...]

        def connect(self):
            window = Window(input_shape=(1, 1, 2), groups=2, n_channels=2)
            return (Projection(window=window),)

        @property
        def output_shape(self):
            return self.input_shape

    first = Shifted(name="shift", input_shape=(2,), offsets=np.arange(2), taps=((1, 2), (3, 4)))
    last = Dense(name="output", input_shape=(2,), weights=np.ones((2, 2)))
    network = SpikingNetwork(layers=(first, last), leak=2)
    save(network, path)
    assert_equal(load(path), network)


def test_a_user_s_kind_of_a_known_name_takes_nothing_over(path):
    @dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
    class Dense(Layer):
        def connect(self):
            raise AssertionError("another kind of that name was asked for")

    assert type(load(path).layers[-1]) is known.Dense
    assert Dense.__name__ == "Dense"


def test_sums_and_layers_of_their_own_leak(path):
    branch = Conv2D(name="branch", input_shape=(2, 2, 1), kernel=np.ones((1, 1, 1, 1)), source="a")
    skip = Conv2D(name="skip", input_shape=(2, 2, 1), kernel=np.eye(1)[None, None], source="pool")
    network = SpikingNetwork(
        leak=2,
        layers=(
            Conv2D(name="a", input_shape=(2, 2, 1), kernel=np.ones((1, 1, 1, 1)), leak=3.0),
            MaxPool2D(name="pool", input_shape=(2, 2, 1), pool_size=(1, 1), minimum=(0,)),
            Sum(name="sum", terms=(branch, skip)),
            Dense(name="output", input_shape=(4,), weights=np.ones((4, 2))),
        ),
    )
    save(network, path)
    assert_equal(load(path), network)


def test_an_existing_file_is_replaced(path):
    save(small_network(seed=7, leak=2), path)
    assert load(path).leak == 2
    assert os.listdir(path.parent) == ["network.npz"]


@pytest.mark.parametrize("keep", [0.0, 0.01, 0.5, 0.9, 0.999])
def test_a_truncated_file(path, keep):
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    with pytest.raises(NetworkFileError, match=r"network\.npz .*(truncated or damaged|not a netw)"):
        load(path)


def test_a_flipped_byte_never_passes_unseen(path):
    data = path.read_bytes()
    original = load(path)
    for place in np.random.default_rng(0).integers(0, len(data), 200):
        broken = bytearray(data)
        broken[place] ^= 0x55
        path.write_bytes(broken)
        try:
            assert_equal(load(path), original)  # a byte that does not matter, such as a date
        except NetworkFileError:
            pass


def test_only_networks_with_something_new_have_the_new_version(tmp_path):
    """Releases that know version 3 read the others, or say which version they would need."""
    dense = Dense(name="hidden", input_shape=(2,), weights=np.eye(2))
    output = dataclasses.replace(dense, name="output")
    squares = dataclasses.replace(dense, transfer=Transfer(name="square"))
    plain = SpikingNetwork(layers=(dense, output), leak=5)
    for network, version, offset in (
        (plain, 3, None),
        (dataclasses.replace(plain, input_offset=0.5), 4, 0.5),
        (dataclasses.replace(plain, input_pairs=True), 4, None),
        (dataclasses.replace(plain, layers=(squares, output)), 4, None),
    ):
        save(network, tmp_path / "network.npz")
        with np.load(tmp_path / "network.npz") as archive:
            header = json.loads(archive["header"].tobytes())
        assert (header["version"], header["network"].get("input_offset")) == (version, offset)
        assert_equal(load(tmp_path / "network.npz"), network)


def test_another_version(path):
    edit(path, lambda header: header.update(version=99))
    with pytest.raises(
        NetworkFileError, match=r"version 99, but this .* reads versions 1, 2, 3, 4; convert"
    ):
        load(path)


@pytest.mark.parametrize("content", [b"", b"hello", b"\x80\x04N.", b"\x93NUMPY\x01\x00"])
def test_something_else_altogether(tmp_path, content):
    path = tmp_path / "other.npz"
    path.write_bytes(content)
    with pytest.raises(NetworkFileError, match="not a network file of tdsnn-brian"):
        load(path)


def test_an_archive_of_someone_else(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.arange(3))
    with pytest.raises(NetworkFileError, match="holds no header"):
        load(tmp_path / "a.npz")
    np.savez(tmp_path / "b.npz", header=np.frombuffer(b'{"format": "other"}', np.uint8))
    with pytest.raises(NetworkFileError, match="names another format"):
        load(tmp_path / "b.npz")


def test_nothing_is_unpickled(tmp_path):
    evidence = tmp_path / "ran"

    class Trap:
        def __reduce__(self):
            return os.mkdir, (str(evidence),)

    np.savez(tmp_path / "trap.npz", header=np.array([Trap()], dtype=object))
    with pytest.raises(NetworkFileError, match="damaged"):
        load(tmp_path / "trap.npz")
    assert not evidence.exists()


def test_a_missing_array(path):
    edit(path, drop=["0/kernel"])
    with pytest.raises(NetworkFileError, match=r"damaged .*array '0/kernel' is missing"):
        load(path)


def test_an_unknown_kind_of_layer(path):
    edit(path, lambda header: header["layers"][0].update(kind="Conv7D"))
    with pytest.raises(NetworkFileError, match=r"unknown kind of layer 'Conv7D' .*import"):
        load(path)


@pytest.mark.parametrize(
    "change",
    [
        lambda header: header.pop("layers"),
        lambda header: header["layers"].pop(1),
        lambda header: header["layers"].clear(),
        lambda header: header["network"].update(leak=-1),
        lambda header: header["network"].update(surprise=1),
        lambda header: header["layers"][0]["fields"].pop("kernel"),
        lambda header: header["layers"][0]["fields"].update(strides="wide"),
        lambda header: header["layers"][0]["fields"].update(surprise=1),
    ],
)
def test_a_header_that_makes_no_sense(path, change):
    edit(path, change)
    with pytest.raises(NetworkFileError, match="truncated or damaged"):
        load(path)


def test_a_missing_file_stays_the_usual_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "nothing.npz")


@pytest.mark.parametrize("value", [{"when": object()}, {"x": float("nan")}, {"a": np.ones(2)}])
def test_metadata_that_cannot_be_saved(path, value):
    before = path.read_bytes()
    with pytest.raises(InvalidInputError, match="network metadata cannot be saved"):
        save(small_network(metadata=value), path)
    assert path.read_bytes() == before


def test_an_array_that_cannot_be_saved(path):
    before = path.read_bytes()

    @dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
    class Labelled(Dense):
        labels: np.ndarray

    layer = Labelled(
        name="out",
        input_shape=(2,),
        weights=np.ones((2, 1)),
        labels=np.array(["a", None], dtype=object),
    )
    with pytest.raises(InvalidInputError, match="layer 'out': labels has dtype object"):
        save(SpikingNetwork(layers=(layer,), leak=5), path)
    assert path.read_bytes() == before


def test_failure_while_writing_leaves_the_old_file(path, monkeypatch):
    before = path.read_bytes()

    def fail(file, **arrays):
        file.write(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(serialization.np, "savez_compressed", fail)
    with pytest.raises(OSError, match="disk full"):
        save(small_network(seed=3), path)
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == ["network.npz"]


def test_the_file_appears_in_one_step(path, monkeypatch):
    before = path.read_bytes()

    def fail(source, target):
        assert_equal(load(source), small_network(seed=3))
        raise OSError("not now")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="not now"):
        save(small_network(seed=3), path)
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == ["network.npz"]
