"""What a `SharedProjection` asks of its source and of its target."""

import numpy as np
from brian2 import Group, Subgroup
from brian2.core.variables import ArrayVariable
from brian2.units.fundamentalunits import DIMENSIONLESS

from ...arguments import is_number
from ...errors import InvalidInputError
from ...layers import Projection


def source(title: str, group: Group, projection: Projection, event: str) -> ArrayVariable:
    """The array of the source's spikes, or of another event.

    Raises
    ------
    InvalidInputError
        If it has no such event, or another number of neurons than the projection has inputs.
    """
    _check_group(title, "source", group)
    if f"_{event}space" not in group.variables:
        remedy = "give it a threshold" if event == "spike" else "define it there"
        raise InvalidInputError(
            f"{title}: its source {group.name!r} has no event {event!r}; {remedy}"
        )
    _check_size(title, "source", group, projection)
    return group.variables[f"_{event}space"]


def target(title: str, group: Group, projection: Projection, name: str) -> ArrayVariable:
    """The variable that spikes add to.

    Raises
    ------
    InvalidInputError
        If the group has another number of neurons than the projection has outputs, or spikes
        cannot add plain numbers to the variable.
    """
    _check_group(title, "target", group)
    _check_size(title, "target", group, projection)
    variable = _array(title, group, name)
    onto = f"{title} onto {group.name!r}"
    if variable.scalar:
        raise InvalidInputError(
            f"{onto}: {name!r} is shared by all neurons, but each one has its own sum; declare it "
            "without (shared)"
        )
    if not np.issubdtype(variable.dtype, np.floating):
        raise InvalidInputError(
            f"{onto}: {name!r} is of {np.dtype(variable.dtype)}; declare it as a floating variable"
        )
    if variable.dim is not DIMENSIONLESS:
        raise InvalidInputError(
            f"{onto}: {name!r} has the unit {variable.unit}, and weights are plain numbers; "
            f"declare it as '{name} : 1' and give it its unit where it is read"
        )
    return variable


def counter(title: str, group: Group, name: str | None) -> ArrayVariable | None:
    """The shared variable that counts spikes, if one does."""
    if name is None:
        return None
    variable = _array(title, group, name)
    if not variable.scalar or np.dtype(variable.dtype).kind not in "fi":
        raise InvalidInputError(
            f"{title} onto {group.name!r}: {name!r} cannot count spikes; declare it as "
            f"'{name} : integer (shared)'"
        )
    return variable


def number(title: str, name: str, value: float) -> float:
    """`value` as a float; raise `InvalidInputError` unless it is a finite number."""
    if is_number(value):
        return float(value)
    raise InvalidInputError(f"{title}: {name} must be a finite number, got {value!r}")


def _check_group(title: str, what: str, group: Group) -> None:
    if not isinstance(group, Group) or not hasattr(group, "start"):
        raise InvalidInputError(
            f"{title}: its {what} must be a group of neurons or a part of one, got "
            f"{type(group).__name__}"
        )


def _check_size(title: str, what: str, group: Group, projection: Projection) -> None:
    window = projection.window
    size = {"source": projection.n_inputs, "target": window.n_outputs}[what]
    if len(group) != size:
        raise InvalidInputError(
            f"{title}: its {what} {group.name!r} has {len(group)} neurons but the shapes "
            f"{window.input_shape} -> {window.output_shape} ask for {size}"
        )


def _array(title: str, group: Group, name: str) -> ArrayVariable:
    """A state variable of `group` itself that may be written."""
    variable = group.variables.get(name)
    onto = f"{title} onto {group.name!r}"
    if not isinstance(variable, ArrayVariable):
        raise InvalidInputError(
            f"{onto}: it has no state variable {name!r}; choose one of "
            + (
                ", ".join(
                    key
                    for key, value in group.variables.items()
                    if isinstance(value, ArrayVariable) and not key.startswith("_")
                )
            )
        )
    owner = group.source if isinstance(group, Subgroup) else group
    if variable.owner.name != owner.name:
        raise InvalidInputError(
            f"{onto}: {name!r} is linked to {variable.owner.name!r}; project onto that group"
        )
    if variable.constant or variable.read_only:
        kind = "read-only" if variable.read_only else "constant"
        raise InvalidInputError(
            f"{onto}: {name!r} is {kind}, so that no spike may change it; declare it without that"
        )
    return variable
