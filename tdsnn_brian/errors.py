"""Errors that name the layer or argument, the cause and the remedy.

Each one also is the builtin that a caller without this package in mind would catch.
"""


class TDSNNError(Exception):
    """Base of every error that this package raises on purpose.

    Examples
    --------
    >>> import tdsnn_brian as td
    >>> try:
    ...     td.latency([1.0], leak=0)
    ... except td.TDSNNError as error:
    ...     print(type(error).__name__)
    InvalidInputError
    """


class InvalidInputError(TDSNNError, ValueError):
    """An image, a leak, a window or another argument has an impossible value.

    Examples
    --------
    >>> import tdsnn_brian as td
    >>> td.latency([1.0], leak=0)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    tdsnn_brian.errors.InvalidInputError: leak must be ...
    """


class UnsupportedLayerError(TDSNNError, ValueError):
    """A Keras layer, or a way of using it, has no spiking counterpart here.

    Examples
    --------
    >>> import keras, tdsnn_brian as td  # doctest: +SKIP
    >>> model = keras.Sequential([keras.Input((9, 4)), keras.layers.LSTM(3)])  # doctest: +SKIP
    >>> td.adapt(model, leak=5)  # doctest: +SKIP
    """


class NotAdaptedError(TDSNNError, ValueError):
    """A model that lacks `ReverseCoding` where the conversion needs it.

    Examples
    --------
    >>> import keras, tdsnn_brian as td  # doctest: +SKIP
    >>> td.convert(keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)]))  # doctest: +SKIP
    """


class WindowTooShortError(TDSNNError, ValueError):
    """A fixed inhibitory window ends before the last presynaptic spike.

    Examples
    --------
    >>> import numpy as np, tdsnn_brian as td
    >>> weights = np.array([[1.0, -1.0], [0.5, 1.0]])
    >>> hidden = td.layers.Dense(name="hidden", input_shape=(2,), weights=weights)
    >>> output = td.layers.Dense(name="output", input_shape=(2,), weights=weights)
    >>> network = td.SpikingNetwork(layers=(hidden, output), leak=5)
    >>> images = np.array([[0.2, 0.9]])
    >>> td.build_network(network, images, window=2)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    tdsnn_brian.errors.WindowTooShortError: ...
    """


class RunError(TDSNNError, RuntimeError):
    """A network has not run, or not for the time that its images take.

    Examples
    --------
    >>> import numpy as np, tdsnn_brian as td
    >>> weights = np.array([[1.0, -1.0], [0.5, 1.0]])
    >>> hidden = td.layers.Dense(name="hidden", input_shape=(2,), weights=weights)
    >>> output = td.layers.Dense(name="output", input_shape=(2,), weights=weights)
    >>> network = td.SpikingNetwork(layers=(hidden, output), leak=5)
    >>> images = np.array([[0.2, 0.9]])
    >>> td.read_results(td.build_network(network, images))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    tdsnn_brian.errors.RunError: ...
    """


class NetworkFileError(TDSNNError, ValueError):
    """A network file is damaged, of another version or something else.

    Examples
    --------
    >>> import tdsnn_brian as td
    >>> td.load(td.__file__)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    tdsnn_brian.errors.NetworkFileError: ...
    """


class UnsupportedDeviceError(TDSNNError, NotImplementedError):
    """What was asked for cannot be done on the active Brian2 device.

    Examples
    --------
    >>> import brian2, tdsnn_brian as td
    >>> brian2.set_device("cpp_standalone", build_on_run=False)  # doctest: +SKIP
    >>> td.simulate(network, images)  # doctest: +SKIP
    """


class NotInNetworkError(TDSNNError, KeyError, AttributeError):
    """A Brian2 object or attribute that this kind of network does not have.

    Examples
    --------
    >>> import numpy as np, tdsnn_brian as td
    >>> output = td.layers.Dense(name="output", input_shape=(2,), weights=np.eye(2))
    >>> network = td.SpikingNetwork(layers=(output,), leak=5)
    >>> net = td.build_network(network, np.array([[0.2, 0.9]]))
    >>> net["outputs"]  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    tdsnn_brian.errors.NotInNetworkError: this network has no 'outputs': did you mean 'output'? ...
    """

    __str__ = Exception.__str__  # a KeyError's would be in quotes


class MissingExtraError(TDSNNError, ImportError):
    """A package that an extra brings is not installed; it says which extra.

    Examples
    --------
    >>> import tdsnn_brian as td
    >>> td.simulate(network, images)  # where Brian2 is not installed  # doctest: +SKIP
    Traceback (most recent call last):
        ...
    tdsnn_brian.errors.MissingExtraError: brian2 is not installed; pip install 'tdsnn-brian[brian]'
    """


class ProgramError(TDSNNError, RuntimeError):
    """A program could not be compiled, or ended before its last image.

    Examples
    --------
    >>> import tdsnn_brian as td
    >>> next(td.stream(network, images))  # where no C++ compiler is  # doctest: +SKIP
    Traceback (most recent call last):
        ...
    tdsnn_brian.errors.ProgramError: network 'mine' could not be compiled; check that a C++ ...
    """


class CacheError(TDSNNError, OSError):
    """The directory of compiled programs cannot be used.

    Examples
    --------
    >>> import os, tdsnn_brian as td
    >>> os.environ["TDSNN_CACHE"] = "programs"  # doctest: +SKIP
    >>> next(td.stream(network, images))  # doctest: +SKIP
    Traceback (most recent call last):
        ...
    tdsnn_brian.errors.CacheError: TDSNN_CACHE must be an absolute path, got 'programs'; ...
    """
