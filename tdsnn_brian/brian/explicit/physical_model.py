"""The paper's model in the units of a cell: mV, pF, MOhm, pA.

A neuron rests at `E_L`, below its threshold, and is held at the threshold by a constant current,
its rheobase: the potential 0 of the plain model. Presynaptic spikes bring charges, which move it by
`w / C`. A neuron that has fired is refractory until the next image.
"""

from brian2 import Quantity, farad, mV, pF, volt

from ...errors import InvalidInputError
from ..quantities import check_quantity
from .cells import Cells, Signal
from .models import LEAKY, MAX_POOL, UNTRIED, NeuronModel

MEMBRANE = Cells(
    equations="""
dv/dt = ((E_L - v) / R + I_hold) / C : volt
I_hold = (V_th - E_L) / R : amp
R = tau_mem / C : ohm
""",
    new_image="v = V_th",
)
GATE = Cells(
    equations="drive : coulomb\nonset : second",
    new_image="drive = 0 * coulomb\nonset = t",
    fires="drive > 0 * coulomb and v >= v_threshold - tie * drive / C",
    after_spike="v = V_reset",
    refractory="lastspike >= onset",
)
# A perfect integrator that as many spikes as it awaits lift from rest to threshold.
POOL = MAX_POOL + Cells(
    equations="v = E_L + (V_th - E_L) * n_arrived / n_awaited : volt",
)
TICKS = {
    "release": Signal(on_pre="drive_post += w_tick"),
    "ticks": Signal(on_pre="v_post += w_tick / C * int(drive_post > 0 * coulomb)", delayed=True),
}
LACKS = {
    "silent zeros": (
        "is refractory until the next image once it has fired, which a neuron that is done "
        "without a spike is not; convert without silent_zeros, or use the plain model"
    ),
    "constrained max-pools": (
        "has no charges that change with every image; convert with max_pool='simplified'"
    ),
    "GeNN": UNTRIED,
    "Brian2CUDA": UNTRIED,
}


def physical(
    *,
    capacitance: Quantity = 250 * pF,
    rest: Quantity = -65 * mV,
    threshold: Quantity = -50 * mV,
    reset: Quantity | None = None,
    unit: Quantity = 1 * mV,
) -> NeuronModel:
    r"""Model in physical units: ``C dv/dt = (E_L - v) / R + I_hold`` and charges (Eq. 1).

    The membrane's resistance follows from the leak: ``R = leak * tick / C``. With a tick of 2 ms
    and a leak of 5 ticks the defaults are the neuron of Potjans and Diesmann (Cerebral Cortex 24,
    2014, Table 5): 250 pF, 10 ms, hence 40 MOhm; rest and reset at -65 mV, threshold at -50 mV.

    Parameters
    ----------
    capacitance : Quantity
        `C` of the membrane.
    rest, threshold : Quantity
        `E_L` and `V_th`; the current that holds a neuron at its threshold is
        ``(V_th - E_L) / R``.
    reset : Quantity, optional
        Where a spike puts the potential; `rest`, if not given.
    unit : Quantity
        What a spike of weight 1 adds to the potential: a charge of ``C * unit``.

    Returns
    -------
    NeuronModel
        Firing times are those of the plain model.

    Raises
    ------
    InvalidInputError
        If an argument has another dimension, is not finite, or is no value of such a thing.

    Examples
    --------
    >>> import numpy as np, tdsnn_brian as td
    >>> from brian2 import ms, prefs
    >>> prefs.codegen.target = "numpy"
    >>> layers = [td.layers.Dense(name=name, input_shape=(2,), weights=np.eye(2)) for name in "ab"]
    >>> network = td.SpikingNetwork(layers=layers, leak=5)
    >>> result = td.simulate(network, np.array([[0.2, 0.9]]), tick=2 * ms, dt=2 * ms,
    ...     model=td.models.physical(), monitors={"a": "v"})
    >>> result.latencies["a"], result.traces["a"].values[0, 1, :3]
    (array([[4., 6.]]), array([-50., -50., -50.]) * mvolt)
    """
    reset = rest if reset is None else reset
    check_quantity("capacitance", capacitance, farad, "250*pF", least=0.0)
    for name, value in (("rest", rest), ("threshold", threshold), ("reset", reset)):
        check_quantity(name, value, volt, "-65*mV")
    check_quantity("unit", unit, volt, "1*mV", least=0.0)
    if rest > threshold:
        raise InvalidInputError(
            f"rest={rest!s} lies above threshold={threshold!s}; neurons would fire by themselves"
        )
    return NeuronModel(
        name="physical",
        membrane=MEMBRANE,
        gate=GATE,
        max_pool=POOL,
        ticks=TICKS,
        weights="w : coulomb (constant)",
        weighted="v_post += w / C",
        parameters={"C": capacitance, "E_L": rest, "V_th": threshold, "V_reset": reset},
        zero=threshold,
        unit=unit,
        weight_unit=capacitance * unit,
        method=LEAKY.method,
        lacks=LACKS,
    )
