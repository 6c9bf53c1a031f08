"""How time and memory grow with images, width, depth, leak and spikes."""

import numpy as np
from matplotlib.figure import Figure

from tdsnn_brian import SpikingNetwork
from tdsnn_brian.brian import compile_program
from tdsnn_brian.brian.memory import explicit_bytes
from tdsnn_brian.layers import Conv2D, Dense
from tdsnn_brian.plots import COLOURS

from .timing import seconds_per_image

TITLES = {
    "images": "images",
    "width": "channels a layer",
    "depth": "layers",
    "leak": "leak in ticks",
    "spikes": "spikes an image",
}


def growth(side: int = 24, n_images: int = 20) -> dict:
    """Time and memory of shared projections with images, width, depth, leak and spikes."""
    rng = np.random.default_rng(0)
    rows: dict[str, list[dict]] = {axis: [] for axis in TITLES}

    def measure(axis, value=None, *, width=16, depth=3, leak=5.0, images=n_images, quiet=None):
        network = _random_network(rng, side, width, depth, leak, quiet)
        program = compile_program(network, dtype="float32")
        shown = rng.random((images, side, side, 1))
        elapsed = [seconds_per_image(program, shown) for _ in range(3)]
        results = program.stream(shown[-1:], processes=1, threads=1)
        fired = sum(next(results).spikes.values())
        rows[axis].append(
            {
                axis: fired if value is None else value,
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
    for value in (-2.0, -0.5, 0.0, None):  # silent zeros, fewer the larger the bias; all firing
        measure("spikes", quiet=value)
    return rows


def growth_figure(rows: dict) -> Figure:
    """A curve of time and one of memory over each axis."""
    figure = Figure(figsize=(12, 5.6), layout="constrained")
    axes = figure.subplots(2, len(rows), sharey="row", squeeze=False)
    for column, (axis, points) in enumerate(rows.items()):
        points = sorted(points, key=lambda point: point[axis])
        at = [point[axis] for point in points]
        for row, (figure_of, label) in enumerate(
            (("ms_per_image", "ms an image"), ("peak_mib", "peak MiB"))
        ):
            ax = axes[row, column]
            ax.plot(at, [point[figure_of] for point in points], "o-", color=COLOURS[row])
            ax.set(xscale="log", yscale="log")
            if not column:
                ax.set_ylabel(label)
        axes[1, column].set_xlabel(TITLES[axis])
    return figure


def _random_network(rng, side, width, depth, leak, quiet) -> SpikingNetwork:
    """`quiet`: the bias of a network with silent zeros; None: all its neurons fire."""
    layers, channels = [], 1
    for k in range(depth):
        kernel = rng.normal(0, (2 / (9 * channels)) ** 0.5, (3, 3, channels, width))
        layers.append(
            Conv2D(
                name=f"conv{k}",
                input_shape=(side, side, channels),
                kernel=kernel,
                bias=np.full(width, quiet or 0.0),
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
    return SpikingNetwork(
        layers=tuple(layers), leak=leak, name="random", silent_zeros=quiet is not None
    )
