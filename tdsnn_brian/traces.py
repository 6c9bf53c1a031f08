"""What neurons did over time, image by image and in ticks."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from numpy.typing import NDArray

from .arguments import check_index


@dataclass(frozen=True, kw_only=True, eq=False)
class Trace:
    """A variable of some neurons of one layer over time.

    Attributes
    ----------
    layer, variable : str
    neurons : ndarray
        (n_neurons,) indices in C order of the layer's shape.
    ticks : ndarray
        (n_images, n_steps) after each image's onset; they are not whole where the integration step
        is shorter than a tick.
    t : Quantity
        (n_images, n_steps) the same on Brian2's clock.
    values : ndarray or Quantity
        (n_images, n_neurons, n_steps)
    release : float or None
        When the layer's neurons may fire, in ticks after each image's onset; None where that
        differs between images, or it has no ticking neuron.

    Examples
    --------
    >>> import numpy as np, tdsnn_brian as td
    >>> weights = np.array([[1.0, -1.0], [0.5, 1.0]])
    >>> hidden = td.layers.Dense(name="hidden", input_shape=(2,), weights=weights)
    >>> output = td.layers.Dense(name="output", input_shape=(2,), weights=weights)
    >>> network = td.SpikingNetwork(layers=(hidden, output), leak=5)
    >>> images = np.array([[0.2, 0.9]])
    >>> from brian2 import prefs
    >>> prefs.codegen.target = "numpy"  # nothing to compile
    >>> result = td.simulate(network, images, monitors={"hidden": "v"})
    >>> trace = result.traces["hidden"]
    >>> trace.variable, trace.neurons.tolist(), trace.release
    ('v', [0, 1], 5.0)
    >>> ticks, values = trace.image(0)
    >>> values.shape == (2, len(ticks))
    True
    """

    layer: str
    variable: str
    neurons: NDArray
    ticks: NDArray
    t: Any
    values: Any
    release: float | None = None

    def __repr__(self) -> str:
        n_images, n_neurons, n_steps = self.values.shape
        return (
            f"<Trace of {self.variable!r} of {n_neurons} neurons of {self.layer!r}: {n_images} "
            f"images, {n_steps} steps each>"
        )

    def image(self, number: int) -> tuple[NDArray, Any]:
        """Ticks (n_steps,) and values (n_neurons, n_steps) of one image."""
        check_index("image", number, len(self.ticks))
        return self.ticks[number], self.values[number]

    def mapped(self, function: Callable[[NDArray], NDArray]) -> "Trace":
        """With `function` applied to what has an entry an image."""
        return replace(
            self, ticks=function(self.ticks), t=function(self.t), values=function(self.values)
        )
