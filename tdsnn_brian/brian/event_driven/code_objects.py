"""Code objects from this package's templates, and how templates name arrays of Brian2."""

import numpy as np
from brian2 import Group
from brian2.codegen.runtime.cython_rt import CythonCodeObject
from brian2.codegen.runtime.numpy_rt import NumpyCodeObject
from brian2.devices import get_device
from brian2.devices.cpp_standalone.codeobject import CPPStandaloneCodeObject
from numpy.typing import NDArray

from ...errors import UnsupportedDeviceError
from ..devices import is_cuda
from ..shared_code import SharedCythonCode


class StandaloneCode(CPPStandaloneCodeObject):  # type: ignore[misc]  # Brian2 has no types
    """C++ standalone code from this package's templates."""

    templater = CPPStandaloneCodeObject.templater.derive(__package__)


class CythonCode(SharedCythonCode):
    """Cython code from this package's templates."""

    templater = CythonCodeObject.templater.derive(__package__)


class NumpyCode(NumpyCodeObject):  # type: ignore[misc]  # Brian2 has no types
    """Numpy code from this package's templates."""

    templater = NumpyCodeObject.templater.derive(__package__)


_OURS: dict[type, type] = {
    CPPStandaloneCodeObject: StandaloneCode,
    CythonCodeObject: CythonCode,
    NumpyCodeObject: NumpyCode,
}


def code_class(target: type | None = None) -> type:
    """Our code object class for the active device and target.

    Raises
    ------
    UnsupportedDeviceError
        On any target but numpy, cython, cpp_standalone and cuda_standalone.
    """
    active = get_device().code_object_class(target)
    if is_cuda(get_device()):
        from ..cuda.code import CudaCode  # Brian2CUDA is there, as its device is active

        return CudaCode
    for theirs, ours in _OURS.items():
        if active in (theirs, ours):
            return ours
    raise UnsupportedDeviceError(
        f"shared weights have no code for {active.__name__}; use the numpy or cython target or "
        'cpp_standalone, or projection="explicit"'
    )


def static_array(owner: Group, what: str, values: NDArray) -> str:
    """Name of a constant array in a standalone program; the same one for equal values."""
    device, name = get_device(), f"{owner.name}_{what}"
    known = device.static_arrays.get(f"_static_array_{name}")
    if known is not None and known.dtype == values.dtype and np.array_equal(known, values):
        return f"_static_array_{name}"
    return device.static_array(name, np.ascontiguousarray(values))


class MappedArray:
    """A constant array that a standalone program maps into its memory instead of reading it.

    To Brian2 it is empty, so that nothing is loaded.
    """

    size = 0

    def __init__(self, values: NDArray):
        self.values, self.dtype = np.ascontiguousarray(values), values.dtype

    def tofile(self, path: str) -> None:
        self.values.tofile(path)


def mapped_array(owner: Group, what: str, values: NDArray) -> str:
    """Name of the file that holds `values` for the program; see ``templates/waiting.h``."""
    name = f"_static_array_{owner.name}_{what}"
    get_device().static_arrays[name] = MappedArray(values)
    return name


class Globals:
    """The global names of a group's arrays, as attributes for templates."""

    def __init__(self, group: Group):
        self._group = group

    def __getattr__(self, name: str) -> str:
        return get_device().get_array_name(self._group.variables[name])
