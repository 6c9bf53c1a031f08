"""The network beside the DNN that it was converted from, image by image."""

import numpy as np
from numpy.typing import NDArray

from ..case import Case
from ..judge.verdicts import loss
from .sample import standard_error

SHOWN = 50
BINS = 10


def dnn_part(case: Case, predictions: dict[str, NDArray], logits: NDArray) -> dict:
    """What ``summary["dnn"]`` holds.

    Parameters
    ----------
    case : Case
        With the DNN's answers.
    predictions : dict of str to ndarray
        Classes by ``dnn``, ``adapted`` (where known) and ``network``.
    logits : ndarray
        (n_images, ...) of the network.
    """
    dnn, network, labels = predictions["dnn"], predictions["network"], case.labels
    lost = None if labels is None else loss(dnn, network, labels)
    return {
        "images": len(dnn),
        "agreement": float(np.mean(dnn == network)),
        "agreement_error": standard_error(dnn == network),
        "loss": None if lost is None else lost[0],
        "loss_error": None if lost is None else lost[1],
        "confusions": confusions(dnn, network, dnn if labels is None else labels),
        "wrong": wrong_images(dnn, network, labels)[:SHOWN],
        "calibration": []
        if labels is None
        else [
            calibration(name, values, labels)
            for name, values in (("DNN", case.logits.get("dnn")), ("discrete SNN", logits))
            if values is not None and values.reshape(len(values), -1).shape[-1] > 1
        ],
    }


def confusions(dnn: NDArray, network: NDArray, truth: NDArray) -> list[dict]:
    """Pairs of classes that are taken for each other, the most frequent first."""
    pairs = {
        (int(label), int(answer))
        for answers in (dnn, network)
        for label, answer in zip(truth, answers, strict=True)
        if label != answer
    }
    rows = [
        {
            "label": label,
            "answer": answer,
            "by_dnn": int(((truth == label) & (dnn == answer)).sum()),
            "by_network": int(((truth == label) & (network == answer)).sum()),
        }
        for label, answer in sorted(pairs)
    ]
    return sorted(rows, key=lambda row: -max(row["by_dnn"], row["by_network"]))[:SHOWN]


def wrong_images(dnn: NDArray, network: NDArray, labels: NDArray | None) -> list[dict]:
    """Images whose answers differ from each other, then those that the network gets wrong."""
    differ = dnn != network
    wrong = np.zeros(len(dnn), bool) if labels is None else network != labels
    chosen = [*np.flatnonzero(differ), *np.flatnonzero(wrong & ~differ)]
    return [
        {
            "image": int(image),
            "label": None if labels is None else int(labels[image]),
            "dnn": int(dnn[image]),
            "network": int(network[image]),
        }
        for image in chosen
    ]


def calibration(name: str, logits: NDArray, labels: NDArray) -> dict:
    """Confidence beside accuracy, in bins of confidence, and their mean distance."""
    logits = logits.reshape(len(logits), -1)
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    confidence = powers.max(axis=1) / powers.sum(axis=1)
    right = logits.argmax(axis=1) == labels
    places = np.minimum((confidence * BINS).astype(int), BINS - 1)
    bins = [
        {
            "images": int(inside.sum()),
            "confidence": float(confidence[inside].mean()),
            "accuracy": float(right[inside].mean()),
        }
        for place in range(BINS)
        if (inside := places == place).any()
    ]
    apart = sum(row["images"] * abs(row["confidence"] - row["accuracy"]) for row in bins)
    return {
        "name": name,
        "confidence": float(confidence.mean()),
        "accuracy": float(right.mean()),
        "calibration_error": apart / len(labels),
        "bins": bins,
    }
