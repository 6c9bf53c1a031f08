"""ResNet-20 on pictures of CIFAR-10: branches spike by spike, beside torch and SpikingJelly."""

import statistics
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tdsnn_brian import SpikingNetwork, networks
from tdsnn_brian.networks.data.cifar10 import cifar10_part

from ..console import say
from .contenders import Contender, shared, spikingjelly, torch_forward
from .large import identical_in_double, simulated_once
from .timing import alternate, compile_anew, ratio

NAME = "resnet20-cifar10"
LEAK, SCALE = 5, 10


def residual(data: Path | None, rounds: int, n_images: int = 20) -> dict:
    """ResNet-20, in float32 for speed and in float64 against the analysis.

    Its weights are those that ship or, where there are none, drawn: then it has no accuracy.
    """
    images, labels = shown_to_residual(data, n_images)
    model, trained = _model()
    dnn, network = _converted(model)
    program, result = simulated_once(network, images[:1])
    result |= {
        "trained": trained,
        "images": n_images,
        "leak": network.leak,
        "compile_seconds": program.compile_seconds or compile_anew(network),
        "identical": identical_in_double(network, images[:1]),
    }
    answers = [x.predictions for x in program.stream(images, processes=1, threads=1)]
    predictions = {"shared": np.concatenate(answers)}
    contenders: dict[str, Contender] = {"shared": shared(network, images)}
    try:
        contenders["torch"] = torch_forward(dnn, images)
        for time_steps in (32, 64):
            name = f"spikingjelly_t{time_steps}"
            contenders[name], predict = spikingjelly(dnn, images, images, time_steps)
            predictions[name] = predict()
    except ImportError as error:
        say(f"note: torch or SpikingJelly was left out: {error}", style="yellow")
    seconds = alternate(contenders, rounds)
    for name, each in seconds.items():
        result[name] = {
            "ms_per_image": 1e3 * statistics.median(each),
            "ratio_to_shared": ratio(each, seconds["shared"]),
        }
        if trained and labels is not None and name in predictions:
            result[name]["accuracy"] = float((predictions[name] == labels).mean())
    return result


def shown_to_residual(data: Path | None, n_images: int) -> tuple[NDArray, NDArray | None]:
    """Test pictures of CIFAR-10 (JPEG) from a directory and their classes, else random ones."""
    if data is None:
        return np.random.default_rng(0).random((n_images, 32, 32, 3)), None
    return cifar10_part("test", n_images, data)


def _model():
    """The model, and whether it is trained."""
    import keras

    from tdsnn_brian.networks.registry import entry

    try:
        return networks.load_model(NAME), True
    except FileNotFoundError:
        keras.utils.set_random_seed(0)
        return entry(NAME).build(), False


def _converted(model) -> tuple[SpikingNetwork, SpikingNetwork]:
    """The DNN itself, and the network that runs."""
    from tdsnn_brian import adapt, convert

    plain = adapt(model, leak=LEAK, compensate=False)
    return convert(plain), convert(adapt(model, leak=LEAK, scale=SCALE))
