"""VGG-16 (configuration D of Simonyan and Zisserman, 2015)."""

import keras
from keras import layers

from ..data.imagenet import MEAN, STD, load_convolutions, trained_convolutions

BLOCKS = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))


def vgg16(
    input_shape: tuple[int, int, int] = (224, 224, 3),
    classes: int = 1000,
    dense: tuple[int, ...] = (4096, 4096),
    *,
    name: str = "vgg16",
) -> keras.Model:
    """Untrained VGG-16: 13 convolutions 3x3, five max-pools, dense layers.

    Parameters
    ----------
    input_shape : tuple of int
        Rows, columns, channels.
    classes : int
    dense : tuple of int
        Sizes of the hidden dense layers.
    name : str

    Returns
    -------
    keras.Sequential
        Takes images with values 0 .. 1, normalises them as ImageNet's, gives logits.
    """
    model = [
        keras.Input(input_shape, name="image"),
        layers.Normalization(mean=MEAN, variance=[s * s for s in STD], name="normalization"),
    ]
    for block, (filters, count) in enumerate(BLOCKS, start=1):
        model += [
            layers.Conv2D(filters, 3, padding="same", activation="relu", name=f"conv{block}_{k}")
            for k in range(1, count + 1)
        ]
        model.append(layers.MaxPooling2D(2, name=f"pool{block}"))
    model.append(layers.Flatten(name="flatten"))
    for k, units in enumerate((*dense, classes), start=6):
        last = k == 6 + len(dense)
        model.append(layers.Dense(units, activation=None if last else "relu", name=f"dense{k}"))
    return keras.Sequential(model, name=name)


def vgg16_cifar10() -> keras.Model:
    """VGG-16's ImageNet convolutions at 32 x 32 and one untrained dense layer for ten classes."""
    model = vgg16((32, 32, 3), classes=10, dense=(), name="vgg16_cifar10")
    load_convolutions(model, trained_convolutions("vgg16"))
    return model
