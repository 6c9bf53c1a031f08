import os
import subprocess
import sys

import numpy as np
import pytest

from tdsnn_brian.errors import InvalidInputError
from tdsnn_brian.networks.data import DataNotFoundError, load_dataset

PIXELS = np.zeros((4, 28, 28), np.uint8)
LABELS = np.arange(4, dtype=np.uint8)


@pytest.fixture
def write(tmp_path):
    def write(**changed):
        arrays = {"x_train": PIXELS, "y_train": LABELS, "x_test": PIXELS, "y_test": LABELS}
        arrays.update(changed)
        np.savez(tmp_path / "mnist.npz", **{k: v for k, v in arrays.items() if v is not None})
        return tmp_path

    return write


def test_bytes_become_images_between_0_and_1(write):
    pixels = PIXELS.copy()
    pixels[2, 3, 4] = 255
    dataset = load_dataset("mnist", write(x_test=pixels))
    assert dataset.x_test.shape == (4, 28, 28, 1)
    assert dataset.x_test.dtype == np.float32
    assert dataset.x_test[2, 3, 4, 0] == dataset.x_test.sum() == 1
    assert dataset.y_test.tolist() == [0, 1, 2, 3]


def test_directory_from_the_environment(write, monkeypatch):
    monkeypatch.setenv("TDSNN_DATA", str(write()))
    assert len(load_dataset("mnist").x_train) == 4


def test_an_argument_outranks_the_environment(write, monkeypatch):
    monkeypatch.setenv("TDSNN_DATA", "/nowhere")
    assert len(load_dataset("mnist", write()).x_train) == 4


def test_without_a_directory_keras_datasets_is_asked(monkeypatch):
    datasets = pytest.importorskip("keras.datasets", reason="Keras is not installed")

    monkeypatch.delenv("TDSNN_DATA", raising=False)
    monkeypatch.setattr(
        datasets.mnist, "load_data", lambda: ((PIXELS, LABELS), (PIXELS[:3], LABELS[:3]))
    )
    assert len(load_dataset("mnist").x_test) == 3


def test_a_failing_download_says_where_to_put_the_file(monkeypatch):
    datasets = pytest.importorskip("keras.datasets", reason="Keras is not installed")

    def fail():
        raise OSError("no network")

    monkeypatch.delenv("TDSNN_DATA", raising=False)
    monkeypatch.setattr(datasets.mnist, "load_data", fail)
    with pytest.raises(DataNotFoundError, match=r"no network.*mnist\.npz.*--data.*TDSNN_DATA"):
        load_dataset("mnist")


def test_cifar100_of_ones_own(tmp_path, monkeypatch):
    datasets = pytest.importorskip("keras.datasets", reason="Keras is not installed")

    monkeypatch.delenv("TDSNN_DATA", raising=False)
    pixels, labels = np.full((4, 32, 32, 3), 255, np.uint8), np.array([[0], [99], [3], [4]])
    monkeypatch.setattr(
        datasets.cifar100, "load_data", lambda: ((pixels, labels), (pixels[:3], labels[:3]))
    )
    dataset = load_dataset("cifar100")
    assert dataset.x_train.shape == (4, 32, 32, 3)
    assert dataset.y_test.tolist() == [0, 99, 3]
    np.savez(
        tmp_path / "cifar100.npz", x_train=pixels, y_train=labels, x_test=pixels, y_test=labels + 1
    )
    with pytest.raises(InvalidInputError, match=r"y_test .* must lie in 0 \.\. 99, got 1 \.\. 100"):
        load_dataset("cifar100", tmp_path)


def test_unknown_data_set():
    with pytest.raises(InvalidInputError, match=r"'cats' is not known; choose from .*mnist"):
        load_dataset("cats")


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist", "cifar10-jpeg", "cifar100"])
def test_every_data_set_is_known_without_further_imports(name, tmp_path):
    code = (
        "import sys; from tdsnn_brian.networks.data import DataNotFoundError, load_dataset\n"
        "try: load_dataset(*sys.argv[1:])\n"
        "except DataNotFoundError: print('looked for')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, name, str(tmp_path)],
        capture_output=True,
        text=True,
        env={**os.environ, "TDSNN_DATA": ""},
    )
    found_on_this_machine = done.returncode == 0 and not done.stdout
    assert found_on_this_machine or done.stdout.strip() == "looked for", done.stderr


def test_missing_directory_names_who_named_it(tmp_path, monkeypatch):
    with pytest.raises(DataNotFoundError, match=r"--data names .*gone.*not a directory"):
        load_dataset("mnist", tmp_path / "gone")
    monkeypatch.setenv("TDSNN_DATA", str(tmp_path / "gone"))
    with pytest.raises(FileNotFoundError, match=r"TDSNN_DATA names .*gone"):
        load_dataset("mnist")


def test_missing_file(tmp_path):
    with pytest.raises(DataNotFoundError, match=r"mnist\.npz does not exist; put mnist\.npz there"):
        load_dataset("mnist", tmp_path)


def test_truncated_file(write):
    path = write() / "mnist.npz"
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(InvalidInputError, match="damaged or something else"):
        load_dataset("mnist", path.parent)


def test_something_else_is_never_unpickled(tmp_path):
    class Trap:
        def __reduce__(self):
            return pytest.fail, ("unpickled",)

    import pickle

    (tmp_path / "mnist.npz").write_bytes(pickle.dumps(Trap()))
    with pytest.raises(InvalidInputError, match="damaged or something else"):
        load_dataset("mnist", tmp_path)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"y_test": None}, "lacks y_test"),
        ({"x_train": PIXELS.astype(float)}, "x_train of .* must be uint8 images"),
        ({"x_test": np.zeros((4, 32, 32), np.uint8)}, r"x_test of .* \(4, 32, 32\)"),
        ({"x_test": PIXELS[:0], "y_test": LABELS[:0]}, "x_test of .* must be uint8 images"),
        ({"y_train": LABELS[:3]}, "y_train of .* must be 4 whole numbers"),
        ({"y_train": LABELS / 2}, "y_train of .* must be 4 whole numbers"),
        ({"y_train": LABELS + 7}, r"y_train of .* 0 \.\. 9, got 7 \.\. 10"),
    ],
)
def test_wrong_content_is_named(write, changed, message):
    with pytest.raises(InvalidInputError, match=message):
        load_dataset("mnist", write(**changed))
