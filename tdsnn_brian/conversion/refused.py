"""What folding refuses, with the cause and what to do."""

from ..errors import UnsupportedLayerError
from .graph import Neurons, Node, Scaling


def no_relu(neurons: Node, behind: Node) -> UnsupportedLayerError:
    return UnsupportedLayerError(
        f"{neurons.origin} has no ReLU before the next layer with synapses or its coding, "
        f"{behind.origin}, nor another activation that is never negative; no firing time stands "
        "for a negative value, so give it activation='relu' or 'sigmoid', say, or put ReLU() after "
        "it, and train the model again"
    )


def not_taken_up(scaling: Node, layer: Node) -> UnsupportedLayerError:
    return UnsupportedLayerError(
        f"{scaling.origin} shifts or scales values in a way that {layer.origin} cannot take up; "
        "only one number a channel always finds a place in weights: scale the data before the "
        "model, or train it with one number a channel"
    )


def not_comparable(scaling: Scaling, node: Neurons, padded: bool) -> UnsupportedLayerError:
    others, remedy = (
        ("zeros of a padding", "leave the padding out, or put it behind the pool")
        if padded
        else ("values shifted differently", f"put {scaling.label!r} behind the pool")
    )
    return UnsupportedLayerError(
        f"{scaling.origin} shifts or turns values among which {node.origin} then meets {others}, "
        f"and which of them is the largest no firing time tells; {remedy}, and train the model "
        "again"
    )
