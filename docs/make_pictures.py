"""The pictures of the concept page: python docs/make_pictures.py."""

from pathlib import Path

import numpy as np
from brian2 import ms, prefs
from matplotlib.figure import Figure

import tdsnn_brian as td

FOLDER = Path(__file__).parent / "pictures"
LEAK = 5


def network() -> td.SpikingNetwork:
    """Four inputs, one hidden layer of three neurons, two outputs."""
    rng = np.random.default_rng(3)
    hidden = td.layers.Dense(
        name="hidden",
        input_shape=(4,),
        weights=rng.normal(0.3, 0.5, (4, 3)),
        bias=np.array([-0.9, 0.2, -0.3]),
    )
    output = td.layers.Dense(name="output", input_shape=(3,), weights=rng.normal(0, 1, (3, 2)))
    return td.SpikingNetwork(layers=(hidden, output), leak=LEAK)


IMAGE = np.array([[0.1, 0.9, 0.4, 0.6]])


def code() -> Figure:
    """T(x): the continuous latency, and the tick that it is rounded up to."""
    figure = Figure(figsize=(6, 3.5), layout="constrained")
    ax = figure.add_subplot()
    x = np.linspace(0, 3, 1000)
    ax.plot(x, td.continuous_latency(x, LEAK), "--", color="#0072B2", label="L ln(x + 1)")
    ax.plot(x, td.latency(x, LEAK), color="#D55E00", label="T(x), whole ticks")
    ax.set(xlabel="value x", ylabel=f"firing time in ticks, L = {LEAK}")
    ax.legend()
    return figure


def life() -> Figure:
    """The potential of one neuron: inhibited, released, ticked, fired."""
    prefs.codegen.target = "numpy"
    result = td.simulate(network(), IMAGE, dt=0.1 * ms, monitors={"hidden": ("v", [2])})
    trace = result.traces["hidden"]
    figure = Figure(figsize=(8, 4), layout="constrained")
    ax = td.plot_potentials(trace, ax=figure.add_subplot())
    # hops take a step each: one to the release, one from it to a spike of latency 0
    fires = trace.release + 0.1 + result.latencies["hidden"][0, 2]
    ax.axvspan(0, trace.release, color="0.92")
    ax.axhline(0, color="0.5", linewidth=0.8)
    top = ax.get_ylim()[1]
    ax.text(0.2, top, "inhibitory period: inputs arrive", va="top")
    ax.text(trace.release + 0.2, top, "active period: ticks", va="top")
    ax.annotate("release", (trace.release, ax.get_ylim()[0]), ha="right", va="bottom")
    ax.axvline(fires, color="#D55E00", linestyle=":")
    ax.text(fires, ax.get_ylim()[0], " fires", color="#D55E00", va="bottom")
    ax.set_xlim(0, fires + 3)
    ax.get_legend().remove()
    return figure


def raster() -> Figure:
    """All spikes of one image, layer after layer."""
    figure = Figure(figsize=(8, 3), layout="constrained")
    td.plot_raster(network(), td.analyse(network(), IMAGE), ax=figure.add_subplot())
    return figure


PICTURES = {"code": code, "life": life, "raster": raster}


def main(folder: Path = FOLDER) -> None:
    """Draw all of them."""
    folder.mkdir(exist_ok=True)
    for name, draw in PICTURES.items():
        draw().savefig(folder / f"{name}.png", dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    main()
