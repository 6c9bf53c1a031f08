"""What several outputs give, by name; a single one is an array, as ever."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from .errors import InvalidInputError, NotInNetworkError


class Outputs(dict[str, Any]):
    """One entry for each layer that is read out, by its name; never taken for one of them.

    Examples
    --------
    >>> import numpy as np, tdsnn_brian as td
    >>> dense, eye = td.layers.Dense, np.eye(2)
    >>> digit = dense(name="digit", input_shape=(2,), weights=eye)
    >>> height = dense(name="height", input_shape=(2,), weights=eye[:, :1], source="")
    >>> names = ("digit", "height")
    >>> network = td.SpikingNetwork(layers=(digit, height), output_names=names, leak=5)
    >>> result = td.analyse(network, np.array([[0.2, 0.9]]))
    >>> list(result.logits), result.logits["digit"].shape, result.predictions["digit"].tolist()
    (['digit', 'height'], (1, 2), [1])
    >>> result.accuracy({"digit": [1]})
    {'digit': 1.0}
    >>> result.predictions == np.array([1])  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    tdsnn_brian.errors.InvalidInputError: there are several outputs ('digit', 'height'); take one...
    """

    @property
    def _names(self) -> str:
        return ", ".join(map(repr, self))

    def _take_one(self, *arguments: Any, **options: Any) -> NoReturn:
        raise InvalidInputError(
            f"there are several outputs ({self._names}); take one of them by its name, such as "
            f"result.logits[{next(iter(self), '')!r}]"
        )

    __array__ = __eq__ = __ne__ = _take_one

    def __missing__(self, name: object) -> NoReturn:
        raise NotInNetworkError(f"there is no output {name!r}: the outputs are {self._names}")

    def __getattr__(self, name: str) -> NoReturn:
        raise NotInNetworkError(
            f"there are several outputs ({self._names}), of which each has its own {name!r}; take "
            f"one of them by its name, such as result.logits[{next(iter(self), '')!r}]"
        )


def gathered(values: Any) -> Any:
    """The array of a single output, `Outputs` of several; what is an array stays one."""
    if not isinstance(values, Mapping):
        return values
    return Outputs(values) if len(values) > 1 else next(iter(values.values()))


def of_each(function: Callable[..., Any], *values: Any) -> Any:
    """`function` of the array of a single output, or of those of each one, as `Outputs`."""
    if not isinstance(values[0], Outputs):
        return function(*values)
    return Outputs({name: function(*(each[name] for each in values)) for name in values[0]})


def by_name(values: Any) -> Iterator[tuple[str, NDArray]]:
    """Names and arrays; the name of a single output, which its array does not know, is empty."""
    yield from values.items() if isinstance(values, Outputs) else [("", np.asarray(values))]
