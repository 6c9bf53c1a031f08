"""A small VGG for 32 x 32 pictures, with batch normalisation behind the ReLU."""

import keras
from keras import layers

STAGES = (48, 96, 192)


def vgg_bn(classes: int = 10, *, name: str = "vgg_bn") -> keras.Model:
    """Untrained network in the layout of the best-known Keras network for CIFAR-10.

    Convolution, ReLU, batch normalisation, dropout, twice in each of three stages that a max-pool
    ends; a hidden dense layer with the same behind it; 1.4 million weights.

    Parameters
    ----------
    classes : int, optional
    name : str

    Returns
    -------
    keras.Sequential
        Takes images (n, 32, 32, 3) with values 0 .. 1, gives logits (n, classes).
    """
    model = [keras.Input((32, 32, 3), name="image")]
    for stage, channels in enumerate(STAGES, start=1):
        for k in (1, 2):
            model += _activated(
                layers.Conv2D(
                    channels,
                    3,
                    padding="same",
                    kernel_initializer="he_normal",
                    name=f"conv{stage}_{k}",
                ),
                dropout=0.2 if k == 1 else 0.0,
            )
        model.append(layers.MaxPooling2D(2, name=f"pool{stage}"))
    model.append(layers.Flatten(name="flatten"))
    model += _activated(layers.Dense(256, kernel_initializer="he_normal", name="dense"), 0.4)
    model.append(layers.Dense(classes, name="classes"))
    return keras.Sequential(model, name=name)


def _activated(layer: layers.Layer, dropout: float) -> list[layers.Layer]:
    found = [
        layer,
        layers.ReLU(name=f"{layer.name}_relu"),
        layers.BatchNormalization(momentum=0.9, name=f"{layer.name}_bn"),
    ]
    return [*found, layers.Dropout(dropout, name=f"{layer.name}_dropout")] if dropout else found
