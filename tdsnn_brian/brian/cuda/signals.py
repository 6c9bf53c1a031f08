"""Signals between one neuron and all of a group, without a synapse for each of them.

A `Synapses` lists its synapses, which a program for a card sorts on the host before it runs: a
minute for the fifteen million neurons of VGG-16. Here a thread for each neuron looks whether the
one neuron has spiked, and spikes of a group are added to a count by their number.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from brian2 import CodeRunner, Group
from brian2.core.variables import Variables

BLOCK = 256
"""Threads of a block on the card."""

_POST = re.compile(r"\b(\w+)_post\b")
_PRE = re.compile(r"\b(\w+)_pre\b")


class OnTheCard(CodeRunner, Group):  # type: ignore[misc]  # Brian2 has no types
    """A Brian2 object whose code is a template of this package, and runs on a group's neurons."""

    add_to_magic_network = True

    def __init__(
        self,
        target: Any,
        name: str,
        *,
        hidden: Sequence[str] = (),
        namespace: Mapping[str, object] | None = None,
        **plan: Any,
    ):
        self.codeobj_class: type | None = None
        plan.setdefault("clock", target.clock)
        self.plan = plan
        Group.__init__(self, name=name, **plan)
        self.namespace = dict(namespace or {})
        self.variables = Variables(self)
        hidden = ("t", "dt", "t_in_timesteps", *hidden)
        reached = [x for x in target.variables if x not in hidden and not x.endswith("space")]
        self.variables.add_references(target, reached)
        self.variables.create_clock_variables(plan["clock"])

    def runs(self, template: str, needed: Sequence[str], code: str = "", **fields: Any) -> None:
        """Say what it does, once all its variables are there."""
        CodeRunner.__init__(
            self,
            self,
            template,
            code=code,
            needed_variables=list(needed),
            template_kwds=fields,
            name=None,
            **self.plan,
        )
        self._enable_group_attributes()

    def create_code_objects(self, run_namespace: Mapping[str, object]) -> None:
        from .code import CudaCode  # Brian2CUDA is there, as its device is active

        self.codeobj_class = CudaCode
        super().create_code_objects(run_namespace)


class Broadcast(OnTheCard):
    """What one neuron's spikes do to every neuron of a group.

    Parameters
    ----------
    source : Group
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

    def __init__(
        self,
        source: Any,
        target: Any,
        on_pre: str,
        name: str,
        *,
        delay: int = 0,
        order: int = -1,
        namespace: Mapping[str, object] | None = None,
    ):
        super().__init__(target, name, namespace=namespace, when="synapses", order=order)
        for variable in _PRE.findall(on_pre):
            self.variables.add_reference(f"{variable}_pre", source, variable, index="0")
        self.variables.add_reference("_sent_spikespace", source, "_spikespace")
        self.runs(
            "broadcast",
            ["_sent_spikespace", "t_in_timesteps"],
            _POST.sub(r"\1", on_pre),
            spikes=source.variables["_spikespace"],
            delay=delay,
        )
        self.add_dependency(source)
        self.add_dependency(target)


class Tally(OnTheCard):
    """Adds the number of a group's spikes to a variable of one neuron.

    Parameters
    ----------
    source : Group
    event : str
        Of the source.
    target : NeuronGroup
        One neuron.
    variable : str
        A floating one.
    name : str
    """

    def __init__(self, source: Any, event: str, target: Any, variable: str, name: str):
        super().__init__(target, name, when="synapses", order=-1)
        self.variables.add_reference("_counted_spikespace", source, f"_{event}space")
        self.runs(
            "tally",
            ["_counted_spikespace", variable],
            spikes=source.variables[f"_{event}space"],
            target=target.variables[variable],
        )
        self.add_dependency(source)
        self.add_dependency(target)
