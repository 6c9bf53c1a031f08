"""Show one handwritten digit to LeNet in Brian2 and watch its neurons.

Builds the network, adds monitors of its own, runs it and plots what happened:

    python examples/lenet_potentials.py [picture.png]
"""

import sys

import matplotlib.pyplot as plt
import numpy as np
from brian2 import SpikeMonitor, StateMonitor, ms, prefs

import networks
import tdsnn_brian as td

prefs.codegen.target = "numpy"  # one image: nothing to gain from compiling

lenet = networks.load_network("lenet")
images, labels = networks.sample_digits(1)

# A brian2.Network whose objects carry the Keras layers' names
net = td.build_network(lenet, images, tick=1 * ms, dt=0.25 * ms)
dense = net[lenet.layers[-2].name]

# Monitors of your own, as in any Brian2 script
watched = np.arange(6)
potentials = StateMonitor(dense, "v", record=watched)
ticks = SpikeMonitor(net[f"{dense.name}_ticking"])
net.add(potentials, ticks)

net.run(net.duration, report="text")

result = td.read_results(net)
print(f"digit {labels[0]}, predicted {result.predictions[0]}")
release, *_ = ticks.t / ms

fig, (raster, traces) = plt.subplots(2, 1, figsize=(9, 7), sharex=True, layout="constrained")
for row, layer in enumerate(lenet.firing_layers):
    spikes = net[f"{layer.name}_spikes"]
    height = row + np.asarray(spikes.i) / layer.n_neurons * 0.9
    raster.plot(spikes.t / ms, height, ",", label=layer.name)
raster.set_yticks(
    np.arange(len(lenet.firing_layers)) + 0.45, [layer.name for layer in lenet.firing_layers]
)
raster.set_title("One spike a neuron, the stronger its stimulus the later")

origin = net.timing.origins[dense.name] * net.dt / ms
scale = np.exp((potentials.t / ms - origin) / lenet.leak)  # the leak taken off, for the eye
traces.plot(potentials.t / ms, potentials.v.T * scale[:, None])
traces.vlines(ticks.t / ms, 0, 1, transform=traces.get_xaxis_transform(), color="0.85", zorder=0)
traces.axhline(0, color="black", lw=0.8)
traces.set(
    title=f"{dense.name}: inhibited until {release:.2f} ms, then driven by ticks to threshold 0",
    xlabel="time (ms)", ylabel=r"$v\,e^{t/\tau}$", xlim=(origin - 2, None),
    ylim=(-1.1 * np.abs(potentials.v * scale).max(), 3),
)
if len(sys.argv) > 1:
    fig.savefig(sys.argv[1], dpi=120)
else:
    plt.show()
