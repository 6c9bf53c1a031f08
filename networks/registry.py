"""The networks that the commands know: how each is built, and how it is trained."""

from collections.abc import Callable
from dataclasses import dataclass

import keras

from tdsnn_brian.errors import InvalidInputError

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
}


def entry(name: str) -> Entry:
    """Return what is known about network `name`."""
    if name not in NETWORKS:
        raise InvalidInputError(
            f"network {name!r} is not known; choose from {', '.join(sorted(NETWORKS))}"
        )
    return NETWORKS[name]
