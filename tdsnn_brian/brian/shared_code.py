"""Code that equal groups share: on the cython target, compiling takes longer than most runs.

Brian2 finds compiled code again by its text, in which arrays are called after their owners, so
that each layer is compiled anew. Here arrays are called after the part they play, and what no
compiler makes faster is left to numpy.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from brian2 import EventMonitor, SpikeGeneratorGroup, StateMonitor, Synapses, get_device
from brian2.codegen.runtime.cython_rt import CythonCodeObject
from brian2.codegen.runtime.numpy_rt import NumpyCodeObject
from brian2.core.variables import ArrayVariable, DynamicArrayVariable
from brian2.groups.group import CodeRunner

from .devices import is_runtime

_PUSHING = {"before_run": "initialise_queue", "run": "push_spikes"}
"""What spike queues need: methods that are compiled already."""


class SharedCythonCode(CythonCodeObject):  # type: ignore[misc]  # Brian2 has no types
    """Cython code whose text does not depend on the names of groups."""

    namespace: dict[str, Any]
    nonconstant_values: list[tuple[str, Callable[[], Any]]]

    def variables_to_namespace(self) -> None:
        super().variables_to_namespace()
        names = self._array_names()
        known = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
        pattern = re.compile(rf"\b(_buf_|_num|)({known})\b")
        for block, text in self.code.items():
            renamed = pattern.sub(lambda found: found[1] + names[found[2]], text)
            setattr(self.code, block, renamed)
        self.namespace = {names.get(name, name): x for name, x in self.namespace.items()}
        self.nonconstant_values = [(names.get(x, x), get) for x, get in self.nonconstant_values]

    def compile_block(self, block: str) -> Any:
        if self.template_name == "synapses_push_spikes" and block in _PUSHING:
            return SimpleNamespace(main=lambda _: getattr(self.owner, _PUSHING[block])())
        return super().compile_block(block)

    def _array_names(self) -> dict[str, str]:
        """Of all arrays: Brian2's name, which has the owner's in it, and one without."""
        names: dict[str, str] = {}
        for part, variable in sorted(self.variables.items()):
            if isinstance(variable, ArrayVariable):
                names.setdefault(self.device.get_array_name(variable), f"_array_{part}")
            if isinstance(variable, DynamicArrayVariable):
                whole = self.device.get_array_name(variable, access_data=False)
                names.setdefault(whole, f"_dynamic_array_{part}")
        return names


def share_code(objects: Iterable[Any]) -> None:
    """Let objects share code, where they run on the cython target and have no class of their own.

    Groups of one neuron, what happens once an image, and monitors run in numpy, as fast.
    """
    device = get_device()
    if not is_runtime(device) or device.code_object_class() is not CythonCodeObject:
        return
    for item in objects:
        if isinstance(item, CodeRunner) and item.codeobj_class is None:
            item.codeobj_class = NumpyCodeObject if _is_little(item) else SharedCythonCode


def _is_little(item: Any) -> bool:
    if isinstance(item, EventMonitor | StateMonitor | SpikeGeneratorGroup):
        return True
    once_an_image = item.clock is not item.group.clock
    return once_an_image or len(item.group) == 1


@contextmanager
def connecting(synapses: Synapses) -> Iterator[None]:
    """Within it, `synapses` are made in numpy, at once, where a compiler would take seconds."""
    if not is_runtime(get_device()):
        yield
        return
    synapses.codeobj_class = NumpyCodeObject
    try:
        yield
    finally:
        synapses.codeobj_class = None
