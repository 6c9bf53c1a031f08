"""What neuron models are made of: one kind of neurons, what their spikes do, small circuits."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Cells:
    """Equations of one kind of neurons; what is added to another adds variables to it.

    Attributes
    ----------
    equations : str
    new_image : str
        Statements at each image's onset.
    fires, after_spike : str
        Threshold condition and reset; empty for neurons that do not fire.
    refractory : str
        Brian2's condition of refractoriness: a neuron that fired does not fire again while it
        holds.
    """

    equations: str
    new_image: str = ""
    fires: str = ""
    after_spike: str = ""
    refractory: str = ""

    def __add__(self, other: "Cells") -> "Cells":
        return Cells(
            equations=f"{self.equations}\n{other.equations}",
            new_image=f"{self.new_image}\n{other.new_image}",
            fires=other.fires or self.fires,
            after_spike=other.after_spike or self.after_spike,
            refractory=other.refractory or self.refractory,
        )


@dataclass(frozen=True, kw_only=True)
class Signal:
    """What the spikes of a ticking neuron do to its layer.

    Attributes
    ----------
    on_pre : str or mapping
        Statement, or several by name that run one after the other.
    delayed : bool
        Whether they take a tick to arrive: the k-th tick then arrives k ticks after release.
    """

    on_pre: str | Mapping[str, str]
    delayed: bool = False


@dataclass(frozen=True, kw_only=True)
class Circuit:
    """Neurons beside a ticking neuron, which set it off and stop it.

    Attributes
    ----------
    timer, counter : Cells
        The first fires a step before the release; the second has a variable `n_fired`, to which
        each spike of the layer adds 1.
    starts, stops : str or mapping
        What their spikes do to the ticking neuron.
    """

    timer: Cells
    starts: str | Mapping[str, str]
    counter: Cells
    stops: str | Mapping[str, str]
