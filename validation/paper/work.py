"""What networks compute for an image, beside the DNN that they come from."""

from collections.abc import Callable
from dataclasses import asdict
from functools import partial

from numpy.typing import NDArray

from tdsnn_brian.analysis.counted import Operations, total
from tdsnn_brian.keras.operations import count_model, measure_model

from .runs import run_subject
from .steps import Steps
from .subjects import Options, Subject

COUNTED = 200
"""Images that the operations of a DNN that skips zeros are counted on."""

_TO_NEAREST = partial(Options, input_steps=8, calibrate=True, rounding="nearest")
_FINE = [_TO_NEAREST(10, 10), _TO_NEAREST(10, 30, silent_zeros=True)]
_COARSE = [_TO_NEAREST(5, 10), _TO_NEAREST(5, 30, silent_zeros=True), _TO_NEAREST(3, 10)]
CONVERSIONS: dict[str, list[Options]] = {
    "resnet8": _FINE,
    "resnet20": [*_FINE, *_COARSE],
    "vgg-bn": [*_FINE, *_COARSE],
    "efficientnet": [
        Options(10, 20, input_steps=4, rounding="nearest"),
        Options(10, 100, input_steps=4, silent_zeros=True, rounding="nearest"),
    ],
}
"""Of the networks that the paper does not have; not retrained."""


def work_of(subject: Subject, steps: Steps, progress: Callable[[str], None]) -> list[dict]:
    """Rows of one of the networks of `CONVERSIONS`."""
    result = run_subject(subject, steps, progress, CONVERSIONS[subject.name])
    return [work_row(subject, result["dnn"], row, steps) for row in result["rows"]]


def work_row(subject: Subject, dnn: dict, row: dict, steps: Steps) -> dict:
    """One conversion: accuracy, time, spikes and operations, and both ratios.

    Parameters
    ----------
    subject : Subject
    dnn, row : dict
        The DNN's figures and the conversion's, from `validation.paper.runs.run_subject`.
    steps : Steps
    """
    images = subject.test_set[0][:COUNTED]
    counted = steps(
        f"{subject.name}-dnn-operations",
        {"network": subject.name, "images": len(images)},
        subject.content,
        lambda: _of_dnn(subject, images),
    )
    dense, effective = (Operations(**counted[kind]) for kind in ("dense", "effective"))
    spiking = Operations(**row["spiking"])
    same = [a == b for a, b in zip(dnn["answers"], row["answers"], strict=True)]
    return {
        "network": subject.name,
        **{key: row[key] for key in Options.__dataclass_fields__},
        "images": row["images"],
        "dnn_accuracy": dnn["accuracy"],
        "agreement": sum(same) / len(same),
        **{
            key: row[key]
            for key in ("accuracy", "loss", "loss_error", "ticks", "spikes_per_neuron")
        },
        "dense_macs": dense.multiplications,
        "effective_macs": effective.multiplications,
        "effective_acs": row["neurobench"]["Effective_ACs"],
        "leaks": spiking.multiplications,
        "dense_energy": _microjoules(dense),
        "effective_energy": _microjoules(effective),
        "energy": _microjoules(spiking),
        "ratio_dense": dense.total / spiking.total,
        "ratio_effective": effective.total / spiking.total,
        "energy_ratio_dense": dense.energy / spiking.energy,
        "energy_ratio_effective": effective.energy / spiking.energy,
    }


def described(row: dict) -> str:
    """A row in words, for the terminal."""
    silent = ", silent zeros" if row["silent_zeros"] else ""
    return (
        f"{row['network']}, L = {row['leak']:g}, scale {row['scale']:g}{silent}, "
        f"{row['images']:,} images: {row['dnn_accuracy']:.2%} -> {row['accuracy']:.2%}, lost "
        f"{100 * row['loss']:.2f} ± {100 * row['loss_error']:.2f} points, "
        f"{row['agreement']:.2%} the same answer; {row['ticks']:,} ticks, "
        f"{row['spikes_per_neuron']:.2f} spikes a neuron; operations of the DNN over its own "
        f"{row['ratio_dense']:.2f}, where zeros are skipped {row['ratio_effective']:.2f}; energy "
        f"{row['energy_ratio_dense']:.2f} and {row['energy_ratio_effective']:.2f}"
    )


def _of_dnn(subject: Subject, images: NDArray) -> dict:
    return {
        "dense": asdict(total(count_model(subject.model))),
        "effective": asdict(total(measure_model(subject.model, images, batch_size=20))),
    }


def _microjoules(operations: Operations) -> float:
    return operations.energy / 1e6
