"""Values taken from other places."""

from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import ArrayLike


@keras.saving.register_keras_serializable(package="tdsnn_brian")
class Rearrange(keras.layers.Layer):  # type: ignore[misc]
    """Each value of the result is one of the values before, or 0.

    What slices, croppings, permutations and nearest upsamplings of a model become in one layer.

    Parameters
    ----------
    shape : tuple of int
        Of the result, without the axis of images.
    **kwargs
        Of `keras.layers.Layer`, for example `name`.

    Attributes
    ----------
    places : variable
        `shape`; where each value stands among those of an image, counted in C order, -1 for a 0.
    """

    def __init__(self, shape: tuple[int, ...], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.shape = tuple(int(size) for size in shape)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.places = self.add_weight(
            shape=self.shape, dtype="int32", initializer="zeros", trainable=False, name="places"
        )

    def take(self, places: ArrayLike) -> None:
        """Set the places."""
        self.places.assign(np.asarray(places, np.int32))

    def call(self, inputs: Any) -> Any:
        size = int(np.prod(inputs.shape[1:]))
        flat = ops.pad(ops.reshape(inputs, (-1, size)), ((0, 0), (0, 1)))
        places = ops.reshape(self.places, (-1,))
        places = ops.where(places < 0, size, places)  # the 0 behind them
        return ops.reshape(ops.take(flat, places, axis=1), (-1, *self.shape))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return (input_shape[0], *self.shape)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "shape": self.shape}
