r"""The model with flaws that hardware and biology would have, each a variable to be set.

`PERTURBED` is a `NeuronModel` like any other, of the same layers and weights, whose parameters are
variables: with all of them at 0 it fires exactly like the leaky one. What they mean and how their
values come about is in `perturbed_settings`.
"""

from dataclasses import replace

from .cells import Cells, Signal
from .models import MAX_POOL, NeuronModel

# Inputs fire when told, each by its own error (`jitter`, in ticks, around a latency that
# `headroom` makes late enough to be early).
INPUT = Cells(
    equations="""
fire_at : integer
jitter : 1 (shared)
headroom : 1 (shared)
steps_per_tick : 1 (shared)
dt_wanted : second (shared)
seed : 1 (shared)
""",
    new_image="""
error = clip(headroom + jitter * randn(), 0, inf)
fire_at = timestep(t, dt) + int(floor((input_latency(t, i) + error) * steps_per_tick + 0.5))
""",
    fires="timestep(t, dt) == fire_at",
)

# A layer: each neuron may leak at its own rate. It crosses its threshold (a spike to Brian2) and
# then emits, a step and `headroom` later, give or take its error. `current` drives it where
# ticks are so fine that they are none. The output layer has the same membrane.
MEMBRANE_OF_EACH = Cells(
    equations="""
dv/dt = (current - v) / tau : 1
current : 1
tau : second
leak_spread : 1 (shared)
weight_noise : 1 (shared)
mean_delay : 1 (shared)
extra_delay : 1 (shared)
""",
    new_image="v = 0\ncurrent = 0",
)
MEMBRANE_OF_ALL = replace(
    MEMBRANE_OF_EACH,
    equations=MEMBRANE_OF_EACH.equations.replace("tau : second", "tau : second (shared)").replace(
        "leak_spread : 1 (shared)\n", ""
    ),
)
GATE = Cells(
    equations="""
n_ticks : 1
fired : 1
emit_at : integer
v_release : 1
w_tick : 1 (shared)
v_threshold : 1 (shared)
jitter : 1 (shared)
headroom : 1 (shared)
steps_per_tick : 1 (shared)
""",
    new_image="n_ticks = 0\nfired = 0\nemit_at = -1\nv_release = 0",
    fires="n_ticks > 0 and fired == 0 and v >= v_threshold - tie * n_ticks * w_tick",
    after_spike="""
fired = 1
error = clip(headroom + jitter * randn(), 0, inf)
emit_at = timestep(t, dt) + 1 + int(floor(error * steps_per_tick + 0.5))
""",
)
EMITS = "timestep(t, dt) == emit_at"

# The ticking neuron may release late, and lose a share `drop` of its ticks on the way.
TICKING = Cells(
    equations="""
n_fired : 1
next_tick : integer
kept : 1
release_step : 1 (shared)
interval : 1 (shared)
w : 1 (shared)
w_current : 1 (shared)
drop : 1 (shared)
""",
    new_image="""
n_fired = 0
next_tick = timestep(t, dt) + int(release_step)
kept = 1
""",
    fires="timestep(t, dt) >= next_tick and n_fired < n_driven",
    after_spike="""
next_tick = timestep(t, dt) + int(interval)
kept = int(rand() >= drop)
""",
)
# The first spike releases and adds nothing; the k-th after it is the k-th tick.
TICKS = Signal(
    on_pre={
        "release": "v_release_post += v_post * int(n_ticks_post == 0)",
        "current": "current_post += w_current_pre * int(n_ticks_post == 0)",
        "tick": "v_post += w_pre * kept_pre * int(n_ticks_post > 0)",
        "count": "n_ticks_post += 1",
    }
)

# The output layer is read when it is complete. Later its potentials have decayed; noise has not.
OUTPUT = Cells(
    equations="v_read : 1\nread_at : integer\nread_step : 1 (shared)",
    new_image="read_at = timestep(t, dt) + int(read_step)",
    fires="timestep(t, dt) == read_at",
    after_spike="v_read = v",
)

BIAS = Cells(
    equations="fire_at : integer\nbias_step : 1 (shared)",
    new_image="fire_at = timestep(t, dt) + int(bias_step)",
    fires="timestep(t, dt) == fire_at",
)

PERTURBED = NeuronModel(
    name="perturbed",
    membrane=MEMBRANE_OF_EACH,
    gate=GATE,
    max_pool=MAX_POOL + Cells(equations="mean_delay : 1 (shared)\nextra_delay : 1 (shared)"),
    ticking=TICKING,
    input=INPUT,
    bias=BIAS,
    emits=EMITS,
    weights="w : 1",
    ticks={"ticks": TICKS},
    firing_steps=2,
)
"""The leaky model with flaws; see `Setting`."""

# Neurons of flesh beside: noise of the membrane, spikes from elsewhere, thresholds of their own, an
# adaptation current. Brian2 integrates `xi` by Euler's method, which solves the leak exactly with
# the time constant `tau_euler`; the noise then has its stationary strength at any step.
LIVING_MEMBRANE = Cells(
    equations="""
dv/dt = (current - v - adapted) / tau_euler + noise * sqrt((1 - exp(-2 * dt / tau)) / dt) * xi : 1
dadapted/dt = (adaptation * v - adapted) / (4 * tau) : 1
tau_euler = dt / (1 - exp(-dt / tau)) : second
current : 1
tau : second
leak_spread : 1 (shared)
weight_noise : 1 (shared)
mean_delay : 1 (shared)
extra_delay : 1 (shared)
noise : 1 (shared)
adaptation : 1 (shared)
background_rate : 1 (shared)
background_weight : 1 (shared)
""",
    new_image=MEMBRANE_OF_EACH.new_image + "\nadapted = 0",
)
LIVING = replace(
    PERTURBED,
    name="living",
    method="euler",
    membrane=LIVING_MEMBRANE,
    gate=GATE
    + Cells(
        equations="own_threshold : 1\nthreshold_spread : 1 (shared)",
        fires=GATE.fires.replace("v_threshold", "v_threshold + own_threshold"),
    ),
)
BACKGROUND = (
    "v += background_weight"
    " * (poisson(background_rate * dt / tick) - poisson(background_rate * dt / tick))"
)
"""As many spikes that excite as inhibit, at each integration step."""

TAU = "tau_mem * clip(1 + leak_spread * randn(), 0.1, 10)"
NOISY_WEIGHT = "w * (1 + weight_noise_post * randn())"
OWN_THRESHOLD = "threshold_spread * w_tick * randn()"
SYNAPTIC_DELAY = "(mean_delay_post + extra_delay_post * rand()) * tick"
