"""Keras models with branches: the patterns people build, and random ones."""

import keras
import numpy as np
from keras import layers as kl
from keras import ops

from keras_models import randomized

SHAPE = (6, 6, 3)


def _model(x, y, outputs=3):
    flat = y if len(y.shape) == 2 else kl.Flatten()(y)
    return randomized(keras.Model(x, kl.Dense(outputs, name="output")(flat)))


def _conv(y, filters=4, size=3, **fields):
    return kl.Conv2D(filters, size, padding="same", **fields)(y)


def _normed(y):
    return kl.ReLU()(kl.BatchNormalization()(y))


def residual():
    """ResNet: the second branch is normalised, the first is the identity."""
    x = keras.Input(SHAPE)
    y = _normed(_conv(x))
    z = kl.BatchNormalization()(_conv(_normed(_conv(y))))
    return _model(x, kl.ReLU()(kl.Add(name="add")([y, z])))


def preactivated(blocks=4):
    """ResNet V2: what is added up has no ReLU, and is read behind one of each reader."""
    x = keras.Input(SHAPE)
    y = _conv(x)
    for _ in range(blocks):
        y = y + _conv(_normed(y))
    return _model(x, kl.GlobalAveragePooling2D()(_normed(y)))


def dense():
    """DenseNet: concatenations of layers without ReLU."""
    x = keras.Input(SHAPE)
    y = _conv(x)
    for _ in range(3):
        y = kl.Concatenate()([y, _conv(_normed(y), 2)])
    return _model(x, _normed(y))


def inception():
    """Branches of several depths, max-pools among them, joined and pooled."""
    x = keras.Input(SHAPE)
    y = _conv(x, activation="relu")
    parts = [
        _conv(y, 2, 1, activation="relu"),
        _conv(_conv(y, 2, 1, activation="relu"), 3, activation="relu"),
        kl.MaxPooling2D(3, 1, padding="same")(y),
        kl.AveragePooling2D(2, 1, padding="same")(y),
    ]
    y = kl.MaxPooling2D(2)(kl.Concatenate()(parts))
    return _model(x, kl.GlobalAveragePooling2D()(_conv(y, activation="relu")))


def bottlenecks():
    """Linear layers that lead to others and to sums."""
    x = keras.Input(SHAPE)
    y = _conv(x, 2, 1)
    for _ in range(2):
        z = kl.DepthwiseConv2D(3, padding="same", activation="relu")(_conv(y, 6, 1))
        y = kl.Add()([y, _conv(z, 2, 1)])
    return _model(x, y)


def skips_of_the_image():
    x = keras.Input(SHAPE)
    y = _conv(x, 3, activation="relu")
    y = kl.ReLU()(kl.Add()([_conv(y, 3), x]))
    return _model(x, kl.Concatenate()([y, x]))


def shared():
    """One layer in two places, and a model in two places."""
    x = keras.Input(SHAPE)
    layer = _shared_conv()
    inside = keras.Input(SHAPE)
    model = keras.Model(inside, kl.ReLU()(_conv(inside, 3) + inside), name="inner")
    return _model(x, model(layer(model(layer(x)))))


def _shared_conv():
    return kl.Conv2D(3, 3, padding="same", activation="relu", name="shared")


def leaky():
    x = keras.Input(SHAPE)
    y = kl.MaxPooling2D()(kl.LeakyReLU(0.3)(_conv(x)))
    y = kl.PReLU(name="prelu")(_conv(y))
    y = kl.AveragePooling2D(2, 1)(y)
    y = kl.Conv2D(3, 2, activation="leaky_relu")(y)
    model = _model(x, y)
    alpha = model.get_layer("prelu").alpha
    alpha.assign(np.abs(keras.ops.convert_to_numpy(alpha)))
    return model


def moved():
    """Slices, croppings, copies, permutations."""
    x = keras.Input(SHAPE)
    y = _conv(x, activation="relu")
    y = kl.UpSampling2D()(kl.Cropping2D(((1, 0), (0, 2)))(y))
    y = kl.Permute((3, 1, 2))(y)[:, 1:, ::2]
    y = kl.ZeroPadding2D(1)(kl.Conv2D(4, 2, activation="relu")(y))
    return _model(x, ops.transpose(y, (0, 2, 1, 3)))


def arithmetic():
    x = keras.Input(SHAPE)
    y = kl.Subtract()([_conv(x, 3), x * 0.5])
    y = kl.Average()([kl.ReLU()(y * 2.0 - 0.1), _conv(x, 3, activation="relu")])
    return _model(x, 1.0 - kl.MaxPooling2D()(-y))


def rows():
    """Joined along rows, then pooled over the seam."""
    x = keras.Input(SHAPE)
    parts = [_conv(x, activation="relu"), _conv(x, activation="relu")]
    return _model(x, kl.MaxPooling2D(3, 2)(kl.Concatenate(axis=1)(parts)))


def padded_pools():
    """As ResNet V2 begins: a linear layer, zeros around it, a max-pool, and several readers."""
    x = keras.Input(SHAPE)
    y = kl.MaxPooling2D(3, 2)(kl.ZeroPadding2D(1)(_conv(x)))
    z = _conv(_normed(y))
    y = kl.MaxPooling2D(1, 2)(y) + kl.MaxPooling2D(1, 2)(z)
    return _model(
        x, _conv(kl.LeakyReLU(0.2)(kl.MaxPooling2D(2, 1)(kl.ZeroPadding2D(((1, 0), (0, 1)))(y))))
    )


def gated():
    """Squeeze and excitation, as in EfficientNet: each channel by a gate of its own."""
    x = keras.Input(SHAPE)
    y = _conv(x, activation="silu")
    gate = _conv(kl.GlobalAveragePooling2D(keepdims=True)(y), 2, 1, activation="silu")
    gate = _conv(gate, 4, 1, activation="sigmoid")
    y = _conv(kl.Multiply(name="excite")([y, gate]), 3, 1)
    return _model(x, _conv(y, activation="relu"))


def products():
    """Of values of either sign, of three of them, and of the same ones."""
    x = keras.Input((5,))
    a, b, c = kl.Dense(4)(x), kl.Dense(4, "relu")(x), kl.Dense(4, "tanh")(x)
    return _model(x, kl.Multiply()([a, b, c]) + b * a + c * c)


MODELS = {
    make.__name__: make
    for make in (
        residual,
        preactivated,
        dense,
        inception,
        bottlenecks,
        skips_of_the_image,
        shared,
        leaky,
        moved,
        arithmetic,
        rows,
        padded_pools,
        gated,
        products,
    )
}


def random_model(seed, activations=("relu",)):
    """Convolutions, max-pools, sums and concatenations over any values before them."""
    rng = np.random.default_rng(seed)
    keras.utils.clear_session()
    x = keras.Input((5, 5, 2))
    values = [x, _conv(x, 3, activation="relu")]

    def activated(y):
        if len(activations) == 1:
            return kl.Activation(activations[0])(y)
        return kl.Activation(rng.choice(activations))(y)

    def some():
        return values[rng.integers(max(0, len(values) - 4), len(values))]

    for _ in range(rng.integers(3, 7)):
        kind = rng.choice(["conv", "linear", "pool", "add", "add", "concatenate", "slice"])
        one = some()
        activation = None if rng.random() < 0.3 else "relu"
        match kind:
            case "conv":
                y = _conv(one, int(rng.integers(2, 5)))
                values.append(activated(kl.BatchNormalization()(y)))
            case "linear":
                values.append(_conv(one, int(rng.integers(2, 4)), 1))
            case "pool":
                values.append(kl.MaxPooling2D(3, 1, padding="same")(one))
            case "add":
                channels = one.shape[-1]
                y = kl.Add()([one, _conv(some(), channels)])
                values.append(y if activation is None else activated(y))
            case "concatenate":
                values.append(kl.Concatenate()([one, some()]))
            case "slice":
                values.append(kl.ZeroPadding2D(((1, 0), (0, 1)))(one[:, 1:, :-1]))
    y = activated(_conv(values[-1], 2) + _conv(values[-2], 2))
    return _model(x, y)
