"""Reverse coding as a Keras layer, on any backend."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import keras
from keras import ops

from ..coding import check_leak, check_noise, check_rounding, check_steps, early
from ..firing_times import tie_tolerance
from ..image_range import check_range
from ..transfer import RELU, Transfer
from .transfer_activation import checked_transfer


@keras.saving.register_keras_serializable(package="tdsnn_brian")
class ReverseCoding(keras.layers.Layer):  # type: ignore[misc]
    r"""The activation `G(x) = exp(T(x) / L)` that a spike time stands for (Eq. 11).

    Forward it equals `tdsnn_brian.coding.reverse_coding` of ``phi(x)``, tie convention included;
    backward it is a straight-through estimator with the gradient of ``phi(x) + 1``, the limit of
    `G` for a large `leak`. `phi` is ReLU unless `transfer` says otherwise. It stands right before
    every synapse-based layer.

    **Noise.** While a model trains, firing times may be off by Gaussian errors, as those of neurons
    with noisy membranes are. A potential after `k` ticks is :math:`1 - (A + 1) e^{-k/L}` in units
    in which a tick weighs :math:`1 - e^{-1/L}`. Displaced by `s` tick weights it crosses the
    threshold at

    .. math:: k = L \ln(A + 1) - L \ln(1 + s (1 - e^{-1/L})) = L \ln(A + 1) - s + O(s / L, s^2 / L)

    so that to first order a potential that is `s` tick weights off moves the crossing by `s` ticks;
    a threshold that is off does the same. The error is added before the time becomes whole. Where
    `x` is 0 there is none: how far below 0 the sum was, which most errors do not reach, is not
    known behind a ReLU.

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
    rounding : {"up", "nearest"}, optional
        How firing times become whole.
    transfer : Transfer or mapping, optional
        What neurons make of their sums, which are then the layer's input: the layer before has no
        activation. Without it, the input is what an activation gave.
    notes : sequence of str, optional
        What `adapt` did with linear layers; handed on as `image_range` is.
    noise : float, optional
        Standard deviation of the errors of firing times in ticks, in training alone: a model that
        predicts, and the converted network, know nothing of it.
    seed : int, optional
        Of the errors. Without one it follows from `keras.utils.set_random_seed`.
    **kwargs
        Of `keras.layers.Layer`, for example `name`.

    Raises
    ------
    InvalidInputError
        If `leak` is not finite and positive, `steps` no whole number of 1 or more, `image_range`
        no range, `rounding` another word, `transfer` no transfer, or `noise` negative.

    Examples
    --------
    >>> import numpy as np
    >>> np.asarray(ReverseCoding(leak=5)(np.array([[-1.0, 0, 1]], "float32"))).round(3).tolist()
    [[1.0, 1.0, 2.2260000705718994]]
    """

    def __init__(
        self,
        leak: float,
        silent_zeros: bool = False,
        steps: int = 1,
        image_range: Sequence[float] | None = None,
        rounding: str = "up",
        transfer: Transfer | Mapping[str, Any] = RELU,
        notes: Sequence[str] = (),
        noise: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.leak = check_leak(leak)
        self.silent_zeros = bool(silent_zeros)
        self.steps = check_steps(steps)
        self.image_range = check_range(image_range)
        self.rounding = check_rounding(rounding)
        self.transfer = checked_transfer(transfer)
        self.notes = tuple(notes)
        self.noise = check_noise(noise)
        self.seed = seed
        if self.noise:
            self.seed_generator = keras.random.SeedGenerator(seed)
        self.supports_masking = True

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        is_relu = self.transfer.is_relu
        values = ops.relu(inputs) if is_relu else self.transfer.values(inputs, ops)
        tolerance = tie_tolerance("float64" if self.compute_dtype == "float64" else "float32")
        leak = self.leak * self.steps
        late = early(self.rounding) + tolerance
        times = leak * ops.log1p(values)
        if training and self.noise:
            times = times + self._errors(values)
        latency = ops.relu(_ceil(times - late))
        gain = ops.exp(latency / leak)
        if self.silent_zeros:
            gain = ops.where(latency > 0, gain, ops.zeros_like(gain))
        # The difference is exactly 0 forward, so that the sum is exactly the gain.
        return ops.stop_gradient(gain) + (values - ops.stop_gradient(values))

    def _errors(self, values: Any) -> Any:
        """Of the firing times, in steps."""
        errors = keras.random.normal(
            ops.shape(values),
            stddev=self.noise * self.steps,
            dtype=self.compute_dtype,
            seed=self.seed_generator,
        )
        return ops.where(values > 0, errors, ops.zeros_like(errors))

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        own = {
            "leak": self.leak,
            "silent_zeros": self.silent_zeros,
            "steps": self.steps,
            "image_range": self.image_range,
            "rounding": self.rounding,
            "transfer": asdict(self.transfer),
            "notes": list(self.notes),
            "noise": self.noise,
            "seed": self.seed,
        }
        return {**super().get_config(), **own}


def _ceil(values: Any) -> Any:
    """As `ops.ceil`, which on jax rounds float64 to float32 first."""
    nearest = ops.round(values)
    return ops.where(values > nearest, nearest + 1, nearest)
