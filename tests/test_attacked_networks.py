"""Networks from strangers: whatever a file's header or an array holds, right or refused by name."""

import copy
import json
import threading
import tracemalloc
import zipfile
from collections import Counter
from dataclasses import fields, replace

import numpy as np
import pytest

import tdsnn_brian as td
from helpers import random_images, small_network
from tdsnn_brian import network_file, whole_files
from tdsnn_brian.layers import IMAGE, AveragePool2D, Conv2D, Dense, MaxPool2D, Sum
from tdsnn_brian.summary import summarise
from tdsnn_brian.transfer import RELU, Transfer

EVIL = [
    -1, 0, 1, 2, 3, 7, 255, 2**31, 2**40, 2**63, 10**30, 10**400, -(2**31), 0.5, 1.5, -0.0, 1e-300,
    1e300, 1e308, float("nan"), float("inf"), -float("inf"), True, False, None, "", "evil", "1",
    [], [1], [1, 1], [[1, 1], [1, 1]], [0, 0], [1, 2, 3], [-1, -1], [[0, 0], [0, 5]],
    [2**40, 2**40], {}, {"array": "0/kernel"}, {"array": "nothing"}, {"x": 1}, ["a"],
    {"layer": {"kind": "Dense", "fields": {}}}, {"transfer": {}}, {"transfer": {"scale": 1e-300}},
    {"transfer": {"name": "square", "scale": 1e-200}}, {"transfer": {"name": "softplus"}}, "square",
    "nearest", "sum", "\ud800", "a" * 300, "\x1b[31m", "[red]",
]  # fmt: skip


def branching_network():
    rng = np.random.default_rng(0)

    def normal(*shape):
        return rng.normal(0, 0.4, shape)

    def branch(name):
        return Conv2D(name=name, input_shape=(2, 2, 4), kernel=normal(1, 1, 4, 4), source="pool")

    layers = (
        Conv2D(
            name="conv",
            input_shape=(4, 4, 2),
            kernel=normal(3, 3, 1, 4),
            bias=normal(4),
            groups=2,
            padding=((1, 1), (1, 1)),
            leak=4.0,
        ),
        MaxPool2D(
            name="pool", input_shape=(4, 4, 4), pool_size=(2, 2), strides=(2, 2), minimum=(1,)
        ),
        Sum(name="sum", terms=(branch("one"), branch("other"))),
        AveragePool2D(name="mean", input_shape=(2, 2, 4), pool_size=(2, 2), bias=normal(4)),
        Dense(name="output", input_shape=(1, 1, 4), weights=normal(4, 3), bias=normal(3)),
    )
    return td.SpikingNetwork(layers=layers, leak=3.0)


def network_of_transfers():
    """What files of the first versions did not have, in one network."""
    rng = np.random.default_rng(0)

    def conv(name, source=None, transfer=RELU, size=4):
        kernel = rng.normal(0, 0.4, (1, 1, size, 4))
        shape = (2, 2, size)
        return Conv2D(name=name, input_shape=shape, kernel=kernel, source=source, transfer=transfer)

    layers = (
        conv("rise é", transfer=Transfer(name="silu_rise", scale=3.0), size=2),
        conv("capped", IMAGE, Transfer(max_value=6.0, threshold=0.1), size=2),
        Sum(
            name="sum",
            terms=(conv("one", "capped"), conv("other", "rise é")),
            transfer=Transfer(name="elu_off", alpha=0.5),
        ),
        Dense(
            name="squares",
            input_shape=(2, 2, 4),
            weights=rng.normal(0, 0.4, (16, 5)),
            transfer=Transfer(name="square", scale=2.0),
        ),
        Dense(name="output", input_shape=(5,), weights=rng.normal(0, 0.4, (5, 3))),
    )
    return td.SpikingNetwork(
        layers=layers,
        leak=3.0,
        input_offset=0.5,
        input_scale=2.0,
        rounding="nearest",
        image_shape=(8,),
        image_range=(-0.5, 1.0),
        output_shape=(3, 1),
        metadata={"notes": ["merged"], "calibration": {"images": 3}},
    )


def outcome(network_of):
    """Right, or refused by an error of this package; anything else is raised."""
    try:
        network = network_of()
        analysis = td.analyse(network, random_images(network, 1))
        assert repr(summarise(network))
    except td.TDSNNError as error:
        return type(error).__name__
    assert np.isfinite(analysis.potentials).all()
    return "right"


def places(value, path=()):
    if path:
        yield path
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from places(value[key], (*path, key))


def put(value, path, new):
    for key in path[:-1]:
        value = value[key]
    value[path[-1]] = new


def unpacked(network, path):
    network.save(path)
    with np.load(path) as archive:
        arrays = {name: archive[name] for name in archive.files}
    return arrays, json.loads(arrays["header"].tobytes())


@pytest.mark.parametrize("make", [small_network, branching_network, network_of_transfers])
def test_changed_headers_are_right_or_refused(tmp_path, make):
    path = tmp_path / "network.npz"
    arrays, header = unpacked(make(), path)
    rng, counts = np.random.default_rng(0), Counter()
    where = list(places(header))
    for _ in range(300):
        changed = copy.deepcopy(header)
        put(changed, where[rng.integers(len(where))], EVIL[rng.integers(len(EVIL))])
        arrays["header"] = np.frombuffer(json.dumps(changed).encode(), np.uint8)
        np.savez(path, **arrays)
        counts[outcome(lambda: td.load(path))] += 1
    print(dict(counts))
    assert counts.total() == 300
    assert counts["right"] > 5
    assert counts["NetworkFileError"] > 150


def as_python(value):
    """JSON's lists as the tuples that fields have."""
    return tuple(map(as_python, value)) if isinstance(value, list) else value


@pytest.mark.parametrize("make", [small_network, branching_network])
def test_fields_of_any_value_are_right_or_refused(make):
    """The same without a file, which would turn raw errors into its own."""
    network, counts = make(), Counter()

    def changed(owner, field, value):
        if owner is None:
            return replace(network, **{field: value})
        layers = [replace(x, **{field: value}) if x is owner else x for x in network.layers]
        return replace(network, layers=tuple(layers))

    for owner in (None, *network.layers):
        for field in fields(owner or network):
            for value in EVIL:
                of = owner, field.name, as_python(value)
                counts[outcome(lambda of=of: changed(*of))] += 1
    print(dict(counts))
    assert counts.total() > 1000
    assert counts["right"] > 50
    assert set(counts) <= {"right", "InvalidInputError", "InfeasiblePoolError"}


def test_arrays_of_any_kind_are_right_or_refused(tmp_path):
    path = tmp_path / "network.npz"
    whole, _ = unpacked(small_network(), path)
    rng, counts = np.random.default_rng(0), Counter()

    def changed(values):
        shape = list(values.shape)
        shape[rng.integers(len(shape))] = rng.integers(0, 12)
        at = tuple(rng.integers(0, n) for n in values.shape)
        spoilt = values.copy()
        spoilt[at] = rng.choice([np.nan, np.inf, -np.inf, 1e308, 1e200, -1e300, 5e-324])
        return [
            np.zeros(shape), values[..., None], values[0], values.ravel(), np.array(1.0), spoilt,
            values + 0j, values.astype(str), values.astype("S"), values > 0, values.astype(np.int8),
            values.astype(np.float16), values.astype(">f8"), np.asfortranarray(values),
            values.astype(np.longdouble), values.astype("M8[s]"), np.zeros(3, [("a", "f8")]),
            np.array([object()]), values * 1e30, values * np.float32(1e-38),
        ]  # fmt: skip

    for _ in range(15):
        for name in whole:
            if name != "header":
                values = changed(whole[name])
                new = values[rng.integers(len(values))]
                np.savez(path, **{**whole, name: new})
                with np.errstate(all="ignore"):
                    counts[outcome(lambda: td.load(path))] += 1
    print(dict(counts))
    assert counts.total() > 100
    assert counts["right"] > 10


@pytest.mark.parametrize("name", ["header", "0/kernel", "more"])
def test_a_small_file_does_not_fill_the_memory(tmp_path, monkeypatch, name):
    path = tmp_path / "network.npz"
    arrays, _ = unpacked(small_network(), path)
    monkeypatch.setattr(whole_files, "available_bytes", lambda: 2**26)
    monkeypatch.setattr(network_file, "available_bytes", lambda: 2**26)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for key, values in {**arrays, name: np.zeros(2**27, np.uint8)}.items():
            with archive.open(f"{key}.npy", "w") as member:
                np.lib.format.write_array(member, values)
    assert path.stat().st_size < 2**20
    with pytest.raises(td.NetworkFileError, match=r"GiB are free|not enough memory"):
        td.load(path)


def test_what_describes_a_window_has_to_fit_into_memory(monkeypatch):
    monkeypatch.setattr("tdsnn_brian.layers.window.available_bytes", lambda: 2**27)
    with pytest.raises(td.InvalidInputError, match=r"takes .* GiB to describe.*make the input"):
        Conv2D(
            name="conv",
            input_shape=(4, 4, 1),
            kernel=np.ones((1, 1, 1, 1)),
            padding=((2**13, 2**13), (2**14, 2**14)),
        )


def test_any_number_of_threads_save_to_one_path(tmp_path):
    path, networks, failed = tmp_path / "network.npz", [small_network(seed=k) for k in range(4)], []

    def work(network):
        try:
            for _ in range(10):
                network.save(path)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(network,)) for network in networks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    read = td.load(path)
    assert any(np.array_equal(read.layers[0].kernel, x.layers[0].kernel) for x in networks)
    assert list(tmp_path.iterdir()) == [path]


def test_links_and_modes_stay(tmp_path):
    folder, link = tmp_path / "elsewhere", tmp_path / "network.npz"
    folder.mkdir()
    link.symlink_to(folder / "real.npz")
    for _ in range(2):
        small_network().save(link)
        assert link.is_symlink()
        (folder / "real.npz").chmod(0o640)
    small_network(seed=1, leak=2.0).save(link)
    assert (folder / "real.npz").stat().st_mode & 0o777 == 0o640
    assert td.load(link).leak == 2
    assert [path.name for path in folder.iterdir()] == ["real.npz"]
    small_network().save(tmp_path / ("n" * 250))  # as long as a name can be
    (tmp_path / "new").mkdir()
    with pytest.raises(td.InvalidInputError, match="is no file that could be replaced"):
        small_network().save(tmp_path / "new")


def test_devices_are_not_replaced(tmp_path):
    with pytest.raises(td.InvalidInputError, match="is no file"):
        small_network().save("/dev/null")


@pytest.mark.parametrize(
    "name", ["a\nb", "\x1b[31mred", "half \ud800", "a\x00", "\u2028", "\x9b", "\u202e"]
)
def test_names_that_cannot_be_shown_are_refused(name):
    with pytest.raises(td.InvalidInputError, match="cannot be shown or written; rename it"):
        Dense(name=name, input_shape=(2,), weights=np.ones((2, 2)))
    with pytest.raises(td.InvalidInputError, match="network name"):
        replace(small_network(), name=name)


def test_what_was_worked_out_stays_true(tmp_path):
    """A weight that changed after the first run counted in some ways to run, and not in others."""
    weights, bias = np.ones((2, 2)), np.ones(2)
    layer = Dense(name="a", input_shape=(2,), weights=weights, bias=bias)
    weights[0, 0] = bias[0] = np.nan
    network = td.SpikingNetwork(layers=(layer,), leak=2)
    network.save(tmp_path / "network.npz")
    for made in (layer, replace(layer, name="b"), td.load(tmp_path / "network.npz").layers[0]):
        assert (made.weights == 1).all()
        for values in (made.weights, made.bias):
            with pytest.raises(ValueError, match="read-only"):
                values[...] = 2


@pytest.mark.parametrize("n_read", [3.0, float("inf"), True, 0, -1, 2**31, 10**30])
def test_neurons_that_are_read_are_counted(n_read):
    with pytest.raises(td.InvalidInputError, match="n_read must be a whole number of 1 or more"):
        replace(small_network().layers[0], n_read=n_read)


def test_a_source_said_to_be_large_takes_no_memory():
    places = np.array([[[0, 1]]])
    tracemalloc.start()
    dense = Dense(name="a", input_shape=(2,), weights=np.eye(2), reads=places, n_read=2**31 - 1)
    with pytest.raises(td.InvalidInputError, match=r"takes 2147483647 inputs but 'input' has 2"):
        td.SpikingNetwork(layers=(dense,), leak=2)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**20


@pytest.mark.parametrize("notes", [[[1, 2]], 3, None, "\x1b[31mred", {"a": 1}, ["\x1b[31mred", 1]])
def test_notes_of_any_kind_are_shown(notes):
    assert "\x1b" not in repr(summarise(small_network(metadata={"notes": notes})))


def test_windows_of_padding_alone():
    """A convolution's neurons have their bias there; a pool's would have nothing to wait for."""
    brian2 = pytest.importorskip("brian2")
    kernel, padding = np.ones((2, 2, 1, 3)), ((3, 2), (0, 4))
    conv = Conv2D(
        name="conv",
        input_shape=(3, 3, 1),
        kernel=kernel,
        padding=padding,
        bias=np.array([-1, 0.5, 2]),
    )
    assert not conv.projection.window.counts.all()
    weights = np.random.default_rng(0).normal(size=(conv.n_neurons, 2))
    output = Dense(name="output", input_shape=conv.output_shape, weights=weights)
    for silent_zeros in (False, True):
        network = td.SpikingNetwork(layers=(conv, output), leak=3, silent_zeros=silent_zeros)
        images = random_images(network, 2)
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(brian2.prefs, "codegen.target", "numpy")
            for projection in ("explicit", "shared"):
                result = td.simulate(network, images, projection=projection)
                assert result.compare(td.analyse(network, images))
    for pool in (MaxPool2D, AveragePool2D):
        with pytest.raises(td.InvalidInputError, match="some windows hold padding alone"):
            pool(name="pool", input_shape=(3, 3, 1), pool_size=(2, 2), padding=padding)
