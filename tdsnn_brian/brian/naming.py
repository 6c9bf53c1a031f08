"""Names of Brian2 objects: those of the Keras layers, as far as Brian2 allows them."""

import hashlib
import re

from ..errors import InvalidInputError
from ..network import SpikingNetwork
from ..population import Population

LONGEST = 48
"""Three names, their parts and what Brian2 adds have to fit a file name of 255 characters."""


def brian_name(layer_name: str) -> str:
    """A layer's name as Brian2 allows it: letters, digits and underscores, not too many.

    Examples
    --------
    >>> brian_name("block1/conv-2"), brian_name("2nd"), brian_name(70 * "a")[-13:]
    ('block1_conv_2', 'layer_2nd', 'aaaa_6bd5e503')
    """
    name = re.sub(r"\W", "_", layer_name, flags=re.ASCII)
    name = name if re.match(r"[A-Za-z]", name) else f"layer_{name}"
    if len(name) <= LONGEST:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{name[: LONGEST - 9]}_{digest}"


_IS_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

PARTS = (
    "synapses",
    "spikes",
    "ticking",
    "ticking_spikes",
    "bias",
    "bias_synapses",
    "readout",
    "latency",
    "silent",
    "fired",
    "silent_inputs",
    "w_pool",
    "tick_shares",
    "ticking_release",
    "ticking_ticks",
    "ticking_done",
    "ticking_judge",
    "ticking_silent",
    "ticking_arrivals",
    "ticking_silent_inputs",
    "ticking_bias_arrival",
    "bias_ticks",
    "bias_done",
    "onset",
    "pulse",
    "pulse_stop",
    "released",
    "released_ticks",
    "reset",
    "origin",
    "start",
    "end",
    "go",
    "let_go",
    "release",
    "ticks",
    "done",
    "settled",
    "ticking_timer",
    "ticking_counter",
    "ticking_start",
    "ticking_stop",
)
"""What belongs to a layer's neurons; the first are those that users ask for."""


class Names:
    """Names of all objects of one network, no two of them equal.

    A layer's neurons have the layer's name. Everything else has a name made of it, such as
    ``conv1_ticking``; where something has that name already, an underscore is added.

    Parameters
    ----------
    network : SpikingNetwork
    prefix : str, optional
        Put before every name, for several networks in one script.
    """

    def __init__(self, network: SpikingNetwork, prefix: str = ""):
        if not (isinstance(prefix, str) and (not prefix or _IS_NAME.fullmatch(prefix))):
            raise InvalidInputError(
                "prefix must be text of letters, digits and underscores that does not start with "
                f"a digit, as Brian2's names are made of, got {prefix!r:.80}; pass for example "
                "prefix='first_'"
            )
        if len(prefix) > LONGEST:
            raise InvalidInputError(
                f"prefix must have at most {LONGEST} characters, for names become names of files, "
                f"got {len(prefix)}"
            )
        self._prefix = prefix
        self._names: dict[tuple[str, str], str] = {}
        self._taken: set[str] = set()
        for population in network.populations:
            self.of(population)
        self.of(network.input)
        # in an order that depends on the network alone, whoever asks first
        for part in PARTS:
            for population in (*network.populations, network.input):
                self.of(population, part)

    def of(self, population: Population, part: str = "") -> str:
        """Name of a population's neurons, or of the `part` that belongs to them."""
        owner = population.name if population.sources else ""  # a layer may be called as the input
        if (owner, part) not in self._names:
            whole = (
                brian_name(population.name)
                if not part
                else (f"{self._unprefixed(population)}_{part}")
            )
            self._names[owner, part] = self._free(whole)
        return self._names[owner, part]

    def onto(self, population: Population, index: int, part: str = "synapses") -> str:
        """Name of the synapses, or another `part`, from a population's source of that index."""
        if len(population.sources) == 1:
            return self.of(population, part)
        return self.of(population, f"{part}_{brian_name(population.sources[index].name)}_{index}")

    def alone(self, name: str) -> str:
        """Name of something that belongs to no layer."""
        return self._free(name)

    def _unprefixed(self, population: Population) -> str:
        return self.of(population).removeprefix(self._prefix)

    def _free(self, name: str) -> str:
        name = self._prefix + name
        while name in self._taken:
            name += "_"
        self._taken.add(name)
        return name
