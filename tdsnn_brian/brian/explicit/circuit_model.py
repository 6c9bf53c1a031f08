"""A ticking neuron made of neurons: a timer, an oscillator and one that counts.

The timer integrates a constant current from the image's onset and fires at the end of the window.
Its spike sets the oscillator off, a leaky neuron with a current above its rheobase, whose period is
a tick. The counter is a perfect integrator of the layer's spikes; when all neurons have fired it
fires too, and inhibits the oscillator for good.
"""

from dataclasses import replace

from .cells import Cells, Circuit
from .models import LEAKY, UNTRIED

OSCILLATOR = Cells(
    equations="""
du/dt = (running * strength - u) / tau_osc : 1
strength = 1 / (1 - exp(-(tick - dt / 2) / tau_osc)) : 1
tau_osc = tick : second
running : 1
""",
    new_image="u = 0\nrunning = 0",
    fires="u >= 1",
    after_spike="u = 0",
)
# An integration step passes before its spike makes the oscillator fire.
TIMER = Cells(
    equations="du/dt = 1 / (release_step * dt) : 1\nonset : second",
    new_image="u = 0\nonset = t",
    fires="u >= 1 - 0.5 / release_step",
    refractory="lastspike >= onset",
)
COUNTER = Cells(
    equations="n_fired : 1\nonset : second",
    new_image="n_fired = 0\nonset = t",
    fires="n_fired >= n_driven",
    refractory="lastspike >= onset",
)

OSCILLATING = replace(
    LEAKY,
    name="oscillating",
    ticking=OSCILLATOR,
    circuit=Circuit(
        timer=TIMER,
        starts={"begin": "running_post += 1", "kick": "u_post += 2"},
        counter=COUNTER,
        stops="running_post += -2",
    ),
    lacks={
        "silent zeros": (
            "counts spikes, and neurons that are done without one have none; convert without "
            "silent_zeros, or use the plain model"
        ),
        "GeNN": UNTRIED,
        "Brian2CUDA": UNTRIED,
    },
)
"""The plain model with ticking neurons that are made of three neurons each."""
