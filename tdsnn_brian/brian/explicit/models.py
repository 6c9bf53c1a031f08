"""The model as Brian2 reads it: equations, thresholds, resets and what a spike does.

All state that belongs to one image is set back by the `NEW_IMAGE` statements. Each spike writes
one variable of the neuron that it reaches, by ``+=``, and reads none of the neuron it comes from:
the form that GeNN accepts too.
"""

# A synapse-based layer: leaky integrators, inhibited until the ticking neuron drives them and
# inhibited again once they have fired. `drive` comes from the ticking neuron's spikes, the
# releasing one first: 0 in the inhibitory period, at least the weight of a tick (Eq. 9) after it.
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

# With a dynamic window, a pulse of 1 at the layer's time origin leaks like the potential until one
# step after the release and so measures exp(-T_il / L), of which the tick's weight is a multiple.
PULSE = """
dpulse/dt = -measuring * pulse / tau_mem : 1
measuring : 1
"""
PULSE_NEW_IMAGE = """
pulse = 0
measuring = 1
"""

# With silent zeros, a neuron at or above threshold at release is done without a spike: it tells so
# by the event `SILENT` in the one step before `judged` is set, so that nobody waits for it.
SILENT = "silent"
JUDGED = "judged : 1\n"
JUDGED_NEW_IMAGE = "judged = 0\n"
LAYER_IS_SILENT = LAYER_FIRES + " and judged == 0"
LAYER_FIRES_JUDGED = LAYER_FIRES + " and judged > 0"

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

# With silent inputs it fires when the last has fired or turned out silent, unless all are silent.
MAX_POOL_COUNTING = MAX_POOL + "n_fired : 1\n"
MAX_POOL_COUNTING_FIRES = MAX_POOL_FIRES + " and n_fired > 0"
MAX_POOL_IS_SILENT = MAX_POOL_FIRES + " and n_fired == 0"
MAX_POOL_COUNTING_NEW_IMAGE = MAX_POOL_NEW_IMAGE + "\nn_fired = 0"

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

# With a dynamic window it waits until all presynaptic neurons have fired.
TICKING_DYNAMIC = """
n_fired : 1
next_tick : integer
n_arrived : 1
"""
TICKING_DYNAMIC_FIRES = TICKING_FIRES + " and n_arrived >= n_presynaptic"
TICKING_DYNAMIC_NEW_IMAGE = """
n_fired = 0
next_tick = timestep(t, dt)
n_arrived = 0
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

# What spikes do. (No statement reads what it writes: Brian2's numpy target would run it as a Python
# loop.)
WEIGHTED = "v_post += w"
RELEASE = "drive_post += w_tick"
TICK = "v_post += w_tick * int(drive_post > 0)"
RELEASE_DYNAMIC = "drive_post += pulse_weight * pulse_post"
TICK_DYNAMIC = "v_post += pulse_weight * pulse_post * int(drive_post > 0)"
ARRIVED = "n_arrived_post += 1"
FIRED = "n_fired_post += 1"
JUDGE = "judged_post += 1"
COUNT_TICK = "n_ticks_post += 1"
START_PULSE = "pulse_post += 1"
STOP_PULSE = "measuring_post += -1"
