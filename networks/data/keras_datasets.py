"""Data sets of `keras.datasets`: from an ``.npz`` file of their name, else through Keras."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from numpy.typing import NDArray

from tdsnn_brian.errors import InvalidInputError
from tdsnn_brian.whole_files import ArrayHeader, read_arrays

from .dataset import PARTS, Dataset, as_dataset, check_arrays
from .places import DATA_VARIABLE, DataNotFoundError


@dataclass(frozen=True)
class KerasDataset:
    """One of them: its name there, and what its images are."""

    name: str
    shape: tuple[int, int, int]
    n_classes: int

    def __call__(self, directory: Path | None) -> Dataset:
        """From `directory`, or from `keras.datasets` where there is none."""
        if directory is None:
            arrays, origin = self._from_keras(), f"keras.datasets.{self.name}"
        else:
            path = directory / f"{self.name}.npz"
            arrays, origin = self._from_file(path), str(path)
        return as_dataset(self.name, arrays, self.shape, self.n_classes, origin)

    def _from_keras(self) -> dict[str, NDArray]:
        module = import_module(f"keras.datasets.{self.name}")
        try:
            (x_train, y_train), (x_test, y_test) = module.load_data()
        except Exception as error:
            raise DataNotFoundError(
                f"keras.datasets could not provide {self.name} ({error}); put {self.name}.npz into "
                f"a directory and name it with --data or the environment variable {DATA_VARIABLE}"
            ) from error
        return {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}

    def _from_file(self, path: Path) -> dict[str, NDArray]:
        if not path.is_file():
            raise DataNotFoundError(
                f"{path} does not exist; put {path.name} there, or name another directory with "
                f"--data or the environment variable {DATA_VARIABLE}"
            )

        def check(headers: Mapping[str, ArrayHeader]) -> None:
            if missing := [name for name in PARTS if name not in headers]:
                raise InvalidInputError(
                    f"{path} lacks {', '.join(missing)}; it must hold {', '.join(PARTS)}, "
                    "as keras.datasets writes them"
                )
            check_arrays(headers, self.shape, str(path))

        return read_arrays(
            path,
            what=self.name,
            remedy="it is damaged or something else, so fetch it anew",
            names=PARTS,
            check=check,
        )


mnist = KerasDataset("mnist", (28, 28, 1), 10)
cifar10 = KerasDataset("cifar10", (32, 32, 3), 10)
cifar100 = KerasDataset("cifar100", (32, 32, 3), 100)
