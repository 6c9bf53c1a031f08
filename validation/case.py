"""What is validated: a converted network, images and, where known, labels and Keras models."""

from dataclasses import dataclass, field, replace
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

from numpy.typing import NDArray

from tdsnn_brian import SpikingNetwork, load, networks
from tdsnn_brian.arguments import real_array
from tdsnn_brian.errors import InvalidInputError, TDSNNError
from tdsnn_brian.image_range import Range, check_range, describe
from tdsnn_brian.results import predict

from .dnn import logits

if TYPE_CHECKING:
    import keras
from tdsnn_brian.networks.data.images import SAY_RANGE


@dataclass(frozen=True, kw_only=True, eq=False)
class Case:
    """A network and images to show to it.

    Attributes
    ----------
    network : SpikingNetwork
    images : ndarray
        (n_images, *input shape)
    labels : ndarray or None
        (n_images,)
    predictions : dict of str to ndarray
        ``dnn`` and ``adapted``: classes (n_images,) that the Keras models give, where they are at
        hand.
    logits : dict of str to ndarray
        The same models' outputs (n_images, ...) before a softmax.
    notes : list of str
        What was left out, and why.
    """

    network: SpikingNetwork
    images: NDArray
    labels: NDArray | None = None
    predictions: dict[str, NDArray] = field(default_factory=dict)
    logits: dict[str, NDArray] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def first(self, n: int) -> "Case":
        """The same with its first `n` images alone."""
        return replace(
            self,
            images=self.images[:n],
            labels=None if self.labels is None else self.labels[:n],
            predictions={name: classes[:n] for name, classes in self.predictions.items()},
            logits={name: values[:n] for name, values in self.logits.items()},
        )

    def beside(self, **models: "keras.Model") -> "Case":
        """The same with what Keras models answer, ``dnn`` and ``adapted``."""
        found = {name: logits(model, self.network, self.images) for name, model in models.items()}
        classes = {name: predict(values) for name, values in found.items()}
        return replace(self, logits=self.logits | found, predictions=self.predictions | classes)


def digits(n_images: int, data: Path | None = None) -> tuple[NDArray, NDArray]:
    """Test digits and labels: those that ship, or of the whole test set where they do not reach.

    Parameters
    ----------
    n_images : int
    data : Path, optional
        Directory with ``mnist.npz``; default: see `networks.data.load_dataset`.
    """
    if data is None and n_images <= 1000:
        return networks.sample_digits(n_images)
    from tdsnn_brian.networks.data import load_dataset

    dataset = load_dataset("mnist", data)
    return dataset.x_test[:n_images], dataset.y_test[:n_images]


def shipped_lenet(n_images: int, data: Path | None = None) -> Case:
    """The LeNet that ships with the project, with both its Keras models."""
    images, labels = digits(n_images, data)
    case = Case(network=networks.load_network("lenet"), images=images, labels=labels)
    try:
        return case.beside(dnn=networks.load_model("lenet"), adapted=networks.load_adapted("lenet"))
    except (ImportError, TDSNNError) as error:
        return replace(case, notes=[f"The Keras models were left out: {error}"])


def digits_case(
    path: Path | None,
    n_images: int,
    data: Path | None = None,
    image_range: Range | None = None,
    model: Path | None = None,
) -> Case:
    """Digits for the network in the file `path`, or for the LeNet that ships."""
    if path is None:
        case = shipped_lenet(n_images, data)
        return _beside_model(case, model)
    images, labels = digits(n_images, data)
    network = with_range(load(path), image_range)
    if network.image_range is None:
        raise InvalidInputError(
            f"{path} does not say which values its images have, and digits can be given as 0 to 1 "
            f"or as 0 to 255; {SAY_RANGE}"
        )
    case = Case(network=network, images=images * network.image_range[1], labels=labels)
    return _beside_model(case, model)


def _beside_model(case: Case, path: Path | None) -> Case:
    if path is None:
        return case
    from tdsnn_brian.keras.saved import read_model

    return case.beside(dnn=read_model(path))


def with_range(network: SpikingNetwork, image_range: Range | None) -> SpikingNetwork:
    """The network with what the user says of the values that it takes.

    Raises
    ------
    InvalidInputError
        If its file says something else.
    """
    said = check_range(image_range)
    if said is None or said == network.image_range:
        return network
    if network.image_range is not None:
        raise InvalidInputError(
            f"--image-range {describe(said)}: the file of network {network.name!r} says that it "
            f"takes {describe(network.image_range)}; leave the option out, or convert the model "
            "again with image_range if the file is wrong"
        )
    return replace(network, image_range=said)


def check_labels(labels, network: SpikingNetwork, n: int) -> NDArray | None:
    """Labels, where there are any: (n,), or one a position of a network that answers so."""
    if labels is None:
        return None
    labels = real_array("labels", labels)
    positions = network.output.shape[:-1]
    shape = (n, *positions) if prod(positions) > 1 else (n,)
    if labels.shape != shape:
        raise InvalidInputError(
            f"labels must be one number for each of the {n} images, {shape}, got shape "
            f"{labels.shape}"
        )
    return labels
