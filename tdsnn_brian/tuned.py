"""What `tdsnn_brian.tune` found."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .network import SpikingNetwork
from .settings import Setting
from .tables import Table, short
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
        rows.append(("=>", *_cells(self.validated)))
        notes = [f"-> chosen; => the same on {self.validated.images} images that did not choose"]
        if self.model_accuracy is not None:
            notes.append(f"   on which the model before adaptation has {self.model_accuracy}")
        return Table(HEAD, rows, "\n".join([*notes, NOTE]))


HEAD = (
    *("", "leak", "scale", "steps", "options", "accuracy", "agreement", "loss", "ticks"),
    *("ops", "nJ"),
)
NOTE = """\
steps: input steps a tick; options: near (rounding="nearest"), silent (silent_zeros), calib(ration)
accuracy, agreement with the model, loss of accuracy: percent ± standard error
ops: additions and multiplications an image; nJ: energy of these alone, in 45 nm: 0.9 pJ an
addition (AC), 4.6 pJ a MAC"""


def _cells(one: Measured) -> tuple[str, ...]:
    setting = one.setting
    options = {
        "near": setting.rounding == "nearest",
        "silent": setting.silent_zeros,
        "calib": setting.calibration,
    }
    return (
        f"{setting.leak:g}",
        f"{setting.scale:g}",
        str(setting.input_steps),
        " ".join(name for name, is_on in options.items() if is_on),
        "" if one.accuracy is None else one.accuracy.percent(1),
        one.agreement.percent(1),
        one.loss.percent(2),
        f"{one.ticks:g}",
        short(one.operations),
        short(one.energy),
    )
