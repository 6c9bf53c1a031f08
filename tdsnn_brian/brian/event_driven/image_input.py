"""Input neurons, which show one image after the other."""

from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from ...errors import InvalidInputError
from ...firing_times import SILENT
from ...population import Population
from .code_objects import Globals, static_array
from .group import NEVER, EventDrivenGroup, Place, State

if TYPE_CHECKING:
    from .integrator import Integrator
    from .readout import Readout

LAST_STEP = np.iinfo(np.int32).max

PARENT_VARIABLE = "TDSNN_PARENT"
"""Tells a program the process that it ends with."""


class ImageInput(EventDrivenGroup):
    """Input neurons: each fires once an image, at the latency that the image has for it.

    Their `latency` is in steps after the onset, not in ticks: no ticking neuron drives them.

    Parameters
    ----------
    population : Population
    place : Place
    latencies : ndarray or None
        (n_images, n_neurons) in steps, `SILENT` for neurons that do not fire; None in a program
        that reads them from its standard input.
    slot : int, optional
        Least number of steps from one image's onset to the next.
    """

    template = "image_input"
    recorded = ("onset", "last")

    def __init__(
        self, population: Population, place: Place, latencies: NDArray | None, slot: int = 0
    ):
        super().__init__(population, place, when="start")
        self.latencies = None if latencies is None else as_steps(latencies)
        self.p.streaming = latencies is None
        self.p.parent_variable = PARENT_VARIABLE
        self.p.slot = slot
        self.p.n_images = 0 if latencies is None else len(latencies)
        self.readout: Readout | None = None
        self.integrators: list[Integrator] = []
        self._neurons("latency", np.int32)
        self._shared("onset", "release", "last", "most_steps")
        self._shared("image", start=-1)
        self._enable_group_attributes()

    def template_arguments(self) -> dict[str, Any]:
        return {
            **super().template_arguments(),
            "readout": Globals(self.readout),
            "integrators": [Globals(group) for group in self.integrators],
            "latencies": (
                None if self.latencies is None else static_array(self, "latencies", self.latencies)
            ),
        }

    def step(self, s: State, now: int) -> None:
        p, readout = self.p, cast("Readout", self.readout).values
        self._no_events()
        if s.image < 0 or (readout.release != NEVER and now >= s.onset + p.slot):
            if s.image + 1 >= p.n_images:
                return
            s.latency = cast(NDArray, self.latencies)[s.image + 1]
            s.image += 1
            s.onset = now
            s.release = now - 1
            s.last = s.latency.max()
            if p.silent_zeros:
                s.n_silent = self._emit(np.flatnonzero(s.latency == SILENT), "silent")
        elapsed = now - s.onset
        if elapsed <= s.last:
            self._emit(np.flatnonzero(s.latency == elapsed))


def as_steps(latencies: NDArray) -> NDArray[np.int32]:
    """`latencies` in steps as the groups hold them.

    Raises
    ------
    InvalidInputError
        If there are too many steps.
    """
    last = latencies.max(initial=SILENT)
    if last > LAST_STEP:
        raise InvalidInputError(
            f"an input would fire {last:.3g} integration steps after its image's onset, and at "
            f"most {LAST_STEP} are counted; choose a longer dt, or a smaller leak or input_scale"
        )
    return latencies.astype(np.int32)
