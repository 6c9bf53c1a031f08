"""What the rows of a sweep show together: orders of convergence, strengths that cost a point."""

from dataclasses import asdict
from itertools import pairwise

import numpy as np
from scipy.stats import t as student_t

from .fit import fit_order
from .flaws import FLAWS
from .grids import FLOOR, METHODS


def integration_orders(rows: list[dict]) -> list[dict]:
    """Observed order of each method and type, from the potentials' errors."""
    result = []
    for method, dtype in dict.fromkeys((row["method"], row["dtype"]) for row in rows):
        own = [r for r in rows if (r["method"], r["dtype"]) == (method, dtype)]
        fit = fit_order(
            [1 / r["dt_per_tick"] for r in own],
            [np.nan if r["potential_error"] is None else r["potential_error"] for r in own],
            floor=FLOOR[dtype],
        )
        row = {"method": method, "dtype": dtype, "theory": METHODS[method]}
        result.append({**row, **asdict(fit)})
    return result


def tick_orders(rows: list[dict]) -> tuple[list[dict], dict]:
    """Rows with the order between each and the one before it, and the fit over all."""
    result, before = [], None
    for row in rows:
        order = None
        if before is not None and row["m"] and row["mean_difference"] and before["mean_difference"]:
            order = float(
                np.log(before["mean_difference"] / row["mean_difference"])
                / np.log(row["m"] / before["m"])
            )
        result.append({**row, "order": order})
        before = row
    fine = [row for row in rows if row["m"]]
    fit = fit_order([1 / r["m"] for r in fine], [r["mean_difference"] for r in fine])
    return result, asdict(fit)


def over_seeds(rows: list[dict], by: tuple[str, ...] = ("kind", "strength")) -> list[dict]:
    """One row a kind and strength: means over seeds, and 95 % intervals of what is answered.

    The intervals are half as wide as they are, by Student's t; None where there is one seed.
    """
    groups: dict[tuple, list[dict]] = {}
    for row in rows:
        groups.setdefault(tuple(row[key] for key in by), []).append(row)
    result = []
    for same in groups.values():
        mean = {
            key: value if key in by or value is None else _mean(same, key)
            for key, value in same[0].items()
        }
        result.append({**mean, "seeds": len(same), "interval": _half_width(same)})
    return result


def _mean(rows: list[dict], key: str) -> float:
    return float(np.mean([row[key] for row in rows]))


def _half_width(rows: list[dict]) -> float | None:
    if len(rows) < 2:
        return None
    spread = float(np.std([_right(row) for row in rows], ddof=1))
    return float(student_t.ppf(0.975, len(rows) - 1)) * spread / len(rows) ** 0.5


def _right(row: dict) -> float:
    return row["agreement"] if row["accuracy"] is None else row["accuracy"]


def one_point_strengths(rows: list[dict]) -> list[dict]:
    """For each kind, the strength at which accuracy (else agreement) has fallen by one point.

    Interpolated between the strengths that were tried; None where it never fell so far.
    """
    result = []
    for kind in dict.fromkeys(row["kind"] for row in rows):
        own = sorted((r for r in rows if r["kind"] == kind), key=lambda r: r["strength"])
        flaw, limit = FLAWS[kind], None
        goal = _right(own[0]) - 0.01
        for low, high in pairwise(own):
            if _right(high) <= goal + 1e-12:
                share = (_right(low) - goal) / (_right(low) - _right(high))
                limit = low["strength"] + share * (high["strength"] - low["strength"])
                break
        result.append(
            {"kind": kind, "title": flaw.title, "unit": flaw.unit, "one_point_strength": limit}
        )
    return result
