"""What is measured: accuracies and operations over leak and scale."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, replace

from tdsnn_brian.networks.data.photographs import photographs

from .measure import loss, measure
from .steps import Steps
from .subjects import Options, Subject, full_size, full_size_content

LEAKS = (1, 2, 3, 4, 5, 10, 20)
PAPER_LEAK = 5


def _grid(leaks: Iterable[float], scales: Iterable[float], **options) -> list[Options]:
    return [Options(leak, scale, **options) for scale in scales for leak in leaks]


CONVERSIONS: dict[str, list[Options]] = {
    "lenet": [
        *_grid(LEAKS, (3,), calibrate=True),
        Options(2, 10, calibrate=True),
        Options(1.5, 20, calibrate=True),
        *_grid((1, 2), (3, 10), calibrate=True, input_steps=4),
        *_grid(LEAKS, (3, 1, 10)),
        *_grid((1, 2), (3, 10), input_steps=4),
        *_grid((2,), (10, 30), silent_zeros=True, calibrate=True),
        Options(3, 10, silent_zeros=True, calibrate=True),
        *_grid((2, 3, 5, 10), (10, 30), silent_zeros=True),
    ],
    "fashion": [
        *_grid(LEAKS, (3,), calibrate=True),
        *_grid((1, 2, 5), (3, 30), calibrate=True, input_steps=8),
        *_grid((1, 2, 3, 5, 10), (10, 30), calibrate=True),
        *_grid(LEAKS, (3,)),
        Options(5, 30, silent_zeros=True, calibrate=True),
        *_grid((2, 5, 10), (30,), silent_zeros=True),
    ],
    "vgg16": [
        *_grid(LEAKS, (10,), calibrate=True, input_steps=8),
        Options(7, 10, calibrate=True, input_steps=5),
        *(Options(7, 30, silent_zeros=True, calibrate=True, input_steps=steps) for steps in (5, 1)),
        Options(8, 10, calibrate=True, input_steps=4),
        *(Options(5, 10, calibrate=True, input_steps=steps) for steps in (1, 2, 4)),
        Options(7, 10, input_steps=5),
        Options(7, 10, calibrate=True),
        Options(10, 30, silent_zeros=True, calibrate=True, input_steps=4),
        Options(5, 30, silent_zeros=True, calibrate=True, input_steps=8),
    ],
}
"""Without retraining; those of Fig. 4 come first."""

RETRAINED: dict[str, list[Options]] = {
    "lenet": _grid(LEAKS, (3,), retrain=True),
    "fashion": _grid(LEAKS, (3,), retrain=True),
    "vgg16": _grid(LEAKS, (10,), calibrate=True, input_steps=8, retrain=True),
}
"""Those of Fig. 4."""

GOAL = {"lenet": 0.0002, "fashion": 0.0002, "vgg16": 0.005}
"""Accuracy that a conversion may lose."""


def run_subject(
    subject: Subject,
    steps: Steps,
    progress: Callable[[str], None],
    conversions: Sequence[Options] | None = None,
) -> dict:
    """Every figure of one network: those of the DNN, and a row for each conversion.

    `conversions` are those of the paper's tables and figures, if not given.
    """
    if conversions is None:
        conversions = [*CONVERSIONS[subject.name], *RETRAINED[subject.name]]

    def describe(options: Options) -> dict:
        return {"network": subject.name, **asdict(options)}

    progress(f"{subject.name}: DNN")
    size = {"train": getattr(subject, "n_train", 0)}
    dnn = steps(
        f"{subject.name}-dnn", size, subject.content, lambda: subject.measure_dnn(*subject.test_set)
    )
    rows = []
    for options in conversions:
        progress(
            f"{subject.name}: leak {options.leak}, scale {options.scale}"
            + (f", input steps {options.input_steps}" if options.input_steps > 1 else "")
            + (", silent zeros" if options.silent_zeros else "")
            + (f", rounded {options.rounding}" if options.rounding != "up" else "")
            + (", retraining" if options.retrain else "")
        )
        settings = {**describe(options), **size}
        row = steps(
            f"{subject.name}-conversion",
            settings,
            subject.content,
            lambda options=options: measure(subject.convert(options), *subject.test_set),
        )
        rows.append({**row, **asdict(options), **loss(dnn, row)})
    return {
        "note": subject.note,
        "dnn": dnn,
        "dnn_accuracy": dnn["accuracy"],
        "rows": rows,
        "is_confirmed": subject.further_test_set is not None,
    }


def choose(result: dict, *, silent_zeros: bool, goal: float) -> dict:
    """Of the conversions with L <= 10 that lose at most `goal` the one with the best ratio.

    Where none does, the most accurate one. What is to be confirmed on other images has to keep a
    standard error away from the goal.
    """
    rows = [
        row for row in result["rows"] if row["silent_zeros"] == silent_zeros and row["leak"] <= 10
    ]
    margin = 1 if result["is_confirmed"] else 0
    good = [row for row in rows if row["loss"] + margin * row["loss_error"] <= goal + 1e-9]
    if good:
        return max(good, key=lambda row: row["ratio_measured"])
    return max(rows, key=lambda row: row["accuracy"])


def confirm(
    subject: Subject, chosen: dict, steps: Steps, progress: Callable[[str], None]
) -> dict | None:
    """Accuracy of a chosen conversion where it was not chosen; None if all images chose it."""
    if subject.further_test_set is None:
        return None
    options = _options(chosen)
    images, labels = subject.further_test_set
    progress(
        f"{subject.name}: leak {options.leak}, scale {options.scale} on {len(images):,} "
        "further images"
    )
    settings = {"network": subject.name, "images": len(images)}
    dnn = steps(
        f"{subject.name}-further-dnn",
        settings,
        subject.content,
        lambda: subject.measure_dnn(images, labels),
    )
    found = steps(
        f"{subject.name}-further",
        {**settings, **asdict(options)},
        subject.content,
        lambda: measure(subject.convert(options), images, labels),
    )
    return {
        "images": len(images),
        "dnn_accuracy": dnn["accuracy"],
        "accuracy": found["accuracy"],
        **loss(dnn, found),
        "ratio_measured": found["ratio_measured"],
    }


def _options(row: dict) -> Options:
    return Options(**{field: row[field] for field in Options.__dataclass_fields__})


def count_full_size(
    name: str, chosen: dict, steps: Steps, n_images: int, progress: Callable[[str], None]
) -> dict:
    """Operations at full size on photographs, with the settings of a conversion."""
    options = replace(_options(chosen), retrain=False)
    progress(f"{name}: operations at full size, leak {options.leak}, scale {options.scale}")

    def count() -> dict:
        network = full_size(name, options)
        images = photographs(n_images, network.input_shape[0])
        return measure(network, images, batch=1, inner_batch=1)

    settings = {"network": name, **asdict(options), "photographs": n_images}
    return steps(f"{name}-operations", settings, full_size_content(name), count)
