"""One image in the units of a cell: potentials in mV over ms, and the same firing times."""

import numpy as np
from brian2 import ms, mV

from tdsnn_brian import analyse
from tdsnn_brian.brian.explicit.described import described
from tdsnn_brian.brian.explicit.models import NeuronModel
from tdsnn_brian.brian.explicit.physical_model import physical
from tdsnn_brian.engines import obstacle
from tdsnn_brian.errors import InvalidInputError

from ..case import Case
from .trace import Trace, trace_images

TICK = 2 * ms
"""With a leak of 5 ticks a membrane time constant of 10 ms."""


def physical_part(case: Case) -> tuple[dict, Trace] | str:
    """The first image, simulated on the numpy target; or why it cannot be.

    Parameters
    ----------
    case : Case
    """
    network, image, model = case.network, case.images[:1], physical()
    try:
        model.check(network, dynamic=False)
    except InvalidInputError as error:
        return str(error)
    if why := obstacle("explicit, dt below the tick", network):
        return why
    (trace,) = trace_images(network, image, tick=TICK, model=model)
    compared = trace.simulation.compare(analyse(network, image, window="fixed"))
    recorded = np.concatenate([one.v.ravel() for one in trace.potentials.values()] or [[0.0]])
    return {
        "model": model.name,
        "tick_ms": float(TICK / ms),
        "parameters": [
            {"name": name, "value": str(value)} for name, value in model.parameters.items()
        ],
        "equations": equation_rows(model),
        "firing_times": sum(layer.neurons for layer in compared.layers),
        "differ": sum(layer.differ for layer in compared.layers),
        "largest": max((layer.largest for layer in compared.layers), default=0.0),
        "lowest_mv": float(recorded.min()) / float(mV),
        "highest_mv": float(recorded.max()) / float(mV),
    }, trace


def equation_rows(model: NeuronModel) -> list[dict]:
    """The equations of a model as Brian2 prints them, a row a kind of neurons."""
    return [{"of": kind, "text": text} for kind, text in described(model).items()]
