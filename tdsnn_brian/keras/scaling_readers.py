"""Read the Keras layers that scale and shift values, and those that do nothing at inference."""

import warnings

import keras
import numpy as np
from keras import layers as kl
from numpy.typing import NDArray

from ..conversion.affine import Affine
from ..conversion.graph import Passive, Rebuild, Scaling
from ..errors import UnsupportedLayerError
from .activations import LINEAR, activation_of
from .layer_readers import activated
from .neuron_bias import NeuronBias
from .place import Place, Value
from .registry import reads
from .weights import array_of, check_finite, describe

_UNRESOLVED = 1e-6
"""Standard deviation, relative to the mean, that float32 cannot tell from rounding."""


@reads(kl.Rescaling)
def _rescaling(layer: kl.Rescaling, place: Place) -> Value:
    scale, offset = (_numbers(layer, what) for what in ("scale", "offset"))
    if scale.ndim and keras.config.image_data_format() == "channels_first":
        scale = scale.reshape(scale.shape + (1,) * (3 - scale.ndim))  # as the layer's call does
    return _put(place, factor=scale, offset=offset)


def _numbers(layer: kl.Rescaling, what: str) -> NDArray[np.float64]:
    values = np.asarray(getattr(layer, what), np.float64)
    check_finite(layer, what, values)
    return values


@reads(kl.Normalization)
def _normalization(layer: kl.Normalization, place: Place) -> Value:
    mean = array_of(layer, "mean").astype(np.float64)
    deviation = np.sqrt(_variance(layer, "variance"))
    least = keras.config.epsilon()
    if layer.invert:
        return _put(place, factor=np.maximum(deviation, least), offset=mean)
    constant = deviation <= least
    _refuse_unresolved(layer, (deviation < _UNRESOLVED * np.abs(mean)) & ~constant)
    if constant.any():
        warnings.warn(
            f"{describe(layer)}: {constant.sum()} of {constant.size} features were constant when "
            "it was adapted (variance 0); the network takes them as that constant, where Keras "
            f"multiplies any deviation from it by {1 / least:g}",
            stacklevel=2,
        )
    factor = np.where(constant, 0.0, 1 / np.maximum(deviation, least))
    return _put(place, factor=factor, centre=mean)


def _variance(layer: keras.layers.Layer, what: str, epsilon: float = 0.0) -> NDArray[np.float64]:
    variance = array_of(layer, what).astype(np.float64) + epsilon
    if (variance < 0).any():
        raise UnsupportedLayerError(
            f"{describe(layer)} has negative values in its {what} (lowest {variance.min():g}), of "
            "which there is no square root; set them, or train the model again"
        )
    return variance


def _refuse_unresolved(layer: kl.Normalization, unresolved: NDArray[np.bool_]) -> None:
    if unresolved.any():
        raise UnsupportedLayerError(
            f"{describe(layer)} divides feature {np.flatnonzero(unresolved)[0]} by a standard "
            f"deviation below {_UNRESOLVED:g} of its mean: it was constant but for rounding, and "
            "no firing time resolves what is left; set its variance to 0, or leave the feature "
            "out and train the model again"
        )


@reads(kl.BatchNormalization)
def _batch_normalization(layer: kl.BatchNormalization, place: Place) -> Value:
    mean = array_of(layer, "moving_mean").astype(np.float64)
    factor = 1 / np.sqrt(_variance(layer, "moving_variance", layer.epsilon))
    if layer.scale:
        factor = factor * array_of(layer, "gamma")
    check_finite(layer, "moving_variance", factor)
    beta = array_of(layer, "beta") if layer.center else np.zeros(())
    rank = len(place.value.keras_shape)
    shape = np.ones(rank + 1, int)
    shape[layer.axis] = -1
    return _put(
        place,
        **{
            name: part.reshape(shape) if part.ndim else part
            for name, part in (("factor", factor), ("offset", beta), ("centre", mean))
        },
    )


@reads(NeuronBias)
def _neuron_bias(layer: NeuronBias, place: Place) -> Value:
    return _put(place, offset=array_of(layer, "bias"))


def _put(place: Place, **parts: NDArray) -> Value:
    affine = Affine(**{name: place.spread(part) for name, part in parts.items()})
    place.put(Scaling, input_shape=place.value.shape, affine=affine)
    return place.value


def _classes(*names: str) -> tuple[type, ...]:
    """Layers of these names that this version of Keras has."""
    return tuple(getattr(kl, name) for name in names if hasattr(kl, name))


PASSIVE = _classes(
    "ActivityRegularization",
    "AlphaDropout",
    "Dropout",
    "GaussianDropout",
    "GaussianNoise",
    "Identity",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
)
AUGMENTING = _classes(
    "AugMix",
    "CutMix",
    "MixUp",
    "RandAugment",
    "RandomBrightness",
    "RandomColorDegeneration",
    "RandomColorJitter",
    "RandomContrast",
    "RandomElasticTransform",
    "RandomErasing",
    "RandomFlip",
    "RandomGaussianBlur",
    "RandomGrayscale",
    "RandomHue",
    "RandomInvert",
    "RandomPerspective",
    "RandomPosterization",
    "RandomRotation",
    "RandomSaturation",
    "RandomSharpness",
    "RandomShear",
    "RandomTranslation",
    "RandomZoom",
)
RESIZING = _classes("CenterCrop", "RandomCrop", "Resizing")


@reads(*PASSIVE)
def _passive(layer: kl.Layer, place: Place) -> Value:
    return put_passive(place)


@reads(*AUGMENTING)
def _augmentation(layer: kl.Layer, place: Place) -> Value:
    return put_passive(place, augments=True)


@reads(*RESIZING)
def _resizing(layer: kl.Layer, place: Place) -> Value:
    before = place.value.keras_shape
    after = tuple(layer.compute_output_shape((None, *before))[1:])
    if after != before:
        raise UnsupportedLayerError(
            f"{describe(layer)} makes images of the shape {after} out of {before}, which no "
            "neuron does; bring the images to that size before the model, and take the layer out"
        )
    return put_passive(place, augments=True)


@reads(kl.Activation)
def _activation(layer: kl.Activation, place: Place) -> Value:
    if activation_of(layer).name == LINEAR:
        return put_passive(place)
    return activated(place, inside=False)


def put_passive(place: Place, *, augments: bool = False) -> Value:
    """Keep a layer that does nothing at inference, for retraining."""
    layer, value = place.layer, place.value
    place.put(
        Passive,
        augments=augments,
        rebuild=Rebuild(
            keras_class=type(layer), config=layer.get_config(), input_shape=value.shape
        ),
    )
    return place.value
