"""The networks that the commands know: how each is built, and how it is trained.

AlexNet and VGG-16 at full size have no data set here: they are loaded with weights of the user's
own, and converted without retraining.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

import keras

from tdsnn_brian.errors import InvalidInputError

from .models.alexnet import alexnet
from .models.lenet import lenet
from .models.resnet import resnet
from .models.vgg16 import vgg16, vgg16_cifar10
from .models.vgg_bn import vgg_bn
from .training.augmentation import Augmentation, FlipsAndCrops
from .training.output_layer import OutputLayerRecipe
from .training.recipe import Recipe


@dataclass(frozen=True, kw_only=True)
class Entry:
    """`build` gives the untrained model; `dataset` names its data set in `networks.data`, if any.

    Of a network with an `OutputLayerRecipe` the output layer alone is trained, and kept: `build`
    brings the others. `others` are data sets besides that it may be trained on, with the number of
    classes, which `build` takes.
    """

    build: Callable[..., keras.Model]
    dataset: str | None = None
    training: Recipe | OutputLayerRecipe | None = None
    retraining: Recipe | OutputLayerRecipe | None = None
    others: Mapping[str, int] = field(default_factory=dict)

    @property
    def output_layer_only(self) -> bool:
        return isinstance(self.training, OutputLayerRecipe)


def _for_cifar10(
    build: Callable[..., keras.Model], *, hole: int = 0, label_smoothing: float = 0.0
) -> Entry:
    """A network for small colour pictures, of CIFAR-10 as JPEG or of the user's originals."""
    recipe = Recipe(
        epochs=100,
        learning_rate=0.2,
        batch_size=250,  # a divisor of 49,000: no batch is smaller
        warmup_epochs=5,
        weight_decay=5e-3,
        held_out=1000,
        augmentation=FlipsAndCrops(hole=hole),
        label_smoothing=label_smoothing,
        optimizer="SGD",
        half_precision=True,
    )
    return Entry(
        build=build,
        dataset="cifar10-jpeg",
        others={"cifar10": 10, "cifar100": 100},
        training=recipe,
        retraining=replace(  # batch normalisation is part of the kernels by then: small steps
            recipe,
            epochs=3,
            learning_rate=5e-5,
            batch_size=125,
            warmup_epochs=0.1,
            weight_decay=0.01,
            optimizer="AdamW",
            half_precision=False,
        ),
    )


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
            epochs=6,
            learning_rate=2e-3,
            augmentation=Augmentation(shift_pixels=1, rotation_degrees=2, zoom=0.05, shear=0.02),
        ),
        retraining=Recipe(
            epochs=2,
            learning_rate=2e-4,
            warmup_epochs=0.2,
            augmentation=Augmentation(shift_pixels=1, rotation_degrees=2, zoom=0.05, shear=0.02),
        ),
    ),
    "vgg16-cifar10": Entry(
        build=vgg16_cifar10,
        dataset="cifar10-jpeg",
        training=OutputLayerRecipe(),
        retraining=OutputLayerRecipe(),
    ),
    "resnet20-cifar10": _for_cifar10(partial(resnet, name="resnet20_cifar10")),
    "vgg-bn": _for_cifar10(vgg_bn, hole=8, label_smoothing=0.1),
    "alexnet": Entry(build=lambda: alexnet(grouped=False, name="alexnet")),
    "alexnet-grouped": Entry(build=lambda: alexnet(grouped=True, name="alexnet_grouped")),
    "vgg16": Entry(build=vgg16),
}


def entry(name: str, dataset: str | None = None) -> Entry:
    """Return what is known about network `name`, on its own data set or on another one."""
    if name not in NETWORKS:
        raise InvalidInputError(
            f"network {name!r} is not known; choose from {', '.join(sorted(NETWORKS))}"
        )
    known = NETWORKS[name]
    if dataset in (None, known.dataset):
        return known
    if dataset not in known.others:
        names = ", ".join(filter(None, (known.dataset, *known.others))) or "none"
        raise InvalidInputError(
            f"network {name!r} is not made for data set {dataset!r}; it takes {names}"
        )
    return replace(
        known, dataset=dataset, build=partial(known.build, classes=known.others[dataset])
    )
