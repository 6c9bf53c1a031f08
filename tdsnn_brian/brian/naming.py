"""Names of Brian2 objects: those of the Keras layers, as far as Brian2 allows them."""

import re
from collections.abc import Iterable

from ..network import SpikingNetwork
from ..population import Population


def brian_name(layer_name: str) -> str:
    """A layer's name as Brian2 allows it: letters, digits and underscores.

    Examples
    --------
    >>> brian_name("block1/conv-2"), brian_name("2nd")
    ('block1_conv_2', 'layer_2nd')
    """
    name = re.sub(r"\W", "_", layer_name, flags=re.ASCII)
    return name if re.match(r"[A-Za-z]", name) else f"layer_{name}"


class Names:
    """Names of all objects of one network, no two of them equal.

    A layer's neurons have the layer's name. Everything else has a name made of it, such as
    ``conv1_ticking``; where a layer has that name, an underscore is added.

    Parameters
    ----------
    network : SpikingNetwork
    prefix : str, optional
        Put before every name, for several networks in one script.
    """

    def __init__(self, network: SpikingNetwork, prefix: str = ""):
        self._prefix = prefix
        self._of_layers: dict[str, str] = {}
        for population in network.populations:
            self._of_layers[population.name] = _free(
                prefix + brian_name(population.name), self._of_layers.values()
            )

    def of(self, population: Population, part: str = "") -> str:
        """Name of a population's neurons, or of the `part` that belongs to them."""
        if not population.sources:
            return self.alone(f"{population.name}_{part}" if part else population.name)
        name = self._of_layers[population.name]
        return _free(f"{name}_{part}", self._of_layers.values()) if part else name

    def alone(self, name: str) -> str:
        """Name of something that belongs to no layer."""
        return _free(self._prefix + name, self._of_layers.values())


def _free(name: str, taken: Iterable[str]) -> str:
    taken = set(taken)
    while name in taken:
        name += "_"
    return name
