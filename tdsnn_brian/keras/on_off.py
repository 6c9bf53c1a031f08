"""Images of either sign as values that are not negative, two for each."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="tdsnn_brian")
class OnOff(keras.layers.Layer):  # type: ignore[misc]
    """`max(x, 0)` and beside it `max(-x, 0)` of each value, along the last axis.

    What `tdsnn_brian.adapt(model, leak=5, input_pairs=True)` puts before the image is coded.
    """

    def call(self, inputs: Any) -> Any:
        values = ops.cast(inputs, self.compute_dtype)
        both = ops.stack([ops.relu(values), ops.relu(-values)], axis=-1)
        return ops.reshape(both, (-1, *self.compute_output_shape(inputs.shape)[1:]))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        channels = input_shape[-1]
        return (*input_shape[:-1], None if channels is None else 2 * channels)
