"""Brian2 with less of what takes its time and changes nothing: a log file, and slowly made keys."""

import logging

from brian2.core.variables import Variable
from brian2.units.fundamentalunits import Dimension
from brian2.utils import caching
from brian2.utils.caching import CacheKey

_whole = caching._hashable
_AS_THEY_ARE = {str, int, float, bool, type(None), type, Dimension}
_LISTS = {tuple, list}


def key(value):
    """What `brian2.utils.caching._hashable` gives, which asks of everything what it is."""
    kind = type(value)
    if kind in _AS_THEY_ARE:
        return value
    if kind in _LISTS:
        return tuple([key(part) for part in value])
    if kind is dict:
        return frozenset([(key(name), key(part)) for name, part in value.items()])
    if issubclass(kind, Variable) and kind._state_tuple is CacheKey._state_tuple:
        passed_over = kind._cache_irrelevant_attributes
        return tuple(
            [key(part) for name, part in sorted(vars(value).items()) if name not in passed_over]
        )
    return _whole(value)


def hurry():
    caching._hashable = key
    log = logging.getLogger("brian2")
    for handler in log.handlers:
        if isinstance(handler, logging.FileHandler):
            log.removeHandler(handler)
            handler.close()
    log.setLevel(logging.INFO)
