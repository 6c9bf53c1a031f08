"""AlexNet: grouped as in 2012, and the ungrouped variant with 64-192-384-256-256 filters.

Local response normalisation is left out, as in every later version of the network.
"""

import keras
from keras import layers

from ..data.imagenet import MEAN, STD


def alexnet(
    input_shape: tuple[int, int, int] | None = None,
    classes: int = 1000,
    dense: tuple[int, ...] = (4096, 4096),
    *,
    grouped: bool = True,
    name: str | None = None,
) -> keras.Model:
    """Untrained AlexNet.

    Parameters
    ----------
    input_shape : tuple of int, optional
        Rows, columns, channels; 227 x 227 x 3 grouped, 224 x 224 x 3 otherwise.
    classes : int
    dense : tuple of int
        Sizes of the hidden dense layers.
    grouped : bool, optional
        Krizhevsky's network (96-256-384-384-256, convolutions 2, 4 and 5 in two groups), or the
        one that later libraries ship (64-192-384-256-256, padded by two at the input).
    name : str, optional

    Returns
    -------
    keras.Sequential
        Takes images with values 0 .. 1, normalises them as ImageNet's, gives logits.
    """
    side = 227 if grouped else 224
    filters = (96, 256, 384, 384, 256) if grouped else (64, 192, 384, 256, 256)
    groups = (1, 2, 1, 2, 2) if grouped else (1,) * 5

    def conv(k: int, size: int, **kwargs) -> keras.layers.Layer:
        return layers.Conv2D(
            filters[k - 1], size, groups=groups[k - 1], activation="relu", name=f"conv{k}", **kwargs
        )

    model = [
        keras.Input(input_shape or (side, side, 3), name="image"),
        layers.Normalization(mean=MEAN, variance=[s * s for s in STD], name="normalization"),
        *([] if grouped else [layers.ZeroPadding2D(2, name="padding1")]),
        conv(1, 11, strides=4),
        layers.MaxPooling2D(3, strides=2, name="pool1"),
        conv(2, 5, padding="same"),
        layers.MaxPooling2D(3, strides=2, name="pool2"),
        conv(3, 3, padding="same"),
        conv(4, 3, padding="same"),
        conv(5, 3, padding="same"),
        layers.MaxPooling2D(3, strides=2, name="pool5"),
        layers.Flatten(name="flatten"),
    ]
    for k, units in enumerate((*dense, classes), start=6):
        last = k == 6 + len(dense)
        model.append(layers.Dense(units, activation=None if last else "relu", name=f"dense{k}"))
    return keras.Sequential(model, name=name or ("alexnet" if grouped else "alexnet-ungrouped"))
