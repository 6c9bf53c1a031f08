"""LeNet for 28 x 28 digits, in the size that the TDSNN paper uses."""

import keras
from keras import layers


def lenet(name: str = "lenet") -> keras.Model:
    """Untrained LeNet: conv 20@5x5, pool 2, conv 50@5x5, pool 2, dense 500, dense 10.

    Returns
    -------
    keras.Sequential
        Takes images (n, 28, 28, 1) with values 0 .. 1 and gives logits (n, 10).
    """
    return keras.Sequential(
        [
            keras.Input((28, 28, 1), name="image"),
            layers.Conv2D(20, 5, activation="relu", name="conv1"),
            layers.MaxPooling2D(2, name="pool1"),
            layers.Conv2D(50, 5, activation="relu", name="conv2"),
            layers.MaxPooling2D(2, name="pool2"),
            layers.Flatten(name="flatten"),
            layers.Dense(500, activation="relu", name="dense1"),
            layers.Dense(10, name="dense2"),
        ],
        name=name,
    )
