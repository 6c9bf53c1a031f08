"""Reverse coding as a Keras layer, on any backend."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from ..coding import check_leak, check_steps
from ..firing_times import tie_tolerance
from ..image_range import check_range


@keras.saving.register_keras_serializable(package="tdsnn_brian")
class ReverseCoding(keras.layers.Layer):  # type: ignore[misc]
    r"""The activation :math:`G(x) = e^{T(x)/L}` that a spike time stands for (Eq. 11).

    Forward it equals `tdsnn_brian.coding.reverse_coding`, tie convention included; backward it is
    a straight-through estimator with the gradient of ``max(x, 0) + 1``, the limit of `G` for a
    large `leak`. It stands right before every synapse-based layer.

    Parameters
    ----------
    leak : float
        Membrane time constant in ticks.
    silent_zeros : bool, optional
        Neurons with latency 0 do not fire at all: `G` is 0 there instead of 1.
    steps : int, optional
        Firing times are whole multiples of ``1 / steps`` ticks. More than 1 is for the input of a
        network alone: layers fire at ticks.
    image_range : tuple of float, optional
        Lowest and highest value of the images of a network, where the layer codes its input and
        they are known; it is handed on to the converted network.
    **kwargs
        Of `keras.layers.Layer`, for example `name`.

    Raises
    ------
    InvalidInputError
        If `leak` is not finite and positive, `steps` no whole number of 1 or more, or
        `image_range` no range.
    """

    def __init__(
        self,
        leak: float,
        silent_zeros: bool = False,
        steps: int = 1,
        image_range: Sequence[float] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.leak = check_leak(leak)
        self.silent_zeros = bool(silent_zeros)
        self.steps = check_steps(steps)
        self.image_range = check_range(image_range)
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        positive = ops.relu(inputs)
        tolerance = tie_tolerance("float64" if self.compute_dtype == "float64" else "float32")
        leak = self.leak * self.steps
        latency = ops.relu(ops.ceil(leak * ops.log1p(positive) - tolerance))
        gain = ops.exp(latency / leak)
        if self.silent_zeros:
            gain = ops.where(latency > 0, gain, ops.zeros_like(gain))
        # The difference is exactly 0 forward, so that the sum is exactly the gain.
        return ops.stop_gradient(gain) + (positive - ops.stop_gradient(positive))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        own = {
            "leak": self.leak,
            "silent_zeros": self.silent_zeros,
            "steps": self.steps,
            "image_range": self.image_range,
        }
        return {**super().get_config(), **own}
