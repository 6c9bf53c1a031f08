"""Data sets, photographs and trained convolutions: found in a directory, checked, read."""

from .dataset import Dataset
from .datasets import DATASETS, load_dataset
from .places import DATA_VARIABLE, DataNotFoundError

__all__ = ["DATASETS", "DATA_VARIABLE", "DataNotFoundError", "Dataset", "load_dataset"]
