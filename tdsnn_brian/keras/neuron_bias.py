"""A bias for every neuron of a layer."""

from typing import Any

import keras


@keras.saving.register_keras_serializable(package="tdsnn_brian")
class NeuronBias(keras.layers.Layer):  # type: ignore[misc]
    """Adds one trainable value to each neuron, where a convolution's bias has one a channel.

    An offset of the input, folded into a convolution with zero padding, needs it: near the border
    fewer of the inputs that carry the offset take part.
    """

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        self.bias = self.add_weight(shape=tuple(input_shape[1:]), initializer="zeros", name="bias")

    def call(self, inputs: Any) -> Any:
        return inputs + self.bias

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape
