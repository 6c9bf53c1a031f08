"""What neurons make of their sums, as a Keras activation."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import keras
from keras import ops

from ..errors import InvalidInputError
from ..transfer import RELU, Transfer


def checked_transfer(transfer: Transfer | Mapping[str, Any]) -> Transfer:
    """A transfer as itself, or as what `asdict` makes of it."""
    if isinstance(transfer, Mapping):
        transfer = Transfer(**transfer)
    if not isinstance(transfer, Transfer):
        raise InvalidInputError(
            f"transfer must be a tdsnn_brian.Transfer, got {transfer!r}; for example "
            "Transfer(name='sigmoid')"
        )
    return transfer


@keras.saving.register_keras_serializable(package="tdsnn_brian")
class TransferActivation(keras.layers.Layer):  # type: ignore[misc]
    """`Transfer.values`, with its own gradient.

    In an adapted model it stands right behind the weighted sum of the neurons that have the
    transfer; two of them behind one sum are two populations.

    Parameters
    ----------
    transfer : Transfer or mapping
    **kwargs
        Of `keras.layers.Layer`, for example `name`.
    """

    def __init__(self, transfer: Transfer | Mapping[str, Any] = RELU, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.transfer = checked_transfer(transfer)
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        return self.transfer.values(inputs, ops)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "transfer": asdict(self.transfer)}
