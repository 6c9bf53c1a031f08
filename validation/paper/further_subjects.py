"""Networks that the paper does not have: trained by others, or by this project."""

from functools import cached_property

from tdsnn_brian.networks import load_model
from tdsnn_brian.networks.data.cifar10 import cifar10_part
from tdsnn_brian.networks.data.photographs import labelled_crops
from tdsnn_brian.networks.models.efficientnet import trained_efficientnet_lite0
from tdsnn_brian.networks.models.mlperf_tiny import mlperf_tiny

from .subjects import Subject


class _OnCifar10(Subject):
    """A network for CIFAR-10; `largest` is the value of a white pixel."""

    n_calibration = 1000
    largest = 1

    @cached_property
    def train_set(self):
        images, labels = cifar10_part("train", self.n_calibration, self.data)
        return self.largest * images, labels

    @cached_property
    def test_set(self):
        images, labels = cifar10_part("test", directory=self.data)
        return self.largest * images, labels


class Resnet20(_OnCifar10):
    """The ResNet-20 of this project."""

    name = "resnet20"
    note = "ResNet-20, CIFAR-10 stored as JPEG (lossy), all 10,000 test images."

    @cached_property
    def model(self):
        return load_model("resnet20-cifar10")


class VggBn(_OnCifar10):
    """The small VGG of this project, batch normalisation behind each ReLU."""

    name = "vgg-bn"
    note = (
        "A small VGG with batch normalisation behind each ReLU, CIFAR-10 stored as JPEG (lossy), "
        "all 10,000 test images."
    )

    @cached_property
    def model(self):
        return load_model("vgg-bn")


class Resnet8(_OnCifar10):
    """The reference network of MLPerf Tiny, which takes bytes as they are."""

    name = "resnet8"
    note = (
        "ResNet-8 as the authors of MLPerf Tiny trained it, pixels 0 to 255, CIFAR-10 stored as "
        "JPEG (lossy; it was trained on the original images), all 10,000 test images."
    )
    largest = 255

    @cached_property
    def model(self):
        return mlperf_tiny("resnet8", self.data)


class EfficientNetLite0(Subject):
    """ImageNet weights, on few photographs."""

    name = "efficientnet"
    crops = 2
    note = (
        "EfficientNet-Lite0 with its ImageNet weights, 224 x 224, on 20 labelled photographs, the "
        f"middle of each and {crops} crops, half of them mirrored."
    )
    n_calibration = 0
    train_set = None

    @cached_property
    def test_set(self):
        return labelled_crops(self.crops)

    @cached_property
    def model(self):
        return trained_efficientnet_lite0(self.data)


FURTHER: dict[str, type[Subject]] = {
    subject.name: subject for subject in (Resnet8, Resnet20, VggBn, EfficientNetLite0)
}
