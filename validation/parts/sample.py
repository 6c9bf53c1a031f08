"""Answers on all images of a case, by the analysis: more of them than anybody would simulate."""

from math import sqrt

import numpy as np
from numpy.typing import NDArray

import tdsnn_brian as td

from ..case import Case

_BATCH = 100
TITLES = {"dnn": "DNN", "adapted": "adapted DNN", "network": "discrete SNN"}


def network_logits(case: Case, window: int | str) -> NDArray:
    """Output potentials (n_images, ...) of the analysis, batch by batch."""
    starts = range(0, len(case.images), _BATCH)
    return np.concatenate(
        [
            td.analyse(case.network, case.images[k : k + _BATCH], window=window).potentials
            for k in starts
        ]
    )


def sample_rows(predictions: dict[str, NDArray], labels: NDArray | None) -> list[dict]:
    """Accuracy and agreement with the DNN of each, with standard errors."""
    rows = []
    for kind, title in TITLES.items():
        if kind not in predictions:
            continue
        right = None if labels is None else predictions[kind] == labels
        beside = "dnn" in predictions and kind != "dnn"
        same = predictions[kind] == predictions["dnn"] if beside else None
        rows.append(
            {
                "name": title,
                "images": len(predictions[kind]),
                "wrong": None if right is None else int((~right).sum()),
                "accuracy": None if right is None else float(right.mean()),
                "accuracy_error": None if right is None else standard_error(right),
                "agreement": None if same is None else float(same.mean()),
                "agreement_error": None if same is None else standard_error(same),
            }
        )
    return rows


def standard_error(hits: NDArray[np.bool_]) -> float:
    """Of a share, by the rule of Agresti and Coull: not 0 where all images are right."""
    n = hits.size + 4
    share = (hits.sum() + 2) / n
    return sqrt(share * (1 - share) / n)
