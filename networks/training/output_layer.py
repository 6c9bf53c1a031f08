"""Train the output layer alone, on what the layers before it give."""

from dataclasses import dataclass
from pathlib import Path

import keras
from keras import layers as kl
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class OutputLayerRecipe:
    """How to train the output layer alone, on the first `images` of the training set."""

    epochs: int = 20
    weight_decay: float = 1.0
    images: int = 20_000
    seed: int = 0

    def train(
        self,
        model: keras.Model,
        images: NDArray,
        labels: NDArray,
        *,
        label: str = "train",
        backup: Path | None = None,
    ) -> None:
        """Like `recipe.Recipe.train`; images beyond `images` are not looked at.

        It takes minutes and keeps nothing on the way, in `backup` neither.
        """
        fit_output_layer(
            model,
            images[: self.images],
            labels[: self.images],
            epochs=self.epochs,
            weight_decay=self.weight_decay,
            seed=self.seed,
        )


def fit_output_layer(
    model: keras.Model,
    images: NDArray,
    labels: NDArray,
    *,
    epochs: int = 20,
    weight_decay: float = 1.0,
    seed: int = 0,
) -> keras.Model:
    """Fit the last dense layer of `model` in place by logistic regression; returns the model.

    Parameters
    ----------
    model : keras.Model
        A chain that ends in a Dense layer with logits; with reverse coding or without.
    images, labels : ndarray
        (n, ...) and (n,); seen once by the layers before.
    epochs, weight_decay, seed : optional
        Of the regression, on features of unit variance.
    """
    output = model.layers[-1]
    features = keras.Model(model.inputs, output.input).predict(images, batch_size=100, verbose=0)
    _fit_dense(output, features, labels, epochs, weight_decay, seed)
    return model


def _fit_dense(output, features, labels, epochs, weight_decay, seed) -> None:
    mean, spread = features.mean(axis=0), features.std() or 1.0
    keras.utils.set_random_seed(seed)
    regression = keras.Sequential(
        [keras.Input(features.shape[1:]), kl.Dense(output.units, kernel_initializer="zeros")]
    )
    steps = epochs * -(-len(features) // 128)
    regression.compile(
        optimizer=keras.optimizers.AdamW(
            keras.optimizers.schedules.CosineDecay(2e-3, steps), weight_decay=weight_decay
        ),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    regression.fit((features - mean) / spread, labels, epochs=epochs, batch_size=128, verbose=0)
    kernel, bias = regression.get_weights()
    kernel = kernel / spread
    output.set_weights([kernel, bias - mean @ kernel])
