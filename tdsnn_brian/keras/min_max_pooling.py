"""A max-pool that passes on the minimum in some channels."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="tdsnn_brian")
class MinMaxPooling2D(keras.layers.MaxPooling2D):  # type: ignore[misc]
    """What a max-pool becomes when a batch normalisation before it turns some channels round.

    Parameters
    ----------
    pool_size, *arguments : optional
        As in `keras.layers.MaxPooling2D`.
    minimum : sequence of int, optional
        Channels, counted from 0, whose minimum over the window is passed on.
    **kwargs
        Of `keras.layers.MaxPooling2D`, for example `name`.
    """

    def __init__(
        self,
        pool_size: int | tuple[int, int] = (2, 2),
        *arguments: Any,
        minimum: Sequence[int] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(pool_size, *arguments, **kwargs)
        self.minimum = tuple(int(channel) for channel in minimum)

    def call(self, inputs: Any) -> Any:
        axis = 1 if self.data_format == "channels_first" else -1
        shape = [1] * len(inputs.shape)
        shape[axis] = inputs.shape[axis]
        signs = [-1.0 if channel in self.minimum else 1.0 for channel in range(shape[axis])]
        signs = ops.reshape(ops.convert_to_tensor(signs, dtype=inputs.dtype), shape)
        return super().call(inputs * signs) * signs

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "minimum": list(self.minimum)}
