"""Search for the setting of the coding that fits a model: `tune`."""

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..arguments import real_array
from ..conversion.correction import Correction
from ..conversion.graph import Ending, Graph
from ..errors import InvalidInputError
from ..network import SpikingNetwork, check_images
from ..results import predict
from ..settings import COARSE, Setting, between, variations
from ..tuned import Tuned
from ..tuning import Limits, Measured, Share, frontier, ladder, measure, surest
from .adapt import adapted_graph
from .building import build
from .convert import convert
from .reader import read

FEWEST_IMAGES = 40
FEW = 100
"""Images that all settings are tried on, before the promising ones are on more."""
MORE = 400
PROMISING, SUREST, VARIED = 4, 2, 6
FINER = 1.15
CALIBRATION_IMAGES = 128


def tune(
    model: keras.Model,
    images: NDArray,
    labels: ArrayLike | None = None,
    *,
    max_loss: float | None = None,
    max_ticks: float | None = None,
    max_operations: float | None = None,
    settings: Iterable[Setting] | None = None,
    input_offset: float = 0.0,
    input_pairs: bool = False,
    seed: int = 0,
    progress: Callable[[float], None] | None = None,
) -> Tuned:
    r"""Find how to adapt a trained model, without retraining, and adapt it so.

    Leaks, scales, input steps, rounding, silent zeros and the calibration of channels are tried on
    the discrete analysis. A quarter of the images, at most 128, calibrates, half of the rest
    chooses; the other half, which had no part in it, says what the chosen setting is worth.

    Parameters
    ----------
    model : keras.Model
        As `tdsnn_brian.adapt` takes it, with one output.
    images : array_like
        (n_images, \*input shape), channels last, as the model takes them; some hundred that are
        not of the test set. The standard error of what is measured falls with their number.
    labels : array_like, optional
        (n_images,) class numbers. Without them a loss is the share of answers that change.
    max_loss : float, optional
        Share of accuracy that may be lost against `model`: 0.005, half a percentage point, unless
        `max_ticks` or `max_operations` is given. The setting with the fewest ticks is chosen.
    max_ticks, max_operations : float, optional
        Ticks until the answer, and additions and multiplications, of one image. Without `max_loss`
        the setting that loses least is chosen.
    settings : iterable of Setting, optional
        Try these instead of searching.
    input_offset, input_pairs : optional
        For images with negative values; see `tdsnn_brian.adapt`.
    seed : int, optional
        Of the split of the images.
    progress : callable, optional
        Called now and then with the completed share, 0 to 1.

    Returns
    -------
    Tuned
        `adapted` (keras.Model), `network` (SpikingNetwork), `frontier`, `plot()`; prints as a
        table.

    Raises
    ------
    InvalidInputError
        If an argument does not fit, or no setting keeps within the limits.
    UnsupportedLayerError
        See `tdsnn_brian.adapt`.

    Warns
    -----
    UserWarning
        If the images that did not choose show a larger loss than was allowed, by more than its
        standard error.

    Examples
    --------
    >>> import keras, numpy as np
    >>> keras.utils.set_random_seed(1)
    >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8, "relu"),
    ...                           keras.layers.Dense(3, "softmax")])
    >>> images = np.random.default_rng(0).random((60, 4))
    >>> tuned = tune(model, images, max_ticks=40, settings=[Setting(leak=5, scale=3),
    ...                                                     Setting(leak=1)])
    >>> tuned.setting.leak, tuned.validated.ticks <= 40
    (5, True)
    >>> tuned.network.save("network.npz")  # doctest: +SKIP
    """
    limits = _limits(max_loss, max_ticks, max_operations)
    graph = read(model, caller="tune")
    if len(graph.ends) > 1:
        names = ", ".join(map(repr, model.output_names))
        raise InvalidInputError(
            f"model {model.name!r} has several outputs ({names}), and what they lose is not one "
            "number; tune a model of one, such as keras.Model(model.inputs, model.outputs[0]), "
            "and adapt the whole with what it finds"
        )
    images, labels = _check(graph.image_shape, images, labels)
    sigmoid = any(isinstance(node, Ending) and node.function == "sigmoid" for node in graph)
    expected = _classes(model, images, sigmoid=sigmoid)
    if labels is not None and labels.shape != expected.shape:
        raise InvalidInputError(
            f"labels must be class numbers of shape {expected.shape}, got {labels.shape}"
            + ("; pass labels.argmax(axis=-1)" if labels.ndim > expected.ndim else "")
        )
    split = _split(images, expected, labels, seed)
    signed = {"input_offset": input_offset, "input_pairs": input_pairs}
    trial = _Trial(graph, *split, progress or (lambda share: None), signed)
    candidates = trial.search(limits) if settings is None else trial.all(list(settings))
    chosen = limits.choose(candidates)
    adapted = build(trial.adapt(chosen.setting)[0])
    network = convert(adapted)
    validated = trial.held_back.measure(network, chosen.setting)
    others = trial.held_back
    tuned = Tuned(
        adapted=adapted,
        network=network,
        setting=chosen.setting,
        limits=limits,
        chosen=chosen,
        validated=validated,
        candidates=tuple(candidates),
        frontier=frontier(candidates),
        model_accuracy=None
        if others.labels is None
        else Share.of(others.expected == others.labels),
    )
    if tuned.shortfall:
        warnings.warn(tuned.shortfall, stacklevel=2)
    trial.progress(1.0)
    return tuned


def _limits(
    max_loss: float | None, max_ticks: float | None, max_operations: float | None
) -> Limits:
    if max_loss is None and max_ticks is None and max_operations is None:
        max_loss = 0.005
    return Limits(max_loss=max_loss, max_ticks=max_ticks, max_operations=max_operations)


def _check(
    shape: tuple[int, ...], images: NDArray, labels: ArrayLike | None
) -> tuple[NDArray, NDArray | None]:
    images = real_array("images", images)
    if images.shape[1:] != tuple(shape) or len(images) < FEWEST_IMAGES:
        raise InvalidInputError(
            f"images must be (n_images, {', '.join(map(str, shape))}), {FEWEST_IMAGES} or more, "
            f"got {images.shape}; a thousand tell losses of half a percentage point"
        )
    if labels is None:
        return images, None
    labels = real_array("labels", labels)
    if labels.shape[:1] != images.shape[:1]:
        raise InvalidInputError(
            f"labels must be one number for each of the {len(images)} images, got shape "
            f"{labels.shape}"
        )
    return images, labels


def _classes(model: keras.Model, images: NDArray, *, sigmoid: bool) -> NDArray:
    outputs = np.asarray(model.predict(images, batch_size=100, verbose=0))
    return predict(outputs - 0.5 if sigmoid else outputs)


@dataclass(frozen=True)
class _Images:
    """Images, the model's answers and, where known, labels."""

    images: NDArray
    expected: NDArray
    labels: NDArray | None

    def first(self, n: int) -> "_Images":
        return self.take(slice(n))

    def take(self, which: NDArray | slice) -> "_Images":
        labels = None if self.labels is None else self.labels[which]
        return _Images(self.images[which], self.expected[which], labels)

    def measure(self, network: SpikingNetwork, setting: Setting) -> Measured:
        return measure(
            network, setting, check_images(network, self.images), self.expected, self.labels
        )


def _split(
    images: NDArray, expected: NDArray, labels: NDArray | None, seed: int
) -> tuple[NDArray, _Images, _Images]:
    """Images that calibrate, that choose, and that are held back."""
    shuffled = np.random.default_rng(seed).permutation(len(images))
    n = min(len(images) // 4, CALIBRATION_IMAGES)
    middle = n + (len(images) - n) // 2
    everything = _Images(images, expected, labels)
    return (
        images[shuffled[:n]],
        everything.take(shuffled[n:middle]),
        everything.take(shuffled[middle:]),
    )


class _Trial:
    """Settings tried on a model."""

    def __init__(
        self,
        graph: Graph,
        calibrating: NDArray,
        choosing: _Images,
        held_back: _Images,
        progress: Callable[[float], None],
        signed: Mapping[str, Any],
    ):
        self._signed = signed
        self._graph, self._calibrating, self._choosing = graph, calibrating, choosing
        self.held_back, self.progress = held_back, progress

    def adapt(self, setting: Setting) -> tuple[Graph, SpikingNetwork]:
        """No Keras model is made of what is only tried."""
        correction = Correction(
            leak=setting.leak,
            scale=setting.scale,
            input_steps=setting.input_steps,
            silent_zeros=setting.silent_zeros,
            rounding=setting.rounding,
            **self._signed,
            needs_bias=setting.calibration,
        )
        calibrating = self._calibrating if setting.calibration else None
        return adapted_graph(self._graph, correction, calibrating)

    def search(self, limits: Limits) -> list[Measured]:
        """A coarse grid and variations of what may do; then the cheapest that surely does.

        Few images tell what is hopeless, and more of them what is good enough.
        """
        few = self._choosing.first(FEW)
        tried = self._measured(COARSE, few, 0.0, 0.2)
        rungs = ladder(filter(limits.may_keep, tried), FINER)
        more = [new for one in rungs[:VARIED] for new in variations(one.setting)]
        tried += self._measured(more, few, 0.2, 0.4)
        if len(self._choosing.images) == len(few.images):
            return tried
        measured = self._climbed(tried, limits, 0.4, 0.6)
        if measured and limits.surely_keep(measured[-1]):
            does = measured[-1]
            known = {one.setting for one in tried}
            near = self._measured(
                [x for x in between(does.setting) if x not in known], few, 0.6, 0.7
            )
            cheaper = [one for one in near if one.ticks < does.ticks]
            measured += self._climbed(cheaper, limits, 0.7, 0.9)
            tried += cheaper
        known = {one.setting for one in measured}
        best = [*frontier(tried)[-PROMISING:], *surest(tried, limits, SUREST)]
        shown = dict.fromkeys(one.setting for one in best if one.setting not in known)
        return measured + self._measured(list(shown), self._choosing, 0.9, 1.0)

    def _climbed(
        self, tried: Iterable[Measured], limits: Limits, start: float, end: float
    ) -> list[Measured]:
        """From the fewest ticks on, up to the first that is surely within the limits.

        In steps: of many that nearly do, one would by chance.
        """
        n, middle = len(self._choosing.images), (start + end) / 2
        hopeful = [one.setting for one in tried if limits.may_surely_keep(one, n)]
        more = self._measured(hopeful, self._choosing.first(MORE), start, middle)
        rungs = ladder([one for one in more if limits.may_surely_keep(one, n)], FINER)
        measured: list[Measured] = []
        for one in rungs:
            measured += self._measured([one.setting], self._choosing, middle, end)
            if limits.surely_keep(measured[-1]):
                break
        return measured

    def all(self, settings: Sequence[Setting]) -> list[Measured]:
        """These settings alone, on all choosing images."""
        for setting in settings:
            if not isinstance(setting, Setting):
                raise InvalidInputError(
                    f"settings must hold tdsnn_brian.Setting, got {type(setting).__name__}; for "
                    "example Setting(leak=5, scale=3)"
                )
        if not settings:
            raise InvalidInputError("settings is empty; leave it out to search for some")
        return self._measured(settings, self._choosing, 0.0, 1.0)

    def _measured(
        self, settings: Sequence[Setting], images: _Images, start: float, end: float
    ) -> list[Measured]:
        measured = []
        for place, setting in enumerate(settings):
            self.progress(start + (end - start) * place / len(settings))
            _, network = self.adapt(setting)
            measured.append(images.measure(network, setting))
        return measured
