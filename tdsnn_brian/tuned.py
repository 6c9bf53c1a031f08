"""What `tdsnn_brian.tune` found."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .network import SpikingNetwork
from .settings import Setting
from .tables import Table
from .tuning import Limits, Measured, Share

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, kw_only=True, eq=False)
class Tuned:
    """An adapted model, and the settings that were tried on the way to it; prints as a table.

    Attributes
    ----------
    adapted : keras.Model
    network : SpikingNetwork
        Converted from it.
    setting : Setting
        That was chosen.
    limits : Limits
    chosen : Measured
        The setting on the images that chose it: optimistic.
    validated : Measured
        The setting on images that had no part in choosing it.
    candidates : tuple of Measured
        The last round of all that was tried, the frontier among it.
    frontier : tuple of Measured
        Settings that no other one beats in loss, ticks and operations at once.
    model_accuracy : Share or None
        Of the model before adaptation, on the images of `validated`.

    Examples
    --------
    >>> import keras, tdsnn_brian as td
    >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8, "relu"),
    ...                           keras.layers.Dense(3, "softmax")])
    >>> import numpy as np
    >>> images = np.random.default_rng(0).random((60, 4))
    >>> tuned = td.tune(model, images, max_ticks=40, settings=[td.Setting(leak=5, scale=3)])
    >>> print(tuned.setting, tuned.chosen.images, tuned.validated.images)
    leak=5, scale=3 22 23
    >>> tuned
    <Tuned: leak=5, scale=3; 1 settings, print() shows a table>
    """

    adapted: Any
    network: SpikingNetwork
    setting: Setting
    limits: Limits
    chosen: Measured
    validated: Measured
    candidates: tuple[Measured, ...]
    frontier: tuple[Measured, ...]
    model_accuracy: Share | None

    @property
    def shortfall(self) -> str:
        """What the images that did not choose hold against the choice; empty if nothing."""
        allowed, found = self.limits.max_loss, self.validated.loss
        if allowed is None or found.value - found.error <= allowed:
            return ""
        return (
            f"{self.setting} was chosen to lose at most {100 * allowed:g} %, and loses {found} on "
            f"{self.validated.images} images that did not choose; pass more images, or a smaller "
            "max_loss"
        )

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Loss against ticks, the frontier joined by a line, the chosen setting marked.

        Parameters
        ----------
        ax : matplotlib Axes, optional

        Returns
        -------
        matplotlib Axes
        """
        from .plots import plot_frontier

        return plot_frontier(self, ax=ax)

    def __repr__(self) -> str:
        return f"<Tuned: {self.setting}; {len(self.candidates)} settings, print() shows a table>"

    def __str__(self) -> str:
        return str(self.table)

    def _repr_html_(self) -> str:
        return self.table.to_html()

    @property
    def table(self) -> Table:
        """The frontier, and the chosen setting on images that did not choose."""
        shown = sorted({*self.frontier, self.chosen}, key=lambda x: x.ticks)
        rows = [("->" if x.setting == self.setting else "", *_cells(x)) for x in shown]
        on = f"on {self.validated.images} images that did not choose"
        rows.append((on, *_cells(self.validated)))
        if self.model_accuracy is not None:
            before = ("the model before adaptation", *[""] * 6, str(self.model_accuracy))
            rows.append((*before, *[""] * (len(HEAD) - len(before))))
        return Table(HEAD, rows, NOTE)


HEAD = (
    *("", "leak", "scale", "input steps", "silent zeros", "rounding", "calibrated", "accuracy"),
    *("agreement", "loss", "ticks", "operations", "energy"),
)
NOTE = (
    "operations: additions and multiplications an image; energy: of these alone, 45 nm, 0.9 pJ an "
    "addition (AC), 4.6 pJ a MAC"
)


def _cells(one: Measured) -> tuple[str, ...]:
    setting = one.setting
    return (
        f"{setting.leak:g}",
        f"{setting.scale:g}",
        str(setting.input_steps),
        "yes" if setting.silent_zeros else "",
        setting.rounding,
        "yes" if setting.calibration else "",
        "" if one.accuracy is None else str(one.accuracy),
        str(one.agreement),
        str(one.loss),
        f"{one.ticks:g}",
        f"{one.operations:,.0f}",
        f"{one.energy:,.0f} nJ",
    )
