"""The model as Brian2 reads it: equations, thresholds, resets and what a spike does.

All state that belongs to one image is set back by the `NEW_IMAGE` statements. Each spike writes
one variable of the neuron that it reaches, by ``+=``, and reads none of the neuron it comes from
(but for dynamic windows): the form that GeNN accepts too.
"""

# A synapse-based layer: leaky integrators, inhibited until the ticking neuron drives them and
# inhibited again once they have fired. `drive` is the weight of the ticking neuron's spikes so
# far, the releasing one included: 0 in the inhibitory period.
LAYER = """
dv/dt = -v / tau_mem : 1
drive : 1
fired : 1
"""
LAYER_FIRES = "drive > 0 and fired == 0 and v >= v_threshold - tie * drive"
LAYER_AFTER_SPIKE = "fired = 1"
LAYER_NEW_IMAGE = """
v = 0
drive = 0
fired = 0
"""

# The output layer integrates and is read out.
OUTPUT = "dv/dt = -v / tau_mem : 1"
OUTPUT_NEW_IMAGE = "v = 0"

# A simplified max-pool: fires when the last of its inputs has fired.
MAX_POOL = """
n_arrived : 1
n_inputs : 1 (constant)
"""
MAX_POOL_FIRES = "n_arrived >= n_inputs"
MAX_POOL_AFTER_SPIKE = "n_arrived = 0"
MAX_POOL_NEW_IMAGE = "n_arrived = 0"

# The ticking neuron: its first spike releases the layer, each later one is a tick.
TICKING = """
n_fired : 1
next_tick : integer
"""
TICKING_FIRES = "timestep(t, dt) >= next_tick and n_fired < n_driven"
TICKING_AFTER_SPIKE = "next_tick = timestep(t, dt) + steps_per_tick"
TICKING_NEW_IMAGE = """
n_fired = 0
next_tick = timestep(t, dt) + release_step
"""

# With a dynamic window it waits until all presynaptic neurons have fired. A pulse of 1 at the
# layer's time origin leaks like the layer's potentials and thereby measures exp(-T_il / L).
TICKING_DYNAMIC = """
n_fired : 1
next_tick : integer
n_arrived : 1
measuring : 1
dpulse/dt = -measuring * pulse / tau_mem : 1
"""
TICKING_DYNAMIC_FIRES = TICKING_FIRES + " and n_arrived >= n_presynaptic"
TICKING_DYNAMIC_AFTER_SPIKE = TICKING_AFTER_SPIKE + "\nmeasuring = 0"
TICKING_DYNAMIC_NEW_IMAGE = """
n_fired = 0
next_tick = timestep(t, dt)
n_arrived = 0
measuring = 1
pulse = 0
"""

# The bias neuron, an input of value 1: it fires at T(1), counted by the ticks of the ticking
# neuron that drives its layer (the first spike of which is the release).
BIAS = """
n_ticks : 1
fired : 1
"""
BIAS_FIRES = "n_ticks > bias_latency and fired == 0"
BIAS_AFTER_SPIKE = "fired = 1"
BIAS_NEW_IMAGE = """
n_ticks = 0
fired = 0
"""

# What spikes do. The ticking neuron's weight is a constant of its Synapses where the window is
# fixed, and follows from its pulse where it is measured (Eq. 9).
WEIGHTED = "v_post += w"
RELEASE = "drive_post += w_tick"
TICK = "v_post += w_tick * int(drive_post > 0)"
RELEASE_DYNAMIC = "drive_post += leak_factor * pulse_pre"
TICK_DYNAMIC = "v_post += leak_factor * pulse_pre * int(drive_post > 0)"
ARRIVED = "n_arrived_post += 1"
FIRED = "n_fired_post += 1"
COUNT_TICK = "n_ticks_post += 1"
START_PULSE = "pulse_post += 1"
# Read at release, `hop_gain` ahead of the origin that the pulse is to be 1 at.
START_PULSE_ON_RELEASE = "pulse_post += hop_gain * measuring_pre"
