"""Models with scalings, normalisations and linear layers anywhere: (image shape, layers)."""

import numpy as np
from keras import layers as kl

PLANE, LINE, VECTOR = (7, 6, 3), (9, 3), (6,)


def conv(filters=4, size=3, activation="relu", **options):
    return kl.Conv2D(filters, size, activation=activation, **options)


def head():
    return [kl.Flatten(), kl.Dense(3, name="output")]


def bn(name="bn", **options):
    return kl.BatchNormalization(name=name, **options)


NORMALIZED = {
    "at the input": (PLANE, lambda: [bn(), conv(), *head()]),
    "at the input, border": (PLANE, lambda: [bn(), conv(padding="same"), *head()]),
    "at the input of a line": (LINE, lambda: [bn(), kl.Conv1D(4, 3, activation="relu"), *head()]),
    "at the input of dense layers": (
        VECTOR,
        lambda: [bn(), kl.Dense(5, activation="relu"), kl.Dense(3)],
    ),
    "at the input, dropout, linear": (
        PLANE,
        lambda: [bn(), kl.Dropout(0.1), kl.Activation("linear"), conv(), *head()],
    ),
    "at the input, max-pool": (PLANE, lambda: [bn(), kl.MaxPooling2D(), conv(), *head()]),
    "at the input, mean": (PLANE, lambda: [bn(), kl.AveragePooling2D(2), conv(), *head()]),
    "at the input, ReLU": (PLANE, lambda: [bn(), kl.ReLU(), conv(), *head()]),
    "of rows at the input": (PLANE, lambda: [bn(axis=1, scale=False), conv(), *head()]),
    "after ReLU": (PLANE, lambda: [conv(), bn(), conv(), *head()]),
    "after ReLU, border": (PLANE, lambda: [conv(), bn(), conv(padding="same"), *head()]),
    "after ReLU, zero padding": (
        PLANE,
        lambda: [conv(), bn(), kl.ZeroPadding2D(1), conv(), *head()],
    ),
    "after ReLU and zero padding": (
        PLANE,
        lambda: [conv(), kl.ZeroPadding2D(1), bn(), conv(), *head()],
    ),
    "after ReLU, groups": (PLANE, lambda: [conv(), bn(), conv(groups=2), *head()]),
    "after ReLU, depthwise": (
        PLANE,
        lambda: [conv(), bn(), kl.DepthwiseConv2D(2, padding="same", activation="relu"), *head()],
    ),
    "after ReLU, max-pool": (PLANE, lambda: [conv(), bn(), kl.MaxPooling2D(), *head()]),
    "after ReLU, two max-pools": (
        PLANE,
        lambda: [conv(), bn(), kl.MaxPooling2D(2, 1), kl.MaxPooling2D(2, padding="same"), *head()],
    ),
    "after ReLU, same max-pool": (
        PLANE,
        lambda: [conv(), bn(), kl.MaxPooling2D(3, 2, "same"), conv(size=2), *head()],
    ),
    "after ReLU, max-pool of a line": (
        LINE,
        lambda: [kl.Conv1D(4, 2, activation="relu"), bn(), kl.MaxPooling1D(2), *head()],
    ),
    "after ReLU, mean": (
        PLANE,
        lambda: [conv(), bn(), kl.AveragePooling2D(2, padding="same"), *head()],
    ),
    "after ReLU, zero padding, mean": (
        PLANE,
        lambda: [conv(), bn(), kl.ZeroPadding2D(1), kl.AveragePooling2D(2), *head()],
    ),
    "after ReLU, ReLU": (PLANE, lambda: [conv(), bn(), kl.ReLU(), conv(), *head()]),
    "after a max-pool": (PLANE, lambda: [conv(), kl.MaxPooling2D(), bn(), *head()]),
    "after a mean": (PLANE, lambda: [conv(), kl.AveragePooling2D(2), bn(), *head()]),
    "after a mean, ReLU": (
        PLANE,
        lambda: [conv(), kl.AveragePooling2D(2), bn(), kl.ReLU(), *head()],
    ),
    "after a global mean": (
        PLANE,
        lambda: [conv(), kl.GlobalAveragePooling2D(), bn(), kl.Dense(3)],
    ),
    "after a global max-pool": (
        PLANE,
        lambda: [conv(), kl.GlobalMaxPooling2D(), bn(), kl.Dense(3)],
    ),
    "after Flatten": (PLANE, lambda: [conv(), kl.Flatten(), bn(), kl.Dense(3)]),
    "after Flatten, then a plane": (
        PLANE,
        lambda: [conv(), kl.Flatten(), bn(), kl.Reshape((5, 4, 4)), conv(), *head()],
    ),
    "twice in a row": (
        PLANE,
        lambda: [conv(activation=None), bn(), bn("second"), kl.ReLU(), *head()],
    ),
    "twice in a row after ReLU": (PLANE, lambda: [conv(), bn(), bn("second"), conv(), *head()]),
    "before and after ReLU": (
        PLANE,
        lambda: [conv(activation=None), bn(), kl.ReLU(), bn("second"), kl.MaxPooling2D(), *head()],
    ),
    "behind a max-pool of sums": (
        PLANE,
        lambda: [conv(activation=None), kl.MaxPooling2D(), bn(), kl.ReLU(), conv(size=2), *head()],
    ),
    "behind two max-pools of sums": (
        PLANE,
        lambda: [
            conv(activation=None),
            kl.MaxPooling2D(2, 1),
            kl.MaxPooling2D(2, padding="same"),
            bn(),
            bn("second"),
            kl.ReLU(),
            *head(),
        ],
    ),
    "behind Flatten of dense sums": (
        VECTOR,
        lambda: [kl.Dense(12), kl.Reshape((2, 2, 3)), bn(), kl.ReLU(), conv(size=2), *head()],
    ),
    "behind a max-pool of dense sums": (
        VECTOR,
        lambda: [
            kl.Dense(12),
            kl.Reshape((2, 2, 3)),
            kl.MaxPooling2D(2, 1),
            bn(),
            kl.ReLU(),
            *head(),
        ],
    ),
    "at the end": (VECTOR, lambda: [kl.Dense(5, activation="relu"), kl.Dense(3), bn()]),
    "at the end, after ReLU": (
        VECTOR,
        lambda: [kl.Dense(5, activation="relu"), kl.Dense(3, activation="relu"), bn()],
    ),
    "at the end, after a mean": (PLANE, lambda: [conv(), kl.GlobalAveragePooling2D(), bn()]),
    "without gamma and beta": (
        PLANE,
        lambda: [conv(), bn(center=False, scale=False), conv(padding="same"), *head()],
    ),
}
RESCALED = {
    "offset, padding of a line": (
        LINE,
        lambda: [
            kl.Rescaling(2, -1),
            kl.ZeroPadding1D(2),
            kl.Conv1D(4, 3, activation="relu"),
            *head(),
        ],
    ),
    "offset, causal": (
        LINE,
        lambda: [
            kl.Rescaling(2, -1),
            kl.Conv1D(4, 3, padding="causal", activation="relu"),
            *head(),
        ],
    ),
    "offset, max-pool": (
        PLANE,
        lambda: [kl.Rescaling(2, -1), kl.MaxPooling2D(), conv(padding="same"), *head()],
    ),
    "offset, same max-pool": (
        PLANE,
        lambda: [kl.Rescaling(2, -1), kl.MaxPooling2D(padding="same"), conv(), *head()],
    ),
    "offset, max-pool of a line": (
        LINE,
        lambda: [
            kl.Rescaling(2, -1),
            kl.MaxPooling1D(2),
            kl.Conv1D(4, 2, activation="relu"),
            *head(),
        ],
    ),
    "offset, zero padding, mean": (
        PLANE,
        lambda: [kl.Rescaling(1, 1), kl.ZeroPadding2D(1), kl.AveragePooling2D(2), conv(), *head()],
    ),
    "offset, dropout, linear, batch normalisation": (
        PLANE,
        lambda: [
            kl.Rescaling(2, -1),
            conv(activation=None, padding="same"),
            kl.Dropout(0.1),
            kl.Activation("linear"),
            bn(),
            kl.ReLU(),
            *head(),
        ],
    ),
    "rescaling and batch normalisation at the input": (
        PLANE,
        lambda: [kl.Rescaling(2, -1), bn(), conv(padding="same"), *head()],
    ),
    "positive offset, ReLU": (PLANE, lambda: [kl.Rescaling(2, 1), kl.ReLU(), conv(), *head()]),
    "negative offset, ReLU": (PLANE, lambda: [kl.Rescaling(2, -1), kl.ReLU(), conv(), *head()]),
    "turned round": (PLANE, lambda: [kl.Rescaling(-1, 1), kl.MaxPooling2D(), conv(), *head()]),
    "by channels": (
        PLANE,
        lambda: [kl.Rescaling([2.0, 0.5, 1.0], [-1.0, 0.2, 0.0]), conv(padding="same"), *head()],
    ),
    "by channels, max-pool": (
        PLANE,
        lambda: [
            kl.Rescaling([2.0, -0.5, 1.0], [-1.0, 0.2, 0.0]),
            kl.MaxPooling2D(),
            conv(),
            *head(),
        ],
    ),
    "by rows": (
        PLANE,
        lambda: [kl.Rescaling(np.linspace(1, 2, 7).reshape(7, 1, 1), -0.3), conv(), *head()],
    ),
    "by pixels, dense": (
        PLANE,
        lambda: [kl.Rescaling(np.linspace(1, 2, 126).reshape(7, 6, 3), -0.3), *head()],
    ),
    "by pixels, convolution": (
        PLANE,
        lambda: [
            kl.Rescaling(np.linspace(1, 2, 42).reshape(7, 6, 1), -0.3),
            conv(padding="same"),
            *head(),
        ],
    ),
    "offsets of pixels": (
        PLANE,
        lambda: [
            kl.Rescaling(2.0, np.linspace(-1, 1, 126).reshape(7, 6, 3)),
            conv(padding="same"),
            *head(),
        ],
    ),
    "offsets of pixels, mean": (
        PLANE,
        lambda: [
            kl.Rescaling(2.0, np.linspace(-1, 1, 126).reshape(7, 6, 3)),
            kl.AveragePooling2D(2),
            conv(),
            *head(),
        ],
    ),
    "features, then a line": (
        (8,),
        lambda: [
            kl.Normalization(mean=np.linspace(0, 1, 8), variance=np.linspace(0.1, 2, 8)),
            kl.Reshape((8, 1)),
            kl.Conv1D(4, 3, activation="relu"),
            *head(),
        ],
    ),
    "inverted normalisation": (
        PLANE,
        lambda: [
            kl.Normalization(mean=[0.2, 0.1, 0.3], variance=[0.3, 0.2, 0.5], invert=True),
            conv(),
            *head(),
        ],
    ),
    "normalisation of rows and channels": (
        PLANE,
        lambda: [
            kl.Normalization(
                axis=(1, 3),
                mean=np.linspace(0, 1, 21).reshape(7, 3),
                variance=np.linspace(0.1, 1, 21).reshape(7, 3),
            ),
            conv(),
            *head(),
        ],
    ),
    "behind Reshape": (
        (126,),
        lambda: [kl.Reshape(PLANE), kl.Rescaling(2, -1), conv(padding="same"), *head()],
    ),
    "in the middle": (PLANE, lambda: [conv(), kl.Rescaling(0.5, -0.2), conv(), *head()]),
    "in the middle, twice": (
        PLANE,
        lambda: [conv(), kl.Rescaling(0.5, -0.2), kl.MaxPooling2D(), kl.Rescaling(-2), *head()],
    ),
    "at the end": (
        VECTOR,
        lambda: [kl.Dense(5, activation="relu"), kl.Dense(3), kl.Rescaling(2, 1)],
    ),
    "at the end, after a mean": (
        PLANE,
        lambda: [conv(), kl.AveragePooling2D(2), kl.Rescaling(2, 1), kl.Flatten()],
    ),
}
LINEAR = {
    "dense, dense": (VECTOR, lambda: [kl.Dense(5), kl.Dense(4, activation="relu"), kl.Dense(3)]),
    "dense, dropout, dense": (
        VECTOR,
        lambda: [kl.Dense(5), kl.Dropout(0.2), kl.Dense(4, use_bias=False), kl.Dense(3)],
    ),
    "1 x 1, convolution": (
        PLANE,
        lambda: [conv(5, 1, None), conv(4, 3, strides=2, dilation_rate=1), *head()],
    ),
    "1 x 1, border": (PLANE, lambda: [conv(5, 1, None), conv(padding="same"), *head()]),
    "convolution, 1 x 1": (
        PLANE,
        lambda: [conv(5, 3, None, padding="same"), conv(4, 1, strides=2), *head()],
    ),
    "convolution, batch normalisation, 1 x 1": (
        PLANE,
        lambda: [conv(5, 3, None, padding="same", use_bias=False), bn(), conv(4, 1), *head()],
    ),
    "1 x 1, global mean": (PLANE, lambda: [conv(), conv(3, 1, None), kl.GlobalAveragePooling2D()]),
    "1 x 1, mean, batch normalisation, ReLU": (
        PLANE,
        lambda: [conv(5, 1, None), kl.AveragePooling2D(2), bn(), kl.ReLU(), *head()],
    ),
    "separable, dense on channels": (
        PLANE,
        lambda: [kl.SeparableConv2D(4, 2, padding="same"), kl.Dense(5, activation="relu"), *head()],
    ),
    "dense on planes": (PLANE, lambda: [kl.Dense(5, activation="relu"), *head()]),
    "dense on lines": (
        LINE,
        lambda: [
            kl.Conv1D(4, 2, activation="relu"),
            kl.Dense(5, activation="relu"),
            kl.GlobalAveragePooling1D(),
            kl.Dense(3),
        ],
    ),
    "dense on four axes": ((3, 2, 2, 4), lambda: [kl.Dense(3, activation="relu"), *head()]),
}
ALL = {
    **{f"BatchNormalization {name}": case for name, case in NORMALIZED.items()},
    **{f"Rescaling {name}": case for name, case in RESCALED.items()},
    **{f"linear {name}": case for name, case in LINEAR.items()},
}
