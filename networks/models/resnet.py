"""Residual networks for 32 x 32 pictures (He et al., 2016, section 4.2)."""

import keras
from keras import layers

MEAN = (0.4914, 0.4822, 0.4465)
STD = (0.2470, 0.2435, 0.2616)
"""Of CIFAR-10's training images, by channel, values 0 .. 1."""


def resnet(blocks: int = 3, classes: int = 10, *, name: str = "resnet20") -> keras.Model:
    """Untrained residual network of ``6 * blocks + 2`` layers.

    Parameters
    ----------
    blocks : int
        Residual blocks in each of the three stages of 16, 32 and 64 channels.
    classes : int
    name : str

    Returns
    -------
    keras.Model
        Takes images (n, 32, 32, 3) with values 0 .. 1 and gives logits (n, classes). A block that
        halves the picture has a 1 x 1 convolution on its short cut.
    """
    image = keras.Input((32, 32, 3), name="image")
    x = layers.Normalization(mean=MEAN, variance=[s * s for s in STD], name="normalization")(image)
    x = _convolution(x, 16, name="conv")
    x = layers.ReLU(name="conv_relu")(x)
    for stage, channels in enumerate((16, 32, 64), start=1):
        for block in range(1, blocks + 1):
            strides = 2 if stage > 1 and block == 1 else 1
            x = _block(x, channels, strides, name=f"stage{stage}_block{block}")
    x = layers.GlobalAveragePooling2D(name="mean")(x)
    return keras.Model(image, layers.Dense(classes, name="classes")(x), name=name)


def _block(x, channels: int, strides: int, name: str):
    y = _convolution(x, channels, strides=strides, name=f"{name}_conv1")
    y = layers.ReLU(name=f"{name}_relu1")(y)
    y = _convolution(y, channels, name=f"{name}_conv2")
    if strides > 1:
        x = _convolution(x, channels, size=1, strides=strides, name=f"{name}_shortcut")
    return layers.ReLU(name=f"{name}_relu2")(layers.Add(name=f"{name}_add")([y, x]))


def _convolution(x, channels: int, *, size: int = 3, strides: int = 1, name: str):
    x = layers.Conv2D(
        channels,
        size,
        strides=strides,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
        name=name,
    )(x)
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name=f"{name}_bn")(x)
