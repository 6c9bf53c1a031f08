"""What is measured: accuracies and operations over leak and scale."""

from collections.abc import Callable
from dataclasses import asdict

from networks.pictures import photographs

from .measure import measure
from .steps import Steps
from .subjects import Options, Subject, full_size

LEAKS = (1, 2, 3, 4, 5, 10, 20)
PAPER_LEAK = 5
SCALES = {"lenet": (3, 1, 10), "fashion": (3,), "vgg16": ()}
RETRAINED_SCALE = {"lenet": 3, "fashion": 3, "vgg16": 10}
SILENT = {
    "lenet": [(leak, scale) for leak in (2, 3, 5, 10) for scale in (10, 30)],
    "fashion": [(2, 30), (5, 30), (10, 30)],
    "vgg16": [(5, 30), (10, 30), (5, 100), (10, 100)],
}
# corrected on calibration images: those of Fig. 4 first
CALIBRATED = {
    "lenet": [*((leak, 3) for leak in LEAKS), (2, 10), (1.5, 20)],
    "fashion": [(leak, 3) for leak in LEAKS],
    "vgg16": [*((leak, 10) for leak in LEAKS), (5, 30), (10, 30), (3, 100), (5, 100), (10, 100)],
}
CALIBRATED_SILENT = {
    "lenet": [(2, 10), (2, 30), (3, 10)], "fashion": [(5, 30)], "vgg16": SILENT["vgg16"],
}
GOAL = {"lenet": 0.0002, "fashion": 0.0002, "vgg16": 0.005}
"""Accuracy that a conversion may lose."""


def untrained_options(subject: Subject) -> list[Options]:
    """Conversions without retraining, those of Fig. 4 first."""
    name = subject.name
    plain = [(leak, scale) for scale in SCALES[name] for leak in LEAKS]
    silent = [] if name == "vgg16" else SILENT[name]
    return [
        Options(leak, scale, silent_zeros=silent_zeros, calibrate=calibrate)
        for calibrate, silent_zeros, pairs in (
            (True, False, CALIBRATED[name]), (False, False, plain),
            (True, True, CALIBRATED_SILENT[name]), (False, True, silent),
        )
        for leak, scale in pairs
    ]


def retrained_options(subject: Subject) -> list[Options]:
    """The conversions of Fig. 4, retrained."""
    order = sorted(LEAKS, key=lambda leak: (leak > 10, -leak))
    scale = RETRAINED_SCALE[subject.name]
    return [
        Options(leak, scale, calibrate=subject.name == "vgg16", retrain=True) for leak in order
    ]


def run_subject(subject: Subject, steps: Steps, progress: Callable[[str], None]) -> dict:
    """Every figure of one network: DNN accuracy, and a row for each conversion."""
    def describe(options: Options) -> dict:
        return {"network": subject.name, **asdict(options)}

    progress(f"{subject.name}: DNN")
    size = {"images": getattr(subject, "n_test", 10_000), "train": getattr(subject, "n_train", 0)}
    dnn = steps(
        f"{subject.name}-dnn", size, lambda: {"accuracy": subject.accuracy(*subject.test_set)}
    )
    rows = []
    for options in [*untrained_options(subject), *retrained_options(subject)]:
        progress(f"{subject.name}: leak {options.leak}, scale {options.scale}"
                 + (", silent zeros" if options.silent_zeros else "")
                 + (", retraining" if options.retrain else ""))
        settings = {**describe(options), **size}
        row = steps(
            f"{subject.name}-conversion", settings,
            lambda options=options: measure(subject.convert(options), *subject.test_set),
        )
        rows.append({**row, **asdict(options), "loss": dnn["accuracy"] - row["accuracy"]})
    return {"note": subject.note, "dnn_accuracy": dnn["accuracy"], "rows": rows}


def choose(result: dict, *, silent_zeros: bool, goal: float) -> dict:
    """Of the conversions with L <= 10 that lose at most `goal` the one with the best ratio.

    Where none does, the most accurate one.
    """
    rows = [
        row for row in result["rows"]
        if row["silent_zeros"] == silent_zeros and row["leak"] <= 10
    ]
    good = [row for row in rows if row["loss"] <= goal + 1e-9]
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
    progress(f"{subject.name}: leak {options.leak}, scale {options.scale} on {len(images):,} "
             "further images")
    settings = {"network": subject.name, "images": len(images)}
    dnn = steps(f"{subject.name}-further-dnn", settings,
                lambda: {"accuracy": subject.accuracy(images, labels)})
    found = steps(
        f"{subject.name}-further", {**settings, **asdict(options)},
        lambda: measure(subject.convert(options), images, labels),
    )
    return {
        "images": len(images), "dnn_accuracy": dnn["accuracy"], "accuracy": found["accuracy"],
        "loss": dnn["accuracy"] - found["accuracy"], "ratio_measured": found["ratio_measured"],
    }


def _options(row: dict) -> Options:
    return Options(**{field: row[field] for field in Options.__dataclass_fields__})


def count_full_size(
    name: str, chosen: dict, steps: Steps, n_images: int, progress: Callable[[str], None]
) -> dict:
    """Operations at full size on photographs, with the settings of a conversion."""
    options = Options(
        chosen["leak"], chosen["scale"], chosen["silent_zeros"], chosen["calibrate"]
    )
    progress(f"{name}: operations at full size, leak {options.leak}, scale {options.scale}")

    def count() -> dict:
        network = full_size(name, options)
        images = photographs(n_images, network.input_shape[0])
        return measure(network, images, batch=1, inner_batch=1)

    settings = {"network": name, **asdict(options), "photographs": n_images}
    return steps(f"{name}-operations", settings, count)
