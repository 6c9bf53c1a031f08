"""Files that somebody hands over are read whole or refused by name, before they fill the memory."""

import gzip
import io
import tracemalloc
import zipfile
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from tdsnn_brian import whole_files
from tdsnn_brian.errors import InvalidInputError, NetworkFileError
from tdsnn_brian.image_range import UNIT
from tdsnn_brian.networks.data.cifar10 import cifar10_part
from tdsnn_brian.networks.data.fashion_mnist import read_idx
from tdsnn_brian.networks.data.images import read_images
from tdsnn_brian.networks.data.photographs import photographs
from tdsnn_brian.whole_files import ALONE, read_arrays, replacing

RNG = np.random.default_rng(0)
GIVEN = {
    "plain": RNG.random((3, 4)),
    "fortran": np.asfortranarray(RNG.random((3, 4))),
    "swapped": np.arange(5, dtype=">i4"),
    "bytes": np.arange(7, dtype=np.uint8),
    "half": np.ones((2, 2), np.float16),
    "bool": np.array([True, False]),
    "none": np.zeros((0, 28, 28)),
    "one": np.array(3.0),
}


def no_bytes(value):
    """Names of tests by their number, not by the bytes of a file."""
    return "bytes" if isinstance(value, bytes) else None


def read(path, **options):
    return read_arrays(path, remedy="take another", **options)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_arrays_of_an_npz(tmp_path, save):
    save(tmp_path / "a.npz", **GIVEN)
    found = read(tmp_path / "a.npz")
    assert list(found) == list(GIVEN)
    for name, value in GIVEN.items():
        assert found[name].dtype == value.dtype
        assert found[name].flags.writeable
        np.testing.assert_array_equal(found[name], value)
    assert list(read(tmp_path / "a.npz", names=("one", "absent"))) == ["one"]


@pytest.mark.parametrize("name", GIVEN)
def test_the_array_of_an_npy(tmp_path, name):
    np.save(tmp_path / "a.npy", GIVEN[name])
    ((key, found),) = read(tmp_path / "a.npy").items()
    assert key == ALONE
    np.testing.assert_array_equal(found, GIVEN[name])


def npy(value=None, *, header=None, content=None):
    """An .npy file whose header and content need not fit."""
    file = io.BytesIO()
    if header is None:
        np.save(file, value, allow_pickle=True)
        return file.getvalue()
    np.lib.format.write_array_header_1_0(file, header)
    return file.getvalue() + content


def described(descr, shape, fortran_order=False):
    return {"descr": descr, "shape": shape, "fortran_order": fortran_order}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "neither an .npy nor an .npz"),
        (b"nothing", "neither an .npy nor an .npz"),
        (b"\x93NUMPY", "EOF|magic|reading"),
        (npy(np.array([object])), "dtype object, which is not of numbers"),
        (npy(np.array(["text"])), "which is not of numbers"),
        (npy(np.zeros(2, [("a", "f8")])), "which is not of numbers"),
        (npy(np.array([1j])), "which is not of numbers"),
        (npy(np.arange(9))[:-1], "holds 71 bytes, and .* would take 72"),
        (npy(np.arange(9)) + b"\0", "holds 73 bytes"),
        (npy(header=described("<f8", (2**40,)), content=bytes(8)), "would take 8,796,093,022,208"),
        (npy(header=described("<f8", (2**62, 4)), content=bytes(8)), "would take"),
        (npy(header=described("<f8", (0, 2**70)), content=b""), "too|large|big|maximum|dimension"),
        (npy(header=described("<f8", (-1,)), content=bytes(8)), "would take -8"),
        (npy(header=described("<f8", (-1, -1)), content=bytes(8)), "would take"),
        (npy(header=described("|O", (1,)), content=bytes(8)), "which is not of numbers"),
        (npy(header=described("<f8", (1,)), content=bytes(8)).replace(b"\x01\0", b"\x09\0", 1),
         "magic|version|format"),
    ],
    ids=no_bytes,
)  # fmt: skip
@pytest.mark.parametrize("inside", [False, True])
def test_what_does_not_fit_is_refused(tmp_path, content, reason, inside):
    path = tmp_path / "a.npz"
    if inside:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("a.npy", content)
        reason = f"{reason}|magic|EOF"
    else:
        path.write_bytes(content)
    with pytest.raises(InvalidInputError, match=f"a.npz cannot be read as .*({reason}).*take"):
        read(path)


def bomb(path, megabytes, *, compression=zipfile.ZIP_DEFLATED, name="images", shape=None):
    """A small file of very many zeros, honest in its header."""
    shape = shape or (megabytes * 2**20,)
    with (
        zipfile.ZipFile(path, "w", compression) as archive,
        archive.open(f"{name}.npy", "w", force_zip64=True) as member,
    ):
        np.lib.format.write_array_header_1_0(member, described("|u1", shape))
        for _ in range(megabytes):
            member.write(bytes(2**20))


@contextmanager
def little_memory():
    """What happens within allocates no more than is read at once."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < 20 * 2**20
    finally:
        tracemalloc.stop()


def test_sizes_are_checked_before_anything_is_read(tmp_path):
    path = tmp_path / "images.npz"
    bomb(path, 300)
    assert path.stat().st_size < 2**20
    reason = r"must have the shape \(n, 28, 28, 1\)"
    with little_memory(), pytest.raises(InvalidInputError, match=reason):
        read_images(path, (28, 28, 1), UNIT)


def test_what_does_not_fit_into_memory_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "images.npz"
    bomb(path, 300, shape=(300 * 2**10, 32, 32))
    monkeypatch.setattr(whole_files, "available_bytes", lambda: 2**28)
    reason = r"takes 0\.3 GiB, and 0\.2 GiB are free"
    with little_memory(), pytest.raises(InvalidInputError, match=reason):
        read_images(path, (32, 32, 1), UNIT)


def test_a_header_that_fills_the_memory_is_not_read(tmp_path):
    with (
        zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("images.npy", "w", force_zip64=True) as member,
    ):
        member.write(b"\x93NUMPY\x02\0" + (2**26).to_bytes(4, "little"))
        for _ in range(64):
            member.write(2**20 * b" ")
    with little_memory(), pytest.raises(InvalidInputError, match="header is said to have 67,108,"):
        read(tmp_path / "a.npz")


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_compression_that_unpacks_at_once_is_refused(tmp_path, compression):
    bomb(tmp_path / "a.npz", 100, compression=compression)
    reason = "neither stored nor deflated"
    with little_memory(), pytest.raises(InvalidInputError, match=reason):
        read(tmp_path / "a.npz")


def test_the_error_is_the_one_asked_for(tmp_path):
    with pytest.raises(NetworkFileError, match=r"nowhere\.npz cannot be read as weights"):
        read(tmp_path / "nowhere.npz", what="weights", error=NetworkFileError)
    with pytest.raises(InvalidInputError, match="directory"):
        read(tmp_path)


def damaged(whole, trial):
    """The bytes with some changed, left out or put elsewhere."""
    rng = np.random.default_rng(trial)
    content = bytearray(whole)
    for _ in range(rng.integers(1, 4)):
        content[rng.integers(len(content))] = rng.integers(256)
    if trial % 4 == 0:
        content = content[: rng.integers(len(content))]
    if trial % 4 == 1:
        place, other = rng.integers(len(content), size=2)
        content[place:place] = content[other : other + 50]
    return bytes(content)


@pytest.mark.parametrize("kind", ["npy", "npz", "compressed"])
def test_damaged_images_are_read_or_refused(tmp_path, kind, monkeypatch):
    monkeypatch.setattr(whole_files, "available_bytes", lambda: 2**24)
    path = tmp_path / f"images.{kind}"
    images, labels = RNG.random((3, 4, 4, 1)), np.arange(3)
    file = io.BytesIO()
    if kind == "npy":
        np.save(file, images)
    elif kind == "npz":
        np.savez(file, images=images, labels=labels)
    else:
        np.savez_compressed(file, images=images, labels=labels)
    refused = 0
    for trial in range(400):
        path.write_bytes(damaged(file.getvalue(), trial))
        try:
            read, _, _ = read_images(path, (4, 4, 1), UNIT)
            assert read.shape[1:] == (4, 4, 1)
        except InvalidInputError:
            refused += 1
    print(f"{kind}: {refused} of 400 damaged files refused, the others read")
    assert refused > 100


def test_a_flipped_bit_of_the_content_is_seen(tmp_path):
    """The checksum of the archive is looked at."""
    path = tmp_path / "a.npz"
    np.savez(path, images=np.full((2, 4, 4, 1), 0.5))
    content = bytearray(path.read_bytes())
    place = content.index(np.float64(0.5).tobytes())
    content[place] ^= 1
    path.write_bytes(content)
    with pytest.raises(InvalidInputError, match="CRC"):
        read_images(path, (4, 4, 1), UNIT)


@pytest.mark.parametrize(
    ("arrays", "reason"),
    [
        ({"labels": np.arange(3)}, "holds no array named images"),
        ({"images": np.ones((3, 5, 4, 1))}, r"must have the shape \(n, 4, 4, 1\).*\(3, 5, 4, 1\)"),
        ({"images": np.ones((4, 4, 1))}, "must have the shape"),
        ({"images": np.array(1.0)}, "must have the shape"),
        ({"images": np.ones((3, 4, 4)), "labels": np.arange(2)}, "one number for each of the 3"),
        ({"images": np.ones((3, 4, 4)), "labels": np.array(["a", "b", "c"])}, "not of numbers"),
    ],
)
def test_images_that_do_not_fit_are_refused(tmp_path, arrays, reason):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(InvalidInputError, match=reason):
        read_images(tmp_path / "a.npz", (4, 4, 1), UNIT)


def test_images_of_one_channel_and_of_bytes(tmp_path):
    np.savez(tmp_path / "a.npz", images=np.full((3, 4, 4), 255, np.uint8), labels=np.arange(3))
    images, labels, notes = read_images(tmp_path / "a.npz", (4, 4, 1), UNIT)
    assert images.shape == (3, 4, 4, 1)
    assert images.min() == images.max() == 1
    assert labels.tolist() == [0, 1, 2]
    assert "divided by 255" in notes[0]
    np.save(tmp_path / "a.npy", np.ones((2, 4)))
    images, labels, notes = read_images(tmp_path / "a.npy", (4,), UNIT)
    assert (images.shape, labels, notes) == ((2, 4), None, [])


def idx(shape, content, kind=8):
    return bytes([0, 0, kind, len(shape)]) + np.array(shape, ">u4").tobytes() + content


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(idx((2**31, 28, 28), bytes(100))),
        gzip.compress(idx((10,), bytes(9))),
        gzip.compress(idx((10,), bytes(11))),
        gzip.compress(idx((10,), bytes(10)))[:-9],
        gzip.compress(bytes(2**20))[:100] + b"damage" + gzip.compress(bytes(2**20))[106:],
        b"nothing", b"",
    ],
    ids=no_bytes,
)  # fmt: skip
def test_damaged_idx_files_are_refused(tmp_path, content):
    (tmp_path / "labels.gz").write_bytes(content)
    with pytest.raises(InvalidInputError, match=r"labels\.gz cannot be read as an IDX file"):
        read_idx(tmp_path / "labels.gz")


@pytest.mark.parametrize("trial", range(3))
def test_damaged_idx_files_are_read_or_refused(tmp_path, trial):
    whole = gzip.compress(idx((10, 5), bytes(range(50))))
    for seed in range(100 * trial, 100 * trial + 100):
        (tmp_path / "labels.gz").write_bytes(damaged(whole, seed))
        try:
            read_idx(tmp_path / "labels.gz")
        except InvalidInputError:
            continue


def picture(size=(32, 32), kind="JPEG"):
    image = pytest.importorskip("PIL.Image")
    file = io.BytesIO()
    image.fromarray(RNG.integers(0, 255, (*size[::-1], 3)).astype(np.uint8)).save(file, kind)
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("test/cat/0.jpg", picture((64, 32)), r"has \(64, 32\) pixels"),
        ("test/cat/0.jpg", picture()[:300], "picture 'test/cat/0.jpg' cannot be read"),
        ("test/cat/0.jpg", b"nothing", "picture 'test/cat/0.jpg' cannot be read"),
        ("test/cat/0.jpg", bytes(2**20), "has 1,048,576 bytes"),
        ("other/cat/0.jpg", picture(), "holds no pictures test/"),
    ],
    ids=no_bytes,
)
def test_damaged_pictures_are_refused(tmp_path, name, content, reason):
    with zipfile.ZipFile(tmp_path / "cifar10-jpeg.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    with pytest.raises(InvalidInputError, match=reason):
        cifar10_part("test", directory=tmp_path)


def test_a_damaged_archive_of_pictures_is_refused(tmp_path):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for k in range(3):
            archive.writestr(f"test/cat/{k}.jpg", picture())
    path = tmp_path / "cifar10-jpeg.zip"
    for trial in range(100):
        path.write_bytes(damaged(file.getvalue(), trial))
        try:
            cifar10_part("test", directory=tmp_path)
        except InvalidInputError:
            continue


def test_a_damaged_photograph_is_named(tmp_path):
    (tmp_path / "a.jpg").write_bytes(picture()[:200])
    with pytest.raises(InvalidInputError, match=r"a\.jpg' cannot be read"):
        photographs(directory=tmp_path)


def test_a_file_is_replaced_when_the_new_one_is_whole(tmp_path):
    path = tmp_path / "folder" / "a.txt"
    with replacing(path) as draft:
        draft.write_text("one")
        assert not path.exists()
    assert path.read_text() == "one"
    with pytest.raises(RuntimeError), replacing(path) as draft:  # noqa: PT012
        draft.write_text("two")
        raise RuntimeError
    assert path.read_text() == "one"
    assert [file.name for file in Path(tmp_path, "folder").iterdir()] == ["a.txt"]


def test_an_interrupt_behind_the_errors_of_an_end_is_one(tmp_path):
    def end():
        try:
            raise ValueError("the archive is closed")
        finally:
            (tmp_path / "nothing").read_bytes()

    def write():
        with replacing(tmp_path / "file"):
            try:
                raise KeyboardInterrupt
            finally:
                end()

    with pytest.raises(KeyboardInterrupt):
        write()
    assert not list(tmp_path.iterdir())
