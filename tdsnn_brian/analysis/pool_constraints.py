r"""Max-pooling by constraints on the weights (Eqs. 12 to 14).

A neuron that leaks, with `N` inputs of weight `-w_k`, ticks of weight `w_tick` and threshold 0,
fires with the last of its inputs, :math:`T_m` ticks after release, if

.. math::
    \frac{C_L N}{e^{T_m/L} - 1} < \frac{w_{tick}}{w_k} <
    \frac{C_L (1 + (N-1) e^{-T_m/L})}{e^{(T_m-1)/L} - 1}, \qquad C_L = 1 - e^{-1/L}  \qquad (13)

and only the left side for :math:`T_m = 1`. The window is taken to be :math:`T_m` itself: the last
spike *of that pooling window*, so each window needs the weight of its own :math:`T_m`.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ..coding import check_leak
from ..errors import InvalidInputError, TDSNNError
from ..population import Population
from ..ticking import leak_factor


class InfeasiblePoolError(TDSNNError, ValueError):
    """No weight makes a constrained max-pool exact for a latency that occurs."""


def weight_ratio_bounds(n: int, leak: float, latest: int) -> tuple[float, float]:
    """Bounds that `w_tick / w_k` must lie strictly between (Eq. 13).

    Parameters
    ----------
    n : int
        Inputs of the pooling window.
    leak : float
        Membrane time constant in ticks.
    latest : int
        `T_m`, latency of the last of them, at least 1.

    Returns
    -------
    lower, upper : float
        `upper` is infinite for ``latest = 1``; no solution exists where ``lower >= upper``.
    """
    check_leak(leak)
    if n < 1 or latest < 1:
        raise InvalidInputError(
            f"n={n} inputs and latest={latest} ticks must both be at least 1; a window whose "
            "last spike has latency 0 fires at release without a constraint"
        )
    c = leak_factor(leak)
    lower = c * n / np.expm1(latest / leak)
    if latest == 1:
        return float(lower), np.inf
    upper = c * (1 + (n - 1) * np.exp(-latest / leak)) / np.expm1((latest - 1) / leak)
    return float(lower), float(upper)


def is_feasible(n: int, leak: float, latest: int) -> bool:
    """Whether some `w_tick / w_k` makes the pool exact for this `T_m`; always for 0."""
    if latest == 0:
        return True
    lower, upper = weight_ratio_bounds(n, leak, latest)
    return lower < upper


def largest_feasible(n: int, leak: float, limit: int = 200) -> int:
    """Largest `T_m` up to which solutions of (13) exist for every `T_m`; at most `limit`."""
    latest = 0
    while latest < limit and is_feasible(n, leak, latest + 1):
        latest += 1
    return latest


def solve_weight_ratio(n: int, leak: float, latest: int, *, name: str = "max-pool") -> float:
    """A `w_tick / w_k` that satisfies (13): the geometric mean of its bounds; `inf` for 0 ticks.

    Raises
    ------
    InfeasiblePoolError
        If there is none; it names N, L, T_m and the way out.
    """
    if latest == 0:
        return np.inf  # weights of 0 leave the neuron at its threshold at release
    lower, upper = weight_ratio_bounds(n, leak, latest)
    if not lower < upper:
        raise InfeasiblePoolError(
            f"{name}: a constrained max-pool over N={n} inputs with leak L={leak:g} has no "
            f"weights for T_m={latest} ticks, which occurs; solutions exist up to "
            f"T_m={largest_feasible(n, leak)}. Use max_pool='simplified', a smaller pool, a "
            "larger leak, or a smaller scale so that latencies shrink"
        )
    return 2 * lower if np.isinf(upper) else float(np.sqrt(lower * upper))


def check_feasible(population: Population, latencies: NDArray) -> None:
    """Raise `InfeasiblePoolError` if a constrained max-pool has no weights for a latency.

    Parameters
    ----------
    population : Population
        Of constrained max-pool neurons.
    latencies : ndarray
        (n_images, *shape), `T_m` of each window.
    """
    for _ in _ratios(population, latencies):
        pass


def pool_weights(population: Population, latencies: NDArray) -> NDArray:
    """Weight `w_k` that each constrained max-pool neuron needs, for each image.

    A spike of weight `-w_k` at latency `t` has leaked by `exp(-(T_il - t) / L)` at release, where
    Eq. (13) takes `T_il` to be the window's own `T_m`. With the layer's window instead, both
    `w_tick` and the potential shrink alike, so that ``w_k = C_L exp(-T_m / L) / ratio`` serves
    any window.

    Parameters
    ----------
    population : Population
        Of constrained max-pool neurons.
    latencies : ndarray
        (n_images, *shape), `T_m` of each window.

    Returns
    -------
    ndarray
        (n_images, n_neurons).

    Raises
    ------
    InfeasiblePoolError
        If a latency has no solution.
    """
    leak = population.leak
    weights = np.zeros((len(latencies), population.n_neurons))
    for at, latest, ratio in _ratios(population, latencies):
        weights[at] = leak_factor(leak) * np.exp(-latest / leak) / ratio
    return weights


def _ratios(population: Population, latencies: NDArray) -> Iterator[tuple[NDArray, int, float]]:
    """Where each latency of each size of window occurs, and the ratio that serves it."""
    sizes = population.n_awaited
    flat = latencies.reshape(len(latencies), -1)
    for n in np.unique(sizes):
        for latest in np.unique(flat[:, sizes == n]):
            ratio = solve_weight_ratio(
                int(n), population.leak, int(latest), name=f"layer {population.name!r}"
            )
            yield (flat == latest) & (sizes == n), int(latest), ratio


def feasible_table(
    sizes: tuple[int, ...] = (2, 3, 4, 9), leaks: tuple[float, ...] = (1, 2, 3, 5, 8, 10, 20)
) -> list[dict]:
    """Rows of N, L and the largest feasible T_m (`None` where all up to 200 are)."""
    rows = []
    for n in sizes:
        for leak in leaks:
            largest = largest_feasible(n, leak)
            rows.append({"N": n, "L": leak, "T_m": None if largest >= 200 else largest})
    return rows


def firing_tick(
    input_latencies: np.ndarray, leak: float, w_tick: float, w_k: float, limit: int = 1000
) -> int:
    """Tick after release at which the pool neuron fires, by brute force as Eq. (12) has it.

    Inhibitory period of `T_m = max(input_latencies)` ticks, then a tick of `w_tick` each.
    """
    latencies = np.asarray(input_latencies)
    latest = latencies.max()
    potential = -w_k * np.exp(-(latest - latencies) / leak).sum()
    decay = np.exp(-1 / leak)
    for tick in range(limit):
        if potential >= 0:
            return tick
        potential = potential * decay + w_tick
    return limit
