"""What settings of the coding cost and lose, which are worth having, which one to take."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import hypot, inf, sqrt

import numpy as np
from numpy.typing import NDArray

from .analysis import analyse
from .analysis.counted import total
from .analysis.operations import measure_snn
from .analysis.timeline import ticks_to_answer
from .arguments import is_real
from .errors import InvalidInputError
from .network import SpikingNetwork
from .settings import Setting


@dataclass(frozen=True, kw_only=True)
class Share:
    """A share of images, and its standard error (0 where all images are alike)."""

    value: float
    error: float

    @classmethod
    def of(cls, images: NDArray) -> "Share":
        """Mean over images, (n_images, ...); positions of one image count together."""
        each = np.asarray(images, np.float64).reshape(len(images), -1).mean(axis=1)
        spread = each.std(ddof=1) if len(each) > 1 else 0.0
        return cls(value=float(each.mean()), error=float(spread / np.sqrt(len(each))))

    def percent(self, digits: int) -> str:
        """In percent, without the sign."""
        return f"{100 * self.value:.{digits}f} ± {100 * self.error:.{digits}f}"

    def __str__(self) -> str:
        return f"{self.percent(2)} %"


CAUTION = 1.5
"""Standard errors. The cheapest of many settings is often one that was lucky."""


HOPE = 1.3
"""How many times too large a doubt, as few images foretell it, may yet turn out small enough."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A setting, and what it costs and loses on some images, by the discrete analysis.

    Attributes
    ----------
    setting : Setting
    images : int
        How many.
    accuracy : Share or None
        Share of classes that are the labels, where there are labels.
    agreement : Share
        Share of classes that are those of the model before adaptation.
    loss : Share
        Accuracy that the model loses; without labels, share of classes that become others.
    ticks : float
        From an image's onset to its answer, with fixed windows.
    operations : float
        Additions and multiplications of one image.
    energy : float
        Of these in nanojoules, an estimate: see `tdsnn_brian.analysis.operations.Operations`.

    Examples
    --------
    >>> import numpy as np, tdsnn_brian as td
    >>> from tdsnn_brian.tuning import measure
    >>> network, (images, labels) = td.networks.load_network("lenet"), td.networks.sample_digits(20)
    >>> expected = td.analyse(network, images).predictions
    >>> one = measure(network, td.Setting(leak=5), images, expected, labels)
    >>> print(one.accuracy, one.loss, one.ticks)
    100.00 ± 0.00 % 0.00 ± 0.00 % 32.0
    """

    setting: Setting
    images: int
    accuracy: Share | None
    agreement: Share
    loss: Share
    ticks: float
    operations: float
    energy: float

    @property
    def doubt(self) -> float:
        """By how much the loss may differ on other images: one image of all at the least."""
        return CAUTION * hypot(self.loss.error, 1 / self.images)

    @property
    def largest_loss(self) -> float:
        """What the loss may be on other images."""
        return max(self.loss.value, 0.0) + self.doubt

    @property
    def objectives(self) -> tuple[float, float, float]:
        """What is to be small; gains of accuracy are chance and count as no loss."""
        return (max(self.loss.value, 0.0), self.ticks, self.operations)


def measure(
    network: SpikingNetwork,
    setting: Setting,
    images: NDArray,
    expected: NDArray,
    labels: NDArray | None,
) -> Measured:
    """What a network costs and loses.

    Parameters
    ----------
    network : SpikingNetwork
    setting : Setting
        That it was adapted with.
    images : ndarray
        (n_images, *input shape)
    expected : ndarray
        (n_images, ...) classes that the model gives before adaptation.
    labels : ndarray or None
        Of the same shape.
    """
    analysis = analyse(network, images)
    answers = analysis.predictions
    agrees = answers == expected
    if labels is None:
        accuracy, loss = None, Share.of(~agrees)
    else:
        right = answers == labels
        accuracy = Share.of(right)
        loss = Share.of((expected == labels).astype(np.float64) - right)
    counted = total(measure_snn(network, analysis.input_latencies, analysis.latencies))
    return Measured(
        setting=setting,
        images=len(images),
        accuracy=accuracy,
        agreement=Share.of(agrees),
        loss=loss,
        ticks=ticks_to_answer(network, analysis.windows),
        operations=counted.total,
        energy=counted.energy / 1000,
    )


def frontier(measured: Iterable[Measured]) -> tuple[Measured, ...]:
    """Those that no other one beats in loss, ticks and operations at once, by their ticks.

    Of several that are equal in all three, the one with the largest agreement stays.
    """
    ordered = sorted(measured, key=lambda x: (*x.objectives, -x.agreement.value))
    kept: list[Measured] = []
    for one in ordered:  # whatever beats it has come before it
        if not any(_beats(other, one) for other in kept):
            kept.append(one)
    return tuple(sorted(kept, key=lambda x: x.ticks))


def _beats(one: Measured, other: Measured) -> bool:
    return all(a <= b for a, b in zip(one.objectives, other.objectives, strict=True))


def ladder(measured: Iterable[Measured], step: float) -> list[Measured]:
    """Ever finer ones, each with `step` times the ticks of the one before, or more agreement."""
    found: list[Measured] = []
    for one in sorted(measured, key=lambda x: (x.ticks, -x.agreement.value)):
        if (
            not found
            or one.ticks >= step * found[-1].ticks
            or one.agreement.value > found[-1].agreement.value
        ):
            found.append(one)
    return found


def surest(measured: Iterable[Measured], limits: "Limits", n: int) -> list[Measured]:
    """The `n` affordable ones that lose least; the finer one of two that seem alike."""
    affordable = filter(limits.affords, measured)
    return sorted(affordable, key=lambda x: (x.largest_loss, -x.agreement.value, -x.ticks))[:n]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a setting may lose and cost; `None`: as much as it likes.

    Attributes
    ----------
    max_loss : float or None
        Share of images, 0 to 1.
    max_ticks : float or None
    max_operations : float or None
    """

    max_loss: float | None = None
    max_ticks: float | None = None
    max_operations: float | None = None

    def __post_init__(self) -> None:
        for name in ("max_loss", "max_ticks", "max_operations"):
            value = getattr(self, name)
            if value is not None and not (is_real(value) and value >= 0):
                raise InvalidInputError(f"{name} must be a number >= 0, got {value!r}")
        if self.max_loss is not None and self.max_loss >= 1:
            raise InvalidInputError(
                f"max_loss must be a share of the images below 1, got {self.max_loss!r}; half a "
                "percentage point is max_loss=0.005"
            )

    def __str__(self) -> str:
        return ", ".join(f"{name}={x:g}" for name, x in vars(self).items() if x is not None)

    def affords(self, one: Measured) -> bool:
        """Whether the cost is within the limits."""
        return one.ticks <= _or_inf(self.max_ticks) and one.operations <= _or_inf(
            self.max_operations
        )

    def may_keep(self, one: Measured) -> bool:
        """Whether a setting could turn out to be within the limits on more images."""
        allowed = _or_inf(self.max_loss)
        return self.affords(one) and one.loss.value - one.doubt <= allowed

    def may_surely_keep(self, one: Measured, n_images: int) -> bool:
        """Whether it is worth while to see if `surely_keep` holds on `n_images`, which are more.

        The doubt falls with the root of their number.
        """
        if self.max_loss is None or not self.may_keep(one):
            return False
        doubt = one.doubt * sqrt(one.images / n_images)
        return doubt <= HOPE * self.max_loss

    def surely_keep(self, one: Measured) -> bool:
        """Whether a setting is within the limits, on other images too as far as one can tell."""
        return self.max_loss is not None and self.affords(one) and one.largest_loss <= self.max_loss

    def choose(self, measured: Sequence[Measured]) -> Measured:
        """The one with the fewest ticks that loses little enough, or the one that loses least.

        `largest_loss` is to be within `max_loss`; where the images are too few for that, the
        smallest one is taken.

        Raises
        ------
        InvalidInputError
            If none keeps within the limits; it says how near they come.
        """
        affordable = [one for one in measured if self.affords(one)]
        if not affordable:
            least = min(measured, key=lambda x: (x.ticks, x.operations))
            raise InvalidInputError(
                f"no setting that was tried keeps within {self}: the cheapest takes "
                f"{least.ticks:g} ticks and {least.operations:.3g} operations "
                f"({least.setting}); allow that much"
            )
        if self.max_loss is None:
            return min(affordable, key=lambda x: (x.objectives, -x.agreement.value))
        possibly = [x for x in affordable if x.loss.value <= self.max_loss]
        if not possibly:
            best = min(affordable, key=lambda x: x.objectives)
            raise InvalidInputError(
                f"no setting that was tried keeps within {self}: the best loses {best.loss} with "
                f"{best.ticks:g} ticks ({best.setting}); allow a larger max_loss or more ticks "
                "and operations, or retrain the adapted model"
            )
        surely = [x for x in possibly if self.surely_keep(x)]
        if not surely:  # too few images to tell
            return min(possibly, key=lambda x: (x.largest_loss, -x.agreement.value, x.ticks))
        return min(surely, key=lambda x: (x.ticks, x.operations, x.loss.value))


def _or_inf(value: float | None) -> float:
    return inf if value is None else value
