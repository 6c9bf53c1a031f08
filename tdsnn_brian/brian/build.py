"""The `brian2.Network` for a `SpikingNetwork` and images, of either kind."""

from brian2 import Clock, Quantity, defaultclock, get_device, ms, prefs
from numpy.typing import NDArray

from ..analysis.closed_form import (
    WindowChoice,
    analyse,
    check_window,
    choose_windows,
    unread_ticks,
)
from ..engines import require
from ..errors import InvalidInputError
from ..network import SpikingNetwork, check_images
from . import genn
from .cuda import check as cuda
from .default_clock import needs_default_clock
from .devices import is_cuda, is_genn, title
from .event_driven.network import EventDrivenNetwork
from .explicit.build import ExplicitBuilder
from .explicit.models import LEAKY, NeuronModel
from .explicit.network import ExplicitNetwork
from .firing_network import FiringNetwork
from .floating_range import check_counts, check_ranges, check_read_out, check_resolution
from .levels import with_relays
from .memory import check_method, check_waiting, choose_projection
from .naming import Names
from .timing import choose_steps, schedule


def build_network(
    network: SpikingNetwork,
    images: NDArray,
    *,
    tick: Quantity = 1 * ms,
    dt: Quantity | None = None,
    window: WindowChoice = "fixed",
    method: str = "exact",
    projection: str = "auto",
    model: NeuronModel = LEAKY,
    prefix: str = "",
) -> FiringNetwork:
    r"""Build the Brian2 network that shows `images` to a converted network.

    Parameters
    ----------
    network : SpikingNetwork
        What `tdsnn_brian.convert` or `tdsnn_brian.load` gave.
    images : array_like
        (n_images, \*input shape), channels last, finite, and not below ``-input_offset``
        unless the network has `input_pairs`.
    tick : Quantity, optional
        Interval of the ticking neuron, a time.
    dt : Quantity, optional
        Integration step, a whole fraction of `tick`; if not given, `tick` itself, or
        ``tick / input_steps`` where the inputs fire between ticks.
    window : {"fixed", "dynamic"}, int or mapping, optional
        Inhibitory period in ticks: fixed at the last presynaptic spike found in the data, or as
        given (one number, or one for each layer name), or until all presynaptic neurons of the
        image at hand have fired.
    method : str, optional
        Brian2's integration method for the potentials.
    projection : {"auto", "explicit", "shared"}, optional
        Whether each synapse is made (``"explicit"``: `Synapses` and the equations of `model`), or
        weights are stored once and layers sleep when they have nothing to do (``"shared"``:
        `SharedProjection` and `tdsnn_brian.brian.event_driven`; in cuda_standalone the neurons of
        explicit networks, with `SharedProjection`). ``"auto"`` chooses by the number of synapses.
    model : NeuronModel, optional
        Equations of neurons and synapses, which need explicit synapses; see
        `tdsnn_brian.models.NeuronModel`.
    prefix : str, optional
        Put before the names of all objects, for several networks in one script.

    Returns
    -------
    FiringNetwork
        A `brian2.Network` to add monitors to and to run for its `duration`.

    Raises
    ------
    InvalidInputError
        If the images or an argument are impossible, or go with each other as little.
    WindowTooShortError
        If a given window ends before the last presynaptic spike.
    ExplicitMemoryError
        If the synapses would not fit into memory.
    UnsupportedDeviceError
        If the active device is GeNN or Brian2CUDA and cannot take the network: see
        `tdsnn_brian.brian.genn` and `tdsnn_brian.brian.cuda.check`.

    Examples
    --------
    >>> import numpy as np, tdsnn_brian as td
    >>> from brian2 import prefs
    >>> prefs.codegen.target = "numpy"
    >>> hidden = td.layers.Dense(name="hidden", input_shape=(2,), weights=np.eye(2))
    >>> output = td.layers.Dense(name="output", input_shape=(2,), weights=np.eye(2))
    >>> network = td.SpikingNetwork(layers=(hidden, output), leak=5)
    >>> net = build_network(network, np.array([[0.2, 0.9]]))
    >>> net["hidden"].N, len(net["hidden_synapses"])
    (2, 4)
    """
    images = check_images(network, images)
    check_window(network, window)
    check_method(method)
    if not isinstance(model, NeuronModel):
        raise InvalidInputError(
            f"model must be a tdsnn_brian.models.NeuronModel, got {type(model).__name__}"
        )
    dynamic = isinstance(window, str) and window == "dynamic"
    dt, steps = choose_steps(network, tick, dt)
    if is_genn(get_device()):
        genn.check_network(network, len(images), dt)
    if is_cuda(get_device()):
        cuda.check_network(network, dt)
    model.check(network, dynamic=dynamic, device=title(get_device()), steps_per_tick=steps)
    shared = choose_projection(network, projection, method, model) == "shared"
    # on a card, every neuron integrates, whatever its synapses are
    event_driven = shared and not is_cuda(get_device())
    if not event_driven:
        require_explicit(network, dynamic, steps)
    asked, network = network, with_relays(network) if dynamic and not event_driven else network
    analysis = analyse(network, images, window=window)
    windows = {
        name: ticks + model.waits(network.population(name).leak)
        for name, ticks in choose_windows(network, analysis, window).items()
    }
    check_ranges(network, windows, prefs.core.default_float_dtype, leaking=not event_driven)
    check_resolution(network, windows, prefs.core.default_float_dtype, model.offset)
    timing = schedule(
        network,
        windows,
        steps,
        unread_ticks=unread_ticks(network, analysis),
        firing=model.firing_steps,
    )
    names = Names(network, prefix)
    if event_driven:
        sleeping = EventDrivenNetwork(network, analysis, timing, dynamic, dt, names)
        sleeping.build(step_clock(dt, names))
        return sleeping
    check_read_out(network, timing, prefs.core.default_float_dtype)
    check_counts(network, prefs.core.default_float_dtype)
    net = ExplicitNetwork(network, analysis, timing, dynamic, dt, names)
    net.model, net.asked, net.shares_weights = model, asked, shared
    builder = ExplicitBuilder(net, tick, step_clock(dt, names), method)
    if shared:
        check_waiting(network, builder.waits)
    builder.build(analysis.input_latencies)
    return net


def require_explicit(network: SpikingNetwork, dynamic: bool, steps: int) -> None:
    """Refuse what explicit synapses cannot do with this window and this step."""
    require("explicit", network)
    if dynamic:
        require("explicit, dynamic windows", network)
    if steps > 1:
        require("explicit, dt below the tick", network)


def step_clock(dt: Quantity, names: Names) -> Clock:
    """A clock of the network's own, where the device does not ask for the default one."""
    if needs_default_clock(get_device()):
        return defaultclock
    return Clock(dt, name=names.alone("tdsnn_clock"))
