"""Data sets, photographs and trained convolutions: found in a directory, checked, read."""

from . import pictures  # noqa: F401
from .mnist import DATA_VARIABLE, DATASETS, DataNotFoundError, Dataset, load_dataset

__all__ = ["DATASETS", "DATA_VARIABLE", "DataNotFoundError", "Dataset", "load_dataset"]
