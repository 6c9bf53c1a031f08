"""What a simulation gave, and the check that it can be read."""

from dataclasses import dataclass, field

import numpy as np
from brian2 import Quantity
from numpy.typing import NDArray

from ..errors import InvalidInputError
from ..results import Result
from ..traces import Trace


@dataclass(frozen=True, kw_only=True, eq=False)
class Simulation(Result):
    """What a simulation gave, comparable with a `tdsnn_brian.DiscreteAnalysis`; see `Result`.

    Attributes
    ----------
    latencies : dict of str to ndarray
        Of the layers that were recorded.
    windows : dict of str to ndarray
        (n_images,) inhibitory period of each hidden synapse-based layer in ticks, as it happened.
    ticks : dict of str to ndarray
        (n_images,) how often each ticking neuron fired after release.
    spikes : dict of str to int
        Spikes of each layer over all images.
    seconds : dict of str to float
        Wall time: ``compile`` until the first step can be made (code generation and the
        compiler's work; 0 where a compiled program was kept), ``run`` from then on.
    tick : Quantity or None
        Interval of the ticking neurons, where one is known.
    traces : dict of str to Trace
        By layer, what the `monitors` of `simulate` kept.
    profile : list of (str, Quantity)
        Time that each code object took, the longest first, where `simulate` was to profile.

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
    >>> result = td.simulate(network, images)
    >>> result.spikes["hidden"], result.ticks["hidden"].tolist(), result.tick
    (2, [8], 1. * msecond)
    >>> result.times()["hidden"]
    array([[7., 4.]]) * msecond
    """

    ticks: dict[str, NDArray]
    spikes: dict[str, int]
    seconds: dict[str, float] = field(default_factory=dict)
    tick: Quantity | None = None
    traces: dict[str, Trace] = field(default_factory=dict)
    profile: list[tuple[str, Quantity]] = field(default_factory=list)

    def times(self, tick: Quantity | None = None) -> dict[str, Quantity]:
        """Firing times after each layer's release as Quantities; see `Result.times`.

        Parameters
        ----------
        tick : Quantity, optional
            That of the simulation.

        Raises
        ------
        InvalidInputError
            If it is another one, or none is given where none is known (as in results of `stream`).
        """
        known = self.tick if self.tick is not None else tick
        if known is None or (tick is not None and not np.isclose(float(tick), float(known))):
            raise InvalidInputError(
                f"tick must be that of the simulation, {self.tick!s}, got {tick!s}; pass the one "
                "that was simulated with"
            )
        return super().times(known)
