"""A pickle is read as data: arrays of numbers come out, and nothing else happens."""

import os
import pickle
import struct

import numpy as np
import pytest

from tdsnn_brian.errors import InvalidInputError
from tdsnn_brian.networks.data.imagenet import trained_convolutions
from tdsnn_brian.networks.data.pickled_arrays import read_pickled_arrays

RNG = np.random.default_rng(0)


@pytest.fixture
def read(tmp_path):
    def read(content):
        path = tmp_path / "arrays.ckpt"
        path.write_bytes(content if isinstance(content, bytes) else pickle.dumps(content, 4))
        return read_pickled_arrays(path)

    return read


@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_arrays_come_back_as_they_were(read, protocol):
    shared = RNG.random((2, 3))
    given = {
        "net": {"kernel": RNG.random((3, 2, 4)).astype(np.float32), "bias": np.arange(4)},
        "order": np.asfortranarray(RNG.random((2, 3))),
        "swapped": np.arange(5, dtype=">i2"),
        "half": np.ones(3, np.float16),
        "bool": np.array([True, False]),
        "none": np.zeros((0, 3)),
        "one": np.array(2.5),
        "again": shared,
        "twice": shared,
        "words": {"name": "net", "version": 3},
    }
    found = read(pickle.dumps(given, protocol))

    def check(one, other):
        assert list(one) == list(other)
        for key, value in one.items():
            if isinstance(value, dict):
                check(value, other[key])
            elif isinstance(value, np.ndarray):
                assert other[key].dtype == value.dtype
                np.testing.assert_array_equal(other[key], value)
                assert other[key].flags.writeable
            else:
                assert other[key] == value

    check(given, found)


class Calls:
    def __init__(self, *called):
        self.called = called

    def __reduce__(self):
        return self.called


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (Calls(print, ("executed",)), r"builtins\.print, which is no array"),
        (Calls(os.system, ("echo executed",)), r"system, which is no array"),
        (Calls(np.zeros, (3,)), "which is no array"),
        (np.array([object()]), "EMPTY_LIST is not needed"),
        (np.array([None, "a"], object), "EMPTY_LIST is not needed"),
        (np.zeros(2, [("a", "f8"), ("b", "O")]), "has a tuple where an array"),
        (np.zeros(2, [("a", "f8")]), "has a tuple where an array"),
        (np.zeros(2, ("V8", (2,))), "numbers of type"),
        (np.array(["text"]), "numbers of type"),
        (np.array([b"text"]), "numbers of type"),
        (np.array([1j]), "numbers of type"),
        (np.array(["2020"], "M8[s]"), "numbers of type|state that numbers"),
        (np.float64(1), "scalar, which is no array"),
        ([np.zeros(2)], "EMPTY_LIST is not needed"),
        ((np.zeros(2),), "has a tuple where an array"),
        (b"bytes", "has a bytes where an array"),
        (None, "has a NoneType where an array"),
        (frozenset(), "is not needed for arrays"),
    ],
)
def test_anything_but_numbers_is_refused(read, value, reason, capfd):
    with pytest.raises(InvalidInputError, match=f"arrays.ckpt cannot be read as.*({reason})"):
        read({"a": value})
    assert "executed" not in capfd.readouterr().out


def crafted(dtype, shape, content, flags=b"K\x00", state=b"NNN"):
    """A pickle of one array whose dtype, shape, state and bytes need not fit."""

    def text(value):
        return b"X" + struct.pack("<I", len(value)) + value.encode()

    return b"".join([
        b"\x80\x03}", text("a"), b"cnumpy.core.multiarray\n_reconstruct\n", b"cnumpy\nndarray\n",
        b"K\x00\x85C\x01b\x87R(K\x01", shape, b"cnumpy\ndtype\n", text(dtype), b"\x89\x88\x87R",
        b"(K\x03", text("<"), state, b"J\xff\xff\xff\xffJ\xff\xff\xff\xff", flags, b"tb\x89",
        b"B", struct.pack("<I", len(content)), content, b"tbs.",
    ])  # fmt: skip


ADDRESS = struct.pack("<Q", 0xDEADBEEF)


@pytest.mark.parametrize(
    "content",
    [
        crafted("O8", b"K\x01\x85", ADDRESS),
        crafted("O", b"K\x01\x85", ADDRESS),
        crafted("f8", b"K\x01\x85", ADDRESS, state=b"N(X\x01\0\0\0at}" + b"N"),
        crafted("V8", b"K\x01\x85", ADDRESS, state=b"NNN", flags=b"K\x3f"),
        crafted("f8,O", b"K\x01\x85", 2 * ADDRESS),
        crafted("f8", b"K\x02\x85", ADDRESS),
        crafted("f8", b"K\x00\x85", ADDRESS),
        crafted("f8", b"J\xff\xff\xff\xff\x85", ADDRESS),
        crafted("f8", b"\x8a\x08" + 8 * b"\x7f" + b"\x85", ADDRESS),
        crafted("f8", b"N\x85", ADDRESS),
        crafted("f8", b"K\x01", ADDRESS),
        crafted("f8", b"G\x3f\xf0\0\0\0\0\0\0\x85", ADDRESS),
        b"", b".", b"\x80\x04.", b"\x80\x04N.", b"\x80\x04K\x01.", b"}", b"(.", b"}}s.", b"t.",
        b"\x80\x05}\x8c\x01a\x96" + struct.pack("<Q", 2**40) + b"abc",  # a terabyte to allocate
        b"\x80\x04\x95" + struct.pack("<Q", 2**62) + b"}x.",
        b"\x80\x02}X\x01\0\0\0acposix\nsystem\nX\x02\0\0\0id\x85Rs.",
        b"ios\nsystem\n.", b"}Pa\ns.", b"\x80\x04}\x8c\x01a\x82\x01s.", b"}]s.",
    ],
    ids=lambda content: "bytes",
)  # fmt: skip
def test_crafted_files_are_refused(read, content):
    with pytest.raises(InvalidInputError, match="cannot be read as a pickle of arrays"):
        read(content)


def test_what_does_fit_is_read(read):
    """So that the crafted files above are refused for what is wrong with them."""
    assert read(crafted("f8", b"K\x01\x85", struct.pack("<d", 0.5)))["a"].tolist() == [0.5]
    assert read(crafted("u4", b"K\x02\x85", ADDRESS))["a"].tolist() == [0xDEADBEEF, 0]


def test_the_same_bytes_many_times_do_not_fill_the_memory(read):
    """A small file would else be as many arrays as it has room to name them."""
    content = b"B" + struct.pack("<I", 10_000) + bytes(10_000)
    array = crafted("u1", b"M\x10\x27\x85", bytes(10_000))[3:-2] + b"s"
    start = b"\x80\x03" + content + b"q\x00}"
    array = array.replace(content, b"h\x00")
    assert read(start + array + b".")["a"].nbytes == 10_000
    with pytest.raises(InvalidInputError, match="its arrays hold more than the file"):
        read(start + 100 * array + b".")


def test_what_a_file_says_is_escaped(read):
    with pytest.raises(InvalidInputError, match=r"asks for ev\\x1b\[31mil\.x, which"):
        read(b"\x80\x03}cev\x1b[31mil\nx\n)R.")


def test_damaged_files_are_read_or_refused(read):
    whole = pickle.dumps({"net": {"kernel": RNG.random((3, 3)), "bias": np.arange(3)}}, 4)
    refused = 0
    for trial in range(600):
        content = bytearray(whole)
        for _ in range(RNG.integers(1, 4)):
            content[RNG.integers(len(content))] = RNG.integers(256)
        if trial % 3 == 0:
            content = content[: RNG.integers(len(content))]
        try:
            read(bytes(content))
        except InvalidInputError:
            refused += 1
    assert refused > 200
    print(f"{refused} of 600 damaged files refused, the others read")


def test_what_is_odd_but_no_harm_is_read(read):
    content = read(b"\x80\x04}\x94\x8c\x01ah\x00s.")
    assert content["a"] is content
    assert read(b"\x80\x04}r" + struct.pack("<I", 2**32 - 1) + b".") == {}  # a far memo


@pytest.mark.parametrize(
    "layers",
    [
        {}, {"Conv_0": {}}, {"Conv_0": "text"}, {"Conv_0": {"kernel": "text", "bias": 3}}, "text",
        {"Conv_0": {"kernel": np.zeros((3, 3, 1, 4)), "bias": np.zeros(3)}},
        {"Conv_0": {"kernel": np.zeros((3, 3)), "bias": np.zeros(3)}},
        {"Conv_1": {"kernel": np.zeros((3, 3, 1, 4)), "bias": np.zeros(4)}},
    ],
)  # fmt: skip
def test_convolutions_have_kernels_and_biases(tmp_path, layers):
    (tmp_path / "vgg16.ckpt").write_bytes(pickle.dumps({"VGG16_0": layers}, 4))
    with pytest.raises(InvalidInputError, match="does not hold the convolutions of vgg16"):
        trained_convolutions("vgg16", tmp_path)


def test_convolutions_are_read(tmp_path):
    kernel, bias = RNG.random((3, 3, 1, 4)), RNG.random(4)
    content = {"VGG16_0": {"Conv_0": {"kernel": kernel, "bias": bias}}}
    (tmp_path / "vgg16.ckpt").write_bytes(pickle.dumps(content, 4))
    ((read_kernel, read_bias),) = trained_convolutions("vgg16", tmp_path)
    np.testing.assert_array_equal(read_kernel, kernel.astype(np.float32))
    np.testing.assert_array_equal(read_bias, bias.astype(np.float32))
