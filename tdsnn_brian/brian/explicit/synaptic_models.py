r"""Synapses whose currents or conductances last: exponential, alpha, conductance-based.

The potential that a spike leaves behind rises while its current lasts and then decays as the
membrane does. With :math:`r = \tau_{syn} / \tau_{mem} < 1` and a course :math:`\kappa` of the
current, the part that decays as the membrane does has the size

.. math:: \frac{w}{\tau_{mem}} \int_0^\infty \kappa(t) e^{t / \tau_{mem}} dt

A weight divided by it decodes as in Eq. (4), once the current is spent. So weights have a `gain`
and releases wait.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, exp, log

from brian2 import Quantity, mV, volt

from ...arguments import check_choice, check_flag, is_count, is_number
from ...errors import InvalidInputError
from ..quantities import check_quantity
from .cells import Cells
from .models import MEMBRANE, UNTRIED, NeuronModel

SPENT = 0.01
"""Share of the last spike's weight that its current may still owe at the release."""


@dataclass(frozen=True, kw_only=True)
class Course:
    """A course that the current of a spike may take.

    Attributes
    ----------
    equations : str
        Of its variables, in terms of ``x``: a current or a conductance.
    enters : str
        The variable that a spike adds to.
    tail : callable
        Size of the tail that decays as the membrane, for a charge of 1, from the ratio `r`.
    owed : callable
        Share of the tail that is owed after a time, in units of
        ``1 / (1 / tau_syn - 1 / tau_mem)``.
    """

    equations: str
    enters: str
    tail: Callable[[float], float]
    owed: Callable[[float], float]


COURSES = {
    "exponential": Course(
        equations="d{x}/dt = -{x} / tau_syn : 1",
        enters="{x}",
        tail=lambda r: 1 / (1 - r),
        owed=lambda time: exp(-time),
    ),
    "alpha": Course(
        equations="""
d{x}/dt = (rise_{x} - {x}) / tau_syn : 1
drise_{x}/dt = -rise_{x} / tau_syn : 1
""",
        enters="rise_{x}",
        tail=lambda r: 1 / (1 - r) ** 2,
        owed=lambda time: (1 + time) * exp(-time),
    ),
}
TAU_SYN = "tau_syn = ratio * tau_mem : second"
LACKS = {
    "constrained max-pools": (
        "has no weights that change with every image; convert with max_pool='simplified'"
    ),
    "GeNN": UNTRIED,
    "Brian2CUDA": UNTRIED,
}


def current_synapses(
    shape: str = "exponential",
    *,
    ratio: float = 0.2,
    corrected: bool = True,
    wait: int | None = None,
) -> NeuronModel:
    r"""Model of synapses whose currents decay with ``tau_syn = ratio * tau_mem``.

    ``dv/dt = (current - v) / tau_mem``. Ticks stay instantaneous: as currents they would be the
    constant current of finer ticks, whose latencies are not whole.

    Parameters
    ----------
    shape : {"exponential", "alpha"}
        Course of a current, which carries the same charge in both.
    ratio : float
        Of the synapse's time constant to the membrane's, above 0 and below 1: beyond that the tail
        of a potential decays as the synapse does, and no longer as the code.
    corrected : bool
        Divide weights by the size of the tail, `1 / (1 - ratio)` or its square, and let releases
        wait. Without it a spike of weight 1 brings the charge that it brings instantaneously.
    wait : int, optional
        Ticks that releases wait; if not given, until the last spike's current owes no more than 1 %
        of its weight, and none without the correction.

    Returns
    -------
    NeuronModel

    Raises
    ------
    InvalidInputError
        If an argument is impossible.

    Examples
    --------
    >>> import tdsnn_brian as td
    >>> model = td.models.current_synapses("alpha", ratio=0.1)
    >>> round(model.parameters["gain"], 3), model.wait(5)
    (8.1, 4)
    """
    course = _course(shape)
    enters = course.enters.format(x="current")
    return NeuronModel(
        name=f"{shape} currents",
        membrane=Cells(
            equations="dv/dt = (current - v) / tau_mem : 1\n"
            + f"{course.equations.format(x='current')}\n{TAU_SYN}",
            new_image=_zeros(course, "current"),
        ),
        weighted=f"{enters}_post += w * gain",
        parameters={"ratio": ratio, "gain": _gain(course, ratio, corrected)},
        wait=_wait(course, ratio, corrected, wait),
        lacks=LACKS,
    )


def conductance_synapses(
    shape: str = "exponential",
    *,
    ratio: float = 0.2,
    excitatory: Quantity = 0 * mV,
    inhibitory: Quantity = -75 * mV,
    threshold: Quantity = -50 * mV,
    unit: Quantity = 1 * mV,
    corrected: bool = True,
    wait: int | None = None,
) -> NeuronModel:
    r"""Model of synapses that open conductances: their currents shrink towards reversal potentials.

    ``dv/dt = (g_e (E_e - v) + g_i (E_i - v) - v) / tau_mem``, with potentials in units of the
    weights and relative to the threshold. At the threshold a spike has the effect of a current;
    away from it inputs shunt each other, the more the larger `unit` is.

    Parameters
    ----------
    shape, ratio, corrected, wait
        See `current_synapses`.
    excitatory, inhibitory, threshold : Quantity
        Reversal potentials above and below the threshold.
    unit : Quantity
        What a spike of weight 1 adds to a potential at the threshold.

    Returns
    -------
    NeuronModel
        To be integrated with steps of a tenth of a tick or less: its equations are not linear, and
        coarser steps are refused.

    Raises
    ------
    InvalidInputError
        If an argument is impossible.

    Examples
    --------
    >>> import tdsnn_brian as td
    >>> round(td.models.conductance_synapses().parameters["E_i"], 9)
    -25.0
    """
    course = _course(shape)
    for name, value in (
        ("excitatory", excitatory),
        ("inhibitory", inhibitory),
        ("threshold", threshold),
    ):
        check_quantity(name, value, volt, "-50*mV")
    check_quantity("unit", unit, volt, "1*mV", least=0.0)
    if not inhibitory < threshold < excitatory:
        raise InvalidInputError(
            f"threshold={threshold!s} must lie between inhibitory={inhibitory!s} and excitatory="
            f"{excitatory!s}; else spikes of one sign move the potential the wrong way"
        )
    each = "\n".join(course.equations.format(x=x) for x in ("g_e", "g_i"))
    enters_e, enters_i = (course.enters.format(x=x) for x in ("g_e", "g_i"))
    return NeuronModel(
        name=f"{shape} conductances",
        membrane=Cells(
            equations="dv/dt = (g_e * (E_e - v) + g_i * (E_i - v) - v) / tau_mem : 1\n"
            + f"{each}\n{TAU_SYN}",
            new_image=_zeros(course, "g_e", "g_i"),
        ),
        weighted=(
            f"{enters_e}_post += gain * clip(w, 0, inf) / E_e\n"
            f"{enters_i}_post += gain * clip(w, -inf, 0) / E_i"
        ),
        parameters={
            "ratio": ratio,
            "gain": _gain(course, ratio, corrected),
            "E_e": float((excitatory - threshold) / unit),
            "E_i": float((inhibitory - threshold) / unit),
        },
        wait=_wait(course, ratio, corrected, wait),
        method="rk4",
        fewest_steps=10,
        lacks=LACKS,
    )


def _course(shape: str) -> Course:
    check_choice("shape", shape, COURSES)
    return COURSES[shape]


def _zeros(course: Course, *variables: str) -> str:
    """Statements that set potential, currents and conductances back."""
    states = dict.fromkeys(name.format(x=x) for x in variables for name in ("{x}", course.enters))
    return "\n".join([MEMBRANE.new_image, *(f"{name} = 0" for name in states)])


def _gain(course: Course, ratio: float, corrected: bool) -> float:
    """What a spike of weight 1 adds to the current, in units of the potential."""
    if not (is_number(ratio) and 0 < ratio < 1):
        raise InvalidInputError(
            f"ratio={ratio!r:.80} of the time constants must lie between 0 and 1: with synapses "
            "slower than the membrane, potentials decay as the synapse does and no longer as the "
            "code; pass for example ratio=0.2"
        )
    check_flag("corrected", corrected)
    return (1 / ratio) / (course.tail(ratio) if corrected else 1)


def _wait(
    course: Course, ratio: float, corrected: bool, wait: int | None
) -> Callable[[float], int] | None:
    if wait is not None:
        if not is_count(wait, least=0):
            raise InvalidInputError(
                f"wait must be a whole number of ticks, 0 or more, got {wait!r:.80}"
            )
        return lambda leak: wait
    if not corrected:
        return None
    low, high = 0.0, 2 * log(1 / SPENT)
    for _ in range(60):  # `owed` falls
        middle = (low + high) / 2
        low, high = (middle, high) if course.owed(middle) > SPENT else (low, middle)
    return lambda leak: ceil(high * leak * ratio / (1 - ratio))
