"""What a simulation gave, and the check that it can be read."""

from dataclasses import dataclass, field

from numpy.typing import NDArray

from ..results import Result


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
    """

    ticks: dict[str, NDArray]
    spikes: dict[str, int]
    seconds: dict[str, float] = field(default_factory=dict)
