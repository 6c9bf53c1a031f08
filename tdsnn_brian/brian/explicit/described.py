"""The equations of a neuron model as Brian2 prints them."""

from collections.abc import Mapping

from brian2.equations import Equations

from .cells import Cells
from .models import NeuronModel


def described(model: NeuronModel) -> dict[str, str]:
    """What each kind of neurons and synapses of a model does, as Brian2 prints its equations.

    Parameters
    ----------
    model : NeuronModel

    Returns
    -------
    dict of str to str
        By kind: ``"layer"``, ``"max-pool"``, ``"ticking neuron"``, ``"synapses"`` and, where the
        model has them, ``"timer"``, ``"counter"``, ``"input"`` and ``"bias"``.

    Examples
    --------
    >>> import tdsnn_brian as td
    >>> print(td.models.described(td.models.LEAKY)["layer"])
    dv/dt = -v / tau_mem : 1
    drive : 1
    fired : 1
    at each image: v = 0; drive = 0; fired = 0
    fires when: drive > 0 and fired == 0 and v >= v_threshold - tie * drive
    then: fired = 1
    """
    kinds = {
        "layer": model.membrane + model.gate,
        "max-pool": model.max_pool,
        "ticking neuron": model.ticking,
        "timer": None if model.circuit is None else model.circuit.timer,
        "counter": None if model.circuit is None else model.circuit.counter,
        "input": model.input,
        "bias": model.bias,
    }
    texts = {kind: _cells(cells) for kind, cells in kinds.items() if cells is not None}
    effects = {"a spike": model.weighted}
    for part, signal in model.ticks.items():
        name = "a tick" if part == "ticks" else part
        effects[name] = _effect(signal.on_pre)
    if model.circuit is not None:
        effects["the timer"] = _effect(model.circuit.starts)
        effects["the counter"] = _effect(model.circuit.stops)
    texts["synapses"] = "\n".join(
        [_equations(model.weights), *(f"{name}: {effect}" for name, effect in effects.items())]
    )
    return texts


def _effect(on_pre: str | Mapping[str, str]) -> str:
    return on_pre if isinstance(on_pre, str) else "; ".join(on_pre.values())


def _cells(cells: Cells) -> str:
    lines = {
        "at each image": cells.new_image,
        "fires when": cells.fires,
        "then": cells.after_spike,
        "refractory while": cells.refractory,
    }
    said = [f"{what}: {_on_one_line(code)}" for what, code in lines.items() if code.strip()]
    return "\n".join([_equations(cells.equations), *said])


def _equations(text: str) -> str:
    """In the order in which they were given, with states that have no equation last."""
    return str(Equations(text))


def _on_one_line(code: str) -> str:
    return "; ".join(line.strip() for line in code.splitlines() if line.strip())
