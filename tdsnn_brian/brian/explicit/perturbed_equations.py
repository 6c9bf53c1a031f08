r"""The model with flaws that hardware and biology would have, each a variable to be set.

A variant of the model in `equations`, of the same layers and weights, whose parameters are
variables: with all of them at 0 it fires exactly like the original. What they mean and how their
values come about is in `perturbations`, how they are put together in `perturbed_network`.
"""

# Inputs fire when told, each by its own error (`jitter`, in ticks, around a latency that
# `headroom` makes late enough to be early).
INPUT = """
fire_at : integer
jitter : 1 (shared)
headroom : 1 (shared)
steps_per_tick : 1 (shared)
dt_wanted : second (shared)
"""
INPUT_FIRES = "timestep(t, dt) == fire_at"
INPUT_NEW_IMAGE = """
error = clip(headroom + jitter * randn(), 0, inf)
fire_at = timestep(t, dt) + int(floor((input_latency(t, i) + error) * steps_per_tick + 0.5))
"""

# A layer: each neuron may leak at its own rate. It crosses its threshold (a spike to Brian2) and
# then emits, a step and `headroom` later, give or take its error. `current` drives it where
# ticks are so fine that they are none.
LAYER = """
dv/dt = (current - v) / tau : 1
current : 1
n_ticks : 1
fired : 1
emit_at : integer
v_release : 1
w_tick : 1 (shared)
v_threshold : 1 (shared)
leak_spread : 1 (shared)
weight_noise : 1 (shared)
mean_delay : 1 (shared)
extra_delay : 1 (shared)
jitter : 1 (shared)
headroom : 1 (shared)
steps_per_tick : 1 (shared)
"""
TAU_OF_EACH = "tau : second\n"
TAU_OF_ALL = "tau : second (shared)\n"
LAYER_CROSSES = "n_ticks > 0 and fired == 0 and v >= v_threshold - tie * n_ticks * w_tick"
LAYER_AFTER_CROSSING = """
fired = 1
error = clip(headroom + jitter * randn(), 0, inf)
emit_at = timestep(t, dt) + 1 + int(floor(error * steps_per_tick + 0.5))
"""
LAYER_EMITS = "timestep(t, dt) == emit_at"
LAYER_NEW_IMAGE = """
v = 0
current = 0
n_ticks = 0
fired = 0
emit_at = -1
v_release = 0
"""
TAU = "tau_mem * clip(1 + leak_spread * randn(), 0.1, 10)"

OUTPUT = """
dv/dt = -v / tau : 1
leak_spread : 1 (shared)
weight_noise : 1 (shared)
mean_delay : 1 (shared)
extra_delay : 1 (shared)
"""

# The ticking neuron may release late, and lose a share `drop` of its ticks on the way.
TICKING = """
n_fired : 1
next_tick : integer
kept : 1
release_step : 1 (shared)
interval : 1 (shared)
w : 1 (shared)
w_current : 1 (shared)
drop : 1 (shared)
"""
TICKING_FIRES = "timestep(t, dt) >= next_tick and n_fired < n_driven"
TICKING_AFTER_SPIKE = """
next_tick = timestep(t, dt) + int(interval)
kept = int(rand() >= drop)
"""
TICKING_NEW_IMAGE = """
n_fired = 0
next_tick = timestep(t, dt) + int(release_step)
kept = 1
"""
# The first spike releases and adds nothing; the k-th after it is the k-th tick.
RELEASE = "v_release_post += v_post * int(n_ticks_post == 0)"
CURRENT = "current_post += w_current_pre * int(n_ticks_post == 0)"
TICK = "v_post += w_pre * kept_pre * int(n_ticks_post > 0)"
COUNT = "n_ticks_post += 1"

BIAS = """
fire_at : integer
bias_step : 1 (shared)
"""
BIAS_FIRES = "timestep(t, dt) == fire_at"
BIAS_NEW_IMAGE = "fire_at = timestep(t, dt) + int(bias_step)"

WEIGHTS = "w : 1"
NOISY_WEIGHT = "w * (1 + weight_noise_post * randn())"
SYNAPTIC_DELAY = "(mean_delay_post + extra_delay_post * rand()) * tick"
