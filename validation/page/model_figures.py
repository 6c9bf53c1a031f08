"""Plots of neuron models."""

import numpy as np
from brian2 import ms, mV

from tdsnn_brian import SpikingNetwork
from tdsnn_brian.firing_times import with_nan

from ..parts.physical import TICK
from ..parts.trace import Trace
from .plots import ACTIVE, INHIBITORY, SOFT, Plot, new_figure, plot, styles


def physical_potentials(network: SpikingNetwork, trace: Trace) -> Plot | None:
    """Potentials of chosen neurons in mV over ms."""
    layers = list(trace.potentials)
    if not layers:
        return None
    figure, grid = new_figure(7.2, 1.9 * len(layers), len(layers), 1)
    per_step = float(TICK / ms) / trace.timing.steps_per_tick
    for (axes,), layer in zip(grid, layers, strict=True):
        recorded, timing = trace.potentials[layer], trace.timing
        latencies = with_nan(trace.simulation.latencies[layer][0].ravel())
        begin, zero = timing.origins[layer] * per_step, timing.zeros[layer] * per_step
        end = zero + float(np.nanmax(latencies, initial=0)) * float(TICK / ms)
        axes.axvspan(begin, zero, color=INHIBITORY, alpha=0.6, lw=0)
        axes.axvspan(zero, end, color=ACTIVE, alpha=0.6, lw=0)
        time = recorded.steps * per_step
        shown = (time >= begin - 2) & (time <= end + 4)
        for neuron, v, style in zip(recorded.neurons, recorded.v, styles(), strict=False):
            axes.plot(time[shown], v[shown] / float(mV), label=f"neuron {neuron}", **style)
            fired = zero + latencies[neuron] * float(TICK / ms)
            axes.axvline(fired, color=style["color"], lw=0.6, ls=":")
        axes.set_title(layer, loc="left", fontweight="bold")
        axes.set_ylabel("v (mV)", color=SOFT)
        axes.legend(fontsize=7, loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    grid[-1, 0].set_xlabel("time after the image's onset (ms)")
    return plot(
        figure,
        name="physical-potentials",
        alt="Membrane potentials in mV over ms of up to three neurons in each of the layers "
        f"{', '.join(layers)}: presynaptic spikes move them away from the threshold in the "
        "inhibitory period, ticks lift them to it in the active period; a spike resets them.",
        caption="Potentials in mV. Violet: the layer's inhibitory period; yellow: its active "
        "period. Dotted: firing times of the same colour, after which a neuron is refractory.",
    )
