"""When layers begin to fire, in ticks after an image's onset; hops take no tick."""

from collections.abc import Mapping
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ..layers import Kind
from ..network import SpikingNetwork
from ..population import Population

Ticks = TypeVar("Ticks", float, NDArray)


def releases(network: SpikingNetwork, windows: Mapping[str, Ticks]) -> dict[Population, Ticks]:
    """What the firing times of each population are counted from.

    Parameters
    ----------
    network : SpikingNetwork
    windows : mapping
        Inhibitory period of layers in ticks, numbers or (n_images,).

    Returns
    -------
    dict
        In ticks after the image's onset; for layers read out, when their potentials are complete.
        Layers whose window is not known are left out, and so are those behind them.

    Examples
    --------
    >>> from tdsnn_brian.layers import Dense
    >>> layers = [Dense(name=name, input_shape=(2,), weights=np.eye(2)) for name in "ab"]
    >>> network = SpikingNetwork(layers=layers, leak=5)
    >>> {x.name: int(t) for x, t in releases(network, {"a": 4, "b": 7}).items()}
    {'input': 0, 'a': 4, 'b': 11}
    """
    found: dict[Population, Ticks] = {network.input: 0 * next(iter(windows.values()))}
    for population in network.populations:
        if not all(source in found for source in population.sources):
            continue
        reached = np.max([found[source] for source in population.sources], axis=0)
        if population.kind is Kind.MAX_POOL:
            found[population] = reached
        elif population.name in windows:
            found[population] = reached + windows[population.name]
    return found


def ticks_to_answer(network: SpikingNetwork, windows: Mapping[str, NDArray]) -> float:
    """Ticks from an image's onset to its last answer, with windows that are fixed for all images.

    Parameters
    ----------
    network : SpikingNetwork
    windows : mapping of str to ndarray
        (n_images,) inhibitory period of every layer that has one, as in `tdsnn_brian.analyse`.
    """
    longest = {name: float(np.ceil(np.max(values))) for name, values in windows.items()}
    found = releases(network, longest)
    return float(max(found[output] for output in network.outputs))
