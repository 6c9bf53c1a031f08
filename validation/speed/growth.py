"""How time and memory grow with images, width, depth and leak."""

import numpy as np

from tdsnn_brian import SpikingNetwork
from tdsnn_brian.brian import compile_program
from tdsnn_brian.brian.memory import explicit_bytes
from tdsnn_brian.layers import Conv2D, Dense

from .timing import seconds_per_image


def growth(side: int = 24, n_images: int = 20) -> dict:
    """Time and memory of shared projections with images, width, depth and leak."""
    rng = np.random.default_rng(0)
    rows = {"images": [], "width": [], "depth": [], "leak": []}

    def measure(axis, value, *, width=16, depth=3, leak=5.0, images=n_images):
        network = _random_network(rng, side, width, depth, leak)
        program = compile_program(network, dtype="float32")
        shown = rng.random((images, side, side, 1))
        elapsed = [seconds_per_image(program, shown) for _ in range(3)]
        results = program.stream(shown[-1:], processes=1, threads=1)
        next(results)
        rows[axis].append(
            {
                axis: value,
                "ms_per_image": 1e3 * min(elapsed),
                "peak_mib": results.peak_bytes / 2**20,
                "explicit_mib": explicit_bytes(network) / 2**20,
            }
        )

    for value in (10, 100, 1000):
        measure("images", value, images=value)
    for value in (8, 16, 32):
        measure("width", value, width=value)
    for value in (2, 4, 8):
        measure("depth", value, depth=value)
    for value in (1.0, 5.0, 20.0):
        measure("leak", value, leak=value)
    return rows


def _random_network(rng, side, width, depth, leak) -> SpikingNetwork:
    layers, channels = [], 1
    for k in range(depth):
        kernel = rng.normal(0, (2 / (9 * channels)) ** 0.5, (3, 3, channels, width))
        layers.append(
            Conv2D(
                name=f"conv{k}",
                input_shape=(side, side, channels),
                kernel=kernel,
                bias=np.zeros(width),
                padding=((1, 1), (1, 1)),
            )
        )
        channels = width
    n = side * side * width
    layers.append(
        Dense(
            name="dense",
            input_shape=(side, side, width),
            bias=np.zeros(10),
            weights=rng.normal(0, n**-0.5, (n, 10)),
        )
    )
    return SpikingNetwork(layers=tuple(layers), leak=leak, name="random")
