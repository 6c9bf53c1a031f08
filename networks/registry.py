"""The networks that the commands know: how each is built, and how it is trained."""

from collections.abc import Callable
from dataclasses import dataclass

import keras

from tdsnn_brian.errors import InvalidInputError

from . import pictures  # noqa: F401  (makes its data sets known)
from .augmentation import Augmentation
from .lenet import lenet
from .training import Recipe


@dataclass(frozen=True, kw_only=True)
class Entry:
    """`build` gives the untrained model; `dataset` names its data set in `networks.data`."""

    build: Callable[[], keras.Model]
    dataset: str
    training: Recipe
    retraining: Recipe


NETWORKS: dict[str, Entry] = {
    "lenet": Entry(
        build=lenet,
        dataset="mnist",
        training=Recipe(epochs=20, learning_rate=2e-3),
        retraining=Recipe(epochs=5, learning_rate=2e-4, warmup_epochs=0.5),
    ),
    "fashion-lenet": Entry(
        build=lambda: lenet("fashion_lenet"),
        dataset="fashion-mnist",
        training=Recipe(
            epochs=6, learning_rate=2e-3,
            augmentation=Augmentation(
                shift_pixels=1, rotation_degrees=2, zoom=0.05, shear=0.02
            ),
        ),
        retraining=Recipe(
            epochs=2, learning_rate=2e-4, warmup_epochs=0.2,
            augmentation=Augmentation(
                shift_pixels=1, rotation_degrees=2, zoom=0.05, shear=0.02
            ),
        ),
    ),
}


def entry(name: str) -> Entry:
    """Return what is known about network `name`."""
    if name not in NETWORKS:
        raise InvalidInputError(
            f"network {name!r} is not known; choose from {', '.join(sorted(NETWORKS))}"
        )
    return NETWORKS[name]
