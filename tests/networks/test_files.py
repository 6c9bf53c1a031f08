import keras
import numpy as np
import pytest
from keras import layers

from tdsnn_brian import whole_files
from tdsnn_brian.errors import NetworkFileError
from tdsnn_brian.networks import load_adapted, load_model, load_network
from tdsnn_brian.networks.files import plain_path, read_weights, round_to_half, save_model


@pytest.fixture
def model():
    model = keras.Sequential(
        [keras.Input((40,)), layers.Dense(50, activation="relu"), layers.Dense(3)], name="small"
    )
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(size=w.shape).astype(w.dtype) for w in model.get_weights()])
    return model


def test_weights_survive(model, tmp_path):
    path = plain_path("small", tmp_path / "new")
    save_model(model, path)
    loaded = load_model("small", tmp_path / "new")
    for saved, read in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(saved, read)
    assert [path.name for path in path.parent.iterdir()] == ["small.keras"]


def test_the_optimizer_does_not_ship(model, tmp_path):
    save_model(model, tmp_path / "before.keras")
    model.compile("adam", "mse")
    model.fit(np.ones((4, 40)), np.ones((4, 3)), verbose=0)
    save_model(model, tmp_path / "after.keras")
    sizes = [(tmp_path / f"{name}.keras").stat().st_size for name in ("before", "after")]
    assert sizes[1] < 1.1 * sizes[0]


def test_kernels_rounded_to_half_precision_make_a_smaller_file(model, tmp_path):
    save_model(model, tmp_path / "exact.keras")
    before = model.get_weights()
    round_to_half(model)
    save_model(model, tmp_path / "rounded.keras")
    for exact, rounded in zip(before, model.get_weights(), strict=True):
        assert rounded.dtype == exact.dtype
        np.testing.assert_allclose(rounded, exact, rtol=2**-11, atol=2**-25)
    np.testing.assert_array_equal(rounded, exact)  # the last one is a bias
    sizes = [(tmp_path / f"{name}.keras").stat().st_size for name in ("exact", "rounded")]
    assert sizes[1] < 0.9 * sizes[0]


def test_a_failed_write_leaves_the_old_file(model, tmp_path, monkeypatch):
    path = tmp_path / "small.keras"
    path.write_text("old")

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr("zipfile.ZipFile.writestr", fail)
    with pytest.raises(OSError, match="disk full"):
        save_model(model, path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("load", "file", "command"),
    [
        (load_model, "gone.keras", "train gone"),
        (load_adapted, "gone-adapted.keras", "adapt gone"),
        (load_network, "gone.npz", "adapt gone"),
    ],
)
def test_a_missing_file_names_the_command_that_makes_it(tmp_path, load, file, command):
    with pytest.raises(
        FileNotFoundError,
        match=f"{file} does not exist; .*python -m tdsnn_brian.networks {command}",
    ):
        load("gone", tmp_path)


@pytest.mark.parametrize("load", [load_model, load_adapted, load_network])
def test_a_damaged_file_is_named(tmp_path, load):
    for name in ("bad.keras", "bad-adapted.keras", "bad.npz"):
        (tmp_path / name).write_bytes(b"PK\x03\x04 no archive")
    with pytest.raises(NetworkFileError, match="bad"):
        load("bad", tmp_path)


def test_a_file_that_fits_in_part_changes_nothing(tmp_path):
    """Keras itself leaves the layers changed that it has read before the one that does not fit."""

    def model(units):
        return keras.Sequential(
            [
                keras.Input((4,)),
                layers.Dense(3, name="first"),
                layers.Dense(units, name="second"),
            ]
        )

    path = tmp_path / "mine.weights.h5"
    model(7).save_weights(path)
    target = model(5)
    before = target.get_weights()
    with pytest.raises(NetworkFileError, match="layers"):
        read_weights(target, path)
    for now, then in zip(target.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_damaged_weights_are_read_or_refused(tmp_path):
    def small():
        return keras.Sequential([keras.Input((4,)), layers.Dense(3, name="first")])

    path = tmp_path / "mine.npz"
    np.savez_compressed(path, *small().get_weights())
    whole, target = path.read_bytes(), small()
    rng, refused = np.random.default_rng(0), 0
    for trial in range(300):
        content = bytearray(whole)
        content[rng.integers(len(content))] = rng.integers(256)
        path.write_bytes(content[: rng.integers(len(content))] if trial % 4 == 0 else content)
        before = target.get_weights()
        try:
            read_weights(target, path)
        except NetworkFileError:
            refused += 1
            for now, then in zip(target.get_weights(), before, strict=True):
                np.testing.assert_array_equal(now, then)
    print(f"{refused} of 300 damaged files refused, the others read")
    assert refused > 100


def test_weights_that_do_not_fit_are_not_even_read(model, tmp_path, monkeypatch):
    np.savez_compressed(tmp_path / "mine.npz", np.zeros((4096, 4096)), np.zeros(3))
    monkeypatch.setattr(whole_files, "read_exactly", lambda *_: pytest.fail("was read"))
    with pytest.raises(NetworkFileError, match="does not fit"):
        read_weights(model, tmp_path / "mine.npz")
