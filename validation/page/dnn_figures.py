"""Plots of the network beside the DNN."""

import numpy as np
from numpy.typing import NDArray

from .plots import BLUE, DASHES, SOFT, VERMILION, Plot, new_figure, plot

_CLASSES = 20
_IMAGES = 12


def confusion_matrices(
    dnn: NDArray, network: NDArray, labels: NDArray | None, classes: int
) -> Plot | None:
    """How often each class is answered for each; None where there are too many to be read."""
    truth = dnn if labels is None else labels
    classes = max(classes, 1 + int(truth.max()))
    if classes > _CLASSES or truth.min() < 0:
        return None
    shown = [("discrete SNN", network)] if labels is None else [("DNN", dnn), ("SNN", network)]
    figure, (row,) = new_figure(3.7 * len(shown) + 0.3, 3.9, 1, len(shown))
    for axes, (title, answers) in zip(row, shown, strict=True):
        counts = np.zeros((classes, classes), int)
        np.add.at(counts, (truth, answers), 1)
        shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        axes.imshow(np.sqrt(shares), cmap="Blues", vmin=0, vmax=1)
        for label, answer in zip(*np.nonzero(counts), strict=True):
            axes.text(
                answer,
                label,
                f"{counts[label, answer]}",
                ha="center",
                va="center",
                fontsize=7 if classes <= 10 else 5,
                color="white" if shares[label, answer] > 0.4 else "black",
            )
        axes.set_xticks(range(classes))
        axes.set_yticks(range(classes))
        axes.set_title(title, loc="left", fontweight="bold")
        axes.set_xlabel("answer")
        axes.set_ylabel("DNN's answer" if labels is None else "label")
    wrong = " and ".join(f"{(answers != truth).sum()} of {title}" for title, answers in shown)
    return plot(
        figure,
        name="confusion",
        alt=f"Confusion matrices of {', '.join(title for title, _ in shown)}: answers off the "
        f"diagonal, {wrong}, of {len(truth)} images.",
        caption="Confusion matrices: how many images of each class (rows) got which answer.",
    )


def reliability(rows: list[dict]) -> Plot | None:
    """Accuracy over confidence."""
    if not rows:
        return None
    figure, ((axes,),) = new_figure(4.2, 3.6)
    axes.plot([0, 1], [0, 1], color=SOFT, lw=0.8, ls="-")
    for row, color, dash in zip(rows, (BLUE, VERMILION), DASHES, strict=False):
        axes.plot(
            [x["confidence"] for x in row["bins"]],
            [x["accuracy"] for x in row["bins"]],
            marker="o",
            ms=4,
            color=color,
            ls=dash,
            label=row["name"],
        )
    axes.set(xlim=(0, 1.02), ylim=(0, 1.02), xlabel="confidence", ylabel="accuracy")
    axes.legend(frameon=False, fontsize=8)
    return plot(
        figure,
        name="calibration",
        alt="Accuracy over confidence for "
        + "; ".join(f"{row['name']}, error {row['calibration_error']:.3f}" for row in rows),
        caption="Calibration: share of right answers among images of like confidence (the softmax "
        "of the logits). On the diagonal a network is as sure as it is right.",
    )


def wrong_images(rows: list[dict], images: NDArray) -> Plot | None:
    """Images that the network gets wrong, or answers otherwise than the DNN."""
    rows = rows[:_IMAGES]
    if not rows or images.ndim != 4 or images.shape[-1] not in (1, 3) or min(images.shape[1:3]) < 2:
        return None
    columns = min(len(rows), 6)
    lines = -(-len(rows) // columns)
    figure, grid = new_figure(1.25 * columns + 0.2, 1.75 * lines, lines, columns)
    for axes in grid.flat:
        axes.set_axis_off()
    for axes, row in zip(grid.flat, rows, strict=False):
        values = images[row["image"]]
        axes.imshow(np.squeeze(values / max(float(values.max()), 1e-12)), cmap="gray")
        label = "" if row["label"] is None else f"label {row['label']}\n"
        axes.set_title(
            f"image {row['image']}\n{label}DNN {row['dnn']}, SNN {row['network']}", fontsize=7
        )
    told = "; ".join(
        f"image {row['image']}: label {row['label']}, DNN {row['dnn']}, SNN {row['network']}"
        for row in rows
    )
    return plot(
        figure,
        name="wrong-images",
        kind="png",
        alt=f"Images that are answered wrongly or otherwise than by the DNN. {told}.",
        caption="Images that the network gets wrong or answers otherwise than the DNN, the latter "
        "first; all of them stand in the table.",
        photo=True,
    )
