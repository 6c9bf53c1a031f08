"""Kept programs: damage, abandoned builds, eviction, and places that cannot be used."""

import errno
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from brian2 import ms

import tdsnn_brian as td
from helpers import random_images, small_network
from tdsnn_brian.brian import trim_cache
from tdsnn_brian.brian.__main__ import main as command
from tdsnn_brian.brian.event_driven import cache, compile_child, compiler, program
from tdsnn_brian.errors import CacheError, ProgramError
from tdsnn_brian.validation.kept import Kept

NETWORK = small_network(leak=3)
KEY = "0123456789abcdef" * 2


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv(cache.DIRECTORY_VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache"


def kept(key=KEY, size=1000, files=("main", "static_arrays/weights")):
    with cache.building() as path:
        (path / "static_arrays").mkdir()
        (path / "code_objects").mkdir()
        for number, name in enumerate(files):
            (path / name).write_bytes(np.random.default_rng(number).bytes(size))
        (path / "main").chmod(0o700)
        (path / "code_objects" / "conv1.cpp").write_text("int i;")
        (path / "makefile").write_text("all:")
        return cache.keep(path, key, list(files), [["magic", "<i8", [1]]])


def test_what_was_kept_is_found_and_the_rest_is_gone(folder):
    assert cache.find(KEY) is None
    entry = kept()
    assert cache.find(KEY) == (entry, [["magic", "<i8", [1]]])
    assert sorted(path.name for path in entry.rglob("*")) == [
        "main",
        "manifest.json",
        "static_arrays",
        "weights",
    ]
    assert [path.name for path in folder.iterdir()] == [KEY]
    assert folder.stat().st_mode & 0o777 == 0o700


def overwrite(name, change):
    def damage(entry):
        path = entry / name
        path.write_bytes(change(path.read_bytes()))

    return damage


def flipped(seed):
    def change(content):
        rng = np.random.default_rng(seed)
        content = bytearray(content)
        content[rng.integers(len(content))] ^= 1 << rng.integers(8)
        return bytes(content)

    return change


def replaced(name, make):
    def damage(entry):
        path = entry / name
        path.rename(entry / "aside")
        make(path, entry / "aside")

    return damage


def changed_manifest(**content):
    def damage(entry):
        path = entry / "manifest.json"
        manifest = json.loads(path.read_text())
        manifest["content"].update(content)
        path.write_text(json.dumps(manifest))

    return damage


def of_another_key(entry):
    other = kept(key="f" * 32, size=10)
    shutil.rmtree(entry)
    other.rename(entry)


def a_file(entry):
    shutil.rmtree(entry)
    entry.write_text("no directory")


DAMAGE = {
    **{
        f"bit {k} of {name}": overwrite(name, flipped(k))
        for name in ("main", "static_arrays/weights", "manifest.json")
        for k in range(8)
    },
    "half of main": overwrite("main", lambda content: content[: len(content) // 2]),
    "nothing of an array": overwrite("static_arrays/weights", lambda content: b""),
    "more of an array": overwrite("static_arrays/weights", lambda content: content + b"\0"),
    "an empty manifest": overwrite("manifest.json", lambda content: b""),
    "a list as manifest": overwrite("manifest.json", lambda content: b"[1]"),
    "a deep manifest": overwrite("manifest.json", lambda content: b"[" * 100_000),
    "bytes as manifest": overwrite("manifest.json", lambda content: b"\xff\xfe\0"),
    "another record": changed_manifest(about=[["u", "<f4", [3]]]),
    "no files": changed_manifest(files={}),
    "files elsewhere": changed_manifest(files={"/etc/passwd": [0, "", False]}),
    "no array": lambda entry: (entry / "static_arrays/weights").unlink(),
    "no main": lambda entry: (entry / "main").unlink(),
    "no manifest": lambda entry: (entry / "manifest.json").unlink(),
    "a main that cannot be run": lambda entry: (entry / "main").chmod(0o600),
    "a pipe as main": replaced("main", lambda path, _: os.mkfifo(path)),
    "a pipe as manifest": replaced("manifest.json", lambda path, _: os.mkfifo(path)),
    "a link as main": replaced("main", lambda path, aside: path.symlink_to(aside)),
    "a directory as main": replaced("main", lambda path, _: path.mkdir()),
    "the entry of another key": of_another_key,
    "a file as entry": a_file,
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_damage_is_found_and_removed(folder, damage):
    entry = kept()
    damage(entry)
    assert cache.find(KEY) is None
    assert not os.path.lexists(entry)
    assert not list(folder.glob(".building-*"))
    assert kept() == entry
    assert cache.find(KEY) is not None


def test_two_at_once_keep_one(folder):
    with cache.building() as path:
        first = kept()
        (path / "main").write_text("the other one")
        (path / "main").chmod(0o700)
        assert cache.keep(path, KEY, ["main"], []) == first
    assert cache.find(KEY) == (first, [["magic", "<i8", [1]]])


def test_whatever_others_do_meanwhile_an_entry_is_whole_or_not_there(folder):
    counts = Counter()

    def work(seed):
        rng = np.random.default_rng(seed)
        for _ in range(50):
            key = "ab"[rng.integers(2)] * 32
            what = ["keep", "find", "damage", "trim", "evict"][rng.integers(5)]
            try:
                if what == "keep":
                    kept(key, size=100)
                elif what == "find":
                    found = cache.find(key)
                    what = "found" if found else "not there"
                elif what == "damage":
                    with suppress(OSError):
                        os.truncate(folder / key / "main", 3)
                else:
                    trim_cache(max_bytes=0 if what == "evict" else None)
            except CacheError:
                what = "refused"
            except BaseException as error:
                what = f"raw {error!r}"
            counts[what] += 1

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(dict(counts))
    assert set(counts) <= {"keep", "found", "not there", "damage", "trim", "evict", "refused"}
    assert counts["refused"] < 10 < counts["keep"]
    assert {path.name for path in folder.iterdir()} <= {"a" * 32, "b" * 32}


def test_everything_is_on_the_disk_before_it_is_named(folder, monkeypatch):
    done = []
    sync, rename = os.fsync, Path.rename
    monkeypatch.setattr(
        os,
        "fsync",
        lambda handle: (
            done.append(os.readlink(f"/proc/self/fd/{handle}").rpartition("/")[2]),
            sync(handle),
        ),
    )
    monkeypatch.setattr(Path, "rename", lambda self, to: (done.append("rename"), rename(self, to)))
    kept()
    assert {"main", "weights", "static_arrays", "manifest.json"} < set(done[:5])
    assert done[5:] == ["rename", "cache"]


@pytest.mark.parametrize("name", ["fsync", "unlink", "rename"])
def test_a_full_disk_is_named_and_leaves_nothing(folder, monkeypatch, name):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    cache.cache_directory()
    with monkeypatch.context() as patch:
        patch.setattr(
            *{"fsync": (os, name), "unlink": (Path, name), "rename": (Path, name)}[name], full
        )
        with pytest.raises(CacheError, match="No space left on device; make room"):
            kept()
    assert not list(folder.iterdir())


def test_builds_that_were_abandoned_are_collected(folder):
    cache.cache_directory()
    (folder / ".building-old").mkdir()
    (folder / ".building-old" / "main").write_bytes(bytes(500))
    with cache.building() as in_use:
        for path in (in_use, folder / ".building-old"):
            os.utime(path, (0, time.time() - 3600))
        (folder / ".building-new").mkdir()  # not locked yet, perhaps
        assert trim_cache() >= 500
        assert {path.name for path in folder.iterdir()} == {in_use.name, ".building-new"}


def test_eviction_by_age_and_size(folder):
    now = time.time()
    for number in range(5):
        entry = kept(key=f"{number:032}")
        os.utime(entry / "manifest.json", (now, now - number * 86400))
    cache.find(f"{4:032}")  # used again
    assert trim_cache(max_days=2.5) > 2000
    assert {int(path.name) for path in folder.iterdir()} == {0, 1, 2, 4}
    assert trim_cache(max_bytes=6000) > 2000
    assert {int(path.name) for path in folder.iterdir()} == {0, 4}
    assert trim_cache() == 0
    trim_cache(max_bytes=0)
    assert not list(folder.iterdir())


@pytest.mark.parametrize("variable", [cache.SIZE_VARIABLE, cache.AGE_VARIABLE])
@pytest.mark.parametrize("text", ["much", "-1", "nan"])
def test_limits_that_are_no_numbers_are_named(folder, monkeypatch, variable, text):
    monkeypatch.setenv(variable, text)
    with pytest.raises(CacheError, match=f"{variable} must be a number of 0 or more, got '{text}'"):
        trim_cache()


def test_limits_are_those_of_the_environment(folder, monkeypatch):
    kept()
    monkeypatch.setenv(cache.SIZE_VARIABLE, "0.1")
    assert trim_cache() == 0
    monkeypatch.setenv(cache.SIZE_VARIABLE, "0")
    assert trim_cache() > 0


def test_the_command(folder, capsys):
    kept(size=2**20)
    command(["--gib", "1", "--days", "30"])
    command(["--gib", "0"])
    assert capsys.readouterr().out == (
        f"removed 0.0 MiB from {folder}\nremoved 2.0 MiB from {folder}\n"
    )
    assert not list(folder.iterdir())
    folder.chmod(0o777)
    with pytest.raises(SystemExit, match="error: compiled programs are not kept"):
        command([])


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 300 KiB, where root may make one."""
    path = tmp_path / "disk"
    path.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=300k,mode=700", "tmpfs", str(path)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"no file system can be made here: {mounted.stderr.decode().strip()}")
    yield path
    subprocess.run(["umount", str(path)], check=True)


@pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("mount"), reason="only root can mount a file system"
)
def test_a_disk_that_is_full(small_disk, monkeypatch):
    """Nothing half-written is kept or taken for whole, and what was there is still there."""
    monkeypatch.setenv(cache.DIRECTORY_VARIABLE, str(small_disk / "cache"))
    first = kept(size=50_000)
    NETWORK.save(small_disk / "network.npz")
    (small_disk / "filler").write_bytes(bytes(130_000))
    with pytest.raises((CacheError, OSError), match="No space left"):
        kept(key="f" * 32, size=50_000)
    with pytest.raises(OSError, match="No space left"):
        small_network(seed=1, metadata={"long": os.urandom(300_000).hex()}).save(
            small_disk / "network.npz"
        )
    with pytest.raises(OSError, match="No space left"):
        Kept(small_disk / "kept").keep("run", {"rows": list(range(10**5))})
    assert cache.find(KEY) is not None
    assert td.load(small_disk / "network.npz").layers
    left = {path.name for path in (*small_disk.iterdir(), *(small_disk / "cache").iterdir())}
    assert left == {"cache", "filler", "kept", "network.npz", first.name}
    assert not list((small_disk / "kept").iterdir())


@pytest.mark.parametrize("mode", [0o777, 0o775, 0o1777])
def test_a_cache_that_others_can_write_to_is_refused(folder, mode):
    folder.mkdir()
    folder.chmod(mode)
    with pytest.raises(CacheError, match=r"TDSNN_CACHE.*may be written to by other users.*chmod"):
        cache.find(KEY)
    folder.chmod(0o755)
    assert cache.find(KEY) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory to others")
def test_a_cache_of_another_user_is_refused(folder):
    folder.mkdir()
    os.chown(folder, 12345, -1)
    with pytest.raises(CacheError, match=r"belongs to another user \(uid 12345\)"):
        cache.find(KEY)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("programs", r"TDSNN_CACHE must be an absolute path, got 'programs'; write .*/programs"),
        (
            "/dev/null/programs",
            r"cannot be kept in '/dev/null/programs' \(TDSNN_CACHE\): Not a dir",
        ),
        ("/proc/programs", "cannot be kept in '/proc/programs'"),
        ("/dev/null", "cannot be kept in '/dev/null'"),
    ],
)
def test_places_that_cannot_be_used_are_named(monkeypatch, value, message):
    monkeypatch.setenv(cache.DIRECTORY_VARIABLE, value)
    with pytest.raises(CacheError, match=message):
        td.stream(NETWORK, random_images(NETWORK, 1))


def test_no_home(monkeypatch):
    for variable in (cache.DIRECTORY_VARIABLE, "XDG_CACHE_HOME"):
        monkeypatch.delenv(variable, raising=False)

    def no_home():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", no_home)
    with pytest.raises(CacheError, match="name a directory in TDSNN_CACHE"):
        cache.cache_directory()


def test_a_failed_compilation_keeps_nothing(folder, monkeypatch):
    monkeypatch.setattr(compiler, "_run_child", lambda *_: ("g++: not found", False))
    with pytest.raises(ProgramError, match=r"'small' could not be compiled.*\n.*g\+\+: not found"):
        td.stream(NETWORK, random_images(NETWORK, 1))
    assert not list(folder.iterdir())


def test_the_child_runs_nothing_of_the_current_directory(tmp_path):
    for name in ("hashlib", "numpy", "brian2", "tdsnn_brian", "json", "pickle"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('it was run')")
    where = {
        "path": [str(Path(np.__file__).parents[1])],
        "package": str(Path(td.__file__).parent),
    }
    done = subprocess.run(
        [sys.executable, "-I", compile_child.__file__, str(tmp_path)],
        cwd=tmp_path,
        input=json.dumps(where).encode() + b"\nno pickle",
        capture_output=True,
    )
    assert b"UnpicklingError" in done.stderr  # it came as far as that
    assert b"it was run" not in done.stderr


def test_the_child_is_not_told_of_the_current_directory(tmp_path, monkeypatch):
    told = {}

    class Child:
        pid, returncode = 0, 1

        def __init__(self, command, **options):
            told.update(command=command, **options)

        def communicate(self, content):
            told["where"] = json.loads(content.partition(b"\n")[0])

    monkeypatch.setattr(sys, "path", ["", ".", "relative", *sys.path])
    monkeypatch.setattr(subprocess, "Popen", Child)
    request = program._request(NETWORK, 1 * ms, None, None, None)
    compiler._run_child(tmp_path, request)
    assert "-I" in told["command"]
    assert told["cwd"] == tmp_path
    assert told["where"]["path"]
    assert all(map(os.path.isabs, told["where"]["path"]))
