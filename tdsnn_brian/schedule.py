r"""When a neuron of a given activation fires, and what each tick has to add for it.

A neuron that sums up to `A` has the potential :math:`-A e^{-T_{il}/L}` when its inhibition is
lifted, and fires with the first tick `k` at which the ticks have added up to as much, counted as an
activation: :math:`T(A) = \min\{k : \theta_k \ge A\}`. Tick `k` therefore weighs

.. math:: w_k = e^{-(T_{il} + k)/L} (\theta_k - \theta_{k-1}), \qquad \theta_{-1} = 0

and :math:`\theta_k = \varphi^{-1}(e^{(k + o)/L} - 1)` makes it the firing time of
:math:`\varphi(A)`, where `o` is 0 or one half.

- ReLU has :math:`w_k = (1 - e^{-1/L}) e^{-T_{il}/L}` for all `k > 0`, the tick weight of Eq. (9),
  and no tick at the release.
- Rounding to the nearest tick instead of up, :math:`T(x) = \lceil L \ln(x + 1) - 1/2 \rceil`, is
  the drive that begins half a tick early: the release itself adds
  :math:`\theta_0 = e^{1/2L} - 1`, and all other ticks weigh :math:`e^{1/2L}` times as much.
- A cap is a last tick that lifts every neuron: :math:`\theta_k` = `BEYOND`.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .coding import continuous_latency, early
from .errors import InvalidInputError
from .firing_times import round_up, tie_tolerance
from .ticking import leak_factor
from .transfer import RELU, Transfer

BEYOND = 1e30
"""What the last tick of a transfer with a largest value adds up to: more than any activation."""

LOWEST = -16.0
"""Activations below this count as 0, in units of a transfer's scale, where none gives 0."""


_TIES_IN_A_TICK = 8
"""As many ties as a tick has to hold, or engines that sum in another order tell other ticks."""


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """Code of one population: its leak, its transfer and how latencies are rounded.

    Attributes
    ----------
    leak : float
        Membrane time constant in ticks.
    transfer : Transfer
    rounding : {"up", "nearest"}

    Examples
    --------
    >>> relu = Schedule(leak=5)
    >>> relu.latencies(np.array([-1.0, 0.5, 1.0])).tolist()
    [0, 3, 4]
    >>> relu.tick_weights(2).round(4).tolist()
    [0.0, 0.1813, 0.1813]
    >>> Schedule(leak=5, rounding="nearest").latencies(np.array([-1.0, 0.5, 1.0])).tolist()
    [0, 2, 3]
    >>> relu6 = Schedule(leak=5, transfer=Transfer(max_value=6.0))
    >>> relu6.latencies(np.array([6.0, 100.0])).tolist()
    [10, 10]
    """

    leak: float
    transfer: Transfer = RELU
    rounding: str = "up"

    @property
    def early(self) -> float:
        """Ticks by which the drive begins before latency 0 is due."""
        return early(self.rounding)

    @property
    def is_constant(self) -> bool:
        """Whether all ticks after the release weigh the same."""
        return self.transfer.is_relu

    @property
    def is_plain(self) -> bool:
        """Whether all ticks weigh what Eq. (9) says."""
        return self.is_constant and not self.early

    @property
    def tick_share(self) -> float:
        """Weight of a constant tick over that of Eq. (9)."""
        return float(np.exp(self.early / self.leak))

    def continuous(self, activation: NDArray) -> NDArray:
        """`L ln(phi(A) + 1)`, in ticks, before anything is rounded."""
        return continuous_latency(self.transfer.values(activation), self.leak)

    def latencies(self, activation: NDArray) -> NDArray[np.int32]:
        """Firing times in ticks after release, shape of `activation`."""
        if self.is_constant:
            return round_up(self.continuous(activation) - self.early)
        last = 2 + int(round_up(self.continuous(activation).max(initial=0)))
        ticks = np.arange(last + 1)
        # as the neurons: a tie's width is the same share of a tick for every transfer
        tie = tie_tolerance(activation.dtype) * leak_factor(self.leak) * np.exp(ticks / self.leak)
        thresholds = self.thresholds(last)
        found: NDArray = np.searchsorted(thresholds + tie, activation)
        growth = np.diff(thresholds[: 1 + int(found.max(initial=0))])  # 0 where a transfer jumps
        if ((growth > 0) & (growth < _TIES_IN_A_TICK * tie[1 : 1 + len(growth)])).any():
            raise InvalidInputError(
                f"activations of {activation.max():.2g} are too large for a transfer "
                f"{self.transfer.name!r} of scale {self.transfer.scale:g}: from one tick to the "
                "next they grow by no more than what counts as a tie; choose a larger scale"
            )
        return found.astype(np.int32)

    def thresholds(self, last: int) -> NDArray[np.float64]:
        """Largest activation that fires with each tick, 0 (the release) to `last`."""
        with np.errstate(over="ignore"):
            coded = np.expm1((np.arange(last + 1) + self.early) / self.leak)
        coded = np.minimum(coded, np.finfo(np.float64).max / 4)
        return coded if self.is_constant else _inverse(self.transfer, coded)

    def tick_weights(self, last: int) -> NDArray[np.float64]:
        """Weights of the release (0) and of the ticks 1 to `last`, over `exp(-T_il / L)`."""
        if self.is_constant:
            weights = np.full(last + 1, leak_factor(self.leak) * self.tick_share)
            weights[0] = np.expm1(self.early / self.leak)
            return weights
        steps = np.diff(self.thresholds(last), prepend=0.0)
        return steps * np.exp(-np.arange(last + 1) / self.leak)


def _inverse(transfer: Transfer, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Largest activation of which a transfer makes no more than each value, by bisection."""
    return _bisected(transfer, values.tobytes())


@lru_cache(maxsize=64)
@np.errstate(over="ignore")
def _bisected(transfer: Transfer, content: bytes) -> NDArray[np.float64]:
    values = np.frombuffer(content)
    scale = transfer.scale
    low = np.full(values.shape, LOWEST * scale)
    high = values + 40 * scale  # no transfer stays that far below the identity but by its cap
    capped = transfer.values(high) <= values * (1 + 1e-12)
    for _ in range(200):
        middle = low + 0.5 * (high - low)
        below = transfer.values(middle) <= values
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    found = np.where(capped, BEYOND, low)
    return np.maximum.accumulate(found)
