"""What one neuron's spikes do to every neuron of a group, without a synapse for each."""

import re
from collections.abc import Mapping

from brian2 import CodeRunner, Group, NeuronGroup
from brian2.core.variables import Variables

from .code_objects import code_class

_POST = re.compile(r"\b(\w+)_post\b")
_PRE = re.compile(r"\b(\w+)_pre\b")


class Broadcast(CodeRunner, Group):  # type: ignore[misc]  # Brian2 has no types
    """Takes the place of `Synapses` from one neuron to all of a group, in cuda_standalone.

    A `Synapses` lists its synapses, which a program for a card sorts on the host before it runs:
    a minute for the fifteen million neurons of VGG-16.

    Parameters
    ----------
    source : NeuronGroup
        One neuron.
    target : NeuronGroup
    on_pre : str
        Statements as those of `Synapses`.
    name : str
    delay : int, optional
        In steps of the target's clock.
    order : int, optional
        Among what runs in the slot ``synapses``.
    namespace : mapping, optional
        Constants of the statements.
    """

    add_to_magic_network = True

    def __init__(
        self,
        source: NeuronGroup,
        target: NeuronGroup,
        on_pre: str,
        name: str,
        *,
        delay: int = 0,
        order: int = -1,
        namespace: Mapping[str, object] | None = None,
    ):
        plan = {"when": "synapses", "order": order, "clock": target.clock}
        self.codeobj_class: type | None = None
        Group.__init__(self, name=name, **plan)
        self.namespace = dict(namespace or {})
        self.variables = Variables(self)
        own = ("t", "dt", "t_in_timesteps")
        reached = [x for x in target.variables if x not in own and not x.endswith("space")]
        self.variables.add_references(target, reached)
        self.variables.create_clock_variables(target.clock)
        for variable in _PRE.findall(on_pre):
            self.variables.add_reference(f"{variable}_pre", source, variable, index="0")
        self.variables.add_reference("_source_spikespace", source, "_spikespace")
        CodeRunner.__init__(
            self,
            self,
            "broadcast",
            code=_POST.sub(r"\1", on_pre),
            needed_variables=["_source_spikespace", "t_in_timesteps"],
            template_kwds={"spikes": source.variables["_spikespace"], "delay": delay},
            name=None,
            **plan,
        )
        self.add_dependency(source)
        self.add_dependency(target)
        self._enable_group_attributes()

    def create_code_objects(self, run_namespace: Mapping[str, object]) -> None:
        self.codeobj_class = code_class()
        super().create_code_objects(run_namespace)
