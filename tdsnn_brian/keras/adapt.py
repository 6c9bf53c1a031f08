"""Put reverse coding into a Keras model, with or without the corrections that spare retraining."""

import keras
import numpy as np
from numpy.typing import NDArray

from ..arguments import real_array
from ..conversion.correction import Correction, correct
from ..conversion.folding import fold
from ..conversion.graph import Graph
from ..conversion.input_offset import with_shifted_images
from ..conversion.rules import check_folded, check_graph
from ..conversion.to_network import to_network
from ..errors import InvalidInputError
from ..layers import Shape
from ..network import SpikingNetwork
from .building import build
from .calibration import correct_channels
from .reader import read


def adapt(
    model: keras.Model,
    leak: float,
    *,
    compensate: bool = True,
    scale: float = 1,
    silent_zeros: bool = False,
    input_steps: int = 1,
    rounding: str = "up",
    input_offset: float = 0.0,
    input_pairs: bool = False,
    calibration: NDArray | None = None,
    noise: float = 0.0,
) -> keras.Model:
    r"""A copy of a trained model with `ReverseCoding` right before every synapse-based layer.

    `compensate` and `scale` make up for what the coding changes; `tdsnn_brian.tune` finds values
    that fit a model. Retraining the result lets a coarser code do.

    Parameters
    ----------
    model : keras.Model
        Any graph without loops, Sequential or functional, of the layers that `docs/keras.md`
        lists, with one output or several. It stays as it is.
    leak : float
        Membrane time constant in ticks.
    compensate : bool, optional
        Since `G(x)` is about `(x + 1) exp(1 / 2L)` where latencies are rounded up, weights are
        scaled by `exp(-1 / 2L)` and their sum is taken off the bias, so that no retraining is
        needed.
        Zero padding becomes a layer of its own before the coding: a padded position then is a
        zero-valued input with ``G(0) = 1``, and the sum of the weights is the same everywhere.
        False leaves all weights as they are: the paper's way, after which the result has to be
        retrained.
    scale : float, optional
        Multiplies the input and every hidden activation, which leaves the model's output as it is
        but shrinks the error of the coding, relative to `x`, for ``leak * ln(scale)`` more ticks a
        layer. ReLU is the same at every scale; other activations get it as that of their
        `tdsnn_brian.Transfer`.
    silent_zeros : bool, optional
        Neurons with latency 0 do not fire: ``G(0) = 0``. With `compensate`, the sum of the
        weights then stays in place; use a `scale` of 10 or more.
    input_steps : int, optional
        Let the input fire at whole multiples of ``1 / input_steps`` ticks, which makes its code as
        fine as that of a leak of ``input_steps * leak``. No ticking neuron drives the input, so
        nothing else changes. Worth it for pictures: the coding of bright pixels costs a deep
        network more than that of all its layers.
    rounding : {"up", "nearest"}, optional
        Let neurons and input fire at the nearest tick instead of the next one. `compensate` then
        leaves the weights as they are and takes their sum off the bias alone: zero is coded as
        exactly zero, and windows are shorter.
    input_offset : float, optional
        For images with negative values: is added to them before they are coded, and taken off
        again by the biases of the layers that read them. 1 for images in -1 .. 1. A Rescaling to
        -1 .. 1 inside the model needs none.
    input_pairs : bool, optional
        The other way to take images with negative values: each value of theirs gets two input
        neurons, ON for what is positive of it and OFF for what is negative, and the layer `OnOff`
        before its coding. Zero then is coded finest, and as exactly zero. In place of
        `input_offset`.
    calibration : array_like, optional
        (n_images, ...) images, a few hundred of the training set: each channel of the hidden
        layers is corrected so that its sums come closest to those of `model` on them. Worth it in
        deep networks. Images have their channels last.
    noise : float, optional
        Retrain against noise: standard deviation, in ticks, of errors on the firing times of
        hidden layers while the result is trained (see `ReverseCoding`). Nothing else knows of it.
        It is drawn anew by `keras.utils.set_random_seed` before `adapt`.

    Returns
    -------
    keras.Model
        Not compiled. Layer names are kept; batch normalisation is folded into the layer before,
        scaling and normalisation of the input into the first layer. A model with
        ``channels_first`` becomes one that takes images with channels last.

    Raises
    ------
    InvalidInputError
        If `leak` or `scale` is not finite and positive, `input_steps` no whole number of 1 or
        more, `input_offset` or `noise` negative, `rounding` another word, or `model` has no
        definite input shape; if `input_offset` and `input_pairs` are both given.
    UnsupportedLayerError
        If a layer, or its place, has no spiking counterpart; it says which one and what to do.

    Examples
    --------
    Without retraining:

    >>> import keras
    >>> model = keras.Sequential([
    ...     keras.Input((4,)), keras.layers.Dense(8, "relu"), keras.layers.Dense(3, "softmax")])
    >>> adapted = adapt(model, leak=5, scale=3)
    >>> [type(layer).__name__ for layer in adapted.layers]
    ['InputLayer', 'Rescaling', 'ReverseCoding', 'Dense', 'ReverseCoding', 'Dense']

    Retrained as any Keras model, for a coarser code:

    >>> adapted = adapt(model, leak=2)
    >>> adapted.compile(keras.optimizers.Adam(1e-4), "sparse_categorical_crossentropy")
    >>> x_train, y_train = np.random.default_rng(0).random((8, 4)), np.arange(8) % 3
    >>> history = adapted.fit(x_train, y_train, epochs=1, verbose=0)
    """
    graph = read(model)
    correction = Correction(
        leak=leak,
        scale=scale,
        compensate=compensate,
        silent_zeros=silent_zeros,
        input_steps=input_steps,
        input_offset=input_offset,
        input_pairs=input_pairs,
        rounding=rounding,
        needs_bias=calibration is not None,
        noise=noise,
    )
    adapted, _ = adapted_graph(graph, correction, calibration)
    return build(adapted)


def adapted_graph(
    graph: Graph, correction: Correction, calibration: NDArray | None
) -> tuple[Graph, SpikingNetwork]:
    """What `adapt` builds a model of, and the network that `convert` makes of that model.

    Parameters
    ----------
    graph : Graph
        Of the trained model, as `read` gives it.
    correction : Correction
    calibration : ndarray or None
        As `adapt` takes it.
    """
    if calibration is not None:
        calibration = _check_calibration(calibration, graph.image_shape, correction)
    check_graph(graph, adapted=False)
    offset = correction.input_offset
    shifted = with_shifted_images(graph, offset) if offset else graph
    folded = fold(shifted, input_pairs=correction.input_pairs)
    check_folded(folded)
    adapted = correct(folded, correction)
    network = to_network(adapted)  # what convert would refuse is refused before anyone retrains
    if calibration is None:
        return adapted, network
    adapted = correct_channels(folded, adapted, calibration, correction)
    return adapted, to_network(adapted)


def _check_calibration(
    images: NDArray, input_shape: Shape, correction: Correction
) -> NDArray[np.float32]:
    """Return the images that channels are corrected on as float32, or raise if they do not fit."""
    least = -np.inf if correction.input_pairs else -correction.input_offset
    images = real_array("calibration", images)
    wanted = f"calibration must be images (n_images, {', '.join(map(str, input_shape))})"
    if images.shape[1:] != tuple(input_shape) or not len(images):
        raise InvalidInputError(f"{wanted}, got {images.shape}; pass some of the training images")
    if not (np.isfinite(images).all() and images.min() >= least):
        raise InvalidInputError(
            f"{wanted} of finite numbers >= {least:g}, as the network takes them; got "
            f"dtype {images.dtype} with other values: replace or shift them as for training"
        )
    return images.astype(np.float32)
