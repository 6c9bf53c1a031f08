"""Training and retraining by one recipe: warm-up and cosine decay, augmented batches."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import keras
import numpy as np
from numpy.typing import NDArray
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from .augmentation import Augment, Augmentation, AugmentedBatches
from .half_precision import in_half_precision


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How to train.

    `held_out` images from the end of the training set are not trained on: their accuracy is
    shown after each epoch. The weights of the last epoch are kept, so nothing is selected.
    `weight_decay` acts beside the gradient, as Keras has it: with momentum, ten times what it is
    called where it is part of the gradient. Biases and batch statistics do not decay. With
    `half_precision` activations and gradients are bfloat16; the weights stay float32.
    `label_smoothing` is the share of each label that is spread over all classes.
    """

    epochs: int
    learning_rate: float
    batch_size: int = 128
    weight_decay: float = 0.01
    warmup_epochs: float = 1.0
    held_out: int = 5000
    augmentation: Augment | None = field(default_factory=Augmentation)
    seed: int = 0
    optimizer: Literal["AdamW", "SGD"] = "AdamW"
    half_precision: bool = False
    label_smoothing: float = 0.0

    def optimizer_for(self, batches_per_epoch: int) -> keras.optimizers.Optimizer:
        """The optimizer with its learning rates, SGD with Nesterov's momentum."""
        steps = self.epochs * batches_per_epoch
        warmup = min(round(self.warmup_epochs * batches_per_epoch), steps // 2)
        schedule = keras.optimizers.schedules.CosineDecay(
            initial_learning_rate=self.learning_rate / 10,
            decay_steps=max(steps - warmup, 1),
            warmup_target=self.learning_rate,
            warmup_steps=warmup,
        )
        decay = {"weight_decay": self.weight_decay}
        made = (
            keras.optimizers.AdamW(schedule, **decay)
            if self.optimizer == "AdamW"
            else keras.optimizers.SGD(schedule, momentum=0.9, nesterov=True, **decay)
        )
        made.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
        return made

    def train(
        self,
        model: keras.Model,
        images: NDArray,
        labels: NDArray,
        *,
        label: str = "train",
        backup: Path | None = None,
    ) -> None:
        """Train `model` in place by this recipe; see `train`."""
        train(model, images, labels, self, label=label, backup=backup)


def train(
    model: keras.Model,
    images: NDArray,
    labels: NDArray,
    recipe: Recipe,
    *,
    label: str = "train",
    backup: Path | None = None,
) -> None:
    """Train `model`, which gives logits, in place; show progress on the terminal.

    Parameters
    ----------
    model : keras.Model
        Takes `images`, gives one logit a class.
    images : ndarray
        (n, rows, columns, channels).
    labels : ndarray
        (n,), whole numbers.
    recipe : Recipe
        With fewer than ten times `held_out` images, a tenth of them is held out instead.
    label : str, optional
        What the progress display calls it.
    backup : path, optional
        Directory that the state is written to after each epoch, and removed at the end. Where it
        is there already, training goes on from it, and gives what it would have given.
    """
    held_out = min(recipe.held_out, len(images) // 10)
    n_trained = len(images) - held_out
    chosen = keras.utils.to_categorical(labels, model.output_shape[-1])
    batches = AugmentedBatches(
        images[:n_trained],
        chosen[:n_trained],
        batch_size=recipe.batch_size,
        augmentation=recipe.augmentation,
        seed=recipe.seed,
    )
    trained = in_half_precision(model) if recipe.half_precision else model
    trained.compile(
        optimizer=recipe.optimizer_for(len(batches)),
        loss=keras.losses.CategoricalCrossentropy(
            from_logits=True, label_smoothing=recipe.label_smoothing
        ),
        metrics=["accuracy"],
    )
    validation = (images[n_trained:], chosen[n_trained:]) if held_out else None
    trained.fit(
        batches,
        epochs=recipe.epochs,
        shuffle=False,  # the batches are, and in the same way when training goes on later
        validation_data=validation,
        validation_batch_size=500,
        verbose=0,
        callbacks=[
            _ProgressBar(label),
            keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: batches.start(epoch)),
            *([] if backup is None else [keras.callbacks.BackupAndRestore(backup)]),
        ],
    )
    if trained is not model:
        model.set_weights(trained.get_weights())


def predict(model: keras.Model, images: NDArray, batch_size: int = 500) -> NDArray:
    """Predicted classes (n,)."""
    return np.argmax(model.predict(images, batch_size=batch_size, verbose=0), axis=-1)


class _ProgressBar(keras.callbacks.Callback):
    """A bar over the batches of an epoch, and one line for each epoch that is done."""

    def __init__(self, label: str):
        super().__init__()
        self.label = label

    def on_train_begin(self, logs=None):
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("loss {task.fields[loss]:.4f}"),
            TimeRemainingColumn(),
        )
        self.progress.start()

    def on_epoch_begin(self, epoch, logs=None):
        description = f"{self.label}, epoch {epoch + 1}/{self.params['epochs']}"
        self.task = self.progress.add_task(
            description, total=self.params["steps"], loss=float("nan")
        )

    def on_train_batch_end(self, batch, logs=None):
        self.progress.update(self.task, advance=1, loss=(logs or {}).get("loss", float("nan")))

    def on_epoch_end(self, epoch, logs=None):
        self.progress.remove_task(self.task)
        logs = logs or {}
        line = f"{self.label}, epoch {epoch + 1}: loss {logs['loss']:.4f}"
        if not np.isfinite(logs.get("val_loss", 0)):
            line += ", held-out answers are not finite"
        elif "val_accuracy" in logs:
            line += f", held-out accuracy {logs['val_accuracy']:.2%}"
        self.progress.console.print(line)

    def on_train_end(self, logs=None):
        self.progress.stop()
