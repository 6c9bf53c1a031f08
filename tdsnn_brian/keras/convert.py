"""From an adapted Keras model to a `SpikingNetwork`."""

from collections.abc import Sequence
from dataclasses import replace

import keras

from ..arguments import check_choice
from ..conversion.folding import fold
from ..conversion.rules import check_folded, check_graph
from ..conversion.to_network import to_network
from ..image_range import check_range
from ..network import SpikingNetwork
from .reader import read


def convert(
    adapted: keras.Model,
    *,
    max_pool: str = "simplified",
    image_range: Sequence[float] | None = None,
) -> SpikingNetwork:
    """The spiking network that computes what an adapted Keras model computes.

    Weights keep the precision of the Keras model (narrower than float32 becomes float32); where
    batch normalisation or a coded border is folded in, the result is float64.

    Parameters
    ----------
    adapted : keras.Model
        From `tdsnn_brian.adapt`, retrained or not, or any chain with a `ReverseCoding` layer
        before every synapse-based layer.
    max_pool : {"simplified", "constrained"}, optional
        Max-pool neurons that wait for their last input, or ones that leak and obey the paper's
        constraints (12) to (14), which have solutions for small latencies only: see
        `tdsnn_brian.analysis.pool_constraints`.
    image_range : tuple of float, optional
        Lowest and highest value of the images that the model was trained on, such as (0, 1) or
        (0, 255). Default: what a Rescaling or Normalization at its input tells, else unknown.

    Returns
    -------
    SpikingNetwork
        Layers carry the names of the Keras layers that have neurons. Logits are the output before
        a softmax. `output_names` has several outputs in the order of ``adapted.outputs``.

    Raises
    ------
    NotAdaptedError
        If a synapse-based layer has no `ReverseCoding` before it.
    UnsupportedLayerError
        If a layer, or its place, has no spiking counterpart; it says which one and what to do.
    InvalidInputError
        If the model's input shape is open, or `image_range` is no range.

    Examples
    --------
    >>> import keras, tdsnn_brian as td
    >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8, "relu"),
    ...                           keras.layers.Dense(3, "softmax")], name="own")
    >>> td.convert(td.adapt(model, leak=5, scale=3))
    <SpikingNetwork 'own': 4 -> 3, 2 layers, 15 neurons, 56 synapses, leak 5>
    """
    check_choice("max_pool", max_pool, ("simplified", "constrained"))
    said = check_range(image_range)
    graph = read(adapted, caller="convert")
    check_graph(graph, adapted=True)
    folded = fold(graph)
    check_folded(folded)
    if said is not None:
        folded = replace(folded, image_range=said)
    return to_network(folded, max_pool=max_pool)
