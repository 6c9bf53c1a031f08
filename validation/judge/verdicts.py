"""Two verdicts: is the simulation what the analysis says, is the network what the DNN was.

A check passes or fails, or the images are too few to tell (undecided); it is missing where what it
needs was not given or not asked for, and unsupported where this network or engine cannot have it.
"""

from math import sqrt
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tdsnn_brian import Simulation, SpikingNetwork
from tdsnn_brian.brian.explicit.read import late_spikes
from tdsnn_brian.firing_times import SILENT

from .comparison import LayerComparison

Status = Literal["pass", "fail", "undecided", "missing", "unsupported"]
CHANCE = 1.96
"""Standard errors on either side that make a 95 % interval."""

ALLOWED = 0.005
"""Share of accuracy that may be lost: what `tdsnn_brian.tune` allows unless it is told more."""


def check(name: str, status: Status, says: str) -> dict:
    return {"name": name, "status": status, "says": says}


def simulation_checks(
    network: SpikingNetwork, comparisons: list[LayerComparison], simulation: Simulation
) -> list[dict]:
    """Whether the simulation did what it should."""
    firing = [layer for layer in comparisons if layer.fires]
    total = sum(layer.times.simulated.size for layer in firing)
    times = {
        layer.name: layer.unexplained - layer.window_faults - layer.readout_faults
        for layer in comparisons
    }
    windows = {layer.name: layer.window_faults for layer in comparisons}
    readout = {layer.name: layer.readout_faults for layer in comparisons}
    late, cut = _late(network, simulation), _cut_off(network, simulation)
    return [
        _counted("firing times", times, f"of {total:,} differ from what the layer's input says"),
        _counted("inhibitory periods", windows, "images have another period than intended"),
        _counted("output potentials", readout, "differ from the logits that the spikes stand for"),
        _counted("late spikes", late, "came after a layer that reads them had been released"),
        _counted("neurons cut off", cut, "had not fired when the next image came"),
    ]


def _counted(name: str, faults: dict[str, int], what: str) -> dict:
    found = {layer: count for layer, count in faults.items() if count}
    if not found:
        return check(name, "pass", f"0 {what}")
    where = ", ".join(f"{layer} ({count:,})" for layer, count in found.items())
    return check(name, "fail", f"{sum(found.values()):,} {what}: {where}")


def _late(network: SpikingNetwork, simulation: Simulation) -> dict[str, int]:
    late: dict[str, int] = {}
    for population in network.populations:
        window = simulation.windows.get(population.name)
        for source, count in late_spikes(network, population, simulation, window):
            late[source.name] = max(count, late.get(source.name, 0))
    return late


def _cut_off(network: SpikingNetwork, simulation: Simulation) -> dict[str, int]:
    return {
        population.name: int((simulation.latencies[population.name] == SILENT).sum())
        for population in network.populations
        if population.fires and not population.silent_zeros
    }


def analysis_verdict(checks: list[dict]) -> dict:
    """Whether the simulation is faithful to the analysis."""
    failed = [row["name"] for row in checks if row["status"] == "fail"]
    if failed:
        return _verdict("fail", f"The simulation differs from the analysis: {', '.join(failed)}.")
    return _verdict(
        "pass",
        "All simulated firing times are those of the discrete analysis, or differ only where the "
        "last bits of a sum decide (at a jump of the ceiling).",
    )


def loss(dnn: NDArray, network: NDArray, labels: NDArray) -> tuple[float, float]:
    """Accuracy lost against the DNN, and its standard error, of the images that one got wrong."""
    lost = (dnn == labels) & (network != labels)
    gained = (dnn != labels) & (network == labels)
    n = labels.size
    difference = (lost.sum() - gained.sum()) / n
    spread = max((lost.sum() + gained.sum()) / n - difference**2, 0) / n
    return float(difference), sqrt(spread)


def loss_interval(dnn: NDArray, network: NDArray, labels: NDArray | None) -> tuple[float, float]:
    """95 % interval of the accuracy lost; without labels, of the share of answers that change.

    With one more image lost and gained (Bonett and Price), or two more of either kind (Agresti and
    Coull), so that few images without a difference do not tell that there is none.
    """
    if labels is None:
        n = dnn.size + 4
        share = (np.sum(dnn != network) + 2) / n
        error = sqrt(share * (1 - share) / n)
        return share - CHANCE * error, share + CHANCE * error
    n = labels.size + 2
    lost = (np.sum((dnn == labels) & (network != labels)) + 1) / n
    gained = (np.sum((dnn != labels) & (network == labels)) + 1) / n
    error = sqrt((lost + gained - (lost - gained) ** 2) / n)
    return lost - gained - CHANCE * error, lost - gained + CHANCE * error


def dnn_verdict(dnn: NDArray | None, network: NDArray, labels: NDArray | None) -> dict:
    """Whether the network still answers as the DNN: whether it loses at most `ALLOWED`.

    It passes where all of the loss's 95 % interval is within that, fails where all of it is beyond
    or where more answers differ than the better of the two has wrong, and is undecided in between.

    Parameters
    ----------
    dnn, network : ndarray
        (n_images, ...) classes; None where no Keras model is at hand.
    labels : ndarray or None
        Without them, answers that change count as lost.
    """
    if dnn is None:
        return _verdict(
            "missing", "No Keras model was given, so nothing is known; give it with --model."
        )
    differ, n = int(np.sum(dnn != network)), dnn.size
    same = f"{n - differ:,} of {n:,} answers equal the DNN's"
    if labels is None:
        told = f"{same}; there are no labels to tell more"
    else:
        lost, error = loss(dnn, network, labels)
        points = f"{abs(100 * lost):.2f} ± {100 * error:.2f} points"
        change = (
            "has not changed" if not lost else f"{'fell by' if lost > 0 else 'rose by'} {points}"
        )
        told = f"Accuracy {change}; {same}"
        wrong = min(int(np.sum(answers != labels)) for answers in (dnn, network))
        if differ > wrong + CHANCE * sqrt(differ):
            return _verdict("fail", f"{told}, and the better of the two has {wrong:,} wrong.")
    low, high = loss_interval(dnn, network, labels)
    where = f"the loss lies between {100 * low:.2f} and {100 * high:.2f} points (95 %)"
    allowed = f"{100 * ALLOWED:g} points are allowed"
    if low > ALLOWED:
        return _verdict("fail", f"{told}: {where}, and {allowed}.")
    if high <= ALLOWED:
        return _verdict("pass", f"{told}: {where}, and {allowed}.")
    return _verdict(
        "undecided", f"{told}: {where}, and {allowed}: too few images to tell.", chance=True
    )


def _verdict(status: Status, says: str, *, chance: bool = False) -> dict:
    return {"status": status, "says": says, "may_be_chance": chance}
