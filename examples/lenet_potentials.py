"""Show one handwritten digit to LeNet in Brian2 and watch its neurons.

Builds the network, adds monitors of its own, runs it and plots what happened:

    python examples/lenet_potentials.py [picture.png]
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from brian2 import SpikeMonitor, StateMonitor, ms, prefs

import tdsnn_brian as td

prefs.codegen.target = "numpy"  # one image: nothing to gain from compiling

networks = Path(__file__).parents[1] / "networks"
lenet = td.load(networks / "weights" / "lenet.npz")
with np.load(networks / "samples" / "mnist-test-1000.npz") as digits:
    images, labels = digits["images"][:1, ..., None] / 255, digits["labels"]

# A brian2.Network whose objects carry the Keras layers' names
net = td.build_network(lenet, images, tick=1 * ms, dt=0.25 * ms)
dense = net[lenet.layers[-2].name]

# Monitors of your own, as in any Brian2 script: here on the neurons that will fire last
watched = np.argsort(net.analysis.latencies[dense.name][0])[-40::8]
potentials = StateMonitor(dense, "v", record=watched)
ticks = SpikeMonitor(net[f"{dense.name}_ticking"])
net.add(potentials, ticks)

net.run(net.duration, report="text")

result = td.read_results(net)
print(f"digit {labels[0]}, predicted {result.predictions[0]}")
release, *_ = ticks.t / ms

fig, (raster, traces) = plt.subplots(2, 1, figsize=(9, 7), sharex=True, layout="constrained")
rows = np.arange(len(lenet.firing_layers))
for row, layer in zip(rows, lenet.firing_layers, strict=True):
    spikes = net[f"{layer.name}_spikes"]
    raster.plot(spikes.t / ms, row + 0.8 * np.asarray(spikes.i) / layer.n_neurons, "|", ms=3)
raster.set_yticks(rows + 0.4, [layer.name for layer in lenet.firing_layers])
raster.set_title("One spike a neuron: the stronger its stimulus, the later")

origin = net.timing.origins[dense.name] * net.dt / ms
unleaked = potentials.v * np.exp((potentials.t / ms - origin) / lenet.leak)
shown = potentials.t / ms < ticks.t[-1] / ms + 1
traces.vlines(ticks.t / ms, 0, 1, transform=traces.get_xaxis_transform(), color="0.85")
traces.plot(potentials.t[shown] / ms, unleaked[:, shown].T)
traces.axhline(0, color="black", lw=0.8)
traces.set(
    title=f"{dense.name}: inhibited until {release:.2f} ms, then driven to threshold by ticks",
    xlabel="time (ms)",
    ylabel="potential, leak taken off",
    ylim=(1.1 * unleaked[:, shown].min(), 8),
)
if len(sys.argv) > 1:
    fig.savefig(sys.argv[1], dpi=120)
else:
    plt.show()
