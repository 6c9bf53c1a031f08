"""The networks that the paper's tables are about, and the data each is measured on."""

from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import keras
from numpy.typing import NDArray

import tdsnn_brian as td
from tdsnn_brian.network import SpikingNetwork
from tdsnn_brian.networks import load_model
from tdsnn_brian.networks.data import load_dataset
from tdsnn_brian.networks.data.cifar10 import cifar10_part
from tdsnn_brian.networks.data.fashion_mnist import fashion_mnist
from tdsnn_brian.networks.data.imagenet import load_convolutions, trained_convolutions
from tdsnn_brian.networks.data.photographs import photographs
from tdsnn_brian.networks.models.alexnet import alexnet
from tdsnn_brian.networks.models.vgg16 import vgg16
from tdsnn_brian.networks.registry import entry
from tdsnn_brian.networks.training.output_layer import fit_output_layer
from tdsnn_brian.networks.training.recipe import predict, train
from tdsnn_brian.provenance import digest

from .measure import judge


@dataclass(frozen=True)
class Options:
    """How one network is converted."""

    leak: float
    scale: float
    input_steps: int = 1
    silent_zeros: bool = False
    calibrate: bool = False
    retrain: bool = False
    rounding: str = "up"


class Subject:
    """A trained network and its data, each loaded when first used.

    Attributes
    ----------
    name : str
    note : str
        What was trained on what, for the page.
    n_calibration : int
        Training images that channels are corrected on.
    """

    name: str
    note: str
    n_calibration = 2000

    def __init__(self, data: Path | None):
        self.data = data

    @cached_property
    def train_set(self) -> tuple[NDArray, NDArray]:
        raise NotImplementedError

    @cached_property
    def test_set(self) -> tuple[NDArray, NDArray]:
        raise NotImplementedError

    @cached_property
    def further_test_set(self) -> tuple[NDArray, NDArray] | None:
        """Images that conversions are not compared on, to confirm the chosen one."""
        return None

    @cached_property
    def model(self) -> keras.Model:
        raise NotImplementedError

    @cached_property
    def content(self) -> str:
        """Digest of what its figures follow from: the trained network, all images and labels."""
        return digest(
            keras.config.backend(),
            self.model.to_json(),
            self.model.get_weights(),
            self.n_calibration,
            self.train_set,
            self.test_set,
            self.further_test_set,
        )

    def measure_dnn(self, images: NDArray, labels: NDArray) -> dict:
        """Like `validation.paper.measure.judge`."""
        return {"images": len(images), **judge(predict(self.model, images), labels)}

    def convert(self, options: Options) -> SpikingNetwork:
        adapted = td.adapt(
            self.model,
            options.leak,
            scale=options.scale,
            compensate=True,
            silent_zeros=options.silent_zeros,
            input_steps=options.input_steps,
            rounding=options.rounding,
            calibration=self.train_set[0][: self.n_calibration] if options.calibrate else None,
        )
        if options.retrain:
            self.retrain(adapted)
        return td.convert(adapted)

    def retrain(self, adapted: keras.Model) -> None:
        raise NotImplementedError


class Lenet(Subject):
    """The LeNet that ships, and MNIST."""

    name = "lenet"
    note = "LeNet, MNIST, all 10,000 test images."
    recipe_of = "lenet"

    @cached_property
    def _dataset(self):
        return load_dataset("mnist", self.data)

    @cached_property
    def train_set(self):
        return self._dataset.x_train, self._dataset.y_train

    @cached_property
    def test_set(self):
        return self._dataset.x_test, self._dataset.y_test

    @cached_property
    def model(self):
        return load_model("lenet")

    def retrain(self, adapted):
        from dataclasses import replace

        recipe = replace(entry(self.recipe_of).retraining, epochs=1, warmup_epochs=0.1)
        keras.utils.set_random_seed(0)
        train(adapted, *self.train_set, recipe, label=f"{self.name}, retraining")


class Fashion(Lenet):
    """The same architecture, trained on Fashion-MNIST."""

    name = "fashion"
    note = "LeNet trained on Fashion-MNIST, all 10,000 test images."
    recipe_of = "fashion-lenet"

    @cached_property
    def _dataset(self):
        return fashion_mnist(self.data)

    @cached_property
    def model(self):
        return load_model("fashion-lenet")


class Vgg16Cifar10(Subject):
    """ImageNet convolutions, an output layer trained on CIFAR-10."""

    name = "vgg16"
    n_calibration = 200
    n_train, n_further = 20_000, 10_000

    @property
    def note(self):
        return (
            f"VGG-16 with its ImageNet convolutions at 32 x 32 and one dense layer trained on "
            f"{self.n_train:,} CIFAR-10 images stored as JPEG (lossy), all 10,000 test images; "
            f"the chosen conversions are confirmed on {self.n_further:,} training images that "
            "nothing was trained on; retraining is of that dense layer alone, on the same images."
        )

    @cached_property
    def train_set(self):
        return cifar10_part("train", self.n_train, self.data)

    @cached_property
    def test_set(self):
        return cifar10_part("test", directory=self.data)

    @cached_property
    def further_test_set(self):
        images, labels = cifar10_part("train", self.n_train + self.n_further, self.data)
        return images[self.n_train :], labels[self.n_train :]

    @cached_property
    def model(self):
        return load_model("vgg16-cifar10")

    def retrain(self, adapted):
        fit_output_layer(adapted, *self.train_set)


def full_size(name: str, options: Options) -> SpikingNetwork:
    """AlexNet (``alexnet``, ``alexnet-grouped``) or ``vgg16`` at full size, to count operations.

    Convolutions are ImageNet's where there are any (not grouped AlexNet); dense layers are random.
    """
    keras.utils.set_random_seed(0)
    model = vgg16() if name == "vgg16" else alexnet(grouped=name == "alexnet-grouped")
    if name != "alexnet-grouped":
        load_convolutions(model, trained_convolutions(name))
    adapted = td.adapt(
        model,
        options.leak,
        scale=options.scale,
        compensate=True,
        silent_zeros=options.silent_zeros,
        input_steps=options.input_steps,
        rounding=options.rounding,
        calibration=photographs(2) if options.calibrate and name == "vgg16" else None,
    )
    return td.convert(adapted)


@cache
def full_size_content(name: str) -> str:
    """Digest of what `full_size` and its operations follow from, besides options."""
    convolutions = None if name == "alexnet-grouped" else trained_convolutions(name)
    return digest(keras.config.backend(), convolutions, photographs())


SUBJECTS: dict[str, type[Subject]] = {"lenet": Lenet, "fashion": Fashion, "vgg16": Vgg16Cifar10}
