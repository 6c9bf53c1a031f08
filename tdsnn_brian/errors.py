"""Errors that name the layer or argument, the cause and the remedy.

Each one also is the builtin that a caller without this package in mind would catch.
"""


class TDSNNError(Exception):
    """Base of every error that this package raises on purpose."""


class InvalidInputError(TDSNNError, ValueError):
    """An image, a leak, a window or another argument has an impossible value."""


class UnsupportedLayerError(TDSNNError, ValueError):
    """A Keras layer, or a way of using it, has no spiking counterpart here."""


class NotAdaptedError(TDSNNError, ValueError):
    """A model that lacks `ReverseCoding` where the conversion needs it."""


class WindowTooShortError(TDSNNError, ValueError):
    """A fixed inhibitory window ends before the last presynaptic spike."""


class RunError(TDSNNError, RuntimeError):
    """A network has not run, or not for the time that its images take."""


class NetworkFileError(TDSNNError, ValueError):
    """A network file is damaged, of another version or something else."""


class UnsupportedDeviceError(TDSNNError, NotImplementedError):
    """What was asked for cannot be done on the active Brian2 device."""


class NotInNetworkError(TDSNNError, KeyError, AttributeError):
    """A Brian2 object or attribute that this kind of network does not have."""

    __str__ = Exception.__str__  # a KeyError's would be in quotes


class MissingExtraError(TDSNNError, ImportError):
    """A package that an extra brings is not installed; it says which extra."""


class ProgramError(TDSNNError, RuntimeError):
    """A program could not be compiled, or ended before its last image."""


class CacheError(TDSNNError, OSError):
    """The directory of compiled programs cannot be used."""
