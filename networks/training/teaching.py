"""A network that learns from another one's answers, beside the labels."""

from typing import Any

import keras
from keras import ops


def taught(
    student: keras.Model, teacher: keras.Model, *, weight: float = 0.9, temperature: float = 4.0
) -> keras.Model:
    """A model that trains `student` on what `teacher` answers to the same images.

    Hinton, Vinyals and Dean (2015): the loss on the labels has the weight ``1 - weight``, the cross
    entropy of both networks' answers at `temperature` the rest.

    Parameters
    ----------
    student, teacher : keras.Model
        Both give logits (n, classes). The teacher stays as it is, and is not in what is saved.
    weight, temperature : float, optional
    """

    class Taught(keras.Model):
        def __init__(self) -> None:
            super().__init__(name=student.name)
            self.student = student

        def call(self, inputs: Any, training: bool | None = None) -> Any:
            return self.student(inputs, training=training)

        def compute_loss(
            self,
            x: Any = None,
            y: Any = None,
            y_pred: Any = None,
            sample_weight: Any = None,
            training: bool = True,
        ) -> Any:
            loss = super().compute_loss(x, y, y_pred, sample_weight, training)
            if not training:
                return loss
            answers, own = (
                ops.cast(logits, "float32") / temperature
                for logits in (teacher(x, training=False), y_pred)
            )
            soft = keras.losses.categorical_crossentropy(
                ops.softmax(ops.stop_gradient(answers)), own, from_logits=True
            )
            return (1 - weight) * loss + weight * temperature**2 * ops.mean(soft)

    return Taught()
